/** Laws of state: values, deltas, channels and the barrier. */
import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  append,
  applyBarrier,
  type Channels,
  END,
  ephemeral,
  lastValue,
  type Message,
  merge,
  messages,
  type PatchOperation,
  type RemoveMessage,
  reducer,
  removeMessage,
  SerializationError,
  START,
  StateGraph,
  type StateOf,
  scheduleStep,
  sum,
  type TaskResult,
} from "../../src/index.js";
import { decode, encode } from "../../src/session/codec.js";
import { applyDeltas, type Delta, toPatch } from "../../src/state/delta.js";
import { diff } from "../../src/state/diff.js";
import { heightOf, seal } from "../../src/state/seal.js";
import { TestClock } from "../../src/testing.js";
import { fold, type Standing, standing } from "../fold.js";
import { edited, edits, type Json, json, jsonRecord, storable } from "./values.js";

/** The delta between two values, both sealed afterwards; empty when they are the same. */
function deltaOf(before: unknown, after: unknown): Delta {
  seal(before);
  const delta = diff(before, after, "value") ?? [];
  seal(after);
  return delta;
}

function expectReplay(before: unknown, after: unknown): void {
  const bytes = encode(before);
  const delta = deltaOf(before, after);
  expect(encode(applyDeltas(before, [delta]))).toBe(encode(after));
  expect(encode(before)).toBe(bytes);
  const stored = decode(encode([before, delta])) as [unknown, Delta];
  expect(encode(applyDeltas(stored[0], [stored[1]]))).toBe(encode(after));
}

test("B8: between any two JSON values the delta replays to the same bytes, key order and all, and out of a store too", () => {
  fc.assert(fc.property(json, json, expectReplay), { numRuns: 700 });
});

test("B8: between any two values that can be stored, likewise", () => {
  fc.assert(fc.property(storable, storable, expectReplay), { numRuns: 700 });
});

test("B8: what was changed on an immer draft replays to the same bytes", () => {
  fc.assert(
    fc.property(fc.oneof(json, storable), edits, (value, changes) => {
      seal(value);
      expectReplay(value, edited(value, changes));
    }),
    { numRuns: 800 },
  );
});

test("B7: what a change did not touch is neither in the delta nor copied by it", () => {
  fc.assert(
    fc.property(json, jsonRecord, edits, (kept, changing, changes) => {
      const before = { kept: [kept], changing };
      seal(before);
      const after = { kept: before.kept, changing: edited(changing, changes) };
      const delta = deltaOf(before, after);
      expect(delta.every(({ path }) => path[0] === "changing")).toBe(true);
      expect(applyDeltas(before, [delta]).kept).toBe(before.kept);
    }),
    { numRuns: 150 },
  );
});

test("T1: deltas applied one by one, all at once, or out of a store, give the same value", () => {
  fc.assert(
    fc.property(storable, fc.array(edits, { maxLength: 4 }), (first, steps) => {
      seal(first);
      const values = [first];
      for (const step of steps) values.push(edited(values.at(-1), step));
      const deltas = values.slice(1).map((value, index) => deltaOf(values[index], value));
      // Key order and all; only what two places share and what is merely equal is not told apart over several deltas.
      const last = shown(values.at(-1));
      expect(shown(applyDeltas(first, deltas))).toBe(last);
      expect(shown(deltas.reduce((value, delta) => applyDeltas(value, [delta]), first))).toBe(last);
      // As a store does it: each record by itself. What was one object in two records is two then, and equal.
      const stored: unknown = decode(encode(first));
      const storedDeltas = deltas.map((delta) => decode(encode(delta)) as Delta);
      expect(shown(applyDeltas(stored, storedDeltas))).toBe(last);
    }),
    { numRuns: 500 },
  );
});

test("RFC 6902: the operations of a delta, applied by the book, give the new value", () => {
  fc.assert(
    fc.property(json, json, edits, (value, other, changes) => {
      for (const after of [other, edited(value, changes)]) {
        const patch = toPatch(deltaOf(value, after));
        expect(patched(value, JSON.parse(JSON.stringify(patch)) as PatchOperation[])).toEqual(after);
      }
    }),
    { numRuns: 500 },
  );
});

test("RFC 7396: merge gives what the pseudocode of the RFC gives, and leaves what it does not name", () => {
  fc.assert(
    fc.property(jsonRecord, fc.array(jsonRecord, { minLength: 1, maxLength: 3 }), (value, patches) => {
      const before = standing({ record: merge<object>(value) });
      const after = fold(before, ...patches.map((record) => ({ record })));
      expect(after.state.record).toEqual(patches.reduce<Json>(mergePatch, value));
      for (const [key, part] of Object.entries(before.state.record)) {
        const named = patches.some((patch) => Object.hasOwn(patch, key));
        if (!named) expect((after.state.record as Record<string, unknown>)[key]).toBe(part);
      }
    }),
    { numRuns: 500 },
  );
});

test("append: the fold of many writes agrees with `reduce`, one at a time", () => {
  const write = fc.oneof(json, fc.array(json, { maxLength: 3 }));
  fc.assert(
    fc.property(fc.array(json, { maxLength: 4 }), fc.array(write, { maxLength: 6 }), (initial, writes) => {
      const channel = append<Json>(initial);
      const after = fold(standing({ list: channel }), ...writes.map((list) => ({ list })));
      const reduced = writes.reduce<readonly Json[]>((list, one) => channel.reduce(list, one), initial);
      expect(encode(after.state.list)).toBe(encode(reduced));
      expect(after.state.list).toEqual([...initial, ...writes.flat(1)]);
    }),
    { numRuns: 500 },
  );
});

const id = fc.constantFrom("a", "b", "c", "d", "");
const message = fc
  .tuple(fc.option(id, { nil: undefined }), fc.nat(9))
  .map(([given, n]): Message => ({ ...(given !== undefined && { id: given }), role: "user", content: `${n}` }));
const messageWrite = fc.oneof(
  message,
  id.map(removeMessage),
  fc.array(fc.oneof(message, id.map(removeMessage)), { maxLength: 4 }),
);

test("messages: the fold agrees with `reduce` and with a naive model, superstep after superstep, also where it refuses", () => {
  const supersteps = fc.array(fc.array(messageWrite, { maxLength: 4 }), { maxLength: 5 });
  fc.assert(
    fc.property(
      fc.uniqueArray(message, { maxLength: 4, selector: ({ id: one }) => one ?? {} }),
      supersteps,
      (initial, all) => {
        const channel = messages(initial);
        let now: Standing<{ talk: typeof channel }> = standing({ talk: channel });
        let model: readonly Message[] | undefined = initial;
        for (const writes of all) {
          model = writes.flat(1).reduce(conversed, now.state.talk);
          const act = () => fold(now, ...writes.map((talk) => ({ talk })));
          const reduceAll = () =>
            writes.reduce<readonly Message[]>((list, one) => channel.reduce(list, one), now.state.talk);
          if (model === undefined) {
            expect(act).toThrow(expect.objectContaining({ code: "REDUCER_FAILED" }));
            expect(reduceAll).toThrow(TypeError);
          } else {
            const next = act();
            expect(next.state.talk).toEqual(model);
            expect(reduceAll()).toEqual(model);
            expect(replayed(now, next)).toBe(encode(next.state));
            now = next;
          }
        }
      },
    ),
    { numRuns: 150 },
  );
});

/** One channel of every kind; the names are hostile on purpose. */
const channels = {
  last: lastValue<unknown>(0),
  list: append<unknown>(),
  record: merge<Record<string, unknown>>({}),
  constructor: sum(),
  own: reducer<Record<string, unknown[]>, string>({ all: [] }, (draft, write) => {
    draft.all?.push(write);
    draft[write] = [];
  }),
  note: ephemeral<unknown>(),
  talk: messages(),
};
const shared = fc.record(
  {
    list: fc.oneof(json, fc.array(json, { maxLength: 3 })),
    record: jsonRecord,
    constructor: fc.integer({ min: -1, max: 1 }),
    own: fc.constantFrom("a", "b", "c"),
    talk: message,
  },
  { requiredKeys: [], noNullPrototype: true },
);
const alone = fc.record({ last: storable, note: storable }, { requiredKeys: [], noNullPrototype: true });
/** What the tasks of one superstep return; only the first writes what takes one writer. */
const superstep = fc
  .tuple(alone, fc.array(shared, { minLength: 1, maxLength: 4 }))
  .map(([first, rest]): object[] => rest.map((update, index) => (index === 0 ? { ...update, ...first } : update)));
const supersteps = fc.array(superstep, { minLength: 1, maxLength: 4 });

test("B1: whatever order tasks finish in, the merged state, versions and deltas are the same", async () => {
  await fc.assert(
    fc.asyncProperty(superstep, fc.infiniteStream(fc.nat(7)), async (updates, dice) => {
      const inOrder = await finished(updates, () => 0);
      const shuffled = await finished(updates, () => dice.next().value ?? 0);
      const [one, two] = [inOrder, shuffled].map((results) => applyBarrier({ ...standing(channels), results }));
      expect(encode(two?.state)).toBe(encode(one?.state));
      expect([two?.versions, two?.deltas]).toEqual([one?.versions, one?.deltas]);
    }),
    { numRuns: 100 },
  );
});

test("B6: a version grows by one iff the value is another by Object.is, and then the channel is told as updated", () => {
  fc.assert(
    fc.property(supersteps, (steps) => {
      let now: Standing<typeof channels> = standing(channels);
      for (const updates of steps) {
        const next = fold(now, ...updates);
        const names = Object.keys(channels) as (keyof typeof channels)[];
        const grown = names.filter((name) => !Object.is(next.state[name], now.state[name]));
        expect([...next.updatedChannels].sort()).toEqual([...grown].sort());
        for (const name of names) {
          const [before, after] = [now, next].map(({ versions }) =>
            Object.hasOwn(versions, name) ? versions[name] : 0,
          );
          expect(after).toBe((before ?? 0) + (grown.includes(name) ? 1 : 0));
        }
        now = next;
      }
    }),
    { numRuns: 200 },
  );
});

test("B8: the deltas of a barrier, applied to the former state, give the new one; and only what grew has any", () => {
  fc.assert(
    fc.property(supersteps, (steps) => {
      let now: Standing<typeof channels> = standing(channels);
      for (const updates of steps) {
        const next = fold(now, ...updates);
        const note = next.state.note === undefined ? undefined : now.state.note;
        expect(replayed({ ...now, state: { ...now.state, note } }, next)).toBe(encode(next.state));
        for (const { channel } of next.deltas) expect(next.updatedChannels).toContain(channel);
        now = next;
      }
    }),
    { numRuns: 200 },
  );
});

test("B3: a superstep that fails anywhere changes nothing, and leaves nothing behind", () => {
  const failure = fc.constantFrom<object>(
    { misspelt: 1 },
    { constructor: "1" },
    { talk: removeMessage("nobody") },
    { record: [] },
  );
  fc.assert(
    fc.property(superstep, superstep, failure, fc.nat(4), (first, second, wrong, place) => {
      const before = fold(standing(channels), ...first);
      const [state, versions] = [encode(before.state), encode(before.versions)];
      const broken = [...second.slice(0, place), wrong, ...second.slice(place)];
      expect(() => fold(before, ...broken)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(UNKNOWN_CHANNEL|REDUCER_FAILED)$/) }),
      );
      expect([encode(before.state), encode(before.versions)]).toEqual([state, versions]);
      const after = fold(before, ...second);
      const untouched = fold(fold(standing(channels), ...first), ...second);
      expect(encode(after.state)).toBe(encode(untouched.state));
    }),
    { numRuns: 150 },
  );
});

test("S3: sealing is idempotent, freezes all the way down, and changes nothing that can be stored", () => {
  fc.assert(
    fc.property(storable, (value) => {
      const bytes = encode(value);
      const whole = [value];
      for (const one of seal(whole)?.keys() ?? []) expect(Object.isFrozen(one) || ArrayBuffer.isView(one)).toBe(true);
      expect(encode(value)).toBe(bytes);
      expect(encode(decode(bytes))).toBe(bytes);
      expect(seal(whole)).toBeUndefined();
      expect(encode(value)).toBe(bytes);
    }),
    { numRuns: 500 },
  );
});

test("L15: no value has more levels than are known of it, however it came to be", () => {
  fc.assert(
    fc.property(json, edits, supersteps, (value, changes, steps) => {
      seal(value);
      const after = edited(value, changes);
      deltaOf(value, after);
      expect(heightOf(after)).toBeGreaterThanOrEqual(levelsOf(after));
      const states = steps.reduce((now, updates) => fold(now, ...updates), fold(standing(channels))).state;
      for (const one of Object.values(states)) expect(heightOf(one)).toBeGreaterThanOrEqual(levelsOf(one));
    }),
    { numRuns: 300 },
  );
});

test("T3: sealing refuses whatever the codec would refuse, with the path where it stands", () => {
  class Person {}
  const stray = fc.constantFrom<() => unknown>(
    () => () => undefined,
    () => Symbol("s"),
    () => new Person(),
    () => new (class extends Error {})("x"),
    () => Promise.resolve(),
    () => JSON.parse('{"__proto__": 1}') as unknown,
    () => ({ [Symbol("s")]: 1 }),
  );
  fc.assert(
    fc.property(
      jsonRecord,
      edits,
      stray,
      fc.array(fc.constantFrom("a", "b", "odd key", 0, 1), { maxLength: 3 }),
      (root, changes, make, trail) => {
        const value = {
          ...edited(root, changes),
          z: trail.reduceRight<unknown>(
            (inner, key) => (typeof key === "number" ? listWith(key, inner) : { [key]: inner }),
            make(),
          ),
        };
        expect(() => decode(encode(value))).toThrow();
        const error = refusalOf(value);
        const expected = trail.reduce<string>(
          (path, key) =>
            `${path}${typeof key === "number" ? `[${key}]` : key === "odd key" ? '["odd key"]' : `.${key}`}`,
          "z",
        );
        expect([expected, `${expected}.__proto__`]).toContain(error.path);
        expect(Object.isFrozen(value)).toBe(false);
      },
    ),
    { numRuns: 500 },
  );
});

/** The value as text, in its own order, in full. */
function shown(value: unknown): string {
  return inspect(value, {
    depth: null,
    maxArrayLength: null,
    maxStringLength: null,
    breakLength: Number.POSITIVE_INFINITY,
  });
}

/** How many records and lists stand in each other. */
function levelsOf(value: unknown): number {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return 0;
  const parts = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
  return 1 + Math.max(0, ...parts.map(levelsOf));
}

function listWith(index: number, inner: unknown): unknown[] {
  return [...Array.from({ length: index }, () => 0), inner];
}

function refusalOf(value: unknown): SerializationError {
  try {
    seal(value);
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
  throw new TypeError("it was not refused");
}

/** The results of tasks that return these updates and finish in the order that the dice say. */
async function finished(updates: readonly object[], dice: () => number): Promise<readonly TaskResult[]> {
  const open: (() => void)[] = [];
  let graph = new StateGraph<Channels, string>(channels);
  for (const [index, update] of updates.entries()) {
    const node = () => new Promise<object>((resolve) => open.push(() => resolve(update)));
    graph = graph.addNode(`n${index}`, node).addEdge(START, `n${index}`).addEdge(`n${index}`, END);
  }
  const clock = new TestClock();
  const scheduled = scheduleStep({
    plan: graph.compile().plan,
    tasks: updates.map((_, index) => ({ id: `t.${index}`, node: `n${index}` })),
    state: standing(channels).state as StateOf<Channels>,
    environment: { sessionId: "s", step: 1, clock, stopwatch: () => clock.now(), random: () => 0.5 },
    maxConcurrency: 64,
    onFailure: "drain",
  });
  while (open.length > 0) {
    const [finish] = open.splice(dice() % open.length, 1);
    finish?.();
    await null;
  }
  const { settled } = await scheduled;
  return settled.map((one) => {
    if (one.kind !== "finished") throw new TypeError(`${one.task.node} ${one.kind}`);
    return { task: one.task, outcome: one.outcome };
  });
}

/** The bytes of the former state with the deltas of the superstep applied. */
function replayed<C extends Channels>(before: Standing<C>, { deltas }: ReturnType<typeof fold<C>>): string {
  const state: Record<string, unknown> = { ...before.state };
  for (const { channel, delta } of deltas) state[channel] = applyDeltas(state[channel], [delta]);
  return encode(state);
}

/** RFC 7396, section 2, word for word. */
function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: Record<string, Json> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(Object.hasOwn(result, name) ? (result[name] ?? null) : null, value);
  }
  return result;
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A conversation, naively; undefined once a message is removed that is not there. */
function conversed(
  list: readonly Message[] | undefined,
  write: Message | RemoveMessage,
): readonly Message[] | undefined {
  if (list === undefined) return undefined;
  const wanted = "remove" in write ? write.remove : write.id;
  const place = wanted === undefined ? -1 : list.findIndex((one) => one.id === wanted);
  if ("remove" in write) return place < 0 ? undefined : list.filter((_, index) => index !== place);
  return place < 0 ? [...list, write] : list.map((one, index) => (index === place ? write : one));
}

/** RFC 6902 by the book, on a JSON value. */
function patched(value: Json, patch: readonly PatchOperation[]): Json {
  return patch.reduce<Json>((now, { op, path, value: given }) => {
    const keys = path
      .split("/")
      .slice(1)
      .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    return patchedAt(now, keys, { op, value: given as Json });
  }, value);
}

function patchedAt(value: Json, keys: readonly string[], operation: { op: PatchOperation["op"]; value: Json }): Json {
  const [key, ...rest] = keys;
  if (key === undefined) return operation.value;
  if (Array.isArray(value)) {
    const list = [...(value as readonly Json[])];
    const index = key === "-" ? list.length : Number(key);
    if (rest.length > 0) list[index] = patchedAt(list[index] as Json, rest, operation);
    else list.splice(index, operation.op === "add" ? 0 : 1, ...(operation.op === "remove" ? [] : [operation.value]));
    return list;
  }
  const record = { ...(value as { readonly [key: string]: Json }) };
  if (rest.length === 0 && operation.op !== "add" && !Object.hasOwn(record, key)) throw new TypeError(`no ${key}`);
  if (rest.length > 0) record[key] = patchedAt(record[key] as Json, rest, operation);
  else if (operation.op === "remove") delete record[key];
  else record[key] = operation.value;
  return record;
}
