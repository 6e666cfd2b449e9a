/** Ways in which a superstep ends in a pause of its own: asked by a hook, within a subgraph, or by questions. What finished is kept. */
import { interruptId } from "../../session/checkpoint.js";
import type { Channels } from "../../state/channel.js";
import type { Settled } from "../../superstep/attempt.js";
import { closeAsks, type DrainedReason, type PauseReason, recordAsks, toPending } from "../../superstep/interrupts.js";
import type { PauseWithin } from "../../superstep/told.js";
import type { Verdict } from "../../superstep/verdict.js";
import type { PauseRequest } from "../hooks.js";
import type { StepReport } from "../report.js";
import { nextStep, type Run } from "../run.js";
import { countedAfresh, tellSettled } from "./failure.js";
import { pausedNote } from "./gates.js";
import type { Keeper } from "./keeper.js";
import { annotate } from "./saving.js";

/** What came of the tasks of a superstep that is not committed. */
interface Tried<C extends Channels> {
  readonly keeper: Keeper<C>;
  readonly settled: readonly Settled[];
}
/** A pause that is stored. */
interface Paused {
  readonly kind: "paused";
  readonly reason: PauseReason;
  readonly report: StepReport | undefined;
}
/** Some tasks asked, and none failed. */
export type Asked = Verdict & { readonly kind: "asked" };

/** After a superstep that is committed. */
export async function pauseOnWish<C extends Channels>(
  run: Run<C>,
  wish: PauseRequest,
  report: StepReport,
): Promise<Paused> {
  const reason: PauseReason = { kind: "hook", detail: wish.detail };
  await annotate(run, pausedNote(run, run.standing.note, reason), []);
  return { kind: "paused", reason, report };
}

/**
 * Subgraphs stand at boundaries of their own: what finished beside them is kept. The outermost session keeps what it has paused for; those
 * between say it to whoever is around them.
 */
export async function pauseWithin<C extends Channels>(
  run: Run<C>,
  { keeper, settled }: Tried<C>,
  { reason, told }: PauseWithin | { readonly reason: DrainedReason; readonly told?: undefined },
): Promise<Paused> {
  const { note } = run.standing;
  const known = run.path === undefined ? { ...note.told, ...told } : told;
  const noted = told === undefined || known === undefined ? note : { ...note, told: known };
  const afresh = told === undefined ? [] : countedAfresh(run);
  await annotate(run, pausedNote(run, noted, reason), [...keeper.unwritten(settled), ...afresh]);
  tellSettled(run, settled, keeper, nextStep(run));
  return { kind: "paused", reason, report: undefined };
}

/** The questions and the results of those who asked none are durable before the pause is an answer (P3). */
export async function pauseOnQuestions<C extends Channels>(
  run: Run<C>,
  { keeper, settled }: Tried<C>,
  { asks }: Asked,
): Promise<Paused> {
  const { checkpoint, records, note } = run.standing;
  let { issued } = note;
  const questions = recordAsks(asks, records, () => interruptId(checkpoint.incarnation, ++issued));
  const reason: PauseReason = { kind: "interrupt", interrupts: questions.map(toPending) };
  const written = [...keeper.unwritten(settled), ...questions, ...closeAsks(asks, records)];
  await annotate(run, pausedNote(run, { ...note, issued }, reason), written);
  tellSettled(run, settled, keeper, nextStep(run));
  return { kind: "paused", reason, report: undefined };
}
