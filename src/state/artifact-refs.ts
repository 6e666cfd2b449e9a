/** Which artifacts a value refers to. */
import { ArtifactRef } from "./artifact-ref.js";
import { walked } from "./storable.js";

/** The digests of all references in a value that can be stored, each once. What was `seen` before is not looked at again, and what is seen is noted there. */
export function artifactsIn(value: unknown, seen: Set<object> = new Set()): ReadonlySet<string> {
  const { heights } = walked(value, [], {
    heightOf: (container) => (seen.has(container) ? 1 : 0),
    maxDepth: Number.POSITIVE_INFINITY,
    maxWeight: Number.POSITIVE_INFINITY,
  });
  const digests = new Set<string>();
  for (const container of heights.keys()) {
    seen.add(container);
    if (ArtifactRef.is(container)) digests.add(container.digest);
  }
  return digests;
}
