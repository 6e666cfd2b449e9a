import { expect, test } from "vitest";
import { Command, END, Send, SerializationError } from "../../src/index.js";
import { readOutcome, readTargets } from "../../src/superstep/command.js";

test("nothing returned is nothing written and no word about control", () => {
  expect(readOutcome("a", undefined)).toEqual({ updates: [], routes: [] });
});

test("an update is taken as it is and frozen all the way down", () => {
  const update = { list: [{ deep: 1 }] };
  const outcome = readOutcome("a", update);
  expect(outcome).toEqual({ updates: [{ list: [{ deep: 1 }] }], routes: [] });
  expect(outcome.updates[0]).toBe(update);
  expect(Object.isFrozen(update.list[0])).toBe(true);
});

test("a Command may carry an update, a route, both, or nothing", () => {
  expect(readOutcome("a", new Command({}))).toEqual({ updates: [], routes: [] });
  expect(readOutcome("a", new Command({ update: { x: 1 } }))).toEqual({ updates: [{ x: 1 }], routes: [] });
  expect(readOutcome("a", new Command({ goto: "b" }))).toEqual({
    updates: [],
    routes: [{ mode: "replace", targets: ["b"] }],
  });
  expect(readOutcome("a", new Command({ update: { x: 1 }, goto: ["b", END], mode: "append" }))).toEqual({
    updates: [{ x: 1 }],
    routes: [{ mode: "append", targets: ["b", END] }],
  });
});

test("an empty goto is a word about control: go nowhere", () => {
  expect(readOutcome("a", new Command({ goto: [] })).routes).toEqual([{ mode: "replace", targets: [] }]);
});

test("several Commands count in their order", () => {
  const commands = [
    new Command({ update: { x: 1 }, goto: "b" }),
    new Command({ update: { x: 2 } }),
    new Command({ goto: "c", mode: "append" }),
  ];
  expect(readOutcome("a", commands)).toEqual({
    updates: [{ x: 1 }, { x: 2 }],
    routes: [
      { mode: "replace", targets: ["b"] },
      { mode: "append", targets: ["c"] },
    ],
  });
  expect(readOutcome("a", [])).toEqual({ updates: [], routes: [] });
});

test("a Send becomes a target with its input, frozen", () => {
  const input = { list: [1] };
  const { routes } = readOutcome("a", new Command({ goto: [new Send("b", input), "c", new Send("b", undefined)] }));
  expect(routes[0]?.targets).toEqual([{ node: "b", input: { list: [1] } }, "c", { node: "b", input: undefined }]);
  expect(Object.isFrozen(input.list)).toBe(true);
});

test("what is neither update nor Command is refused, and the message says what it was", () => {
  const refused: readonly (readonly [unknown, string])[] = [
    [null, "null"],
    [7, "a number"],
    ["b", "a string"],
    [new Send("b", 1), "a bare Send"],
    [new Map(), "an instance of a class"],
    [[{ x: 1 }], "a list with an object in it"],
    [[new Send("b", 1)], "a list with a bare Send in it"],
    [[null], "a list with null in it"],
    [new Command({ update: [1] }), "a list"],
    [new Command({ update: null }), "null"],
    [new Command({ goto: 3 as unknown as string }), "a Command whose goto is neither a node name, END nor a Send"],
    [new Command({ goto: "b", mode: "both" as "append" }), 'a Command with mode "both"'],
  ];
  for (const [returned, found] of refused) {
    expect(() => readOutcome("a", returned)).toThrow(
      expect.objectContaining({ code: "NODE_RESULT_INVALID", node: "a", message: `node "a" returned ${found}` }),
    );
  }
});

test("T3: what cannot be stored is refused with its path, in updates and in what a Send carries", () => {
  expect(() => readOutcome("a", { x: { f: () => undefined } })).toThrow(expect.objectContaining({ path: "x.f" }));
  expect(() => readOutcome("a", new Command({ goto: new Send("b", { f: Symbol("s") }) }))).toThrow(SerializationError);
});

test("an update without a prototype is an update", () => {
  const update = Object.assign(Object.create(null) as object, { x: 1 });
  expect(readOutcome("a", update).updates).toEqual([update]);
});

test("targets: one or a list; anything that is no target makes the whole answer none", () => {
  expect(readTargets("a")).toEqual(["a"]);
  expect(readTargets([])).toEqual([]);
  expect(readTargets(["a", new Send("b", 1)])).toEqual(["a", { node: "b", input: 1 }]);
  for (const wrong of [undefined, null, 3, {}, ["a", undefined], [["a"]], { node: "b", input: 1 }])
    expect(readTargets(wrong)).toBeUndefined();
});
