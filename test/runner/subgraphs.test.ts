import { expect, test } from "vitest";
import {
  type App,
  AppRunner,
  append,
  type Checkpointer,
  Command,
  END,
  lastValue,
  MemoryCheckpointer,
  type Migrate,
  type NodeError,
  type PendingInterrupt,
  type RunEvent,
  type RunResult,
  resumeWith,
  Send,
  START,
  StateGraph,
  scheduleStep,
} from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import {
  abreast,
  chain,
  channels,
  failureOf,
  listOf,
  looping,
  says,
  type TestChannels,
  type TestNode,
} from "./graphs.js";
import { everyStore, NotingCheckpointer } from "./stores.js";

const asks: TestNode = (_, ctx) => ({ log: `${ctx.node}: ${String(ctx.interrupt(`${ctx.node}?`))}` });

function openIn(result: RunResult<TestChannels>): readonly PendingInterrupt[] {
  if (result.outcome !== "paused" || result.reason.kind !== "interrupt") throw new TypeError("it asked nothing");
  return result.reason.interrupts;
}

test.each(everyStore)("channels of the same name are shared with a subgraph, on %s", async (_, open) => {
  const inner = chain({ x: () => ({ log: "x", count: 2 }), y: () => ({ log: ["y"], value: "y" }) });
  const runner = new AppRunner(chain({ a: () => ({ log: "a", count: 1 }), sub: inner, b: says }), {
    checkpointer: open(),
  });
  const result = await runner.invoke("s", { log: "in" });
  expect(result).toMatchObject({
    outcome: "completed",
    step: 3,
    state: { log: ["in", "a", "x", "y", "b"], count: 3, value: "y" },
  });
  expect(result.versions).toEqual({ log: 4, count: 2, value: 1 });
});

test("a subgraph begins with the shared values by reference, and what it leaves alone is not written", async () => {
  const list = ["long"];
  const seen: unknown[] = [];
  const look: TestNode = ({ log }) => void seen.push(log);
  const store = new MemoryCheckpointer();
  const runner = new AppRunner(chain({ look, sub: chain({ look }) }), { checkpointer: store });
  await runner.invoke("s", { log: list });
  expect(seen[1]).toBe(seen[0]);
  expect((await runner.at("s", 2)).changes).toEqual([]);
});

test("input and output say what goes in and what comes out; nothing else is shared", async () => {
  const inner = new StateGraph({ question: lastValue(""), log: append<number>(), answer: lastValue("") })
    .addNode("think", ({ question, log }) => ({ answer: `${question}!${log.length}` }))
    .addEdge(START, "think")
    .addEdge("think", END)
    .compile();
  const app = new StateGraph(channels)
    .addNode("sub", inner, {
      input: ({ log }, input) => ({ question: `${log.join()} ${String(input)}`, log: [1, 2] }),
      output: ({ answer }) => new Command({ update: { log: answer }, goto: END }),
    })
    .addNode("never", says)
    .addConditionalEdges(START, () => new Send("sub", "sent"))
    .addEdge("sub", "never")
    .addEdge("never", END)
    .compile();
  expect((await new AppRunner(app).invoke("s", { log: "a" })).state.log).toEqual(["a", "a sent!2"]);
});

test("an input that gives a promise is refused by name, and its rejection is nobody's", async () => {
  const input = () => Promise.reject(new RangeError("late"));
  const runner = new AppRunner(chain({ sub: [chain({ says }), { input: input as never }] }));
  expect(await failureOf(runner.invoke("s"))).toMatchObject({
    cause: { code: "INVALID_OPTION", option: "input", message: expect.stringContaining('node "sub"') },
  });
});

test("what a Send carried is a subgraph's first update, and not what it says in the end", async () => {
  const inner = chain({ doubles: ({ value }) => ({ count: 2 * Number(value) }) });
  const app = new StateGraph(channels)
    .addNode("each", inner)
    .addConditionalEdges(START, () => [1, 2, 3].map((value) => new Send("each", { value })))
    .addEdge("each", END)
    .compile();
  expect((await new AppRunner(app).invoke("s")).state).toMatchObject({ count: 12, value: undefined });
  const refused = new StateGraph(channels)
    .addNode("each", inner)
    .addConditionalEdges(START, () => new Send("each", "no record"))
    .addEdge("each", END)
    .compile();
  const error = await failureOf(new AppRunner(refused).invoke("s"));
  expect(error).toMatchObject({ code: "NODE_FAILED", cause: { code: "INVALID_OPTION", option: "input" } });
});

const threeLevels = () => {
  const level = (deeper: Parameters<typeof chain>[0][string]) =>
    new StateGraph(channels)
      .addNode("ask", asks)
      .addNode("deep", deeper as TestNode)
      .addNode("end", says)
      .addEdge(START, "ask")
      .addEdge(START, "deep")
      .addEdge(["ask", "deep"], "end")
      .addEdge("end", END)
      .compile();
  return level(level(level(asks)));
};

test.each(everyStore)(
  "P3: questions at three levels surface at the root with their path, and each answer goes its way, on %s",
  async (_, open) => {
    const runner = new AppRunner(threeLevels(), { checkpointer: open() });
    const first = openIn(await runner.invoke("s"));
    expect(first.map(({ node, path, payload }) => ({ node, path, payload }))).toEqual([
      { node: "ask", path: undefined, payload: "ask?" },
      { node: "ask", path: ["deep"], payload: "ask?" },
      { node: "ask", path: ["deep", "deep"], payload: "ask?" },
      { node: "deep", path: ["deep", "deep"], payload: "deep?" },
    ]);
    const [root, mid, low, lowest] = first.map(({ id }) => id) as [string, string, string, string];
    expect(openIn(await runner.resume("s", { [low]: "L", [root]: "R" })).map(({ id }) => id)).toEqual([mid, lowest]);
    expect(openIn(await runner.runUntilComplete("s")).map(({ id }) => id)).toEqual([mid, lowest]);
    expect(await failureOf(runner.resume("s", { [low]: "again" }))).toMatchObject({ code: "INTERRUPT_ANSWER" });
    expect(openIn(await runner.resume("s", { [lowest]: "LL" })).map(({ id }) => id)).toEqual([mid]);
    const log = ["ask: R", "ask: M", "ask: L", "deep: LL", "end", "end", "end"];
    expect(await runner.resume("s", "M")).toMatchObject({ outcome: "completed", state: { log } });
  },
);

test("P3: what a subgraph asks after an answer is a new question; an answered one is handed down once", async () => {
  const store = new NotingCheckpointer();
  const twice: TestNode = (_, ctx) => ({ log: [ctx.interrupt<string>("1?"), ctx.interrupt<string>("2?")] });
  const runner = new AppRunner(chain({ sub: chain({ twice }) }), { checkpointer: store });
  const [one] = openIn(await runner.invoke("s"));
  const [two, other] = openIn(await runner.resume("s", false));
  expect([one?.payload, two?.payload, other]).toEqual(["1?", "2?", undefined]);
  expect(two?.id).not.toBe(one?.id);
  const before = store.annotations.length;
  expect(await runner.runStep("s")).toMatchObject({ status: "paused" });
  expect(store.annotations.slice(before).map(({ sessionId }) => sessionId)).toEqual(["s"]);
  expect((await runner.resume("s", "yes")).state.log).toEqual([false, "yes"]);
});

test.each(everyStore)(
  "S4, P3: two hundred instances under Send ask, are answered one by one and together, on %s",
  async (_, open) => {
    const inner = chain({ ask: ({ value }, ctx) => ({ count: Number(value) + ctx.interrupt<number>(value) }) });
    const app = new StateGraph(channels)
      .addNode("each", inner)
      .addConditionalEdges(START, () => Array.from({ length: 200 }, (_, value) => new Send("each", { value })))
      .addEdge("each", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open(), maxConcurrency: 16 });
    const questions = openIn(await runner.invoke("s"));
    expect(questions.map(({ payload }) => payload)).toEqual(Array.from({ length: 200 }, (_, value) => value));
    expect(new Set(questions.map(({ id }) => id)).size).toBe(200);
    const [first, ...others] = questions;
    expect(openIn(await runner.resume("s", { [String(first?.id)]: 1_000 }))).toHaveLength(199);
    const last = await runner.resume("s", Object.fromEntries(others.map(({ id }) => [id, 0])));
    expect(last).toMatchObject({ outcome: "completed", state: { count: 1_000 + (199 * 200) / 2 } });
  },
);

test.each(everyStore)(
  "S6: after a failure within, only what had not finished runs again, and the error says where, on %s",
  async (_, open) => {
    const ran: string[] = [];
    let isBroken = true;
    const counted: TestNode = (_, { node }) => {
      ran.push(node);
      return { log: node };
    };
    const breaks: TestNode = (state, ctx) => {
      if (isBroken) throw new RangeError("broken");
      return counted(state, ctx);
    };
    const app = chain({ outer: chain({ first: counted, inner: abreast({ fine: counted, breaks }) }) });
    const runner = new AppRunner(app, { checkpointer: open() });
    const error = (await failureOf(runner.invoke("s"))) as NodeError;
    expect(error).toMatchObject({ node: "outer", at: { sessionId: "s", node: "outer" } });
    expect(error.at).not.toHaveProperty("path");
    expect(error.cause).toMatchObject({ code: "NODE_FAILED", node: "inner", at: { path: ["outer"], step: 2 } });
    expect((error.cause as NodeError).cause).toMatchObject({
      code: "NODE_FAILED",
      node: "breaks",
      at: { path: ["outer", "inner"], finished: [{ node: "fine" }] },
      cause: { message: "broken" },
    });
    expect((await runner.session("s")).status).toMatchObject({ kind: "failed", error: { cause: { at: { step: 2 } } } });
    isBroken = false;
    expect((await runner.runUntilComplete("s")).state.log).toEqual(["first", "fine", "breaks"]);
    expect(ran).toEqual(["first", "fine", "breaks"]);
  },
);

test("S6: discardPending runs a subgraph from its beginning, and what it asked is forgotten", async () => {
  let isBroken = true;
  const fails: TestNode = () => {
    if (isBroken) throw new RangeError("broken");
  };
  const sub = chain({ first: says, ask: asks });
  const runner = new AppRunner(abreast({ sub, fails: chain({ first: says, fails }) }));
  await failureOf(runner.invoke("s"));
  isBroken = false;
  const [question, another] = openIn(await runner.runUntilComplete("s", { discardPending: true }));
  expect([question?.payload, another]).toEqual(["ask?", undefined]);
  expect((await runner.resume("s", "yes")).state.log).toEqual(["first", "ask: yes", "first"]);
});

test("S6: discardPending forgets answers that a failing subgraph had, and its open questions", async () => {
  let isBroken = true;
  const pair = abreast({
    one: asks,
    two: (_, ctx) => {
      ctx.interrupt("two?");
      if (isBroken) throw new RangeError("broken");
      return { log: "two" };
    },
  });
  const runner = new AppRunner(chain({ sub: pair }));
  const asked = openIn(await runner.invoke("s"));
  const two = asked.find(({ node }) => node === "two")?.id ?? "";
  await failureOf(runner.resume("s", { [two]: 1 }));
  isBroken = false;
  const again = openIn(await runner.runUntilComplete("s", { discardPending: true }));
  expect(again.map(({ node }) => node)).toEqual(["one", "two"]);
  const answers = Object.fromEntries(again.map(({ id, node }) => [id, node]));
  expect((await runner.resume("s", answers)).state.log).toEqual(["one: one", "two"]);
});

test("S7: retry, time limit and onError of the node are of the whole subgraph, and a retry goes on within", async () => {
  const clock = new TestClock();
  let tries = 0;
  const fails: TestNode = () => {
    if (++tries < 3) throw new RangeError("not yet");
    return { log: "fails" };
  };
  const retry = { maxAttempts: 3, initialDelayMs: 0 };
  const retried = new AppRunner(chain({ sub: [chain({ first: says, fails }), { retry }] }));
  expect((await retried.invoke("s")).state.log).toEqual(["first", "fails"]);
  const crank = new HandCrank();
  const onError = (error: unknown) => ({ value: (error as Error).message });
  const late = new AppRunner(chain({ sub: [chain({ hangs: crank.node }), { timeoutMs: 10, onError }] }), { clock });
  const run = late.invoke("s");
  (await crank.started()).heedSignal();
  await clock.advance(10);
  expect((await run).state.value).toBe('node "sub" did not finish within 10 ms');
});

test("S1: maxSteps counts the supersteps of a subgraph by themselves", async () => {
  const runner = new AppRunner(chain({ a: says, sub: looping(3), b: says }));
  const error = await failureOf(runner.invoke("s", {}, { maxSteps: 2 }));
  expect(error).toMatchObject({ code: "NODE_FAILED", cause: { code: "STEP_LIMIT", at: { step: 3, path: ["sub"] } } });
  const { state, summary } = await runner.runUntilComplete("s", { maxSteps: 2 });
  expect({ state, steps: summary.steps }).toMatchObject({ state: { count: 3, log: ["a", "b"] }, steps: 2 });
});

test("P6: an abort reaches the tasks of a subgraph; what had finished within is kept", async () => {
  const crank = new HandCrank();
  const seen: string[] = [];
  const notes: TestNode = (_, { node }) => void seen.push(node);
  const runner = new AppRunner(chain({ sub: chain({ notes, inner: abreast({ notes, waits: crank.node }) }) }));
  const stop = new AbortController();
  const run = runner.invoke("s", {}, { signal: stop.signal });
  (await crank.started()).heedSignal();
  stop.abort(new RangeError("enough"));
  expect(await failureOf(run)).toMatchObject({ code: "RUN_ABORTED", cause: { message: "enough" } });
  expect(await runner.session("s")).toMatchObject({ step: 0, status: { kind: "ready" } });
  const again = runner.runUntilComplete("s");
  (await crank.started()).finish({ log: "done" });
  expect((await again).state.log).toEqual(["done"]);
  expect(seen).toEqual(["notes", "notes"]);
});

test("P6: what was given up within is waited for before anybody goes in again", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const checkpointer = new NotingCheckpointer();
  const runner = new AppRunner(chain({ sub: chain({ hangs: crank.node }) }), { clock, checkpointer });
  const stop = new AbortController();
  const run = failureOf(runner.invoke("s", {}, { signal: stop.signal }));
  await crank.started();
  let write = (): void => undefined;
  const written = new Promise<void>((resolve) => {
    write = resolve;
  });
  checkpointer.before = (call) => (call.method === "annotate" && call.write.sessionId !== "s" ? written : undefined);
  stop.abort();
  await clock.advance(5_000);
  expect(await run).toMatchObject({ code: "RUN_ABORTED" });
  const again = runner.runUntilComplete("s");
  await clock.advance(0);
  expect(crank.calls).toHaveLength(1);
  write();
  (await crank.started()).finish({ log: "done" });
  expect((await again).state.log).toEqual(["done"]);
});

test("S7: an output that never settles is late with its node, and nobody waits for it on the next try", async () => {
  const clock = new TestClock();
  const answers: readonly unknown[] = [new Promise(() => undefined), { log: "at last" }];
  let tries = 0;
  const output = () => answers[tries++] as { readonly log: string };
  const options = { output, timeoutMs: 10, retry: { maxAttempts: 2, initialDelayMs: 0 } };
  const runner = new AppRunner(chain({ sub: [chain({ says }), options] }), { clock });
  const run = runner.invoke("s");
  await clock.advance(10);
  expect((await run).state.log).toEqual(["at last"]);
});

test("P6: a runner that closes ends a subgraph at its own boundary", async () => {
  const checkpointer = new MemoryCheckpointer();
  const crank = new HandCrank();
  const app = chain({ sub: chain({ waits: crank.node, after: says }) });
  const runner = new AppRunner(app, { checkpointer });
  const run = failureOf(runner.invoke("s"));
  const call = await crank.started();
  const closed = runner.close();
  call.finish({ log: "waits" });
  await closed;
  expect(await run).toMatchObject({ code: "RUN_ABORTED" });
  const another = new AppRunner(app, { checkpointer });
  expect((await another.runUntilComplete("s")).state.log).toEqual(["waits", "after"]);
  expect(crank.calls).toHaveLength(1);
});

test("C2: events within a subgraph stand on the stream with their path, its run's own do not", async () => {
  const tells: TestNode = (_, ctx) => {
    ctx.emit("hello");
    return { log: ctx.node };
  };
  const runner = new AppRunner(chain({ outer: chain({ inner: chain({ tells }), ask: asks }) }));
  const told = (events: readonly RunEvent[]) =>
    events.map(({ type, path, ...event }) => [path?.join("/") ?? "", type, "task" in event ? event.task.node : ""]);
  const first = await listOf(runner.stream("s"));
  expect(told(first).map((one) => one.join(" "))).toEqual([
    " run.started ",
    " step.started ",
    " node.started outer",
    "outer step.started ",
    "outer node.started inner",
    "outer/inner step.started ",
    "outer/inner node.started tells",
    "outer/inner node.emitted tells",
    "outer/inner node.completed tells",
    "outer/inner step.completed ",
    "outer node.completed inner",
    "outer step.completed ",
    "outer step.started ",
    "outer node.started ask",
    " run.paused ",
  ]);
  expect(first.every(({ sessionId }) => sessionId === "s")).toBe(true);
  const second = await listOf(runner.stream("s", resumeWith("yes")));
  expect(
    told(second)
      .map((one) => one.join(" "))
      .slice(-4),
  ).toEqual(["outer step.completed ", " node.completed outer", " step.completed ", " run.completed "]);
});

test.each(everyStore)(
  "a Command to the parent ends the subgraph and is the node's word there, on %s",
  async (_, open) => {
    const inner = new StateGraph({ log: append<string>(), own: lastValue(0) })
      .addNode("a", () => [
        new Command({ update: { log: "a", own: 1 }, goto: "never" }),
        Command.parent({ update: { value: "told" }, goto: ["chosen", new Send("chosen", 7)] }),
      ])
      .addNode("beside", () => ({ log: "beside" }))
      .addNode("never", () => ({ log: "never" }))
      .addEdge(START, "a")
      .addEdge(START, "beside")
      .addEdge("beside", "never")
      .addEdge("never", END)
      .compile();
    const app = new StateGraph(channels)
      .addNode("sub", inner, { ends: ["chosen"] })
      .addNode("usual", says)
      .addNode("chosen", (_, { input }) => ({ log: `chosen ${String(input)}` }))
      .addEdge(START, "sub")
      .addEdge("sub", "usual")
      .addEdge("usual", END)
      .addEdge("chosen", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open() });
    const { state } = await runner.invoke("s");
    expect(state).toMatchObject({ log: ["a", "beside", "chosen undefined", "chosen 7"], value: "told" });
  },
);

test("a Command to the parent is refused where there is none", async () => {
  const runner = new AppRunner(chain({ a: () => Command.parent({ update: { log: "x" } }) as never }));
  expect(await failureOf(runner.invoke("s"))).toMatchObject({ cause: { code: "NODE_RESULT_INVALID" } });
});

test("C5: a Command to the parent survives a failure between the subgraph's last commit and the parent's", async () => {
  const store = new NotingCheckpointer();
  let runs = 0;
  const inner = chain({
    a: () => {
      runs++;
      return Command.parent({ update: { value: "told" }, goto: END }) as never;
    },
  });
  const runner = new AppRunner(chain({ sub: inner, never: says }), { checkpointer: store });
  let isBroken = true;
  store.before = (call) => {
    const isEnd = call.method === "commit" && call.checkpoint.sessionId === "s" && call.checkpoint.step === 1;
    const isKept = call.method === "annotate" && call.write.sessionId === "s";
    if (isBroken && (isEnd || isKept)) throw new RangeError("no disk");
  };
  expect(await failureOf(runner.invoke("s"))).toMatchObject({ code: "CHECKPOINT_FAILED" });
  isBroken = false;
  expect((await runner.runUntilComplete("s")).state).toMatchObject({ value: "told", log: [] });
  expect(runs).toBe(1);
});

test("C3: a save that fails within a subgraph is a CheckpointError to the caller, whatever the node's retry and onError say", async () => {
  const store = new NotingCheckpointer();
  const options = { retry: { maxAttempts: 3 }, onError: () => ({ log: "rescued" }) };
  const runner = new AppRunner(chain({ sub: [chain({ a: says, b: says }), options] }), { checkpointer: store });
  let isBroken = true;
  store.before = (call) => {
    if (isBroken && call.method === "commit" && call.checkpoint.sessionId !== "s" && call.checkpoint.step === 2)
      throw new RangeError("no disk");
  };
  expect(await failureOf(runner.invoke("s"))).toMatchObject({ code: "CHECKPOINT_FAILED" });
  isBroken = false;
  expect((await runner.runUntilComplete("s")).state.log).toEqual(["a", "b"]);
});

test("C5: under durability exit a subgraph is entered from what is stored", async () => {
  const store = new NotingCheckpointer();
  const runner = new AppRunner(chain({ a: says, sub: abreast({ b: says }), c: says }), {
    checkpointer: store,
    durability: "exit",
  });
  expect((await runner.invoke("s")).state.log).toEqual(["a", "b", "c"]);
  expect(store.commits.map(({ sessionId, step }) => [sessionId.length, step])).toEqual([
    [1, 0],
    [1, 1],
    [expect.any(Number), 0],
    [expect.any(Number), 1],
    [1, 3],
  ]);
});

test("T4: a subgraph that has changed under an open session is a GraphMismatchError with its path", async () => {
  const checkpointer: Checkpointer = new MemoryCheckpointer();
  const former = chain({ outer: chain({ inner: chain({ ask: asks }) }) });
  const changed = chain({ outer: chain({ inner: chain({ other: asks }) }) });
  expect(changed.fingerprint).not.toBe(former.fingerprint);
  const [question] = openIn(await new AppRunner(former, { checkpointer }).invoke("s"));
  const there = new AppRunner(changed, { checkpointer });
  const calls = [
    () => there.resume("s", "yes"),
    () => there.runUntilComplete("s"),
    () => there.updateState("s", { log: "x" }),
  ];
  for (const call of calls)
    expect(await failureOf(call())).toMatchObject({
      code: "GRAPH_MISMATCH",
      sessionId: "s",
      missingNodes: ["ask"],
      path: ["outer", "inner"],
      message: 'session "s" needs node "ask", which the graph within "outer / inner" does not have',
    });
  // Nothing was written: it still waits, and the graph that made it takes the answer.
  const here = new AppRunner(former, { checkpointer });
  expect((await here.session("s")).status.kind).toBe("paused");
  expect(question?.path).toEqual(["outer", "inner"]);
  expect((await here.resume("s", "yes")).state.log).toEqual(["ask: yes"]);
});

test("T4: `migrate` is asked about open subgraphs too, with the path of nodes that lead there", async () => {
  const checkpointer: Checkpointer = new MemoryCheckpointer();
  const former = chain({ outer: chain({ inner: chain({ ask: asks }) }) });
  const changed = chain({ outer: chain({ inner: chain({ other: asks }) }) });
  await new AppRunner(former, { checkpointer }).invoke("s");
  const seen: (readonly string[])[] = [];
  const migrate: Migrate = ({ path, frontier }) => {
    seen.push(path);
    return path.length < 2 ? undefined : { frontier: frontier.map((task) => ({ ...task, node: "other" })) };
  };
  const there = new AppRunner(changed, { checkpointer, migrate });
  expect((await there.resume("s", "yes")).state.log).toEqual(["other: yes"]);
  expect(new Set(seen.map((path) => path.join("/")))).toEqual(new Set(["", "outer", "outer/inner"]));
});

test("an update of the session while a subgraph asks does not count as what the subgraph did", async () => {
  const runner = new AppRunner(chain({ a: says, sub: chain({ b: says, ask: asks }) }));
  await runner.invoke("s");
  await runner.updateState("s", { log: "from outside", count: 5 });
  expect((await runner.resume("s", "yes")).state).toMatchObject({
    log: ["a", "from outside", "b", "ask: yes"],
    count: 5,
  });
});

test("S6: under onFailure abort a failing sibling stops a subgraph, which goes on from there", async () => {
  const crank = new HandCrank();
  let isBroken = true;
  const fails: TestNode = async () => {
    await undefined;
    if (isBroken) throw new RangeError("broken");
  };
  const sub = chain({ waits: crank.node, after: says });
  const runner = new AppRunner(abreast({ sub, fails: chain({ held: crank.node, fails }) }), { onFailure: "abort" });
  const run = failureOf(runner.invoke("s"));
  const [waits, held] = [await crank.started(), await crank.started()];
  waits.heedSignal();
  held.finish();
  expect(await run).toMatchObject({ node: "fails", failures: { length: 1 } });
  isBroken = false;
  const again = runner.runUntilComplete("s");
  (await crank.started()).finish({ log: "waits" });
  expect((await again).state.log).toEqual(["waits", "after"]);
  expect(crank.calls).toHaveLength(3);
});

test("a graph run without a runner says so where a node is a graph", async () => {
  const app = chain({ sub: chain({ x: says }) });
  const environment = { sessionId: "s", step: 1, clock: new TestClock(), stopwatch: () => 0, random: () => 0 };
  const step = await scheduleStep({
    plan: app.plan,
    tasks: [{ id: "t", node: "sub" }],
    state: { log: [], count: 0, value: undefined },
    environment,
    maxConcurrency: 1,
    onFailure: "drain",
  });
  expect(step.settled).toMatchObject([{ kind: "failed", error: { code: "INVALID_OPTION" } }]);
});

test("a node may be declared as what is either a function or a graph", async () => {
  const nodes: readonly (TestNode | App<typeof channels, string>)[] = [says, chain({ x: says })];
  for (const [place, node] of nodes.entries()) {
    const graph = new StateGraph(channels).addNode("either", node).addEdge(START, "either").addEdge("either", END);
    expect((await new AppRunner(graph.compile()).invoke("s")).state.log).toEqual([["either"], ["x"]][place]);
  }
});
