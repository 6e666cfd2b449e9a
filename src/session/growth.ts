/**
 * Versions in a record: a superstep lets the version of each channel that it writes grow by one, and then the deltas say it all. Only
 * growth that does not follow from them is written down.
 */
import type { Versions } from "../superstep/barrier.js";
import type { Checkpoint } from "./checkpoint.js";

/** The part of a record that tells which channels changed. */
interface Growth {
  /** Deltas. */
  readonly d: readonly (readonly [writer: unknown, channel: string, ops: unknown])[];
  /** Versions that grew, unless they follow from the deltas. */
  readonly v?: Versions;
}

/** What is to be written down; undefined when it follows from the deltas. `former`: the parent's versions, where they are known. */
export function growthOf(
  { versions, updatedChannels }: Pick<Checkpoint, "versions" | "updatedChannels">,
  deltas: Growth["d"],
  former: Versions | undefined,
): Versions | undefined {
  const written = writtenIn(deltas);
  const isOneEach =
    written.length === updatedChannels.length &&
    written.every((channel, place) => channel === updatedChannels[place] && isNext(versions, former, channel));
  return isOneEach ? undefined : Object.fromEntries(updatedChannels.map((name) => [name, versionOf(versions, name)]));
}

/** The channels whose version grew. */
export function grownIn({ d, v }: Growth): readonly string[] {
  return v === undefined ? writtenIn(d) : Object.keys(v);
}

/** Takes versions from a record's parent to the record. */
export function grow(versions: Record<string, number>, { d, v }: Growth): void {
  if (v !== undefined) Object.assign(versions, v);
  else for (const channel of writtenIn(d)) versions[channel] = versionOf(versions, channel) + 1;
}

/** In order of their first delta. */
function writtenIn(deltas: Growth["d"]): readonly string[] {
  return [...new Set(deltas.map(([, channel]) => channel))];
}

function isNext(versions: Versions, former: Versions | undefined, channel: string): boolean {
  return former !== undefined && versionOf(versions, channel) === versionOf(former, channel) + 1;
}

function versionOf(versions: Versions, channel: string): number {
  return Object.hasOwn(versions, channel) ? (versions[channel] ?? 0) : 0;
}
