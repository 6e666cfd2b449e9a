/**
 * Errors on their way between a worker and its runner. Nothing that can be told is lost: class, message, stack, code, `cause`, `errors` and
 * the fields of their own. Classes of the language and of this library come back as themselves, others as the class of the language that
 * they extend, under their own name.
 */
import * as known from "../errors.js";
import { recordOf } from "../errors.js";
import { decode, encode } from "../session/codec.js";
import { errorBase } from "../state/error-value.js";
import { walked } from "../state/storable.js";

/** Whatever was thrown. */
export type ErrorEnvelope =
  | { readonly kind: "value"; readonly text: string }
  | {
      readonly kind: "error";
      readonly type: string;
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      /** Fields of its own that can be stored, as text. */
      readonly fields: Readonly<Record<string, string>>;
      readonly cause?: ErrorEnvelope;
      readonly errors?: readonly ErrorEnvelope[];
    };

/** Causes of causes. */
const DEEPEST = 16;
/** Errors of one envelope: they may lead to each other in circles, and to many at once. */
const MOST = 1_000;
const LIMITS = { heightOf: () => 0, maxDepth: 200, maxWeight: 2 ** 20 };
const TOLD_APART: ReadonlySet<string> = new Set(["name", "message", "stack", "cause", "errors"]);

const classes = new Map<string, { readonly prototype: Error }>();
for (const type of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError])
  classes.set(type.name, type);
for (const type of Object.values(known))
  if (typeof type === "function" && type.prototype instanceof known.SuperstepError)
    classes.set(type.name, type as { readonly prototype: Error });

/** Never throws. */
export function envelopeOf(thrown: unknown, depth = 0, budget = { left: MOST }): ErrorEnvelope {
  const type = classNameOf(thrown);
  if (type === undefined) return valueEnvelope(thrown);
  budget.left--;
  const { name, message, stack } = recordOf(thrown);
  const error = thrown as Error;
  const inner = (value: unknown): ErrorEnvelope => envelopeOf(value, depth + 1, budget);
  const { cause, errors } = depth < DEEPEST && budget.left > 0 ? leadsOf(error, budget.left) : {};
  return {
    kind: "error",
    ...{ type, name, message, stack, fields: fieldsOf(error) },
    ...(cause && { cause: inner(cause.value) }),
    ...(errors && { errors: errors.map(inner) }),
  };
}

/** The error again, or the value that was thrown. What cannot be read here is left out, or is the error that says so. Never throws. */
export function openEnvelope(envelope: ErrorEnvelope): unknown {
  if (envelope.kind === "value") return read(envelope.text).value;
  const { type, name, message, stack, fields, cause, errors } = envelope;
  const error = Reflect.construct(Error, [message], classOf(type)) as Error;
  const hidden = {
    stack,
    ...(cause && { cause: openEnvelope(cause) }),
    ...(errors && { errors: errors.map(openEnvelope) }),
  };
  for (const [key, value] of Object.entries(hidden)) define(error, key, value, false);
  if (error.name !== name) define(error, "name", name, false);
  for (const [key, text] of Object.entries(fields)) {
    const { value, isRead } = read(text);
    if (isRead) define(error, key, value, true);
  }
  return error;
}

/** Its class may be known where it was thrown, and not here. */
function read(text: string): { readonly isRead: boolean; readonly value: unknown } {
  try {
    return { isRead: true, value: decode(text) };
  } catch (unread) {
    return { isRead: false, value: unread };
  }
}

function classOf(type: string): NewableFunction {
  return (classes.get(type) ?? Error) as unknown as NewableFunction;
}

/** The class that it comes back as; undefined for what is no error. */
function classNameOf(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  try {
    const own = known.SuperstepError.is(thrown) ? (thrown as Error).constructor.name : undefined;
    if (own !== undefined && classes.has(own)) return own;
    return errorBase(thrown);
  } catch {
    return undefined;
  }
}

/** Values that can be stored travel as they are, others as what can be said of them. */
function valueEnvelope(value: unknown): ErrorEnvelope {
  const text = textOf(value);
  if (text !== undefined) return { kind: "value", text };
  const { name, message, stack } = recordOf(value);
  return { kind: "error", type: "Error", name, message, stack, fields: {} };
}

interface Leads {
  readonly cause?: { readonly value: unknown };
  readonly errors?: readonly unknown[];
}

/** The errors that it speaks of, at most so many of a list. */
function leadsOf(error: Error, most: number): Leads {
  try {
    const { errors } = error as { readonly errors?: unknown };
    return {
      ...("cause" in error && { cause: { value: error.cause } }),
      ...(Array.isArray(errors) && { errors: errors.slice(0, most) }),
    };
  } catch {
    return {};
  }
}

/** What cannot be stored, or looked at, is left out. A code is told wherever it stands: out of sight, or with the class. */
function fieldsOf(error: Error): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  const code = valueAt(error, "code");
  if (code !== undefined) tell(fields, "code", code);
  for (const key of keysOf(error)) if (!TOLD_APART.has(key)) tell(fields, key, valueAt(error, key));
  return fields;
}

function tell(fields: Record<string, string>, key: string, value: unknown): void {
  const text = textOf(value);
  if (text !== undefined) fields[key] = text;
}

function keysOf(error: Error): readonly string[] {
  try {
    return Object.keys(error);
  } catch {
    return [];
  }
}

function valueAt(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Undefined for what cannot be stored. The value is not sealed: it is the thrower's. */
function textOf(value: unknown): string | undefined {
  try {
    walked(value, [], LIMITS);
    return encode(value);
  } catch {
    return undefined;
  }
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  if (value === undefined) return;
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
}
