/**
 * Kills a program at every crash point, one after the other, and starts it again: it must end as if nothing had happened (C5). For any
 * graph, with any store that outlives a process.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { CRASH_POINTS, type CrashPoint } from "../crash-point.js";
import { InvalidOptionError } from "../errors.js";
import { type Boundary, CrashFailure } from "./crash-failure.js";
import { type TriedProgram, type Try, tryProgram } from "./kill-try.js";

/** What to kill, and how often. */
export interface KillOptions extends TriedProgram {
  /** At most so many boundaries, of every kind and spread over the run. Default: all. */
  readonly atMost?: number | undefined;
  /** Programs under test at once. Default: one for each core. */
  readonly parallel?: number | undefined;
  /** Whether the second try is killed too, at a boundary that differs from case to case and is the same in every run. */
  readonly again?: boolean | undefined;
}
/** What was tried. */
export interface CrashReport {
  /** The kinds of crash points that the undisturbed program comes by, and how often. */
  readonly boundaries: readonly { readonly point: CrashPoint; readonly count: number }[];
  readonly kills: number;
  /** Kills that did not happen, because the process had ended before. Its output was compared all the same. */
  readonly missed: number;
}
interface Attack {
  readonly options: KillOptions;
  /** Where the folders are. */
  readonly root: string;
  /** What must be printed. */
  readonly expected: string;
  /** What the undisturbed program comes by. */
  readonly points: readonly CrashPoint[];
}

const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/**
 * Runs a program in a process of its own and counts the boundaries that it comes by: before and after every commit, inside of every
 * transaction, at every event. Then, for each boundary and in a fresh folder, kills it there with SIGKILL and starts it again until it
 * exits by itself. Throws a CrashFailure at the first that prints something else, exits with another code than 0, or takes too long.
 *
 * The program gets a folder as its last argument, runs a session in it to its end, *going on from whatever stands there*, and prints what
 * must be equal:
 *
 * ```js
 * const folder = process.argv.at(-1);
 * const runner = new AppRunner(app, { checkpointer: new SqliteCheckpointer(join(folder, "session.db")) });
 * await runner.createSession("s", input, { ifExists: "resume" });
 * const { state, status } = await runner.runUntilComplete("s");
 * console.log(JSON.stringify({ state, status }));
 * ```
 * ```js
 * test("killed anywhere, my graph ends the same", async () => {
 *   const { kills } = await killAtEveryBoundary({ program: new URL("./my-program.js", import.meta.url), atMost: 100 });
 *   expect(kills).toBeGreaterThan(50);
 * });
 * ```
 * Time and random must not show in what is printed: give the runner a `clock` and a `random` of your own, or leave them out. Nodes run
 * again when they were not finished; effects outside of `ctx.once` then happen twice. A kill costs two starts of Node, so give the test
 * time. For TypeScript: `execArgv: ["--import", "tsx"]`. Throws InvalidOptionError and CrashFailure.
 */
export async function killAtEveryBoundary(options: KillOptions): Promise<CrashReport> {
  checkOptions(options);
  const root = await mkdtemp(join(tmpdir(), "superstep-crash-"));
  try {
    const { stdout: expected, points } = await undisturbed(options, root);
    const chosen = chooseBoundaries(points, options.atMost ?? points.length);
    const done = await attackAll({ options, root, expected, points }, chosen);
    return {
      boundaries: countOf(points),
      kills: done.reduce((sum, kills) => sum + kills.length, 0),
      missed: done.filter((kills) => kills.length === 0).length,
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function checkOptions(options: KillOptions): void {
  for (const option of ["atMost", "parallel", "timeoutMs"] as const) {
    const value = options[option];
    if (value !== undefined && !(value >= 1))
      throw new InvalidOptionError(option, `is ${String(value)}`, "give a number of at least 1");
  }
}

/** Twice, so that a program that cannot be compared with itself is not blamed on a kill. */
async function undisturbed(options: KillOptions, root: string): Promise<Try> {
  const [one, other] = await Promise.all(
    ["one", "other"].map(async (name) => tryIn(options, await folderIn(root, name))),
  );
  const [first, second] = [one as Try, other as Try];
  if (!isSound(first) || first.points.length === 0) throw new CrashFailure(options, [], first, undefined);
  if (!isSound(second) || second.stdout !== first.stdout) throw new CrashFailure(options, [], second, first.stdout);
  return first;
}

/** Numbers from 1: one boundary of every kind, then others, spread over the run without keeping step with a loop. */
function chooseBoundaries(points: readonly CrashPoint[], atMost: number): readonly number[] {
  const all = points.map((_, index) => index + 1);
  if (atMost >= all.length) return all;
  const kinds = [...new Set(points)].map((kind) => all.filter((nth) => points[nth - 1] === kind));
  const chosen = new Set(kinds.map((places, i) => places[spread(i, places.length)] as number));
  for (let i = 0; chosen.size < atMost; i++) chosen.add(1 + spread(i, all.length));
  return [...chosen].slice(0, atMost);
}

/** The i-th of a row of places, from 0, that is spread evenly wherever it is cut off. */
function spread(i: number, places: number): number {
  return Math.floor((((i + 1) * GOLDEN_RATIO) % 1) * places);
}

/** Gives the kills of each case. After a failure nothing new is begun. */
async function attackAll(attack: Attack, chosen: readonly number[]): Promise<readonly (readonly Boundary[])[]> {
  const done: (readonly Boundary[])[] = [];
  const failures: unknown[] = [];
  const waiting = [...chosen];
  const work = async (): Promise<void> => {
    for (let nth = waiting.shift(); nth !== undefined; nth = failures.length > 0 ? undefined : waiting.shift()) {
      await killAt(attack, nth).then(
        (kills) => done.push(kills),
        (failure: unknown) => failures.push(failure),
      );
    }
  };
  await Promise.all(Array.from({ length: attack.options.parallel ?? availableParallelism() }, work));
  if (failures.length > 0) throw failures[0];
  return done;
}

/** One case: killed, and started again until it exits. */
async function killAt({ options, root, expected, points }: Attack, nth: number): Promise<readonly Boundary[]> {
  const folder = await folderIn(root, String(nth));
  const places = options.again === true ? [nth, secondPlace(nth, points.length)] : [nth];
  const kills: Boundary[] = [];
  let last = await tryIn(options, folder, places.shift());
  while (last.how === "killed") {
    kills.push({ nth: last.points.length, point: last.points.at(-1) as CrashPoint });
    last = await tryIn(options, folder, places.shift());
  }
  if (!isSound(last) || last.stdout !== expected) throw new CrashFailure(options, kills, last, expected);
  await rm(folder, { recursive: true, force: true });
  return kills;
}

/** Somewhere in what the second try has left to do. */
function secondPlace(nth: number, total: number): number {
  return 1 + spread(nth, Math.max(1, total - nth));
}

function tryIn(options: KillOptions, folder: string, killAt?: number): Promise<Try> {
  return tryProgram(options, folder, killAt);
}

function isSound({ how, exitCode }: Try): boolean {
  return how === "exited" && exitCode === 0;
}

async function folderIn(root: string, name: string): Promise<string> {
  return mkdtemp(join(root, `${name}-`));
}

function countOf(points: readonly CrashPoint[]): CrashReport["boundaries"] {
  const counts = new Map<CrashPoint, number>();
  for (const point of points) counts.set(point, (counts.get(point) ?? 0) + 1);
  return CRASH_POINTS.flatMap((point) => ({ point, count: counts.get(point) ?? 0 })).filter(({ count }) => count > 0);
}
