import { describe, expect, test } from "vitest";
import {
  append,
  applyBarrier,
  type Channel,
  type Channels,
  Command,
  ephemeral,
  lastValue,
  merge,
  messages,
  ReducerError,
  reducer,
  removeMessage,
  SerializationError,
  type StandardSchema,
  SuperstepError,
  sum,
} from "../../src/index.js";
import { decode, encode } from "../../src/session/codec.js";
import { applyDeltas } from "../../src/state/delta.js";
import { seal, sealStored } from "../../src/state/seal.js";
import { fold, returned, type Standing, standing } from "../fold.js";

const never: StandardSchema<never> = {
  "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [{ message: "never" }] }) },
};

/** One channel of every kind, with something in it. */
const everyKind = {
  last: lastValue<unknown>({ deep: { n: 1 } }),
  list: append<object>([{ n: 1 }]),
  record: merge<Record<string, unknown>>({ a: { n: 1 }, b: { n: 2 } }),
  total: sum(1),
  own: reducer<{ a: { n: number }; b: { n: number } }, number>({ a: { n: 1 }, b: { n: 1 } }, (draft, n) => {
    draft.b.n += n;
  }),
  note: ephemeral<unknown>(),
  talk: messages([{ id: "m1", role: "user", content: "hello" }]),
};
const writeOfEveryKind = {
  last: { deep: { n: 2 } },
  list: { n: 2 },
  record: { b: { n: 3 } },
  total: 1,
  own: 1,
  note: { n: 1 },
  talk: { id: "m2", role: "assistant", content: "hi" },
};

test("B1: updates are folded in frontier order, each on what the former left", () => {
  const channels = { log: append<string>(), own: reducer<string>("", (now, write) => `${now}${write}`) };
  const after = fold(standing(channels), { log: "a", own: "a" }, { own: "b" }, { log: "c", own: "c" });
  expect(after.state).toEqual({ log: ["a", "c"], own: "abc" });
});

test("B1: within one task, its Commands count in their order", () => {
  const own = reducer<string>("", (now, write) => `${now}${write}`);
  const task = [
    new Command({ update: { own: "a" } }),
    new Command({ goto: "a" }),
    new Command({ update: { own: "b" } }),
  ];
  expect(fold(standing({ own }), task, { own: "c" }).state.own).toBe("abc");
});

test("B2, P4: every write goes through its reducer, one at a time: three +1 make 3", () => {
  const calls: [number, number][] = [];
  const counted = reducer<number>(0, (now, write) => {
    calls.push([now, write]);
    return now + write;
  });
  const after = fold(
    standing({ counted, total: sum() }),
    { counted: 1, total: 1 },
    { counted: 1, total: 1 },
    { counted: 1, total: 1 },
  );
  expect(after.state).toEqual({ counted: 3, total: 3 });
  expect(calls).toEqual([
    [0, 1],
    [1, 1],
    [2, 1],
  ]);
});

describe("B3: whatever fails, what was there is untouched by reference:", () => {
  const failing = {
    ...everyKind,
    strict: lastValue(0, { schema: never }),
    broken: reducer<{ n: number }, unknown>({ n: 0 }, (draft, write) => {
      draft.n = 99;
      throw write;
    }),
    leaky: reducer<{ f?: unknown }, unknown>({}, (draft) => {
      draft.f = () => undefined;
    }),
  };
  const failures: Readonly<Record<string, readonly [code: string, last: object]>> = {
    "a reducer that throws": ["REDUCER_FAILED", { broken: 1 }],
    "a schema that refuses": ["CHANNEL_INVALID", { strict: 1 }],
    "an unknown channel": ["UNKNOWN_CHANNEL", { misspelt: 1 }],
    "a second writer": ["CONCURRENT_WRITE", { last: 1 }],
    "a value that cannot be stored": ["NOT_SERIALIZABLE", { leaky: 1 }],
    "a message that is not there": ["REDUCER_FAILED", { talk: removeMessage("nowhere") }],
    "a sum of text": ["REDUCER_FAILED", { total: "1" }],
    "a patch that is no record": ["REDUCER_FAILED", { record: [1] }],
  };

  test.each(Object.entries(failures))("%s", (_, [code, last]) => {
    const before = fold(standing(failing), writeOfEveryKind);
    const results = [returned(1, writeOfEveryKind), returned(2, last)];
    const parts = { state: before.state, versions: before.versions, results };
    const bytes = JSON.stringify(parts);
    const values = Object.values(before.state);
    expect(() => applyBarrier({ plan: before.plan, ...parts })).toThrow(expect.objectContaining({ code }));
    expect(Object.values(before.state).every((value, index) => value === values[index])).toBe(true);
    expect(JSON.stringify(parts)).toBe(bytes);
    expect(Object.isFrozen(before.state)).toBe(true);
  });

  test("and what comes next finds it so: a barrier that failed leaves no trace", () => {
    const before = fold(standing(failing), writeOfEveryKind);
    const alone = fold(before, writeOfEveryKind);
    for (const [, last] of Object.values(failures)) {
      expect(() => fold(before, writeOfEveryKind, last)).toThrow(SuperstepError);
      const again = fold(before, writeOfEveryKind);
      expect(again.state).toEqual(alone.state);
      expect(again.versions).toEqual(alone.versions);
      expect(again.deltas).toEqual(alone.deltas);
    }
  });
});

test("L8: a fold that fails is a typed error, in whatever part of it it fails", () => {
  const base = { kind: "own", initial: () => 0, reduce: (_: number, write: number) => write };
  const no = (): never => {
    throw Object.freeze(new Error("no"));
  };
  const channels: Record<string, Channel<number>> = {
    reduce: { ...base, reduce: no },
    fold: { ...base, fold: no },
    write: { ...base, fold: () => ({ write: no, finish: () => 0 }) },
    finish: { ...base, fold: () => ({ write: () => [], finish: no }) },
  };
  for (const [name, channel] of Object.entries(channels)) {
    const act = () => fold(standing({ channel }), {}, { channel: 1 });
    expect(act, name).toThrow(ReducerError);
    expect(act, name).toThrow(
      expect.objectContaining({ channel: "channel", cause: expect.objectContaining({ message: "no" }) }),
    );
  }
});

test("L8: an error of the library that a reducer throws is still the reducer's: no one takes it for the run's own", () => {
  const inner = new ReducerError("other", { id: "1", node: "n9" }, "no");
  const channel = reducer<number>(0, () => {
    throw inner;
  });
  expect(() => fold(standing({ channel }), { channel: 1 })).toThrow(
    expect.objectContaining({ channel: "channel", cause: inner }),
  );
});

test("B4, P6: a write to an unknown channel fails the superstep, and says which there are", () => {
  const before = standing({ value: lastValue(0) });
  expect(() => fold(before, { value: 1 }, { valeu: 1 })).toThrow(
    expect.objectContaining({ code: "UNKNOWN_CHANNEL", channel: "valeu", help: expect.stringContaining("value") }),
  );
  for (const name of ["constructor", "toString", "hasOwnProperty"]) {
    expect(() => fold(before, { [name]: 1 })).toThrow(
      expect.objectContaining({ code: "UNKNOWN_CHANNEL", channel: name }),
    );
  }
});

test("B4: undefined is not written, not even to an unknown channel", () => {
  const before = standing({ value: lastValue(0) });
  expect(fold(before, { misspelt: undefined, value: undefined }).state).toBe(before.state);
});

test("B5: two writers on a channel that takes one are a ConcurrentWriteError that names both, also when they agree", () => {
  for (const channel of [lastValue<unknown>(0), ephemeral<unknown>()] as Channels[string][]) {
    const before = standing({ channel });
    expect(() => fold(before, { channel: 1 }, {}, { channel: 1 })).toThrow(
      expect.objectContaining({ code: "CONCURRENT_WRITE", channel: "channel", nodes: ["n1", "n3"] }),
    );
  }
});

test("B5: two tasks of one node are two writers", () => {
  const { plan, state, versions } = standing({ value: lastValue(0) });
  const results = [1, 2].map((n) => ({ ...returned(n, { value: n }), task: { id: `t.${n}`, node: "a", input: n } }));
  expect(() => applyBarrier({ plan, state, versions, results })).toThrow(
    expect.objectContaining({ nodes: ["a", "a"] }),
  );
});

test("B5: several writes of one task are no conflict: the last counts", () => {
  const commands = [new Command({ update: { value: 1 } }), new Command({ update: { value: 2 } })];
  expect(fold(standing({ value: lastValue(0) }), commands).state.value).toBe(2);
});

test("B5: other kinds take as many writers as there are", () => {
  const { last: _, note: __, ...shared } = everyKind;
  const { last: ___, note: ____, ...write } = writeOfEveryKind;
  expect(Object.values(fold(standing(shared), write, write, write).versions)).toEqual([1, 1, 1, 1, 1]);
});

describe("B6: a version grows by one iff the value is another by Object.is:", () => {
  const kinds = Object.keys(writeOfEveryKind) as (keyof typeof writeOfEveryKind)[];
  test.each(kinds)("%s", (kind) => {
    const first = fold(standing(everyKind), { [kind]: writeOfEveryKind[kind] });
    expect(first.versions).toEqual({ [kind]: 1 });
    expect(first.updatedChannels).toEqual([kind]);
    const second = fold(first, { [kind]: writeOfEveryKind[kind] });
    expect(second.versions[kind]).toBe(Object.is(second.state[kind], first.state[kind]) ? 1 : 2);
  });

  test("P24: an equal copy is another value, for records and lists alike", () => {
    for (const [initial, copy] of [
      [{ a: 1 }, { a: 1 }],
      [[1], [1]],
      [new Date(0), new Date(0)],
      [{ list: [1] }, { list: [1] }],
    ]) {
      const after = fold(standing({ value: lastValue<unknown>(initial) }), { value: copy });
      expect(after.state.value).toBe(copy);
      expect(after.versions).toEqual({ value: 1 });
      expect(after.updatedChannels).toEqual(["value"]);
      expect(after.deltas.map(({ channel }) => channel)).toEqual(["value"]);
    }
  });

  test("NaN over NaN is no change; -0 over 0 is one", () => {
    const before = standing({ value: lastValue<number>(Number.NaN), zero: lastValue<number>(0) });
    expect(fold(before, { value: Number.NaN, zero: 0 }).state).toBe(before.state);
    expect(fold(before, { zero: -0 }).versions).toEqual({ zero: 1 });
  });

  test("several writes in one superstep count once, and those that cancel out not at all", () => {
    const before = standing({ total: sum() });
    expect(fold(before, { total: 1 }, { total: 1 }).versions).toEqual({ total: 1 });
    const after = fold(before, { total: 1 }, { total: -1 });
    expect(after.versions).toBe(before.versions);
    expect(after.deltas).toEqual([]);
  });

  test("P20: all kinds at once, in order of first write", () => {
    const after = fold(standing(everyKind), writeOfEveryKind);
    expect(after.updatedChannels).toEqual(Object.keys(writeOfEveryKind));
    expect(after.versions).toEqual(Object.fromEntries(Object.keys(writeOfEveryKind).map((name) => [name, 1])));
  });

  test("a channel whose name every object inherits is counted like any other", () => {
    const names = ["constructor", "toString", "valueOf", "hasOwnProperty", "then"];
    const channels = Object.fromEntries(names.map((name) => [name, sum()]));
    const write = Object.fromEntries(names.map((name) => [name, 1]));
    const once = fold(standing(channels), write);
    expect(Object.entries(once.versions)).toEqual(names.map((name) => [name, 1]));
    expect(Object.entries(fold(once, write).versions)).toEqual(names.map((name) => [name, 2]));
  });
});

describe("B7, P27: nothing is copied but what changed:", () => {
  test("what nobody wrote stays ===, and the whole state when nobody wrote anything", () => {
    const before = fold(standing(everyKind), writeOfEveryKind);
    for (const name of Object.keys(writeOfEveryKind) as (keyof typeof writeOfEveryKind)[]) {
      const after = fold(before, { [name]: writeOfEveryKind[name] });
      for (const other of Object.keys(before.state) as (keyof typeof before.state)[]) {
        if (other !== name && other !== "note") expect(after.state[other]).toBe(before.state[other]);
      }
    }
    const { note: _, ...lasting } = everyKind;
    const idle = standing(lasting);
    expect(fold(idle).state).toBe(idle.state);
    expect(fold(idle, {}, undefined, []).versions).toBe(idle.versions);
  });

  test("of what was written, what was not touched stays ===", () => {
    const before = standing(everyKind);
    const { state } = fold(before, writeOfEveryKind);
    expect(state.list[0]).toBe(before.state.list[0]);
    expect(state.record.a).toBe(before.state.record.a);
    expect(state.own.a).toBe(before.state.own.a);
    expect(state.talk[0]).toBe(before.state.talk[0]);
  });

  test("a written value goes into the state as it is", () => {
    const write = { last: { big: [1] }, list: [{ n: 2 }], record: { c: [1] }, note: {} };
    const { state } = fold(standing(everyKind), write);
    expect(state.last).toBe(write.last);
    expect(state.list[1]).toBe(write.list[0]);
    expect(state.record.c).toBe(write.record.c);
    expect(state.note).toBe(write.note);
  });

  test("copies: a list is copied once a superstep, however many append to it", () => {
    const list = countedList(1_000);
    const channels = { list: append<number>() };
    const { plan, versions } = standing(channels);
    const results = Array.from({ length: 50 }, (_, n) => returned(n, { list: n }));
    const { state } = applyBarrier({ plan, versions, state: { list: list.proxy }, results });
    expect(state.list).toHaveLength(1_050);
    expect(list.reads()).toBeLessThanOrEqual(1_000);
  });

  test("copies: what a superstep does not write is not even read", () => {
    const list = countedList(1_000);
    const { plan, versions } = standing({ list: append<number>(), total: sum() });
    const { state } = applyBarrier({
      plan,
      versions,
      state: { list: list.proxy, total: 0 },
      results: [returned(1, { total: 1 })],
    });
    expect(state.list).toBe(list.proxy);
    expect(list.reads()).toBe(0);
  });

  test("the new state is frozen all the way down", () => {
    const { state, versions } = fold(standing(everyKind), writeOfEveryKind);
    const open = (value: unknown): boolean =>
      typeof value === "object" && value !== null && (!Object.isFrozen(value) || Object.values(value).some(open));
    expect(open(state)).toBe(false);
    expect(Object.isFrozen(versions)).toBe(true);
  });
});

describe("B8: deltas:", () => {
  test("each is attributed to the task that wrote it, in order", () => {
    const { deltas } = fold(standing(everyKind), { total: 1, own: 2 }, { list: { n: 2 } }, { own: 3 });
    expect(deltas.map(({ task, channel }) => [task.id, channel])).toEqual([
      ["t.1", "total"],
      ["t.1", "own"],
      ["t.3", "own"],
      ["t.2", "list"],
    ]);
  });

  test("applied to the former state they give the new one, for every kind of channel", () => {
    const before = fold(standing(everyKind), writeOfEveryKind);
    const after = fold(before, writeOfEveryKind, { list: [{ n: 4 }], own: 5, talk: removeMessage("m1") });
    expect(replayed(before, after)).toEqual(after.state);
  });

  test("a channel's writes that come to nothing have none", () => {
    const { deltas } = fold(standing(everyKind), { total: 1, list: [] }, { total: -1, record: {} });
    expect(deltas).toEqual([]);
  });
});

test("S3: the snapshot that tasks saw is as it was after the barrier", () => {
  const before = fold(standing(everyKind), writeOfEveryKind);
  const bytes = JSON.stringify(before.state);
  fold(before, writeOfEveryKind);
  expect(JSON.stringify(before.state)).toBe(bytes);
});

describe("L15: a value that grows deeper superstep by superstep is refused before a store could not walk it:", () => {
  type Wrap = (former: unknown, n: number) => unknown;
  const wraps: Readonly<Record<string, readonly [channel: Channels[string], write: Wrap]>> = {
    lastValue: [lastValue<unknown>(0), (former) => ({ former })],
    "lastValue, in a map": [lastValue<unknown>(0), (former) => new Map([["former", former]])],
    "lastValue, in place": [lastValue<unknown>([]), (former) => deepened(former)],
    append: [append<unknown>(), (former) => [former]],
    merge: [merge<object>({}), (former, n) => ({ [`k${n}`]: former })],
    "merge, in place": [merge<object>({}), (_, n) => patchAt(n)],
    "reducer, returned": [reducer<unknown>(0, (now) => ({ now })), () => 1],
    "reducer, drafted": [reducer<{ inner?: object }>({}, deepen), () => 1],
    messages: [messages(), (former) => ({ role: "user", content: [former] })],
  };

  test.each(Object.entries(wraps))("%s", (_, [channel, write]) => {
    let now: Standing<{ value: typeof channel }> = standing({ value: channel });
    const grow = () => {
      for (let n = 0; n < 600; n++) now = fold(now, { value: write(now.state.value, n) });
    };
    expect(grow).toThrow(SerializationError);
    expect(grow).toThrow("nested deeper than 500 levels");
    const stored = decode(encode(now.state));
    sealStored(stored);
    expect(encode(stored)).toBe(encode(now.state));
  });

  function deepened(former: unknown): unknown {
    const [inner] = former as unknown[];
    return inner === undefined ? [[]] : [deepened(inner)];
  }

  function patchAt(depth: number): object {
    return depth === 0 ? { k: {} } : { k: patchAt(depth - 1) };
  }

  function deepen(draft: { inner?: object }): void {
    let inmost = draft;
    while (inmost.inner !== undefined) inmost = inmost.inner;
    inmost.inner = {};
  }
});

function replayed<C extends Channels>(before: Standing<C>, { deltas }: ReturnType<typeof fold<C>>): object {
  const state: Record<string, unknown> = { ...before.state };
  for (const { channel, delta } of deltas) state[channel] = applyDeltas(state[channel], [delta]);
  return state;
}

/** A sealed list that counts how often one of its items is read. */
function countedList(length: number): { readonly proxy: readonly number[]; reads(): number } {
  const target = Array.from({ length }, (_, index) => index);
  let reads = 0;
  const proxy = new Proxy(target, {
    get: (list, key, receiver): unknown => {
      if (typeof key === "string" && /^\d+$/.test(key)) reads++;
      return Reflect.get(list, key, receiver);
    },
  });
  seal(proxy);
  reads = 0;
  return { proxy, reads: () => reads };
}
