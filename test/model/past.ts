/** A session's past beside the reference's: a chain without gaps, in which nothing ever goes back (T2). */
import type { CheckpointView } from "../../src/index.js";
import { type ModelChannels, taskOf } from "./graph.js";
import { ModelMismatch } from "./mismatch.js";
import type { Seat } from "./seat.js";
import { isSame, statusIn } from "./seen.js";
import type { Point, Session, Status } from "./shapes.js";

type View = CheckpointView<ModelChannels>;

interface Past {
  readonly stage: Session;
  /** Nothing was pruned. */
  readonly isWhole: boolean;
}

export async function checkPast(runner: Seat["runner"], sessionId: string, { stage, isWhole }: Past): Promise<void> {
  const views: View[] = [];
  for await (const view of runner.history(sessionId)) views.push(view);
  const line = [...stage.line].reverse();
  const expected = line.map((point, place) => pointAs(place === 0 ? { ...point, status: stage.status } : point));
  const found = views.map(pointIn);
  if (!isSame(found, expected)) throw new ModelMismatch("the past is another one", { found, expected });
  for (const [place, view] of views.entries()) checkLink(view, views[place + 1]);
  if (isWhole && views.at(-1)?.parentId !== undefined) throw new ModelMismatch("the past has no beginning", { views });
  for (const view of views.slice(0, 3)) {
    const same = await runner.at(sessionId, view.checkpointId);
    if (!isSame(same, view)) throw new ModelMismatch("a checkpoint is another one by its id", { same, view });
  }
}

function checkLink(view: View, older: View | undefined): void {
  if (older === undefined) return;
  const isBack = Object.entries(older.versions).some(([channel, version]) => version > (view.versions[channel] ?? 0));
  if (view.parentId !== older.checkpointId || view.step < older.step || isBack)
    throw new ModelMismatch("a checkpoint does not build on the one before", { view, older });
}

function pointIn({ source, step, state, versions, frontier, ran, status }: View): object {
  const [next, last] = [frontier.map(taskOf), ran.map(taskOf)];
  return { source, step, state, versions, frontier: next, ran: last, status: plainly(statusIn(status, new Map())) };
}

/** The past is without ephemeral values, and the head is part of it. */
function pointAs({ source, step, state, versions, frontier, ran, status }: Point): object {
  const shown = { ...state, hint: undefined };
  return { source, step, state: shown, versions, frontier, ran, status: plainly(status) };
}

/** Questions have numbers in their own session only. */
function plainly(status: Status): Status {
  const isAsking = status.kind === "paused" && status.reason.kind === "interrupt";
  return isAsking ? { kind: "paused", reason: { kind: "interrupt", open: [] } } : status;
}
