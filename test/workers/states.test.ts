/** A state reaches a worker once, whatever it was before. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { seal } from "../../src/state/seal.js";
import { KnownStates, States, StateTexts } from "../../src/workers/states.js";
import { storableValue } from "../properties/storable-values.js";

const channel = fc.constantFrom("a", "b", "c");
const stateOf = fc.dictionary(channel, storableValue(), { noNullPrototype: true });
/** Each visit is of a session, whose state is another one or the same as at its last visit. */
const visits = fc.array(
  fc.record({ session: fc.nat(6), state: fc.option(stateOf, { nil: undefined }), isUnread: fc.boolean() }),
  { maxLength: 20 },
);

test("what a worker makes of what it is told is the state, for any sessions in any order, whatever it could not read before", () => {
  fc.assert(
    fc.property(visits, (list) => {
      const [known, states] = [new KnownStates(new StateTexts()), new States()];
      const last = new Map<number, Readonly<Record<string, unknown>>>();
      for (const { session, state = last.get(session) ?? {}, isUnread } of list) {
        seal(state);
        last.set(session, state);
        const told = known.tell(`s${session}`, state);
        if (isUnread) {
          const state = { kind: "whole", text: "][" } as const;
          expect(() => states.take(`s${session}`, { ...told, state })).toThrow();
          known.forget(`s${session}`);
        } else expect(states.take(`s${session}`, told)).toEqual(state);
      }
    }),
  );
});

test("the same state is told once, a changed one by its changes, and four sessions are remembered", () => {
  const texts = new StateTexts();
  const known = new KnownStates(texts);
  const state = { big: "x".repeat(10_000), list: [1, 2, 3] };
  seal(state);
  expect(known.tell("s", state).state.kind).toBe("whole");
  expect(known.tell("s", state).state).toEqual({ kind: "same" });
  const next = { ...state, list: [...state.list, 4] };
  seal(next);
  const before = texts.sent;
  expect(known.tell("s", next)).toMatchObject({ state: { kind: "changed", gone: [] }, forget: [] });
  expect(texts.sent - before).toBeLessThan(200);
  for (const other of ["t", "u", "v"]) expect(known.tell(other, state).forget).toEqual([]);
  expect(known.tell("w", state).forget).toEqual(["s"]);
  expect(known.tell("s", next)).toMatchObject({ state: { kind: "whole" }, forget: ["t"] });
});

test("a state that cannot be told leaves the worker with the one before", () => {
  const known = new KnownStates(new StateTexts());
  const state = { n: 1 };
  known.tell("s", state);
  expect(() => known.tell("s", { n: () => 1 })).toThrow();
  expect(known.tell("s", state).state).toEqual({ kind: "same" });
});
