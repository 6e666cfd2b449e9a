import { expect, test } from "vitest";
import { ReducerError, reducer, SerializationError } from "../../src/index.js";
import { fold, folded, standing } from "../fold.js";

const push = (draft: number[], write: number): void => {
  draft.push(write);
};

test("the draft may be changed in place", () => {
  expect(folded(reducer<number[], number>([], push), 1, 2, 3)).toEqual([1, 2, 3]);
});

test("or the next value may be returned", () => {
  const longest = reducer<string>("", (now, write) => (write.length > now.length ? write : now));
  expect(folded(longest, "a", "bcd", "ef")).toBe("bcd");
});

test("a primitive that the fold says nothing about stays", () => {
  expect(
    folded(
      reducer<number, string>(7, () => undefined),
      "a",
    ),
  ).toBe(7);
});

test("what immer cannot draft comes to the fold as it is", () => {
  for (const [initial, next] of [
    [new Date(0), new Date(1)],
    [new URL("https://a.b/"), new URL("https://c.d/")],
    [new Uint8Array(1), new Uint8Array(2)],
    [/a/, /b/],
    [null, { n: 1 }],
  ] as const) {
    const seen: unknown[] = [];
    const channel = reducer<unknown>(initial, (now, write) => {
      seen.push(now);
      return write;
    });
    expect(folded(channel, next)).toBe(next);
    expect(seen).toEqual([initial]);
  }
});

test("pitfall P5: the reducer is the only fold: nothing is written besides", () => {
  expect(folded(reducer<number[], number>([], push), 1)).toEqual([1]);
});

test("B7: what the draft did not touch stays the same object", () => {
  const channel = reducer<{ a: { n: number }; b: { n: number } }, number>({ a: { n: 1 }, b: { n: 1 } }, (draft, n) => {
    draft.b.n = n;
  });
  const before = standing({ channel });
  const after = fold(before, { channel: 2 });
  expect(after.state.channel.a).toBe(before.state.channel.a);
  expect(after.state.channel.b).toEqual({ n: 2 });
  expect(before.state.channel.b).toEqual({ n: 1 });
});

test("B6: a fold that changes nothing is no change", () => {
  const before = standing({ list: reducer<number[], number>([1], () => undefined) });
  const after = fold(before, { list: 1 });
  expect(after.state).toBe(before.state);
  expect(after.deltas).toEqual([]);
});

test("maps and sets may be drafted too", () => {
  const seen = reducer<Map<string, Set<number>>, [string, number]>(new Map(), (draft, [key, value]) => {
    draft.set(key, new Set(draft.get(key)).add(value));
    draft.get(key)?.add(value * 10);
  });
  const first = fold(standing({ seen }), { seen: ["a", 1] }, { seen: ["a", 2] });
  expect(first.state.seen).toEqual(new Map([["a", new Set([1, 10, 2, 20])]]));
  expect(fold(first, { seen: ["b", 3] }).state.seen.get("a")).toBe(first.state.seen.get("a"));
});

test("B8: the delta of a draft is what was changed in it", () => {
  const channel = reducer<{ list: { done: boolean }[] }, number>(
    { list: [{ done: false }, { done: false }] },
    (draft, at) => {
      const item = draft.list[at];
      if (item !== undefined) item.done = true;
    },
  );
  const { deltas } = fold(standing({ channel }), { channel: 1 });
  expect(deltas[0]?.delta).toEqual([{ op: "replace", path: ["list", 1, "done"], value: true }]);
});

test("no draft leaks into the state, wherever the fold puts it", () => {
  const channel = reducer<Record<string, unknown>, string>({ a: { n: 1 }, map: new Map() }, (draft, how) => {
    if (how === "nested") draft.nested = { list: [draft.a] };
    if (how === "map") (draft.map as Map<string, unknown>).set("a", [draft.a]);
    if (how === "returned") return { wrapped: draft.a, again: [draft.a] };
    return undefined;
  });
  const before = standing({ channel });
  expect(fold(before, { channel: "nested" }).state.channel.nested).toEqual({ list: [{ n: 1 }] });
  expect(fold(before, { channel: "map" }).state.channel.map).toEqual(new Map([["a", [{ n: 1 }]]]));
  expect(fold(before, { channel: "returned" }).state.channel).toEqual({ wrapped: { n: 1 }, again: [{ n: 1 }] });
});

test("L8: a fold that throws is a ReducerError with its cause, whatever it throws, and names channel and node", () => {
  for (const thrown of [new Error("no"), "text", undefined, null, Object.freeze(new Error("frozen")), Symbol("s")]) {
    const channel = reducer<number>(0, () => {
      throw thrown;
    });
    const before = standing({ channel });
    const error = thrownBy(() => fold(before, {}, { channel: 1 }));
    expect(error).toBeInstanceOf(ReducerError);
    expect(error).toMatchObject({ channel: "channel", cause: thrown });
    expect(error.message).toContain('"n2"');
  }
});

test("L12: a write is frozen: a fold that changes it in place is a ReducerError", () => {
  const channel = reducer<{ items: number[] }, number[]>({ items: [] }, (draft, write) => {
    draft.items = write;
    draft.items.push(4);
  });
  expect(() => fold(standing({ channel }), { channel: [1] })).toThrow(ReducerError);
});

test("S3: a date in the draft cannot be changed in place, for nobody would see it", () => {
  const channel = reducer<{ at: Date }, number>({ at: new Date(0) }, (draft, year) => {
    draft.at.setFullYear(year);
  });
  const before = standing({ channel });
  expect(() => fold(before, { channel: 1999 })).toThrow(ReducerError);
  expect(before.state.channel.at.getTime()).toBe(0);
});

test("T3: what a fold puts there that cannot be stored is refused with its path", () => {
  const channel = reducer<{ list: unknown[] }, number>({ list: [1, 2, 3] }, (draft) => {
    draft.list.push({ onClick: () => undefined });
  });
  const error = thrownBy(() => fold(standing({ panel: channel }), { panel: 1 }));
  expect(error).toBeInstanceOf(SerializationError);
  expect(error).toMatchObject({ path: "panel.list[3].onClick" });
});

test("an asynchronous fold is refused: its value would be a promise", () => {
  const channel = reducer<number[], number>([], (async () => undefined) as never);
  expect(() => fold(standing({ channel }), { channel: 1 })).toThrow(SerializationError);
});

test("T3: what a fold hangs onto a list besides its items is refused, and holes are kept", () => {
  const tagged = reducer<unknown[], number>([1, 2], (list) => Object.assign([...list], { total: 2 }));
  expect(() => fold(standing({ tagged }), { tagged: 1 })).toThrow(
    expect.objectContaining({ code: "NOT_SERIALIZABLE" }),
  );
  // biome-ignore lint/suspicious/noSparseArray: the hole is the point
  const holed = reducer<unknown[], number>([1, 2, 3], () => [1, , 3]);
  const after = fold(standing({ holed }), { holed: 1 });
  expect(1 in after.state.holed).toBe(false);
});

function thrownBy(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new TypeError("nothing was thrown");
}
