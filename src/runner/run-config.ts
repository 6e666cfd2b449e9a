/**
 * The configuration of a run: values that nodes depend on and that must not change under a session. Their hashes are kept with it, and a
 * call with other values is refused, so that nobody goes on with half of a session done by one model and half by another.
 */
import { ConfigMismatchError, InvalidOptionError } from "../errors.js";
import { digest } from "../graph/fingerprint.js";
import type { RunValue } from "../graph/run-context.js";
import { canonicalText } from "../session/canonical.js";
import type { Note } from "../session/checkpoint.js";
import { seal } from "../state/seal.js";

/** What a call hands to its nodes. */
export interface ConfigOptions {
  /** What nodes get by `key.of(ctx)`: values under keys made by `runContext`. Not stored. */
  readonly context?: readonly RunValue[] | undefined;
  /**
   * What nodes get as `ctx.config`: any values that can be stored. A hash of each is kept with the session until it is completed; a call
   * that goes on with other values, or without them, is a ConfigMismatchError that names the fields.
   */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** Goes on with another configuration, which is the session's from then on. */
  readonly allowConfigChange?: boolean | undefined;
}
type Hashes = Readonly<Record<string, string>>;

/** The session's note with the hashes that this call leaves there. Throws ConfigMismatchError. */
export function configured(
  sessionId: string,
  note: Note,
  { config, allowConfigChange = false }: ConfigOptions,
  free: readonly string[],
): Note {
  if (config === undefined && note.config === undefined) return note;
  const now = hashesOf(config ?? {}, free);
  const former = note.config ?? now;
  const names = new Set([...Object.keys(former), ...Object.keys(now)]);
  const changed = [...names].filter((name) => former[name] !== now[name]);
  if (changed.length === 0 && note.config !== undefined) return note;
  if (changed.length > 0 && !allowConfigChange) throw new ConfigMismatchError(sessionId, changed.sort());
  return { ...note, config: now };
}

/** Throws InvalidOptionError, and SerializationError for what cannot be hashed because it cannot be stored. */
export function checkConfig(config: unknown): void {
  if (config === undefined) return;
  if (!isPlain(config)) throw new InvalidOptionError("config", "is no plain record", "pass { name: value }");
  seal(config, ["config"]);
}

/** A proxy may refuse to say what it is. */
function isPlain(config: unknown): boolean {
  if (typeof config !== "object" || config === null) return false;
  try {
    const prototype = Object.getPrototypeOf(config) as unknown;
    return prototype === Object.prototype || prototype === null;
  } catch {
    return false;
  }
}

function hashesOf(config: Readonly<Record<string, unknown>>, free: readonly string[]): Hashes {
  const kept = Object.entries(config).filter(([name, value]) => value !== undefined && !free.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, digest(canonicalText([value]))]));
}
