import { expect, test } from "vitest";
import { type Message, messages, ReducerError, removeMessage } from "../../src/index.js";
import { fold, folded, standing } from "../fold.js";

const message = (id: string | undefined, content: string): Message => ({
  ...(id !== undefined && { id }),
  role: "user",
  content,
});
const a = message("a", "first");
const b = message("b", "second");
const c = message("c", "third");

test("writes append, one message or several", () => {
  expect(folded(messages([a]), b, [c, message(undefined, "x")])).toEqual([a, b, c, message(undefined, "x")]);
});

test("messages without an id are never the same message", () => {
  const anonymous = message(undefined, "same");
  expect(folded(messages(), anonymous, anonymous, [anonymous])).toHaveLength(3);
});

test("a write with a known id replaces that message where it stands", () => {
  const edited = message("b", "edited");
  expect(folded(messages([a, b, c]), edited)).toEqual([a, edited, c]);
  expect(folded(messages(), a, b, message("a", "again"))).toEqual([message("a", "again"), b]);
});

test("an empty id is an id", () => {
  expect(folded(messages(), message("", "one"), message("", "two"))).toEqual([message("", "two")]);
});

test("removeMessage deletes the message, and its id is free again at the end", () => {
  expect(folded(messages([a, b, c]), removeMessage("b"))).toEqual([a, c]);
  expect(folded(messages([a, b, c]), [removeMessage("a"), c, message("a", "new")])).toEqual([
    b,
    c,
    message("a", "new"),
  ]);
});

test("what comes after a removed message is still found by its id", () => {
  expect(folded(messages([a, b, c]), removeMessage("a"), message("c", "edited"), removeMessage("b"))).toEqual([
    message("c", "edited"),
  ]);
});

test("removing a message that is not there is a ReducerError that names the id", () => {
  const before = standing({ messages: messages([a]) });
  expect(() => fold(before, { messages: removeMessage("z") })).toThrow(ReducerError);
  expect(() => fold(before, { messages: removeMessage("z") })).toThrow('"z"');
  expect(() => fold(before, { messages: [removeMessage("a"), removeMessage("a")] })).toThrow('"a"');
});

test("a fold that failed leaves no trace in the next one", () => {
  const before = standing({ messages: messages([a, b]) });
  expect(() => fold(before, { messages: [removeMessage("a"), c, removeMessage("z")] })).toThrow(ReducerError);
  expect(fold(before, { messages: message("b", "edited") }).state.messages).toEqual([a, message("b", "edited")]);
  expect(fold(before, { messages: c }).state.messages).toEqual([a, b, c]);
});

test("two lines of one session do not see each other", () => {
  const root = fold(standing({ messages: messages([a]) }), { messages: b });
  const left = fold(root, { messages: [removeMessage("a"), c] });
  const right = fold(root, { messages: message("a", "right") });
  expect(fold(left, { messages: message("c", "left") }).state.messages).toEqual([b, message("c", "left")]);
  expect(fold(right, { messages: message("b", "right") }).state.messages).toEqual([
    message("a", "right"),
    message("b", "right"),
  ]);
});

test("what is no message is a ReducerError, never an entry", () => {
  const before = standing({ messages: messages() });
  for (const write of ["text", null, 7, [[a]], [undefined], { ...a, id: 7 }, { ...a, id: null }]) {
    const refused = { code: "REDUCER_FAILED", message: expect.stringContaining("a message is an object") };
    expect(() => fold(before, { messages: write }), JSON.stringify(write)).toThrow(expect.objectContaining(refused));
  }
  expect(() => fold(before, { messages: { remove: 7 } })).toThrow('no message with id "7"');
});

test("an initial list with one id twice is refused when the graph is compiled", () => {
  expect(() => standing({ messages: messages([a, b, a]) })).toThrow('"a"');
});

test("P24: an edited message is a change, though there are as many as before", () => {
  const before = standing({ messages: messages([a, b]) });
  const after = fold(before, { messages: message("a", "edited") });
  expect(after.versions).toEqual({ messages: 1 });
  expect(after.updatedChannels).toEqual(["messages"]);
});

test("B6: writing the very same message again is no change", () => {
  const before = fold(standing({ messages: messages() }), { messages: a });
  expect(fold(before, { messages: a }).state).toBe(before.state);
  expect(fold(before, { messages: [] }).state).toBe(before.state);
});

test("B7: messages that were not written stay the same objects, and the list is frozen", () => {
  const before = standing({ messages: messages([{ ...a }, { ...b }]) });
  const after = fold(before, { messages: [c, message("b", "edited")] });
  expect(after.state.messages[0]).toBe(before.state.messages[0]);
  expect(Object.isFrozen(after.state.messages)).toBe(true);
});

test("B8: the delta tells appends, replacements and removals apart, task by task", () => {
  const edited = message("a", "edited");
  const { deltas } = fold(
    standing({ messages: messages([a]) }),
    { messages: [b, edited] },
    { messages: removeMessage("b") },
  );
  expect(deltas.map(({ task, delta }) => [task.node, delta])).toEqual([
    [
      "n1",
      [
        { op: "append", path: [], items: [b] },
        { op: "replace", path: [0], value: edited },
      ],
    ],
    ["n2", [{ op: "remove", path: [1] }]],
  ]);
});

test("`reduce` gives what the fold gives", () => {
  const channel = messages([a, b]);
  const writes = [c, removeMessage("a"), message("b", "edited")];
  expect(writes.reduce((list, write) => channel.reduce(list, write), channel.initial())).toEqual(
    folded(channel, ...writes),
  );
});
