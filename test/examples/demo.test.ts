/** `npm run demo`, as its user sees it: in processes of its own, on folders made for it. */
import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const MINUTE = 60_000;

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "superstep-demo-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | string;
  readonly output: string;
}

function demo(...args: readonly string[]): Promise<Outcome> {
  const command = ["--import", "tsx", join(ROOT, "examples/review/main.ts"), ...args];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, command, { cwd: ROOT, timeout: MINUTE }, (_error, stdout, stderr) => {
      resolve({ code: child.signalCode ?? child.exitCode ?? "never ended", output: stdout + stderr });
    });
  });
}

let made = 0;
/** A folder with these files. All are called `site`, so that their reports can be compared. */
function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = join(base, String(++made), "site");
  mkdirSync(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}
function outOf(folder: string, name = "out"): string {
  return join(folder, "..", name);
}
function reportIn(out: string): string {
  return readFileSync(join(out, "review-report.md"), "utf8");
}
function reviewsIn(out: string): readonly string[] {
  return readFileSync(join(out, "reviews.log"), "utf8").trimEnd().split("\n");
}

function site(pages: number): string {
  const many = Array.from({ length: pages }, (_, i) => [
    `pages/page-${i}.ts`,
    `export const page = ${i};\n// FIXME: ${i}\n`,
  ]);
  return folderOf({ ...Object.fromEntries(many), "README.md": "# Site\n", "clean.ts": "export {};\n" });
}

describe("a whole run", () => {
  test("reads every file, finds what the rules mind, approves by itself without a terminal, and writes the report", async () => {
    const folder = folderOf({
      "src/debug.ts": "export function go() {\n  debugger;\n}\n",
      "src/keys.env": `AWS_KEY=${"AKIA"}${"ABCDEFGHIJKLMNOP"}\n`,
      "src/late.ts": "// TODO: write the rest\nconst a = 1;  \n",
      "clean.ts": "export {};\n",
      "node_modules/other/index.js": "debugger;\n",
      ".git/config": "debugger;\n",
      "dist/index.js": "debugger;\n",
    });
    const { code, output } = await demo(folder, "--out", outOf(folder));
    expect(code, output).toBe(0);
    expect(output).toContain("No terminal to ask in: the draft is approved by itself.");
    expect(output).toContain("4 findings in 3 files.");
    const report = reportIn(outOf(folder));
    expect(report).toContain("# Review of `site`\n\n4 files with 7 lines reviewed. 4 findings in 3 files.");
    expect(report).toContain("- line 2, debug-leftover: `debugger`");
    expect(report).toContain("- line 1, marker: TODO write the rest");
    expect(report).toContain("- line 2, trailing-space:");
    expect(report).toContain("- line 1, secret: looks like an AWS access key");
    expect(report).not.toContain("ABCDEFGHIJKLMNOP");
    expect(report).not.toMatch(/node_modules|dist|\.git/);
    expect(reviewsIn(outOf(folder))).toHaveLength(4);
  });

  test("once it is done, the same command begins a new review and says so", async () => {
    const folder = site(3);
    await demo(folder, "--out", outOf(folder), "--yes");
    const first = reportIn(outOf(folder));
    const { code, output } = await demo(folder, "--out", outOf(folder), "--yes");
    expect(code, output).toBe(0);
    expect(output).toContain("The last review of this folder is done: beginning a new one.");
    expect(output).toContain("The draft is approved (--yes).");
    expect(reportIn(outOf(folder))).toBe(first);
    expect(reviewsIn(outOf(folder))).toHaveLength(5);
  });

  test("sessions of one folder are kept apart", async () => {
    const folder = site(2);
    const out = outOf(folder);
    expect((await demo(folder, "--out", out, "--session", "morning", "--kill-at", "2")).code).toBe("SIGKILL");
    const evening = await demo(folder, "--out", out, "--session", "evening");
    expect(evening.output).not.toContain("Going on");
    const morning = await demo(folder, "--out", out, "--session", "morning");
    expect(morning.output).toContain("Going on after superstep 2: 0 of 4 files were already reviewed.");
  });
});

describe("a killed run", () => {
  test("goes on where it stood, writes the same report, and reviews no file twice", async () => {
    const folder = site(22);
    const killed = await demo(folder, "--out", outOf(folder), "--kill-at", "3");
    expect(killed.code).toBe("SIGKILL");
    expect(killed.output).toContain("superstep 3 is committed: killing this process");
    expect(existsSync(join(outOf(folder), "review-report.md"))).toBe(false);
    expect(reviewsIn(outOf(folder))).toHaveLength(3);

    const resumed = await demo(folder, "--out", outOf(folder));
    expect(resumed.code, resumed.output).toBe(0);
    expect(resumed.output).toContain("Going on after superstep 3: 3 of 24 files were already reviewed.");
    const reviews = reviewsIn(outOf(folder));
    expect(reviews).toHaveLength(24);
    expect(new Set(reviews).size).toBe(24);

    await demo(folder, "--out", outOf(folder, "undisturbed"));
    expect(reportIn(outOf(folder))).toBe(reportIn(outOf(folder, "undisturbed")));
  });

  test("may be killed after every single superstep", { timeout: 3 * MINUTE }, async () => {
    const folder = site(1);
    const undisturbed = await demo(folder, "--out", outOf(folder, "undisturbed"));
    const steps = Number(/reviewed in (\d+) supersteps/.exec(undisturbed.output)?.[1]);
    expect(steps).toBe(12);
    for (let step = 1; step <= steps; step++) {
      expect((await demo(folder, "--out", outOf(folder), "--kill-at", String(step))).code, `step ${step}`).toBe(
        "SIGKILL",
      );
    }
    expect(reportIn(outOf(folder))).toBe(reportIn(outOf(folder, "undisturbed")));
    const reviews = reviewsIn(outOf(folder));
    expect(new Set(reviews).size).toBe(reviews.length);
    expect(reviews).toHaveLength(3);
  });
});

describe("folders that are not as one would like", () => {
  test("an empty folder takes the short way", async () => {
    const folder = folderOf({});
    const { code, output } = await demo(folder, "--out", outOf(folder));
    expect(code, output).toBe(0);
    expect(output).not.toContain("approve");
    expect(reportIn(outOf(folder))).toBe("# Review of `site`\n\nThere was no file that could be reviewed.\n");
  });

  test("nothing to mend takes the short way", async () => {
    const folder = folderOf({ "a.ts": "export {};\n", "empty.txt": "" });
    const { output } = await demo(folder, "--out", outOf(folder));
    expect(output).not.toContain("approve");
    expect(reportIn(outOf(folder))).toBe("# Review of `site`\n\n2 files with 1 line reviewed. Nothing to mend.\n");
  });

  test("binary and unreadable files and links are named, and the rest is reviewed", async () => {
    const folder = folderOf({ "a.ts": "// TODO: this\n", "logo.png": Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2]) });
    symlinkSync(folder, join(folder, "loop"));
    const unreadable = makeUnreadable(folder);
    const { code, output } = await demo(folder, "--out", outOf(folder));
    expect(code, output).toBe(0);
    const report = reportIn(outOf(folder));
    expect(report).toContain("1 file with 1 line reviewed. 1 finding in 1 file.");
    expect(report).toContain("- `logo.png`: binary");
    expect(report).toContain("- `loop`: a link");
    if (unreadable !== undefined) expect(report).toContain(`- \`${unreadable}\`: cannot be read (E`);
  });

  test("the folder for results may lie in the reviewed folder only by itself, and is not reviewed", async () => {
    const folder = folderOf({ "docs/guide.md": "# Guide\n" });
    const refused = await demo(folder, "--out", join(folder, "docs"));
    expect(refused.code).toBe(2);
    expect(refused.output).toContain("name a folder of its own");
    expect(existsSync(join(folder, "docs/review.db"))).toBe(false);
    for (let again = 0; again < 2; again++) {
      expect((await demo(folder, "--out", join(folder, "results"))).code).toBe(0);
      expect(reportIn(join(folder, "results"))).toContain("1 file with 1 line reviewed.");
      expect(readFileSync(join(folder, "results/.gitignore"), "utf8")).toBe("*\n");
    }
  });
});

describe("the command line", () => {
  test("--help says what there is, and makes nothing", async () => {
    const { code, output } = await demo("--help");
    expect(code).toBe(0);
    for (const option of ["--out", "--session", "--yes", "--kill-at", "--help"]) expect(output).toContain(option);
  });

  test.each([
    [["no/such/folder"], "there is no folder"],
    [["package.json"], "is not a folder"],
    [["--kill-at", "soon"], "--kill-at takes the number of a superstep"],
    [["--session", "a/b"], "--session takes"],
    [["--colour"], "--colour"],
    [["src", "test"], "one folder at a time"],
  ])("%j is refused with exit code 2", async (args, problem) => {
    const { code, output } = await demo(...args);
    expect(output).toContain(problem);
    expect(code).toBe(2);
  });

  test("a store that cannot be opened is a failure with its code and what to do", async () => {
    const folder = site(1);
    mkdirSync(join(outOf(folder), "review.db"), { recursive: true });
    const { code, output } = await demo(folder, "--out", outOf(folder));
    expect(code).toBe(1);
    expect(output).toMatch(/^CHECKPOINT_FAILED: .*\n {2}check that/m);
  });
});

/** A file that nobody can read: without permission, or, for those who may read all, by a name that is no text. */
function makeUnreadable(folder: string): string | undefined {
  if (process.getuid?.() !== 0) {
    const file = join(folder, "locked.ts");
    writeFileSync(file, "debugger;\n");
    chmodSync(file, 0);
    return basename(file);
  }
  try {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/b`), Buffer.from([0xff]), Buffer.from(".ts")]), "debugger;\n");
    return "b\uFFFD.ts";
  } catch {
    return undefined;
  }
}
