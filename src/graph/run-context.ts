/** What a call hands to its nodes and nobody stores: a user, a connection, a logger. Named by typed keys. */
import { InvalidOptionError } from "../errors.js";

/** A value under its key, as a call is given it: `runner.invoke("s", input, { context: [user(me)] })`. */
export interface RunValue {
  readonly key: object;
  readonly value: unknown;
}
/** A typed key of what calls hand to their nodes. */
export interface RunContext<Value> {
  /** The value under this key. */
  (value: Value): RunValue;
  /** What the call that runs this node handed on. Throws InvalidOptionError when it handed nothing on under this key. */
  of(ctx: { readonly context: ReadonlyMap<object, unknown> }): Value;
}

/**
 * A key for what calls hand to their nodes: `const user = runContext<User>("user")`, `{ context: [user(me)] }`, and in a node
 * `user.of(ctx)`. It is not stored: whoever resumes a session hands it on again. The name is for messages; two keys of one name are two.
 */
export function runContext<Value>(name: string): RunContext<Value> {
  const key = (value: Value): RunValue => ({ key, value });
  key.of = ({ context }: { readonly context: ReadonlyMap<object, unknown> }): Value => {
    if (context.has(key)) return context.get(key) as Value;
    throw new InvalidOptionError(
      "context",
      `of the call has no "${name}"`,
      "pass { context: [key(value)] } to the call",
    );
  };
  return key;
}

export const NO_CONTEXT: ReadonlyMap<object, unknown> = new Map();

/** The values by their keys; of two under one key the last counts. Throws InvalidOptionError. */
export function contextOf(values: readonly RunValue[] | undefined): ReadonlyMap<object, unknown> {
  if (values === undefined) return NO_CONTEXT;
  if (!isList(values))
    throw new InvalidOptionError(
      "context",
      "is no list of values under keys",
      "pass [key(value)], keys made by runContext",
    );
  return new Map(values.map(({ key, value }) => [key, value]));
}

/** What cannot be looked at is none. */
function isList(values: unknown): values is readonly RunValue[] {
  try {
    return Array.isArray(values) && values.every((one: RunValue | null) => typeof one?.key === "function");
  } catch {
    return false;
  }
}
