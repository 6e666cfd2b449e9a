/**
 * Names of subgraphs' sessions: the session around it, and the task of it that is the subgraph. Both are fixed, so that a subgraph is found
 * again after whatever happened; a session that is made anew, a fork and a superstep that is tried from its input have other tasks.
 */

/** No session of a user's own has it in its id. */
const SEPARATOR = "\u001f";

/** The id of the session of a task that is a graph. */
export function childId(sessionId: string, taskId: string): string {
  return sessionId + SEPARATOR + taskId;
}

/** What the ids of all sessions within a session begin with, however deep. */
export function childPrefix(sessionId: string): string {
  return sessionId + SEPARATOR;
}

/** Whether it is, or would be, the id of a subgraph's session. */
export function isChildId(sessionId: string): boolean {
  return sessionId.includes(SEPARATOR);
}

/** The ids on the way to a subgraph's session: the user's own, then of a task in each. */
export function childPath(sessionId: string): readonly [root: string, ...taskIds: string[]] {
  return sessionId.split(SEPARATOR) as [string, ...string[]];
}
