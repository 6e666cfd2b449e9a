/** One try of a program under test: a process of its own, killed at a crash point or not, and what is known of it afterwards. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { CrashPoint } from "../crash-point.js";

/** What is started, each time the same. */
export interface TriedProgram {
  /** A module: its path, or its file URL. */
  readonly program: string | URL;
  /** Arguments before the folder. */
  readonly args?: readonly string[] | undefined;
  /** Options of Node: a loader, say. */
  readonly execArgv?: readonly string[] | undefined;
  /** Environment variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds that one process may take. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}
/** What came of a try. */
export interface Try {
  readonly how: "exited" | "killed" | "timed out";
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The crash points that it came by, in order; when it was killed, at the last one. */
  readonly points: readonly CrashPoint[];
}

/** Milliseconds that one process may take, unless said otherwise. */
export const TIMEOUT_MS = 30_000;
/** Milliseconds to read what a process has printed, once it is gone. */
const PATIENCE_MS = 1_000;
/** Beside this module, as it is now: every process of a test loads it from here, and the crash points with it. */
const PRELOAD = new URL("./crash-child.js", import.meta.url).href;

/** Runs the program on a folder until it exits, or comes to its `killAt`-th crash point. */
export async function tryProgram(tried: TriedProgram, folder: string, killAt?: number): Promise<Try> {
  const file = `${folder}.points`;
  const child = spawn(process.execPath, commandOf(tried, folder), {
    env: { ...process.env, ...tried.env, SUPERSTEP_KILL_AT: String(killAt ?? 0), SUPERSTEP_CRASH_REPORT: file },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, tried.timeoutMs ?? TIMEOUT_MS);
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
  const end = await endOf(child).finally(() => clearTimeout(timer));
  const points = takePoints(file);
  const isKilled = end.signal === "SIGKILL" && points.length === killAt;
  const how = isLate ? "timed out" : isKilled ? "killed" : "exited";
  return { how, ...end, stdout: stdout(), stderr: stderr(), points };
}

/** What to type to do the same in `$folder`. */
export function shellCommandOf(tried: TriedProgram, killAt?: number): string {
  const settings = Object.entries({ ...tried.env, ...(killAt !== undefined && { SUPERSTEP_KILL_AT: String(killAt) }) });
  const words = ["node", ...commandOf(tried, "").slice(0, -1)].map(quoted);
  return [...settings.map(([name, value]) => `${name}=${quoted(value)}`), ...words, '"$folder"'].join(" ");
}

function commandOf({ execArgv = [], program, args = [] }: TriedProgram, folder: string): readonly string[] {
  const path = String(program);
  return [...execArgv, "--import", PRELOAD, path.startsWith("file:") ? fileURLToPath(path) : path, ...args, folder];
}

function quoted(word: string): string {
  return /^[\w./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Always read, so that nobody waits for room in a pipe. */
function textOf(stream: Readable): () => string {
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk) => {
    text += String(chunk);
  });
  return () => text;
}

/** When all that it printed is read; what a process that it started still holds open is not waited for. */
function endOf(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Pick<Try, "exitCode" | "signal">> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve({ exitCode, signal }));
    child.on("exit", () => {
      const letGo = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, PATIENCE_MS);
      child.on("close", () => clearTimeout(letGo));
    });
  });
}

/** There is none when the process died before it could tell. */
function takePoints(file: string): readonly CrashPoint[] {
  try {
    const text = readFileSync(file, "utf8");
    return text === "" ? [] : (text.split("\n") as CrashPoint[]);
  } catch {
    return [];
  } finally {
    rmSync(file, { force: true });
  }
}
