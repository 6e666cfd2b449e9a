/**
 * What stores and graphs may be given, as arbitraries of fast-check. It is loaded when the first of them is asked for, so that whoever
 * writes no properties need not install it.
 */
import { createRequire } from "node:module";
import type * as FastCheck from "fast-check";
import { InvalidOptionError } from "../errors.js";
import type { Checkpoint } from "../session/checkpoint.js";
import { firstOf, nextOf } from "./checkpoints.js";

type Arbitrary<Value> = FastCheck.Arbitrary<Value>;

/**
 * Arbitraries for tests of your own, of fast-check 4 (an optional peer dependency). Each is a function, and throws InvalidOptionError
 * where fast-check is not installed.
 */
export const arbitraries = {
  /** Any value that a channel may hold: of every kind that can be stored, nested, with keys and texts that trip stores up. No rings. */
  value: (): Arbitrary<unknown> => storableOf(fastCheck()),
  /** States by channel, each with at least one. */
  state: (): Arbitrary<Readonly<Record<string, unknown>>> => stateOf(fastCheck()),
  /** Ids that a session may have: 1 to 512 well-formed characters, without U+001F. */
  sessionId: (): Arbitrary<string> => sessionIdOf(fastCheck()),
  /** The checkpoints of a session, oldest first, as a store is given them; each but the first replaces the value of one channel. */
  line: (sessionId = "line"): Arbitrary<readonly [Checkpoint, ...Checkpoint[]]> => lineOf(fastCheck(), sessionId),
};

/** What `load` gives. Throws InvalidOptionError when it throws. */
export function fastCheck(load: () => unknown = loadFastCheck): typeof FastCheck {
  try {
    return load() as typeof FastCheck;
  } catch {
    throw new InvalidOptionError("arbitraries", "cannot find fast-check", "run: npm install --save-dev fast-check");
  }
}

function loadFastCheck(): unknown {
  return createRequire(import.meta.url)("fast-check");
}

const KEYS = [
  "a",
  "b",
  "0",
  "2",
  "",
  "a/b",
  "m~n",
  "constructor",
  "toString",
  "hasOwnProperty",
  "length",
  "then",
  "toJSON",
  "\udfff",
];
const TEXTS = ["", "\ud800", "\u2028", "\u0000", "</script>", '"\\', "__proto__", "🙂"];

function keyOf(fc: typeof FastCheck): Arbitrary<string> {
  const random = fc.string({ maxLength: 3, unit: "binary" });
  return fc.oneof(fc.constantFrom(...KEYS), random).filter((key) => key !== "__proto__");
}

function leafOf(fc: typeof FastCheck): Arbitrary<unknown> {
  const bytes = fc.uint8Array({ maxLength: 9 });
  return fc.oneof(
    fc.constantFrom(undefined, null, Number.NaN, -0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324),
    fc.boolean(),
    fc.double(),
    fc.bigInt(),
    fc.oneof(fc.constantFrom(...TEXTS), fc.string({ maxLength: 3, unit: "binary" })),
    fc.date({ noInvalidDate: false }),
    fc.webUrl().map((url) => new URL(url)),
    fc.constantFrom("a/b", "[x]", "é").map((source) => new RegExp(source, "gi")),
    bytes,
    bytes.map((one) => one.buffer.slice(0)),
    bytes.map((one) => Buffer.from(one)),
    fc.string({ maxLength: 4 }).map((message) => new TypeError(message)),
  );
}

function storableOf(fc: typeof FastCheck): Arbitrary<unknown> {
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leafOf(fc),
      fc.array(tie("value"), { maxLength: 5 }),
      fc.sparseArray(tie("value"), { maxNumElements: 3, maxLength: 5 }),
      fc.dictionary(keyOf(fc), tie("value"), { maxKeys: 5 }),
      fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
      fc.array(tie("value"), { maxLength: 3 }).map((items) => new Set(items)),
    ),
  })).value;
}

function stateOf(fc: typeof FastCheck): Arbitrary<Readonly<Record<string, unknown>>> {
  return fc.dictionary(keyOf(fc), storableOf(fc), { minKeys: 1, maxKeys: 5, noNullPrototype: true });
}

function sessionIdOf(fc: typeof FastCheck): Arbitrary<string> {
  const random = fc.string({ minLength: 1, maxLength: 512, unit: "binary" });
  const hostile = fc.constantFrom(
    "s",
    "S",
    " ",
    "%",
    "_",
    "a/b",
    "a\\b",
    "'; --",
    "é",
    "e\u0301",
    "constructor",
    "__proto__",
    "🙂",
    "x".repeat(512),
  );
  return fc.oneof(hostile, random).filter((id) => id.length <= 512 && id.isWellFormed() && !id.includes("\u001f"));
}

function lineOf(fc: typeof FastCheck, sessionId: string): Arbitrary<readonly [Checkpoint, ...Checkpoint[]]> {
  const write = fc.tuple(fc.nat(), storableOf(fc));
  return fc.tuple(stateOf(fc), fc.array(write, { maxLength: 8 })).map(([state, writes]) => {
    const channels = Object.keys(state);
    const line: [Checkpoint, ...Checkpoint[]] = [firstOf(sessionId, { state })];
    for (const [place, value] of writes) {
      const channel = channels[place % channels.length] as string;
      const former = line[line.length - 1] as Checkpoint;
      line.push(nextOf(former, channel, [{ op: "replace", path: [], value }]));
    }
    return line;
  });
}
