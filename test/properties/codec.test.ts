/** Laws of stored values (T3): what can be stored comes back as it was, through text and through files; the rest is refused. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppRunner, END, lastValue, SerializationError, START, StateGraph } from "../../src/index.js";
import { decode, encode } from "../../src/session/codec.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { formatPath } from "../../src/state/path.js";
import { seal, sealStored } from "../../src/state/seal.js";
import { difference } from "./difference.js";
import { Box, storableValue, unstorableKinds, unstorableValue } from "./storable-values.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "superstep-codec-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One node that writes what it is given. */
function writer(write: () => unknown) {
  return new StateGraph({ value: lastValue<unknown>(0), kept: lastValue<unknown>({ list: [1] }) })
    .addNode("write", () => ({ value: write() }))
    .addEdge(START, "write")
    .addEdge("write", END)
    .compile();
}

test("T3: a value comes back equal from its text, and its text from the value that came back", () => {
  fc.assert(
    fc.property(storableValue(), (value) => {
      seal(value);
      const text = encode(value);
      const copy = decode(text);
      sealStored(copy);
      expect(difference(value, copy)).toBeUndefined();
      expect(encode(copy)).toBe(text);
      expect(text.isWellFormed()).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

test("T3: 10,000 random values of the codec's domain come back equal through a closed and reopened file", async () => {
  let count = 0;
  const batch = fc.array(storableValue(), { minLength: 100, maxLength: 100 });
  await fc.assert(
    fc.asyncProperty(batch, async (values) => {
      const path = join(folder, `${count++}.db`);
      await stored(path, values);
      const copies = (await reopened(path)) as readonly unknown[];
      expect(copies).toHaveLength(values.length);
      for (const [index, value] of values.entries()) {
        expect(difference(value, copies[index])).toBeUndefined();
        expect(isEqualToNode(copies[index], value)).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
  expect(count).toBeGreaterThanOrEqual(100);
}, 120_000);

/** A second opinion. Node has none on errors that lead back to themselves (it goes round until the stack is full), and Node 20 holds no two invalid dates equal. */
function isEqualToNode(copy: unknown, value: unknown): boolean {
  try {
    return isDeepStrictEqual(copy, value) || hasInvalidDate(value, new Set());
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
}

function hasInvalidDate(value: unknown, seen: Set<unknown>): boolean {
  if (typeof value !== "object" || value === null || seen.has(value)) return false;
  seen.add(value);
  if (value instanceof Date) return Number.isNaN(value.getTime());
  const inner: unknown[] = Reflect.ownKeys(value).map((key) => (value as Record<PropertyKey, unknown>)[key]);
  if (value instanceof Map || value instanceof Set) inner.push(...value.entries());
  return inner.some((one) => hasInvalidDate(one, seen));
}

async function stored(path: string, values: readonly unknown[]): Promise<void> {
  const checkpointer = new SqliteCheckpointer(path, { synchronous: "normal" });
  const runner = new AppRunner(
    writer(() => values),
    { checkpointer },
  );
  await runner.createSession("s");
  await runner.runUntilComplete("s");
  await runner.close();
  await checkpointer.close();
}

async function reopened(path: string): Promise<unknown> {
  const checkpointer = new SqliteCheckpointer(path, { synchronous: "normal" });
  const runner = new AppRunner(
    writer(() => 0),
    { checkpointer },
  );
  const { state } = await runner.session("s");
  await runner.close();
  await checkpointer.close();
  return state.value;
}

test("T3: every unsupported kind is refused with its path and leaves the session as it was", async () => {
  let write: unknown;
  const runner = new AppRunner(writer(() => write));
  const seen = new Set<string>();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(unstorableValue(), async ({ kind, value, path }) => {
      const sessionId = `s${count++}`;
      write = value;
      seen.add(kind);
      const before = await runner.createSession(sessionId, { kept: { list: [count] } });
      const refusal = await refusalOf(runner.runStep(sessionId));
      expect(refusal.path).toBe(formatPath(["value", ...path]));
      const after = await runner.session(sessionId);
      expect(after.state).toBe(before.state);
      expect(after.versions).toBe(before.versions);
      expect([after.step, after.frontier]).toEqual([before.step, before.frontier]);
      await runner.deleteSession(sessionId);
    }),
    { numRuns: 1_500 },
  );
  expect([...seen].sort()).toEqual([...unstorableKinds].sort());
});

test("a difference is found wherever it is", () => {
  const shared = {};
  const pairs: readonly (readonly [unknown, unknown])[] = [
    [0, -0],
    [[undefined], new Array(1)],
    [
      { a: shared, b: shared },
      { a: {}, b: {} },
    ],
    [
      { a: {}, b: {} },
      { a: shared, b: shared },
    ],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [{}, Object.create(null)],
    [
      new Map([
        [1, 2],
        [3, 4],
      ]),
      new Map([
        [3, 4],
        [1, 2],
      ]),
    ],
    [new Uint8Array(4).subarray(1, 3), new Uint8Array(2)],
    [Buffer.from("a"), Uint8Array.from(Buffer.from("a"))],
    [Box.of(1), Box.of(2)],
    [new Error("x", { cause: 1 }), Object.assign(new Error("x"), { cause: 1 })],
    [withStack(new Error("x", { cause: 1 })), withStack(new Error("x", { cause: 2 }))],
    [
      withStack(new TypeError("x")),
      withStack(Object.setPrototypeOf(new Error("x"), TypeError.prototype) as Error, "other"),
    ],
    [
      withStack(new Error("x")),
      Object.create(Error.prototype, Object.getOwnPropertyDescriptors(withStack(new Error("x")))),
    ],
  ];
  for (const [one, other] of pairs) {
    expect(difference(one, other)).toBeDefined();
    expect(difference(other, one)).toBeDefined();
    expect(difference(one, one)).toBeUndefined();
  }
});

function withStack(error: Error, stack = "at a"): Error {
  return Object.assign(error, { stack });
}

async function refusalOf(run: Promise<unknown>): Promise<SerializationError> {
  const outcome: unknown = await run.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof SerializationError) return outcome;
  throw outcome ?? new TypeError("it was not refused");
}
