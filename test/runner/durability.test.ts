import { expect, test } from "vitest";
import {
  AppRunner,
  append,
  END,
  ephemeral,
  MemoryCheckpointer,
  pause,
  type RunHooks,
  START,
  StateGraph,
} from "../../src/index.js";
import { HandCrank } from "../hand-crank.js";
import { chain, channels, failureOf, looping, says, type TestNode } from "./graphs.js";
import { NotingCheckpointer } from "./stores.js";

test("durability exit: supersteps that go straight on are committed together, when the run stops", async () => {
  const store = new NotingCheckpointer();
  const runner = new AppRunner(looping(5), { checkpointer: store, durability: "exit" });
  expect(await runner.invoke("s", { value: "v" })).toMatchObject({
    outcome: "completed",
    step: 5,
    state: { count: 5 },
  });
  expect(store.count("commit")).toBe(2);
  expect(store.count("annotate")).toBe(0);
  const last = store.commits.at(-1);
  expect(last).toMatchObject({
    step: 5,
    parentSeq: 1,
    state: { count: 5 },
    versions: { count: 5 },
    note: { status: { kind: "completed" } },
  });
  expect(last?.ran.map(({ node }) => node)).toEqual(["loop", "loop", "loop", "loop", "loop"]);
  expect(last?.deltas).toHaveLength(5);
});

test("durability exit: what a step limit or an abort leaves is in the store, and so is a single step", async () => {
  const app = looping(9);
  const limited = new MemoryCheckpointer();
  expect(
    await failureOf(new AppRunner(app, { checkpointer: limited, durability: "exit" }).invoke("s", {}, { maxSteps: 3 })),
  ).toMatchObject({ code: "STEP_LIMIT" });
  expect(limited.load("s")).toMatchObject({
    checkpoint: { step: 3, state: { count: 3 } },
    note: { status: { kind: "ready" } },
  });

  const aborted = new MemoryCheckpointer();
  const controller = new AbortController();
  const hooks: RunHooks[] = [{ afterStep: ({ step }) => void (step === 4 && controller.abort()) }];
  const aborting = new AppRunner(app, { checkpointer: aborted, durability: "exit", hooks });
  expect(await failureOf(aborting.invoke("s", {}, { signal: controller.signal }))).toMatchObject({
    code: "RUN_ABORTED",
    at: { step: 5 },
  });
  expect(aborted.load("s")).toMatchObject({ checkpoint: { step: 4 }, note: { status: { kind: "ready" } } });

  const stepped = new MemoryCheckpointer();
  const stepper = new AppRunner(app, { checkpointer: stepped, durability: "exit" });
  await stepper.createSession("s");
  await stepper.runStep("s");
  expect(stepped.load("s")).toMatchObject({ checkpoint: { step: 1 } });
});

test("durability exit: a pause in a later superstep commits all before it, with its reason", async () => {
  const checkpointer = new MemoryCheckpointer();
  const app = chain({ a: says, b: says, c: says });
  await new AppRunner(app, { checkpointer, durability: "exit" }).invoke("s", {}, { interruptBefore: ["c"] });
  const other = new AppRunner(app, { checkpointer, durability: "exit" });
  expect(await other.session("s")).toMatchObject({
    step: 2,
    state: { log: ["a", "b"] },
    status: { kind: "paused", reason: { kind: "beforeNode", node: "c" } },
  });
  expect(await other.resume("s", undefined, { interruptBefore: ["c"] })).toMatchObject({
    outcome: "completed",
    state: { log: ["a", "b", "c"] },
  });
});

test("durability exit: a failure in a later superstep commits all before it and keeps the results of its siblings", async () => {
  const checkpointer = new MemoryCheckpointer();
  let trouble = true;
  let runs = 0;
  const app = new StateGraph(channels)
    .addNode("a", says)
    .addNode("b", async () => {
      runs++;
      return { log: "b" };
    })
    .addNode("fails", async () => {
      if (trouble) throw new TypeError("not yet");
    })
    .addEdge(START, "a")
    .addEdge("a", "b")
    .addEdge("a", "fails")
    .addEdge("b", END)
    .compile();
  const runner = new AppRunner(app, { checkpointer, durability: "exit" });
  expect(await failureOf(runner.invoke("s"))).toMatchObject({
    code: "NODE_FAILED",
    at: { step: 2, finished: [{ node: "b" }] },
  });
  trouble = false;
  const other = new AppRunner(app, { checkpointer, durability: "exit" });
  expect(await other.session("s")).toMatchObject({ step: 1, status: { kind: "failed" } });
  expect(await other.runUntilComplete("s")).toMatchObject({ step: 2, state: { log: ["a", "b"] } });
  expect(runs).toBe(1);
});

test("durability exit: effects that ran once before a question or a failure are remembered", async () => {
  let effects = 0;
  let trouble = true;
  const node: TestNode = async (_, ctx) => {
    const charge = await ctx.once("charge", () => ++effects);
    if (trouble) throw new TypeError("after the effect");
    return { value: [charge, ctx.interrupt("?")] };
  };
  const runner = new AppRunner(chain({ a: says, b: node }), { durability: "exit" });
  await failureOf(runner.invoke("s"));
  trouble = false;
  expect((await runner.runUntilComplete("s")).outcome).toBe("paused");
  expect(await runner.resume("s", "yes")).toMatchObject({ state: { value: [1, "yes"] } });
  expect(effects).toBe(1);
});

test("durability exit: effects before a question in the first superstep after others are remembered", async () => {
  let effects = 0;
  const node: TestNode = async (_, ctx) => {
    const charge = await ctx.once("charge", () => ++effects);
    return { value: [charge, ctx.interrupt("?")] };
  };
  const runner = new AppRunner(chain({ a: says, b: node }), { durability: "exit" });
  expect((await runner.invoke("s")).outcome).toBe("paused");
  expect(await runner.resume("s", "yes")).toMatchObject({ state: { value: [1, "yes"] } });
  expect(effects).toBe(1);
});

test("durability exit: a run that dies before it stops leaves the session at its last commit", async () => {
  const checkpointer = new MemoryCheckpointer();
  const crank = new HandCrank();
  const app = chain({ a: says, b: says, c: crank.node });
  const dying = new AppRunner(app, { checkpointer, durability: "exit" });
  void dying.invoke("s", { count: 1 });
  await crank.started();
  expect(await new AppRunner(app, { checkpointer }).session("s")).toMatchObject({
    step: 0,
    state: { count: 1, log: [] },
  });
});

test("durability exit: ephemeral values of supersteps in between leave nothing in what is committed", async () => {
  const store = new NotingCheckpointer();
  const app = new StateGraph({ hint: ephemeral<string>(), log: append<string>() })
    .addNode("a", () => ({ hint: "for b" }))
    .addNode("b", ({ hint }) => ({ log: hint ?? "nothing" }))
    .addNode("c", ({ hint }) => ({ log: hint ?? "nothing" }))
    .addEdge(START, "a")
    .addEdge("a", "b")
    .addEdge("b", "c")
    .addEdge("c", END)
    .compile();
  const runner = new AppRunner(app, { checkpointer: store, durability: "exit" });
  expect(await runner.invoke("s")).toMatchObject({ state: { hint: undefined, log: ["for b", "nothing"] } });
  expect(store.commits.at(-1)?.deltas.map(({ channel }) => channel)).toEqual(["log", "log"]);
});

test("durability exit: a pause that a hook asks for commits all before it", async () => {
  const checkpointer = new MemoryCheckpointer();
  const hooks: RunHooks[] = [{ afterStep: ({ step }) => (step === 2 ? pause("look") : undefined) }];
  const runner = new AppRunner(looping(4), { checkpointer, durability: "exit", hooks });
  expect(await runner.invoke("s")).toMatchObject({ outcome: "paused", step: 2 });
  expect(checkpointer.load("s")).toMatchObject({
    checkpoint: { step: 2 },
    note: { status: { kind: "paused", reason: { kind: "hook", detail: "look" } } },
  });
});

test("durability exit: when the one commit fails, the caller is told, and the session stands where it stood", async () => {
  const store = new NotingCheckpointer();
  const runner = new AppRunner(looping(3), { checkpointer: store, durability: "exit" });
  await runner.createSession("s");
  store.before = ({ method }) => (method === "commit" ? Promise.reject(new TypeError("disk full")) : undefined);
  expect(await failureOf(runner.runUntilComplete("s"))).toMatchObject({ code: "CHECKPOINT_FAILED" });
  store.before = () => undefined;
  expect(await runner.session("s")).toMatchObject({ step: 0 });
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", state: { count: 3 } });
});
