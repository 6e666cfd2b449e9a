/** The reference's barrier and frontier: what a superstep, or an edit from outside, makes of a checkpoint (B, F, T2). Pure. */
import { fanOut, JOIN, NODES, type Said, type State, type Task, type Write } from "./program.js";
import type { Folded, Point, Progress, Status } from "./shapes.js";

const READY: Status = { kind: "ready" };
const CHANNELS = ["count", "log", "last", "hint"] as const;

export function isNode(name: string): boolean {
  return (NODES as readonly string[]).includes(name);
}

/** What an edit makes of a checkpoint, or why it is refused. As a node: whoever follows that node is next (T2). */
export function edit(
  from: Point,
  write: Write,
  asNode?: string,
): string | { readonly point: Point; readonly status?: Status } {
  if (asNode !== undefined && !isNode(asNode)) return "UNKNOWN_NODE";
  const folded = fold(from, [write], from.state.hint);
  if (folded === undefined) return "UNKNOWN_CHANNEL";
  const point = { ...from, ...folded, ran: [] };
  if (asNode === undefined) return { point };
  const next = leave(from.progress, [{ task: { node: asNode }, said: { write } }], folded.state) as Next;
  const { end: status = READY, ...place } = next;
  return { point: { ...point, ...place }, status };
}

/** B1–B6: write by write, in order; undefined for an unknown channel. The ephemeral value of before is gone, unless it is passed on. */
export function fold({ state, versions }: Folded, writes: readonly Write[], hint?: string): Folded | undefined {
  if (writes.some(({ ghost }) => ghost !== undefined)) return undefined;
  const next = { ...state, hint };
  for (const write of writes) {
    next.count += write.count ?? 0;
    if (write.log !== undefined && write.log.length > 0) next.log = next.log.concat(write.log);
    next.last = write.last ?? next.last;
    next.hint = write.hint ?? next.hint;
  }
  const grown = CHANNELS.filter((name) => !Object.is(next[name], state[name]));
  return {
    state: next,
    versions: { ...versions, ...Object.fromEntries(grown.map((n) => [n, (versions[n] ?? 0) + 1])) },
  };
}

export interface Next {
  readonly frontier: readonly Task[];
  readonly progress: Progress;
  readonly end?: Status & { kind: "completed" | "failed" };
}

/** F1–F5: who is next; undefined when a target does not exist. */
export function leave(former: Progress, ran: readonly { task: Task; said: Said }[], state: State): Next | undefined {
  const targets: Task[] = [];
  const deferred = [...former.deferred];
  let { armed, ended } = former;
  let isFired = false;
  const reach = (target: Task): void => {
    const list = target.node === "tidy" ? deferred : targets;
    const isSend = "input" in target;
    if (isSend || !list.some((one) => one.node === target.node && !("input" in one))) list.push(target);
  };
  for (const {
    task: { node },
    said: { goto },
  } of ran) {
    if (goto !== undefined) {
      for (const target of goto) reach(target);
    } else if (node === "loop") {
      for (const target of [{ node: "tidy" }, ...fanOut(state)]) reach(target);
    } else if (node === JOIN.to) {
      ended = true;
    } else if (JOIN.sources.some((source) => source === node) && !isFired) {
      armed = [...new Set([...armed, node])];
      isFired = armed.length === JOIN.sources.length;
      if (isFired) reach({ node: JOIN.to });
      if (isFired) armed = [];
    }
  }
  if (targets.some(({ node }) => !isNode(node))) return undefined;
  const isLast = targets.length === 0;
  const frontier = isLast ? deferred : targets;
  const progress = { armed, deferred: isLast ? [] : deferred, ended };
  if (frontier.length > 0) return { frontier, progress };
  if (!ended && armed.length > 0) return { frontier, progress, end: { kind: "failed", code: "JOIN_STALLED" } };
  return { frontier, progress, end: { kind: "completed", endedBy: ended ? "end" : "emptyFrontier" } };
}
