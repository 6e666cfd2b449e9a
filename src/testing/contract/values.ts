/** Values come back as they were, wherever they stand (T3). */
import { deepStrictEqual, ok } from "node:assert/strict";
import type { Checkpointer } from "../../session/checkpointer.js";
import { replaceAll } from "../../state/delta.js";
import { firstOf, nextOf } from "../checkpoints.js";
import { type Checks, commitAll, expectHead, expectLine, noteOn } from "./expectations.js";
import { resultOf } from "./pending.js";

export const valueChecks: Checks = {
  "T3: values come back as they were": checkValues,
  "T3: errors come back as they were": checkErrors,
  "T3: values come back from deltas, records, notes and tasks as they were": checkEverywhere,
  "T3: keys and items come back in their order, and what was shared is shared": checkShape,
  "T3: a channel may be called anything": checkChannelNames,
  "T3: a large state comes back": checkLargeState,
};

/** One of each kind that can be stored. */
function everything(): Readonly<Record<string, unknown>> {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  return {
    date: new Date(0),
    map: new Map<unknown, unknown>([
      ["k", new Set([1, "a"])],
      [{ key: 1 }, undefined],
    ]),
    big: 2n ** 80n,
    missing: undefined,
    nan: Number.NaN,
    infinite: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    zero: -0,
    bytes: new Uint8Array([0, 255]),
    floats: new Float64Array([0.1, -0, Number.NaN]),
    longs: new BigInt64Array([-1n]),
    view: new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1),
    buffer: new Uint8Array([1, 2]).buffer,
    nodeBuffer: Buffer.from([0, 128, 255]),
    url: new URL("http://localhost/a?b#c"),
    params: new URLSearchParams("a=1&a=2"),
    regexp: /a"\//gi,
    cycle,
    half: "\ud800",
    separators: "\u2028\u0000</script>",
    shaped: ["Date", ["Map", 1]],
    // biome-ignore lint/suspicious/noSparseArray: a hole is another thing than undefined
    sparse: [1, , 3],
    bare: Object.assign(Object.create(null) as object, { a: 1 }),
    empty: "",
    none: null,
    nothing: [{}, [], new Map(), new Set()],
  };
}

async function checkValues(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: everything() });
  await store.commit(first);
  await expectHead(store, first);
  await expectLine(store, "s", [first]);
}

async function checkErrors(store: Checkpointer): Promise<void> {
  const cause = Object.assign(new RangeError("too far"), { limit: 3, since: new Date(1) });
  const plain = Object.assign(new TypeError("not a number", { cause }), { code: "E_TYPE", detail: { list: [1n] } });
  const named = new TypeError("named");
  named.name = "NamedError";
  const several = new AggregateError([plain, "no error", named], "several");
  const first = firstOf("s", { state: { plain, several, list: [new Map([["e", new SyntaxError("")]])] } });
  await store.commit(first);
  await store.annotate(noteOn(first, { records: [resultOf("t", { several })] }));
  await expectHead(store, first, first.note, [resultOf("t", { several })]);
  const stored = (await store.load("s"))?.checkpoint.state.plain as TypeError;
  ok(stored instanceof TypeError && stored.cause instanceof RangeError, "an error and its cause keep their class");
  deepStrictEqual([stored.stack, stored.cause.stack], [plain.stack, cause.stack]);
}

async function checkEverywhere(store: Checkpointer): Promise<void> {
  const every = everything();
  const records = [resultOf("t", every)];
  const note = {
    status: { kind: "paused", reason: { kind: "hook", detail: every } },
    passed: ["hook", "option"],
    issued: 1,
  } as const;
  const frontier = [{ node: "a", input: every }, { node: "b", input: undefined }, "c"];
  const first = firstOf("s", { state: { value: 0, list: [] }, frontier, note });
  const second = nextOf(first, "value", replaceAll(every), { frontier, note });
  const third = nextOf(second, "list", [{ op: "append", path: [], items: [every, undefined] }], { note });
  const fourth = nextOf(third, "list", [{ op: "replace", path: [1], value: new Date(2) }]);
  const progress = { joins: {}, deferred: [{ node: "z", input: every }], ended: false };
  await commitAll(store, [first, second, third, { ...fourth, progress }]);
  await store.annotate(noteOn(fourth, { note, records }));
  await expectHead(store, { ...fourth, progress }, note, records);
  await expectLine(store, "s", [{ ...fourth, progress, note }, third, second, first]);
}

async function checkShape(store: Checkpointer): Promise<void> {
  const shared = { one: 1 };
  const doc = { z: 1, a: shared, m: [shared], 2: "two", 1: "one" };
  const map = new Map<unknown, unknown>([
    ["z", 1],
    ["a", shared],
  ]);
  const first = firstOf("s", { state: { doc, map, set: new Set(["z", "a"]), noDate: new Date(Number.NaN) } });
  const second = nextOf(first, "doc", [{ op: "add", path: ["b"], value: 0 }]);
  await commitAll(store, [first, second]);
  const state = (await store.load("s"))?.checkpoint.state as Record<string, unknown>;
  const stored = state.doc as typeof doc;
  deepStrictEqual(Object.keys(stored), ["1", "2", "z", "a", "m", "b"]);
  deepStrictEqual([...(state.map as typeof map).keys()], ["z", "a"]);
  deepStrictEqual([...(state.set as Set<unknown>)], ["z", "a"]);
  ok(Number.isNaN((state.noDate as Date).getTime()), "a date that is none is a date that is none");
  ok(stored.a === stored.m[0], "what stood in two places of a value stands there as one");
}

async function checkChannelNames(store: Checkpointer): Promise<void> {
  const names = ["", "constructor", "toString", "a|b", "a\u0000b", "10", "9", "é", "e\u0301", "hasOwnProperty", "😀"];
  const state = Object.fromEntries(names.map((name) => [name, name]));
  let last = firstOf("s", { state, ephemeral: ["constructor"] });
  await store.commit(last);
  await expectHead(store, last);
  const line = [last];
  for (const name of names) {
    last = nextOf(last, name, replaceAll({ [name]: name }), { ephemeral: name === "a|b" ? [name] : [] });
    line.unshift(last);
    await store.commit(last);
    await expectHead(store, last);
  }
  await expectLine(store, "s", line as [typeof last]);
}

async function checkLargeState(store: Checkpointer): Promise<void> {
  const list = Array.from({ length: 20_000 }, (_, i) => ({ i, text: `item ${i}` }));
  const first = firstOf("s", { state: { list, text: "é".repeat(1_000_000) } });
  const second = nextOf(first, "list", [{ op: "replace", path: [19_999, "text"], value: "last" }]);
  await commitAll(store, [first, second]);
  await expectHead(store, second);
}
