/** Errors as whoever meets them reads them: they say what is wrong, who did it, and what to do, and nothing that is not so. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import {
  AppRunner,
  append,
  Command,
  END,
  type ItemResult,
  lastValue,
  map,
  reducer,
  resumeWith,
  Send,
  START,
  StateGraph,
  type SuperstepError,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { chain, channels, failureOf, looping, says } from "./graphs.js";

const told = async (work: Promise<unknown>): Promise<SuperstepError> => (await failureOf(work)) as SuperstepError;

test("an app that nobody compiled is refused, and the help says so", () => {
  for (const app of [new StateGraph(channels), undefined, null, {}, "app"])
    expect(() => new AppRunner(app as never)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", option: "app", help: expect.stringContaining(".compile()") }),
    );
});

test("whoever writes from outside is called by what it is", async () => {
  const runner = new AppRunner(chain({ a: says }));
  const stray = { lgo: 1 } as never;
  expect((await told(runner.invoke("s", stray))).message).toBe('the input wrote to unknown channel "lgo"');
  await runner.invoke("s");
  expect((await told(runner.updateState("s", stray))).message).toBe('the update wrote to unknown channel "lgo"');
  const asNode = runner.updateState("s", stray, { asNode: "a" });
  expect((await told(asNode)).message).toBe('node "a" wrote to unknown channel "lgo"');
  expect((await told(runner.fork("s", { as: "t", update: stray }))).message).toContain("the update wrote");
  expect((await told(runner.invoke("s", { count: "many" as never }))).message).toContain("on a write by the input");
});

test("what resumeWith makes is for streams", async () => {
  const runner = new AppRunner(chain({ a: says }));
  const error = await told(runner.invoke("s", resumeWith(1) as never));
  expect(error).toMatchObject({ code: "INVALID_OPTION", option: "input", help: expect.stringContaining("`stream`") });
});

test("a node that exists and was not declared is not called unknown", async () => {
  const graph = () => new StateGraph(channels).addEdge(START, "a" as never).addEdge("b" as never, END);
  const byCommand = graph()
    .addNode("a", () => new Command({ goto: "b" }), { ends: [END] })
    .addNode("b", says)
    .addEdge(START, "b");
  const byRoute = graph()
    .addNode("a", says)
    .addNode("b", says)
    .addConditionalEdges("a", () => "b", [END])
    .addEdge(START, "b");
  for (const [app, where] of [
    [byCommand.compile(), "`ends`"],
    [byRoute.compile(), "targets"],
  ] as const) {
    const error = await told(new AppRunner(app as never).invoke("s"));
    expect(error).toMatchObject({ code: "ROUTE_UNKNOWN_TARGET", origin: "a", target: "b" });
    expect(error.message).toBe('node "a" leads to "b", which it does not declare');
    expect(error.help).toContain(where);
  }
});

test("two tasks of one node are not two nodes", async () => {
  const app = new StateGraph(channels)
    .addNode("write", (_, { input }) => ({ value: input }))
    .addConditionalEdges(START, () => [new Send("write", 1), new Send("write", 2)], ["write"])
    .addEdge("write", END)
    .compile();
  const error = await told(new AppRunner(app).invoke("s"));
  expect(error.message).toBe('channel "value" was written by two tasks of "write" in one superstep');
  expect(error).toMatchObject({ nodes: ["write", "write"], at: { node: "write", taskId: expect.any(String) } });
});

test("errors of the barrier and of routes say at which node", async () => {
  const throwing = reducer<number[], number>([], () => {
    throw new TypeError("no");
  });
  const build = (node: () => unknown) =>
    new StateGraph({ ...channels, throwing })
      .addNode("first", says as never)
      .addNode("node", node as never)
      .addEdge(START, "first")
      .addEdge("first", "node")
      .addConditionalEdges("node", ({ count }) => (count > 5 ? ("nowhere" as never) : END));
  const at = { step: 2, node: "node" };
  const nodes = [
    () => ({ lgo: 1 }),
    () => ({ throwing: 1 }),
    () => new Command({ goto: "nowhere" }),
    () => ({ count: 9 }),
  ];
  for (const node of nodes) {
    const runner = new AppRunner(build(node).compile());
    expect(await told(runner.invoke("s"))).toMatchObject({ at });
    expect((await runner.session("s")).status).toMatchObject({ kind: "failed", error: { at } });
  }
});

test("a session that is over is told to begin again, and one that failed to try again", async () => {
  const runner = new AppRunner(chain({ a: says }));
  await runner.invoke("s");
  expect((await told(runner.resume("s", 1))).help).toContain("`invoke`");
  await runner.createSession("t");
  expect((await told(runner.resume("t", 1))).help).toContain("`runUntilComplete`");
});

test("what is refused is quoted when it is text", async () => {
  const runner = new AppRunner(looping(2));
  await runner.createSession("s");
  const messages = [
    await told(runner.runUntil("s", { step: "3" as never })),
    await told(runner.at("s", Symbol("no") as never)),
    await told(runner.runUntilComplete("s", { maxSteps: "3" as never })),
    await told(runner.fork("s", { as: "t", step: "3" as never })),
    await told(runner.prune({ olderThanMs: "3" as never })),
    await told(runner.setBreakpoints("s", [{ kind: "7" as never }] as never)),
  ].map(({ message }) => message);
  expect(messages).toEqual([
    'option "target.step" is "3"',
    'option "stepOrCheckpointId" is Symbol(no)',
    'option "maxSteps" is "3"',
    'option "step" is "3"',
    'option "olderThanMs" is "3"',
    'option "breakpoints[0].kind" is "7"',
  ]);
});

test("map says of which of its options there is one too many, or too few", () => {
  const make = (options: object) => () =>
    map(
      () => [],
      () => 1,
      options as never,
    );
  expect(make({})).toThrow('option "into" of `map` is missing, and so is "write"');
  expect(make({ into: "a", write: () => ({}) })).toThrow('option "into" of `map` is given, and so is "write"');
});

test("below a quorum the error says how many items failed", async () => {
  const app = new StateGraph({ items: lastValue<number[]>([]), results: append<ItemResult<number>>() })
    .addNode(
      "each",
      map(
        ({ items }) => items,
        (item) => {
          if (item === 2) throw new RangeError("two");
          return item;
        },
        { into: "results", policy: "collect", quorum: 0.9 },
      ),
    )
    .addEdge(START, "each")
    .addEdge("each", END)
    .compile();
  const error = await told(new AppRunner(app).invoke("s", { items: [1, 2, 3] }));
  expect(error.message).toBe('node "each" failed on attempt 1: two; 1 of 3 items failed, and the quorum is 0.9');
});

test("a word to a graph around is not taken for a wrong result, and its help is its own", async () => {
  const runner = new AppRunner(chain({ a: () => Command.parent({ goto: "x" }) }));
  const { cause } = await told(runner.invoke("s"));
  expect((cause as SuperstepError).help).toContain("subgraph");
});

test("the help for a target's condition does not speak of breakpoints", async () => {
  const runner = new AppRunner(looping(3));
  await runner.createSession("s");
  const when = () => {
    throw new TypeError("no");
  };
  const error = await told(runner.runUntil("s", { when }));
  expect(error).toMatchObject({ code: "PREDICATE_FAILED", sessionId: "s" });
  expect(error.help).not.toContain("reakpoint");
});

test("an effect whose result cannot be stored is named as it is called", async () => {
  for (const [result, path] of [
    [() => 1, 'once("k")'],
    [{ deep: [() => 1] }, 'once("k").deep[0]'],
  ] as const) {
    const runner = new AppRunner(chain({ a: async (_, ctx) => void (await ctx.once("k", () => result as never)) }));
    expect((await told(runner.invoke("s"))).cause).toMatchObject({ code: "NOT_SERIALIZABLE", path });
  }
});

test("errors of a session carry its id", async () => {
  const runner = new AppRunner(looping(5, (_, { interrupt }) => ({ value: interrupt("?"), count: 1 })));
  await runner.invoke("s", {}, { config: { a: 1 } });
  expect(await told(runner.resume("s"))).toMatchObject({ code: "INTERRUPT_ANSWER", sessionId: "s" });
  expect(await told(runner.resume("s", 1, { config: { a: 2 } }))).toMatchObject({
    code: "CONFIG_MISMATCH",
    sessionId: "s",
  });
  expect(await told(runner.at("s", 77))).toMatchObject({ code: "CHECKPOINT_NOT_FOUND", sessionId: "s" });
  const other = new AppRunner(looping(5));
  expect(await told(other.invoke("s", {}, { maxSteps: 2 }))).toMatchObject({ code: "STEP_LIMIT", sessionId: "s" });
  expect(await told(other.invoke("s", undefined, { signal: AbortSignal.abort() }))).toMatchObject({
    code: "RUN_ABORTED",
    sessionId: "s",
  });
});

test("a file that is no database is named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "no-database-"));
  try {
    const path = join(folder, "not.db");
    writeFileSync(path, "this is a text, and a long one too".repeat(99));
    const open = async () => new AppRunner(looping(2), { checkpointer: new SqliteCheckpointer(path) }).invoke("s");
    const error = await told(open());
    expect(error.code).toBe("CHECKPOINT_CORRUPT");
    expect(error.message).toContain(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("P4: a hook that fails where nobody listens is a warning of the process, once; where somebody does, it is none", async () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const beforeStep = () => {
    throw new TypeError("broken hook");
  };
  try {
    const heard = vi.fn();
    await new AppRunner(looping(3), { hooks: [{ beforeStep }, { onHookError: heard }] }).invoke("s");
    expect([heard.mock.calls.length, warned.mock.calls.length]).toEqual([3, 0]);
    await new AppRunner(looping(3), { hooks: [{ beforeStep }] }).invoke("s");
    expect(warned.mock.calls).toEqual([
      [
        expect.stringMatching(/beforeStep.*broken hook.*onHookError/s),
        expect.objectContaining({ code: "HOOK_FAILED" }),
      ],
    ]);
  } finally {
    warned.mockRestore();
  }
});
