/** A promise stood where a value was due, and was refused: that it fails later, when nobody waits for it, is no reason to end the process. */

/** How deep an update is looked into for promises that were not awaited. */
const LEVELS = 4;

/** Of a value that was refused. Never throws. */
export function disown(value: unknown, levels = LEVELS): void {
  if (typeof value !== "object" || value === null) return;
  try {
    if (value instanceof Promise) value.catch(() => undefined);
    else if (levels > 0) for (const one of Object.values(value)) disown(one, levels - 1);
  } catch {
    // what cannot be looked into is left to whoever made it
  }
}
