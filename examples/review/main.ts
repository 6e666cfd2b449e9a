/** The demo: reviews a folder. Where it stands is in a file, so it may be killed at any time and goes on from there. */
import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { join, relative } from "node:path";
import {
  AppRunner,
  RunAbortedError,
  type RunResult,
  type RunStream,
  resumeWith,
  type SessionView,
  SuperstepError,
} from "superstep";
import { SqliteCheckpointer } from "superstep/sqlite";
import { type Places, type ReviewChannels, type ReviewRunner, reviewGraph, type Verdict } from "./graph.js";
import { BadArguments, HELP, openOutput, type ReviewOptions, readOptions } from "./options.js";
import { Progress } from "./progress.js";
import { askVerdict } from "./question.js";
import { count } from "./report.js";
import { ReviewLog } from "./review-log.js";
import { Terminal } from "./terminal.js";

type ReviewView = SessionView<ReviewChannels>;
interface Watch {
  readonly progress: Progress;
  readonly log: ReviewLog;
  readonly killAt: number | undefined;
}

/** The question is left open; the session stays paused. */
class Unanswered {}

const terminal = new Terminal(process.stdout);
const interruption = new AbortController();
process.once("SIGINT", () => interruption.abort());

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(HELP);
  else await reviewFolder(options);
} catch (error) {
  process.exitCode = explain(error);
}

async function reviewFolder(options: ReviewOptions): Promise<void> {
  await openOutput(options);
  const [folder, out] = [await realpath(options.folder), await realpath(options.out)];
  const store = new SqliteCheckpointer(join(out, "review.db"));
  try {
    const app = reviewGraph({ folder, out, report: join(out, "review-report.md") });
    const runner = new AppRunner(app, { checkpointer: store });
    await runReview(runner, { folder, out }, options);
  } finally {
    await store.close();
  }
}

/** Begins, or goes on; runs until the review is done, and asks whenever it pauses. */
async function runReview(runner: ReviewRunner, { folder, out }: Omit<Places, "report">, options: ReviewOptions) {
  const sessionId = `${createHash("sha256").update(folder).digest("hex").slice(0, 12)}/${options.session}`;
  const log = new ReviewLog(join(out, "reviews.log"), sessionId);
  const found = await runner.createSession(sessionId, {}, { ifExists: "resume" });
  const isDone = found.status.kind === "completed";
  const view = isDone ? await runner.createSession(sessionId, {}, { ifExists: "replace" }) : found;
  if (view.step === 0) log.clear();
  sayWhereItStands(folder, view, isDone);

  const watch: Watch = { progress: new Progress(terminal, standingOf(view)), log, killAt: options.killAt };
  const run = { maxSteps: Number.POSITIVE_INFINITY, signal: interruption.signal };
  let result = await follow(runner.stream(sessionId, undefined, run), watch);
  while (result.outcome === "paused") {
    const answer = resumeWith(await verdictOn(result, options));
    result = await follow(runner.stream(sessionId, answer, run), watch);
  }
  sayWhatCameOfIt(result);
}

/** Every event is shown; finished reviews are logged; the process may be asked to die. */
async function follow(
  stream: RunStream<ReviewChannels>,
  { progress, log, killAt }: Watch,
): Promise<RunResult<ReviewChannels>> {
  for await (const event of stream) {
    if (event.type === "node.completed" && event.task.node === "review") log.add(String(event.task.input));
    progress.show(event);
    if (event.type === "step.completed" && event.report.step === killAt) {
      terminal.say(
        `superstep ${killAt} is committed: killing this process, as asked. Run it again without --kill-at to go on.`,
      );
      process.kill(process.pid, "SIGKILL");
    }
  }
  return stream.result;
}

async function verdictOn({ state }: ReviewView, { yes }: ReviewOptions): Promise<Verdict> {
  const isAttended = process.stdin.isTTY && process.stdout.isTTY;
  if (yes || !isAttended) {
    terminal.say(yes ? "The draft is approved (--yes)." : "No terminal to ask in: the draft is approved by itself.");
    return { kind: "approved" };
  }
  const verdict = await askVerdict(terminal, { text: state.draft, revision: state.revision });
  if (verdict === undefined) throw new Unanswered();
  return verdict;
}

function sayWhereItStands(folder: string, view: ReviewView, isRepeated: boolean): void {
  if (isRepeated) terminal.say("The last review of this folder is done: beginning a new one.");
  if (view.step > 0) {
    const { reviewed, files } = standingOf(view);
    const done = `${reviewed.toLocaleString("en-US")} of ${count(files, "file")} were already reviewed`;
    terminal.say(`Going on after superstep ${view.step}: ${done}.`);
  }
  if (view.status.kind === "failed") terminal.say(`The last try failed (${view.status.error.code}): trying again.`);
  terminal.say(terminal.style("bold", `Reviewing ${folder}`));
}

function standingOf({ state: { files, reviewed, findings } }: ReviewView) {
  return { files: files.length, reviewed, findings: findings.length };
}

function sayWhatCameOfIt({ state, step }: ReviewView): void {
  const { files, findings, lines, summary, verdict, written } = state;
  const read = `${count(files.length, "file")} with ${count(lines, "line")} reviewed in ${count(step, "superstep")}`;
  terminal.say(`${read}: ${count(findings.length, "finding")} in ${count(summary.files, "file")}.`);
  if (verdict === "rejected") terminal.say("The draft was rejected: no report is written.");
  else terminal.say(terminal.style("green", `Report: ${shown(written)}`));
}

/** As short as can be, from where the reader stands. */
function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith("..") ? path : near;
}

/** Says what went wrong and what to do, and gives the exit code. */
function explain(error: unknown): number {
  if (error instanceof BadArguments) {
    process.stderr.write(`${error.message}\nSee --help.\n`);
    return 2;
  }
  terminal.say();
  if (error instanceof RunAbortedError || error instanceof Unanswered) {
    terminal.say("Stopped. The same command goes on from here.");
    return 130;
  }
  const { message, code = "UNEXPECTED" } = error as NodeJS.ErrnoException;
  const help = SuperstepError.is(error) && error.help !== undefined ? `\n  ${error.help}` : "";
  process.stderr.write(`${code}: ${message}${help}\n`);
  return 1;
}
