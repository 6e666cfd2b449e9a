/** Resuming: which answers a call gives, and what the session is told of them before it goes on (P3). */
import { NotPausedError } from "../../errors.js";
import { wasIssued } from "../../session/checkpoint.js";
import { READY } from "../../session/status.js";
import type { Channels } from "../../state/channel.js";
import { seal } from "../../state/seal.js";
import { matchAnswer, openInterrupts, type PauseReason, toPending } from "../../superstep/interrupts.js";
import type { InterruptRecord } from "../../superstep/record.js";
import type { Run, Standing } from "../run.js";
import { annotate } from "../supersteps/saving.js";

/** The open questions that the answer answers; none when the pause is of another kind. Throws NotPausedError and InterruptAnswerError. */
export function answersOf<C extends Channels>(
  { checkpoint, note, records }: Standing<C>,
  answer: unknown,
): readonly InterruptRecord[] {
  if (note.status.kind !== "paused") throw new NotPausedError(checkpoint.sessionId, note.status.kind);
  const open = openInterrupts(records);
  if (open.length === 0) return [];
  const answered = matchAnswer(checkpoint.sessionId, open, answer, (id) =>
    wasIssued(checkpoint.incarnation, note.issued, id),
  );
  seal(answer, ["answer"]);
  return answered;
}

/** Answers are durable before the tasks that asked run again. The session is paused no longer, or about what is still open. */
export async function storeAnswers<C extends Channels>(
  run: Run<C>,
  answered: readonly InterruptRecord[],
): Promise<void> {
  if (answered.length === 0) return;
  const { note, records } = run.standing;
  const ids = new Set(answered.map(({ id }) => id));
  const open = openInterrupts(records).filter(({ id }) => !ids.has(id));
  const reason: PauseReason = { kind: "interrupt", interrupts: open.map(toPending) };
  await annotate(run, { ...note, status: open.length === 0 ? READY : { kind: "paused", reason } }, answered);
}
