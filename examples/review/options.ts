/** The command line: what was asked for, or what is wrong with it. */
import { statSync } from "node:fs";
import { mkdir, readdir, readFile, realpath, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export const HELP = `Reviews the files of a folder, superstep by superstep, and writes a report once you approve it.

  npm run demo -- [folder] [options]

  folder          what to review (default: this repository)
  --out <folder>  where the report, the state and the log of reviews go (default: .superstep)
  --session <id>  keeps several reviews of one folder apart (default: default)
  --yes           approves the draft without asking
  --kill-at <n>   kills this process with SIGKILL once superstep n is committed; run again to go on
  --help          says this

Exit codes: 0 done, 1 failed, 2 bad arguments, 130 stopped (the same command goes on from there).
`;

export interface ReviewOptions {
  readonly folder: string;
  readonly out: string;
  readonly session: string;
  readonly yes: boolean;
  readonly killAt: number | undefined;
}

/** The command line means nothing; the message says what is wrong with it. */
export class BadArguments {
  constructor(readonly message: string) {}
}

/** Undefined when help was asked for. Throws BadArguments. */
export function readOptions(args: readonly string[]): ReviewOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help === true) return undefined;
  if (positionals.length > 1) throw new BadArguments(`one folder at a time, not ${positionals.length}`);
  const session = values.session ?? "default";
  if (!/^[\w.-]{1,64}$/.test(session))
    throw new BadArguments("--session takes up to 64 letters, digits, dots and dashes");
  return {
    folder: resolve(folderOf(positionals[0])),
    out: resolve(values.out ?? ".superstep"),
    session,
    yes: values.yes === true,
    killAt: stepOf(values["kill-at"]),
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    const options = { out: text, session: text, yes: flag, "kill-at": text, help: { ...flag, short: "h" } };
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new BadArguments((error as Error).message);
  }
}

function folderOf(given = fileURLToPath(new URL("../..", import.meta.url))): string {
  const found = statSync(given, { throwIfNoEntry: false });
  if (found === undefined) throw new BadArguments(`there is no folder "${given}"`);
  if (!found.isDirectory()) throw new BadArguments(`"${given}" is not a folder`);
  return given;
}

function stepOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(given))
    throw new BadArguments(`--kill-at takes the number of a superstep, from 1, not "${given}"`);
  return Number(given);
}

/**
 * Makes the folder for what the review writes, and tells git to leave it alone. Inside the reviewed folder it must be
 * a folder of its own: nothing of yours is ever written into. Throws BadArguments.
 */
export async function openOutput({ folder, out }: ReviewOptions): Promise<void> {
  const inside = `${await realpath(existing(out))}${sep}${relative(existing(out), out)}`;
  const isWithin = !relative(await realpath(folder), inside).startsWith("..");
  const entries: readonly string[] = await readdir(out).catch(() => []);
  const isOurs =
    entries.length === 0 ||
    (entries.includes(".gitignore") && (await readFile(join(out, ".gitignore"), "utf8")) === "*\n");
  if (isWithin && (!isOurs || resolve(folder) === out)) {
    throw new BadArguments(
      `--out "${out}" lies within the reviewed folder and holds other files; name a folder of its own`,
    );
  }
  await mkdir(out, { recursive: true });
  if (isOurs) await writeFile(join(out, ".gitignore"), "*\n");
}

/** The nearest folder above (or at) the path that exists. */
function existing(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? existing(dirname(path)) : path;
}
