/** Net writes: the one write that stands for all that happened to a channel in a subgraph. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  append,
  type Channel,
  ephemeral,
  lastValue,
  type Message,
  merge,
  messages,
  reducer,
  removeMessage,
  sum,
} from "../../src/index.js";
import { isEqual } from "../../src/state/equality.js";

/** The value after some writes, each on a copy that shares nothing with the former one, as one that was read from a store. */
function after<V, W>(channel: Channel<V, W>, value: V, writes: readonly W[]): V {
  return writes.reduce((current, write) => channel.reduce(structuredClone(current), write), value);
}

function law<V, W>(
  channel: Channel<V, W>,
  write: fc.Arbitrary<W>,
  isFit: (value: V, write: W) => boolean = () => true,
) {
  const writes = fc.array(write, { maxLength: 6 });
  fc.assert(
    fc.property(writes, writes, (first, then) => {
      const folded = (value: V, list: readonly W[]) =>
        list.reduce((current, one) => (isFit(current, one) ? after(channel, current, [one]) : current), value);
      const former = folded(channel.initial(), first);
      const now = folded(former, then);
      const net = channel.netWrite?.(former, now);
      expect(net === undefined ? former : channel.reduce(former, net)).toEqual(now);
      expect(channel.netWrite?.(now, structuredClone(now))).toBeUndefined();
    }),
  );
}

test("append: what came behind", () => {
  law(append<unknown>(), fc.oneof(fc.integer(), fc.array(fc.oneof(fc.integer(), fc.array(fc.integer())))));
});

test("sum: the difference", () => {
  law(sum(), fc.integer());
  expect(sum().netWrite?.(1, Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
});

test("lastValue and ephemeral: the value", () => {
  const [last, gone] = [lastValue<unknown>(0), ephemeral<number>()];
  expect([last.netWrite?.(1, 2), last.netWrite?.(Number.NaN, Number.NaN)]).toEqual([2, undefined]);
  expect([gone.netWrite?.(undefined, 2), gone.netWrite?.(2, undefined)]).toEqual([2, undefined]);
});

test("merge: a merge patch that names what differs and nothing else", () => {
  const value = fc.letrec<{ patch: unknown }>((tie) => ({
    patch: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom(1, "x", null),
      fc.array(fc.integer(), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("a", "b", "c"), tie("patch"), { maxKeys: 3 }),
    ),
  }));
  law(merge<Record<string, unknown>>({}), fc.dictionary(fc.constantFrom("a", "b"), value.patch) as fc.Arbitrary<never>);
  const { netWrite } = merge<Record<string, unknown>>({});
  const former = { same: [1, { at: new Date(5) }], gone: 1, deep: { kept: 1, changed: 1 } };
  const now = { ...structuredClone(former), deep: { kept: 1, changed: 2 } } as Partial<typeof former>;
  delete now.gone;
  expect(netWrite?.(former, now)).toEqual({ gone: null, deep: { changed: 2 } });
});

test("messages: removals, then what was replaced or added", () => {
  const id = fc.constantFrom("a", "b", "c");
  const message = fc.record({ id: fc.option(id, { nil: undefined }), role: fc.constant("user"), content: fc.string() });
  const write = fc.oneof(message, id.map(removeMessage)) as fc.Arbitrary<Message>;
  law(
    messages() as unknown as Channel<readonly Message[], Message>,
    write,
    (list, one) => !("remove" in one) || list.some((known) => known.id === one.remove),
  );
});

test("a reducer has none: its writes cannot be told from its values", () => {
  expect(reducer(0, (n, write: number) => n + write).netWrite).toBeUndefined();
});

test("equality is of what values are: of every kind that states hold, and of values that refer to themselves", () => {
  const make = () => {
    const value: Record<string, unknown> = {
      list: [1, Number.NaN, undefined, -0],
      map: new Map<unknown, unknown>([["k", new Set([{ a: 1 }])]]),
      bytes: new Uint8Array([1, 2]),
      date: new Date(7),
      big: 10n,
    };
    value.self = value;
    return value;
  };
  expect(isEqual(make(), make())).toBe(true);
  const differing = [
    { list: [1] },
    { map: new Map() },
    { bytes: new Uint8Array([1, 3]) },
    { date: new Date(8) },
    { big: 1n },
  ];
  for (const other of differing) expect(isEqual(make(), { ...make(), ...other })).toBe(false);
  expect([isEqual([], {}), isEqual({ a: undefined }, { b: undefined }), isEqual(null, {}), isEqual(0, -0)]).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
