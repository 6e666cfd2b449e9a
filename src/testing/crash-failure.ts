/** What `killAtEveryBoundary` throws: which kill showed what, and how to see it again. */
import { AssertionError } from "node:assert";
import type { CrashPoint } from "../crash-point.js";
import { shellCommandOf, TIMEOUT_MS, type TriedProgram, type Try } from "./kill-try.js";

/** Where a process was killed: at the `nth` crash point that it came by. */
export interface Boundary {
  readonly nth: number;
  readonly point: CrashPoint;
}

/** A program did not end as it does when nothing disturbs it. `expected` and `actual` are what it printed. */
export class CrashFailure extends AssertionError {
  override readonly name = "CrashFailure";
  /** Where it was killed, one boundary a try; none when it was not disturbed. */
  readonly kills: readonly Boundary[];
  readonly stderr: string;

  constructor(tried: TriedProgram, kills: readonly Boundary[], last: Try, expected: string | undefined) {
    const { stdout, stderr } = last;
    const details = [
      `${nameOf(kills)} ${problemOf(last, expected, tried)}`,
      ...(expected === undefined ? [] : [`expected: ${shortened(expected, expected, stdout)}`]),
      `printed: ${shortened(stdout, expected ?? stdout, stdout)}`,
      `stderr: ${shortened(stderr, stderr, stderr)}`,
      `to repeat it: ${repetition(tried, kills)}`,
    ];
    super({ message: details.join("\n  "), expected: expected ?? "", actual: stdout });
    this.kills = kills;
    this.stderr = stderr;
  }
}

function nameOf(kills: readonly Boundary[]): string {
  if (kills.length === 0) return "the undisturbed program";
  const places = kills.map(({ nth, point }) => `at boundary ${nth} (${point})`);
  return `the program that was killed ${places.join(" and then ")}`;
}

function problemOf({ how, exitCode, signal }: Try, expected: string | undefined, { timeoutMs }: TriedProgram): string {
  if (how === "timed out") return `did not end within ${timeoutMs ?? TIMEOUT_MS} ms`;
  if (signal !== null) return `died of ${signal}`;
  if (exitCode !== 0) return `exited with code ${exitCode}`;
  if (expected !== undefined) return "printed something else than before";
  return "came by no crash point: it runs no session, or runs it with another copy of the library";
}

/** As much as shows the first difference. */
function shortened(text: string, expected: string, actual: string): string {
  const from = text.length <= 1_500 ? 0 : Math.max(0, firstDifference(expected, actual) - 200);
  const part = text.slice(from, from + 1_500);
  if (part === "") return "(nothing)";
  return `${from > 0 ? "… " : ""}${part}${from + part.length < text.length ? " …" : ""}`;
}

function firstDifference(one: string, other: string): number {
  let place = 0;
  while (place < one.length && one[place] === other[place]) place++;
  return place;
}

function repetition(tried: TriedProgram, kills: readonly Boundary[]): string {
  const tries = [...kills.map(({ nth }) => shellCommandOf(tried, nth)), shellCommandOf(tried)];
  return ["folder=$(mktemp -d)", ...tries].join("; ");
}
