/** Which sessions there are, read page by page. */
import { isChildId } from "../../session/child-id.js";
import type { SessionStatus } from "../../session/status.js";
import type { SessionSummary } from "../../session/view.js";
import type { Store } from "../store.js";
import { behindChildren } from "../subgraph/children.js";

/** Which sessions to list, ordered by id. */
export interface SessionFilter {
  readonly status?: SessionStatus["kind"] | undefined;
  readonly limit?: number | undefined;
  /** Begins behind this id. */
  readonly after?: string | undefined;
}

const PAGE = 200;

export async function* listSessions(
  store: Store,
  { status, limit = Number.POSITIVE_INFINITY, after }: SessionFilter,
): AsyncIterable<SessionSummary> {
  let left = limit;
  let cursor = after;
  while (left > 0) {
    const size = Math.min(left, PAGE);
    const page = await store.list({
      limit: size,
      ...(status && { status }),
      ...(cursor !== undefined && { after: cursor }),
    });
    const roots = page.filter(({ sessionId }) => !isChildId(sessionId));
    yield* roots;
    left -= roots.length;
    const last = page.at(-1)?.sessionId;
    if (page.length < size || last === undefined) return;
    cursor = behindChildren(last);
  }
}
