import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  AppRunner,
  END,
  MemoryCheckpointer,
  type NodeContext,
  type PauseReason,
  pause,
  type RunHooks,
  type RunResult,
  Send,
  START,
  StateGraph,
} from "../../src/index.js";
import { HandCrank } from "../hand-crank.js";
import { abreast, chain, channels, failureOf, looping, says, type TestChannels, type TestNode } from "./graphs.js";
import { NotingCheckpointer } from "./stores.js";

type Outcome = RunResult<TestChannels>;

/** Asks each of its questions in turn, and logs the answers. */
function asking(...questions: readonly string[]): TestNode {
  return (_, ctx) => ({ log: questions.map((question) => `${ctx.node}: ${JSON.stringify(ctx.interrupt(question))}`) });
}

function reasonOf(result: Outcome): PauseReason {
  if (result.outcome !== "paused") throw new TypeError("it did not pause");
  return result.reason;
}

/** The open questions of a paused run, by node. */
function open(result: Outcome): Record<string, string> {
  const reason = reasonOf(result);
  if (reason.kind !== "interrupt") throw new TypeError(`it paused for another reason: ${reason.kind}`);
  return Object.fromEntries(reason.interrupts.map(({ node, id }) => [node, id]));
}

test("P1: interruptBefore stops at the first match in frontier order, before anything of the superstep ran", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(abreast({ a: crank.node, b: crank.node, c: crank.node }));
  const result = await runner.invoke("s", {}, { interruptBefore: ["c", "b"] });
  expect(result).toMatchObject({
    outcome: "paused",
    reason: { kind: "beforeNode", node: "b" },
    step: 0,
    summary: { steps: 0, tasks: 0 },
  });
  expect(await runner.session("s")).toMatchObject({
    status: { kind: "paused", reason: { kind: "beforeNode", node: "b" } },
  });
  expect(crank.calls).toEqual([]);
});

test("P1: after a superstep, interruptAfter comes first, then interruptEachStep, then the hooks", async () => {
  const app = chain({ a: says, b: says });
  const everything = { interruptAfter: ["a"], interruptEachStep: true } as const;
  const hooked = () => new AppRunner(app, { hooks: [{ afterStep: () => pause("hook") }] });
  expect(reasonOf(await hooked().invoke("s", {}, everything))).toEqual({ kind: "afterNode", node: "a" });
  expect(reasonOf(await hooked().invoke("s", {}, { interruptEachStep: true }))).toEqual({ kind: "afterStep", step: 1 });
  expect(reasonOf(await hooked().invoke("s"))).toEqual({ kind: "hook", detail: "hook" });
});

test("P1: before a superstep, interruptBefore comes first, then the hooks", async () => {
  const runner = new AppRunner(chain({ a: says, b: says }), { hooks: [{ beforeStep: () => pause({ by: "hook" }) }] });
  expect(reasonOf(await runner.invoke("s", {}, { interruptBefore: "*" }))).toEqual({ kind: "beforeNode", node: "a" });
  expect(reasonOf(await runner.resume("s", undefined, { interruptBefore: "*" }))).toEqual({
    kind: "hook",
    detail: { by: "hook" },
  });
  expect(reasonOf(await runner.resume("s", undefined, { interruptBefore: ["b"] }))).toEqual({
    kind: "beforeNode",
    node: "b",
  });
});

test("P1: completion comes before every pause after the last superstep", async () => {
  const runner = new AppRunner(chain({ a: says }), { hooks: [{ afterStep: () => pause() }] });
  const result = await runner.invoke("s", {}, { interruptAfter: "*", interruptEachStep: true });
  expect(result).toMatchObject({ outcome: "completed", status: { kind: "completed" } });
});

test("P1: interrupts come before the step limit", async () => {
  const runner = new AppRunner(chain({ a: says, b: says, c: says }), {
    hooks: [{ beforeStep: ({ step }) => (step === 3 ? pause("before the limit") : undefined) }],
  });
  expect(reasonOf(await runner.invoke("s", {}, { maxSteps: 1, interruptBefore: ["b"] }))).toEqual({
    kind: "beforeNode",
    node: "b",
  });
  expect(reasonOf(await runner.resume("s", undefined, { maxSteps: 1, interruptAfter: ["b"] }))).toEqual({
    kind: "afterNode",
    node: "b",
  });
  expect(reasonOf(await runner.resume("s", undefined, { maxSteps: 1 }))).toEqual({
    kind: "hook",
    detail: "before the limit",
  });
  expect(await runner.resume("s", undefined, { maxSteps: 1 })).toMatchObject({ outcome: "completed" });
});

/** Notes every hook call, with the step it came at. */
function notingHooks(seen: string[]): RunHooks {
  return {
    beforeStep: ({ step }) => void seen.push(`beforeStep ${step}`),
    afterStep: ({ step }) => void seen.push(`afterStep ${step}`),
    onPause: ({ reason, step }) => void seen.push(`onPause ${reason.kind} ${step}`),
    onResume: ({ step, answer }) => void seen.push(`onResume ${step} ${JSON.stringify(answer)}`),
    onError: ({ code }) => void seen.push(`onError ${code}`),
    onComplete: ({ step }) => void seen.push(`onComplete ${step}`),
  };
}

test("P43: the order of hooks is golden, from the first superstep over a pause and a failure to the end (P42)", async () => {
  const seen: string[] = [];
  let trouble = true;
  const fails: TestNode = () => {
    if (!trouble) return;
    trouble = false;
    throw new TypeError("once");
  };
  const runner = new AppRunner(chain({ a: says, asks: asking("?"), fails }), { hooks: [notingHooks(seen)] });
  await runner.invoke("s");
  await failureOf(runner.resume("s", "yes"));
  await runner.runUntilComplete("s");
  expect(seen).toEqual([
    "beforeStep 1",
    "afterStep 1",
    "beforeStep 2",
    "onPause interrupt 1",
    'onResume 2 "yes"',
    "beforeStep 2",
    "afterStep 2",
    "beforeStep 3",
    "onError NODE_FAILED",
    "beforeStep 3",
    "afterStep 3",
    "onComplete 3",
  ]);
});

test("hooks are called in the order they were given, the first wish to pause counts, and all are heard", async () => {
  const seen: string[] = [];
  const says2 = (name: string, wish: boolean): RunHooks => ({
    beforeStep: async () => {
      seen.push(name);
      return wish ? pause(name) : undefined;
    },
  });
  const runner = new AppRunner(chain({ a: says }), { hooks: [says2("first", false), says2("second", true)] });
  runner.addHooks(says2("third", true));
  expect(reasonOf(await runner.invoke("s"))).toEqual({ kind: "hook", detail: "second" });
  expect(seen).toEqual(["first", "second", "third"]);
});

test("hooks that are added while a run runs are heard from then on", async () => {
  const seen: string[] = [];
  const crank = new HandCrank();
  const runner = new AppRunner(chain({ a: crank.node, b: says }));
  const running = runner.invoke("s");
  const call = await crank.started();
  runner.addHooks(notingHooks(seen));
  call.finish();
  await running;
  expect(seen).toEqual(["afterStep 1", "beforeStep 2", "afterStep 2", "onComplete 2"]);
});

test("P17: a pause is consumed once per boundary: the same option pauses once, not every time", async () => {
  const runner = new AppRunner(chain({ a: says, b: says }));
  const options = { interruptBefore: ["a"] } as const;
  expect((await runner.invoke("s", {}, options)).outcome).toBe("paused");
  expect(await runner.runUntilComplete("s", options)).toMatchObject({
    outcome: "completed",
    state: { log: ["a", "b"] },
  });
});

test("P2: '*' before and after, each step and hooks stop every boundary once each, whoever goes on", async () => {
  const reasons: string[] = [];
  const runner = new AppRunner(chain({ a: says, b: says }), { hooks: [{ beforeStep: () => pause() }] });
  const options = { interruptBefore: "*", interruptAfter: "*", interruptEachStep: true } as const;
  let result = await runner.invoke("s", {}, options);
  for (let call = 0; result.outcome === "paused"; call++) {
    reasons.push(`${result.reason.kind} ${result.step}`);
    result = await (call % 2 === 0 ? runner.resume("s", undefined, options) : runner.runUntilComplete("s", options));
  }
  expect(reasons).toEqual(["beforeNode 0", "hook 0", "afterNode 1", "beforeNode 1", "hook 1"]);
});

test("P2: a loop pauses at each of its rounds", async () => {
  const runner = new AppRunner(looping(3));
  const options = { interruptBefore: ["loop"] } as const;
  const steps: number[] = [];
  for (
    let result = await runner.invoke("s", {}, options);
    result.outcome === "paused";
    result = await runner.resume("s", undefined, options)
  )
    steps.push(result.step);
  expect(steps).toEqual([0, 1, 2]);
});

test("P2: the pause is in the store: another runner consumes it, and the same option does not stop it there again", async () => {
  const checkpointer = new MemoryCheckpointer();
  const app = chain({ a: says, b: says });
  const options = { interruptBefore: ["b"] } as const;
  await new AppRunner(app, { checkpointer }).invoke("s", {}, options);
  const other = new AppRunner(app, { checkpointer });
  expect(await other.session("s")).toMatchObject({
    step: 1,
    status: { kind: "paused", reason: { kind: "beforeNode", node: "b" } },
  });
  expect(await other.runUntilComplete("s", options)).toMatchObject({ outcome: "completed" });
});

test("P2: a boundary that was passed stays passed while its superstep fails", async () => {
  let trouble = true;
  const fails: TestNode = () => {
    if (trouble) throw new TypeError("not yet");
  };
  const runner = new AppRunner(chain({ a: fails }), { hooks: [{ beforeStep: () => pause() }] });
  const options = { interruptBefore: ["a"] } as const;
  await runner.invoke("s", {}, options);
  await runner.resume("s", undefined, options);
  await failureOf(runner.resume("s", undefined, options));
  trouble = false;
  expect(await runner.runUntilComplete("s", options)).toMatchObject({ outcome: "completed" });
});

test("runStep pauses like a run, and consumes a pause like one", async () => {
  const runner = new AppRunner(chain({ a: says, b: says }), {
    hooks: [{ afterStep: ({ step }) => (step === 1 ? pause("hook") : undefined) }],
  });
  await runner.createSession("s");
  const options = { interruptBefore: ["a"] } as const;
  const before = await runner.runStep("s", options);
  expect(before).toMatchObject({ status: "paused", paused: { step: 0, reason: { kind: "beforeNode", node: "a" } } });
  expect(before).not.toHaveProperty("report");
  expect(await runner.runStep("s", options)).toMatchObject({
    status: "paused",
    paused: { step: 1, state: { log: ["a"] }, reason: { kind: "hook", detail: "hook" }, status: { kind: "paused" } },
    report: { step: 1, completed: false },
  });
  expect(await runner.runStep("s")).toMatchObject({ status: "completed", report: { step: 2, completed: true } });
});

test("P3: a node that asks pauses the session; resume runs it again from its start with the answer", async () => {
  let runs = 0;
  const node: TestNode = (_, ctx) => {
    runs++;
    return { value: ctx.interrupt({ question: "how many?" }) };
  };
  const runner = new AppRunner(chain({ a: node, b: says }));
  const paused = await runner.invoke("s");
  expect(paused).toMatchObject({ outcome: "paused", step: 0, frontier: [{ node: "a" }] });
  expect(reasonOf(paused)).toEqual({
    kind: "interrupt",
    interrupts: [
      { id: expect.any(String), node: "a", taskId: paused.frontier[0]?.id, payload: { question: "how many?" } },
    ],
  });
  expect(await runner.resume("s", 3)).toMatchObject({ outcome: "completed", step: 2, state: { value: 3, log: ["b"] } });
  expect(runs).toBe(2);
});

test("P3: siblings of a task that asks finish, are kept, and are not run again", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(abreast({ asks: asking("?"), slow: crank.node, quick: says }));
  const running = runner.invoke("s");
  (await crank.started()).finish({ log: "slow" });
  const paused = await running;
  expect(paused).toMatchObject({ outcome: "paused", step: 0, state: { log: [] } });
  expect(await runner.resume("s", true)).toMatchObject({
    outcome: "completed",
    step: 1,
    state: { log: ["asks: true", "slow", "quick"] },
  });
  expect(crank.calls).toHaveLength(1);
});

test("P3: false, 0, the empty text and null are answers", async () => {
  for (const answer of [false, 0, "", null, [], {}]) {
    const runner = new AppRunner(chain({ a: (_, ctx) => ({ value: { answer: ctx.interrupt("?") } }) }));
    await runner.invoke("s");
    expect(await runner.resume("s", answer)).toMatchObject({ outcome: "completed", state: { value: { answer } } });
  }
});

test("P3: undefined answers nothing: an InterruptAnswerError lists what is open, and nothing is run (P65)", async () => {
  const runner = new AppRunner(chain({ a: asking("?") }));
  const { a } = open(await runner.invoke("s"));
  const before = await runner.session("s");
  for (const call of [
    () => runner.resume("s"),
    () => runner.resume("s", undefined),
    () => runner.resume("s", { [a ?? ""]: undefined }),
  ]) {
    expect(await failureOf(call)).toMatchObject({ code: "INTERRUPT_ANSWER", open: [{ id: a, node: "a" }] });
  }
  expect(await runner.session("s")).toEqual(before);
});

test("P3: unanswered questions block every kind of run, which pauses again and runs nothing (L4)", async () => {
  let runs = 0;
  const node: TestNode = (_, ctx) => {
    runs++;
    ctx.interrupt("?");
  };
  const runner = new AppRunner(chain({ a: node }));
  const ids = open(await runner.invoke("s"));
  expect(open(await runner.runUntilComplete("s"))).toEqual(ids);
  expect(await runner.runStep("s")).toMatchObject({
    status: "paused",
    paused: { reason: { kind: "interrupt" }, frontier: [{ node: "a" }] },
  });
  expect(open(await runner.invoke("s"))).toEqual(ids);
  expect(runs).toBe(1);
});

test("P3: two tasks that ask: one answer for both is refused; answers by id go each to its own (L2)", async () => {
  const runner = new AppRunner(abreast({ a: asking("a?"), b: asking("b?") }));
  const { a = "", b = "" } = open(await runner.invoke("s"));
  expect(a).not.toBe(b);
  expect(await failureOf(runner.resume("s", "yes"))).toMatchObject({
    code: "INTERRUPT_ANSWER",
    open: [{ id: a }, { id: b }],
  });
  expect(await runner.resume("s", { [b]: "for b", [a]: "for a" })).toMatchObject({
    outcome: "completed",
    state: { log: ['a: "for a"', 'b: "for b"'] },
  });
});

test("P3: a partial answer runs the answered task, keeps its result, and leaves the other open under the same id", async () => {
  const runs: string[] = [];
  const asks: TestNode = (_, ctx) => {
    runs.push(ctx.node);
    return { log: `${ctx.node} ${ctx.interrupt<string>("?")}` };
  };
  const runner = new AppRunner(abreast({ a: asks, b: asks, c: asks }));
  const first = open(await runner.invoke("s"));
  const second = await runner.resume("s", { [first.b ?? ""]: "yes" });
  expect(open(second)).toEqual({ a: first.a, c: first.c });
  expect(second).toMatchObject({ step: 0, state: { log: [] } });
  expect(await failureOf(runner.resume("s", { [first.b ?? ""]: "again" }))).toMatchObject({
    code: "INTERRUPT_ANSWER",
  });
  const third = await runner.resume("s", { [first.a ?? ""]: "no" });
  expect(open(third)).toEqual({ c: first.c });
  expect(await runner.resume("s", "maybe")).toMatchObject({
    outcome: "completed",
    step: 1,
    state: { log: ["a no", "b yes", "c maybe"] },
  });
  expect(runs).toEqual(["a", "b", "c", "b", "a", "c"]);
});

test("P3: a task that asks again while others stay open gets a fresh id, they keep theirs", async () => {
  const runner = new AppRunner(abreast({ twice: asking("1?", "2?"), once: asking("?") }));
  const first = open(await runner.invoke("s"));
  const second = open(await runner.resume("s", { [first.twice ?? ""]: 1 }));
  expect(second.once).toBe(first.once);
  expect(second.twice).not.toBe(first.twice);
  expect(await runner.resume("s", { [second.twice ?? ""]: 2, [second.once ?? ""]: 3 })).toMatchObject({
    state: { log: ["twice: 1", "twice: 2", "once: 3"] },
  });
});

test("L3: several questions of one task return their answers in order, and effects run once", async () => {
  let effects = 0;
  const node: TestNode = async (_, ctx) => {
    const charge = await ctx.once("charge", () => ++effects);
    const answers = [ctx.interrupt("1?"), ctx.interrupt("2?"), ctx.interrupt("3?")];
    return { value: { charge, answers } };
  };
  const runner = new AppRunner(chain({ a: node }));
  const first = open(await runner.invoke("s"));
  const second = open(await runner.resume("s", "one"));
  expect(second.a).not.toBe(first.a);
  await runner.resume("s", null);
  expect(await runner.resume("s", false)).toMatchObject({
    outcome: "completed",
    state: { value: { charge: 1, answers: ["one", null, false] } },
  });
  expect(effects).toBe(1);
});

test("L4: while paused at its second question, the task is still in the frontier and the question is listed", async () => {
  const runner = new AppRunner(chain({ a: asking("1?", "2?") }));
  await runner.invoke("s");
  await runner.resume("s", "one");
  const { frontier, status } = await runner.session("s");
  expect(frontier).toMatchObject([{ node: "a" }]);
  expect(status).toMatchObject({
    kind: "paused",
    reason: { interrupts: [{ node: "a", taskId: frontier[0]?.id, payload: "2?" }] },
  });
});

test("L2: a stale id does not answer the next question, a used one neither, an unknown one beside a known one neither", async () => {
  const runner = new AppRunner(chain({ a: asking("1?", "2?") }));
  const first = open(await runner.invoke("s")).a ?? "";
  const second = open(await runner.resume("s", { [first]: "one" })).a ?? "";
  for (const answer of [{ [first]: "stale" }, { [first]: 1, [second]: 2 }, { [second]: 2, ghost: 3 }]) {
    expect(await failureOf(runner.resume("s", answer))).toMatchObject({
      code: "INTERRUPT_ANSWER",
      open: [{ id: second, node: "a" }],
    });
  }
  expect(await runner.resume("s", { ghost: "a bare answer" })).toMatchObject({
    state: { log: ['a: "one"', 'a: {"ghost":"a bare answer"}'] },
  });
});

test("L3: a node that catches the signal and returns is still paused, and what it returned is dropped", async () => {
  const node: TestNode = (_, ctx) => {
    try {
      return { value: ctx.interrupt("?") };
    } catch {
      return { value: "swallowed" };
    }
  };
  const runner = new AppRunner(chain({ a: node }));
  expect(await runner.invoke("s")).toMatchObject({ outcome: "paused", state: { value: undefined } });
  expect(await runner.resume("s", "answered")).toMatchObject({ outcome: "completed", state: { value: "answered" } });
});

test("S6: a failure beats a question of the same superstep; the question is asked again on the next try, and counts then", async () => {
  let trouble = true;
  const fails: TestNode = () => {
    if (trouble) throw new TypeError("not yet");
    return { log: "mended" };
  };
  const runner = new AppRunner(abreast({ asks: asking("?"), fails, fine: says }));
  expect(await failureOf(runner.invoke("s"))).toMatchObject({ code: "NODE_FAILED", node: "fails" });
  expect((await runner.session("s")).status).toMatchObject({ kind: "failed" });
  expect(await failureOf(runner.resume("s", "early"))).toMatchObject({ code: "NOT_PAUSED" });
  trouble = false;
  const paused = await runner.runUntilComplete("s");
  expect(Object.keys(open(paused))).toEqual(["asks"]);
  expect(await runner.resume("s", 1)).toMatchObject({
    outcome: "completed",
    step: 1,
    state: { log: ["asks: 1", "mended", "fine"] },
  });
});

test("P3: an answered task that fails keeps its answer for the next try", async () => {
  let trouble = true;
  const node: TestNode = (_, ctx) => {
    const answer = ctx.interrupt("?");
    if (trouble) throw new TypeError("after the answer");
    return { value: answer };
  };
  const runner = new AppRunner(chain({ a: node }));
  await runner.invoke("s");
  expect(await failureOf(runner.resume("s", 42))).toMatchObject({ code: "NODE_FAILED" });
  trouble = false;
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", state: { value: 42 } });
});

test("P3: answers are durable before the tasks that asked run again", async () => {
  const store = new NotingCheckpointer();
  const crank = new HandCrank();
  const node: TestNode = (state, ctx) => {
    ctx.interrupt("?");
    return crank.node(state, ctx);
  };
  const app = chain({ a: node });
  const runner = new AppRunner(app, { checkpointer: store });
  await runner.invoke("s");
  const running = runner.resume("s", "yes");
  await crank.started();
  expect(store.annotations.at(-1)?.records).toMatchObject([{ kind: "interrupt", answer: { value: "yes" } }]);
  crank.calls[0]?.finish();
  await running;
});

test("P3: while answered tasks run, the session says nothing that is over: it is ready, or paused about what is still open", async () => {
  const crank = new HandCrank();
  const asks: TestNode = (state, ctx) => {
    ctx.interrupt("?");
    return crank.node(state, ctx);
  };
  const runner = new AppRunner(abreast({ a: asks, b: asks }));
  const { a = "", b = "" } = open(await runner.invoke("s"));
  const first = runner.resume("s", { [a]: 1 });
  await crank.started();
  expect((await runner.session("s")).status).toMatchObject({
    kind: "paused",
    reason: { kind: "interrupt", interrupts: [{ id: b }] },
  });
  crank.calls[0]?.finish();
  expect(open(await first)).toEqual({ b });
  const second = runner.resume("s", 2);
  await crank.started();
  expect((await runner.session("s")).status).toEqual({ kind: "ready" });
  crank.calls[1]?.finish();
  expect((await second).outcome).toBe("completed");
});

test("L1, C4: a resume that comes while another runner resumes is told who does, and one that comes later finds nothing to answer", async () => {
  const checkpointer = new MemoryCheckpointer();
  const crank = new HandCrank();
  const asks: TestNode = (state, ctx) => {
    ctx.interrupt("?");
    return crank.node(state, ctx);
  };
  const app = chain({ a: asks });
  const [first, second] = [new AppRunner(app, { checkpointer }), new AppRunner(app, { checkpointer })];
  await first.invoke("s");
  const winner = first.resume("s", "first");
  await crank.started();
  expect(await failureOf(second.resume("s", "second"))).toMatchObject({
    code: "SESSION_BUSY",
    owner: expect.stringContaining(`/${process.pid}/`) as string,
    since: expect.any(Number) as number,
  });
  crank.calls[0]?.finish({ log: "once" });
  expect(await winner).toMatchObject({ outcome: "completed", state: { log: ["once"] } });
  expect(await failureOf(second.resume("s", "late"))).toMatchObject({ code: "NOT_PAUSED", status: "completed" });
  expect(crank.calls).toHaveLength(1);
});

test("T3: an answer that cannot be stored is refused, and the question stays open", async () => {
  const runner = new AppRunner(chain({ a: asking("?") }));
  await runner.invoke("s");
  expect(await failureOf(runner.resume("s", { callback: () => undefined }))).toMatchObject({
    code: "NOT_SERIALIZABLE",
    path: "answer.callback",
  });
  expect(await runner.resume("s", "fine")).toMatchObject({ outcome: "completed" });
});

test("P3: Sends that ask are questions of their own", async () => {
  const app = new StateGraph(channels)
    .addNode("split", () => undefined)
    .addNode("ask", (_, ctx) => ({ log: `${String(ctx.input)} ${ctx.interrupt<string>(ctx.input)}` }))
    .addEdge(START, "split")
    .addConditionalEdges("split", () => [new Send("ask" as const, "x"), new Send("ask" as const, "y")])
    .addEdge("ask", END)
    .compile();
  const runner = new AppRunner(app);
  const reason = reasonOf(await runner.invoke("s"));
  if (reason.kind !== "interrupt") throw new TypeError("it did not ask");
  expect(reason.interrupts).toMatchObject([
    { node: "ask", payload: "x" },
    { node: "ask", payload: "y" },
  ]);
  const answers = Object.fromEntries(reason.interrupts.map(({ id, payload }) => [id, `answer to ${String(payload)}`]));
  expect(await runner.resume("s", answers)).toMatchObject({
    outcome: "completed",
    state: { log: ["x answer to x", "y answer to y"] },
  });
});

test("P4: a hook that throws or rejects goes to onHookError, and changes nothing", async () => {
  const failures: unknown[] = [];
  const throws = (error: string) => () => {
    throw new TypeError(error);
  };
  const rejects = (error: string) => () => Promise.reject(new TypeError(error));
  const bad: RunHooks = {
    beforeStep: throws("beforeStep"),
    afterStep: rejects("afterStep"),
    onPause: rejects("onPause"),
    onResume: throws("onResume"),
    onComplete: rejects("onComplete"),
    onError: throws("onError"),
    onHookError: throws("nobody hears this"),
  };
  const noting: RunHooks = { onHookError: ({ hook, error }) => void failures.push([hook, (error as Error).message]) };
  let trouble = true;
  const fails: TestNode = () => {
    if (trouble) throw new TypeError("not yet");
  };
  const runner = new AppRunner(chain({ a: asking("?"), fails }), { hooks: [bad, noting] });
  expect((await runner.invoke("s")).outcome).toBe("paused");
  expect(await failureOf(runner.resume("s", 1))).toMatchObject({ code: "NODE_FAILED" });
  trouble = false;
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", step: 2 });
  await nextTurn();
  const hooks = [
    "beforeStep",
    "onPause",
    "onResume",
    "beforeStep",
    "afterStep",
    "beforeStep",
    "onError",
    "beforeStep",
    "afterStep",
    "onComplete",
  ];
  expect(failures).toEqual(hooks.map((hook) => [hook, hook]));
});

test("P4: hooks that hang on onPause, onResume, onError or onComplete hold nothing up", async () => {
  const never = () => new Promise<void>(() => undefined);
  const runner = new AppRunner(chain({ a: asking("?") }), {
    hooks: [{ onPause: never, onResume: never, onComplete: never, onError: never }],
  });
  expect((await runner.invoke("s")).outcome).toBe("paused");
  expect((await runner.resume("s", 1)).outcome).toBe("completed");
});

test("P4: a pause whose detail cannot be stored is a pause without it, and onHookError hears of it", async () => {
  const failures: string[] = [];
  const hooks: RunHooks = {
    beforeStep: () => pause(() => undefined),
    onHookError: ({ hook }) => void failures.push(hook),
  };
  const runner = new AppRunner(chain({ a: says }), { hooks: [hooks] });
  expect(reasonOf(await runner.invoke("s"))).toEqual({ kind: "hook", detail: undefined });
  expect(failures).toEqual(["beforeStep"]);
});

test("P4: hooks may return anything; only a wish to pause pauses", async () => {
  const answers: readonly unknown[] = [true, "pause", { pause: false }, null, [], { pause: "true" }];
  for (const answer of answers) {
    const runner = new AppRunner(chain({ a: says }), {
      hooks: [{ beforeStep: () => answer as undefined, afterStep: () => answer as undefined }],
    });
    expect((await runner.invoke("s")).outcome).toBe("completed");
  }
});

test("P4: hooks cannot change what they are shown", async () => {
  const vandal: RunHooks = {
    beforeStep: ({ frontier }) => void (frontier as unknown[]).pop(),
    afterStep: ({ nextFrontier }) => void (nextFrontier as unknown[]).pop(),
  };
  expect(await new AppRunner(chain({ a: says, b: says }), { hooks: [vandal] }).invoke("s")).toMatchObject({
    state: { log: ["a", "b"] },
  });
});

test("P6: an abort in mid-superstep keeps finished tasks, commits nothing half-done, and leaves the session ready", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(abreast({ done: crank.node, hangs: crank.node }));
  const controller = new AbortController();
  const running = failureOf(runner.invoke("s", { count: 1 }, { signal: controller.signal }));
  const [done, hangs] = [await crank.started(), await crank.started()];
  done.finish({ log: "done" });
  hangs.heedSignal();
  await nextTurn();
  controller.abort("enough");
  expect(await running).toMatchObject({
    code: "RUN_ABORTED",
    cause: "enough",
    at: { sessionId: "s", step: 1, frontier: [{ node: "done" }, { node: "hangs" }], finished: [{ node: "done" }] },
  });
  expect(await runner.session("s")).toMatchObject({ step: 0, state: { log: [], count: 1 }, status: { kind: "ready" } });
  const again = runner.runUntilComplete("s");
  (await crank.started()).finish({ log: "hangs" });
  expect(await again).toMatchObject({ outcome: "completed", step: 1, state: { log: ["done", "hangs"] } });
  expect(crank.calls.map(({ ctx }) => ctx.node)).toEqual(["done", "hangs", "hangs"]);
});

test("P8, P6: a superstep whose tasks all finish in spite of the abort commits, and the run ends at the boundary", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(chain({ a: crank.node, b: says }));
  const controller = new AbortController();
  const running = failureOf(runner.invoke("s", {}, { signal: controller.signal }));
  const call = await crank.started();
  controller.abort();
  call.finish({ log: "a" });
  expect(await running).toMatchObject({
    code: "RUN_ABORTED",
    at: { step: 2, frontier: [{ node: "b" }], finished: [] },
  });
  expect(await runner.session("s")).toMatchObject({ step: 1, state: { log: ["a"] }, status: { kind: "ready" } });
});

test("P1: a run with a signal that was aborted before runs nothing, and leaves the session ready, also a paused or failed one", async () => {
  const crank = new HandCrank();
  const signal = AbortSignal.abort("early");
  const app = chain({ a: crank.node });
  const runner = new AppRunner(app);
  await runner.createSession("ready");
  await runner.invoke("paused", {}, { interruptBefore: ["a"] });
  const failing = failureOf(runner.invoke("failed"));
  (await crank.started()).fail(new TypeError("no"));
  await failing;
  for (const id of ["ready", "paused", "failed"]) {
    for (const call of [() => runner.runUntilComplete(id, { signal }), () => runner.runStep(id, { signal })]) {
      expect(await failureOf(call)).toMatchObject({
        code: "RUN_ABORTED",
        cause: "early",
        at: { step: 1, frontier: [{ node: "a" }] },
      });
      expect(await runner.session(id)).toMatchObject({ step: 0, status: { kind: "ready" } });
    }
  }
  expect(crank.calls).toHaveLength(1);
});

test("P6: a resume that is aborted before it runs has stored its answer", async () => {
  const runner = new AppRunner(chain({ a: (_, ctx: NodeContext) => ({ value: ctx.interrupt("?") }) }));
  await runner.invoke("s");
  expect(await failureOf(runner.resume("s", "kept", { signal: AbortSignal.abort() }))).toMatchObject({
    code: "RUN_ABORTED",
  });
  expect((await runner.session("s")).status).toEqual({ kind: "ready" });
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", state: { value: "kept" } });
});
