/** A channel that adds up numbers. */
import type { Channel } from "./channel.js";

/** A number to which writes are added. */
export function sum(initial = 0): Channel<number, number> {
  return { kind: "sum", initial: () => initial, reduce: added, netWrite: difference };
}

function difference(former: number, now: number): number | undefined {
  return Object.is(former, now) ? undefined : now - former;
}

function added(current: number, write: number): number {
  if (typeof write !== "number")
    throw new TypeError(`a sum takes numbers, not ${write === null ? "null" : typeof write}`);
  return current + write;
}
