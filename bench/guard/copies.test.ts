/** What a superstep does not look at, and does not copy (B7): nothing costs in proportion to the size of the state. */
import v8 from "node:v8";
import { afterEach, expect, test, vi } from "vitest";
import {
  AppRunner,
  append,
  type Checkpointer,
  END,
  lastValue,
  MemoryCheckpointer,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { NO_LIMIT } from "./loop.js";

afterEach(() => void vi.restoreAllMocks());

const stores: readonly (readonly [string, () => Checkpointer])[] = [
  ["in memory", () => new MemoryCheckpointer()],
  ["on SQLite", () => new SqliteCheckpointer(":memory:", { synchronous: "normal" })],
];

/** A state of which a superstep touches little. */
function grownApp(rounds: number, seen: object[] = []) {
  return new StateGraph({
    documents: lastValue<object>({}),
    messages: append<{ readonly n: number; readonly parts: readonly object[] }>(),
    count: sum(),
  })
    .addNode("loop", (state) => {
      seen.push(state);
      return { count: 1, messages: { n: state.count, parts: [{ deep: { er: 1 } }] } };
    })
    .addEdge(START, "loop")
    .addConditionalEdges("loop", ({ count }) => (count < rounds ? "loop" : END), ["loop", END])
    .compile();
}

function documents(): object {
  return Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`d${n}`, { n, text: "x".repeat(50), tags: ["a"] }]));
}

test.each(stores)("B7: %s, no superstep copies or reads back what it has", async (_, open) => {
  const runner = new AppRunner(grownApp(40), { checkpointer: open() });
  await runner.createSession("s", { documents: documents() });
  const copying = [
    vi.spyOn(globalThis, "structuredClone"),
    vi.spyOn(JSON, "parse"),
    vi.spyOn(v8, "serialize"),
    vi.spyOn(v8, "deserialize"),
  ];
  expect((await runner.runUntilComplete("s", NO_LIMIT)).step).toBe(40);
  for (const spy of copying) expect(spy).not.toHaveBeenCalled();
});

test.each(stores)(
  "B7: %s, what nobody wrote is the same object from superstep to superstep, and so is what stays of a list",
  async (_, open) => {
    const seen: { readonly documents?: object; readonly messages?: readonly object[] }[] = [];
    const runner = new AppRunner(grownApp(40, seen), { checkpointer: open() });
    await runner.createSession("s", { documents: documents() });
    const { state } = await runner.runUntilComplete("s", NO_LIMIT);
    for (const { documents: same, messages } of seen) {
      expect(same).toBe(state.documents);
      for (const [place, message] of (messages ?? []).entries()) expect(message).toBe(state.messages[place]);
    }
  },
);

test.each(stores)(
  "B7: %s, a superstep looks at the keys of each new container, and of nothing else",
  async (_, open) => {
    const looksPer = async (big: object): Promise<number> => {
      const runner = new AppRunner(grownApp(40), { checkpointer: open() });
      await runner.createSession("s", { documents: big });
      const looks = vi.spyOn(Reflect, "ownKeys");
      await runner.runUntilComplete("s", NO_LIMIT);
      const calls = looks.mock.calls.length;
      looks.mockRestore();
      return calls / 40;
    };
    const small = await looksPer({});
    expect(small, "five containers, of which the message is looked at again: it might have been flat").toBe(6);
    expect(await looksPer(documents())).toBe(small);
  },
);
