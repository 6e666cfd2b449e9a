/** Stops within subgraphs: by options, targets and breakpoints; what the session around them says of it, and how it goes on. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AppRunner, END, type RunOptions, type RunResult, Send, START, StateGraph } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { abreast, chain, channels, failureOf, listOf, says, type TestChannels, type TestNode } from "./graphs.js";
import { everyStore } from "./stores.js";

const asks: TestNode = (_, ctx) => ({ log: `${ctx.node}: ${String(ctx.interrupt("?"))}` });
const review = chain({ draft: says, vote: says, sign: says });
const paper = chain({ plan: says, review, publish: says });

function reasonOf(result: RunResult<TestChannels>): unknown {
  return result.outcome === "paused" ? result.reason : result.outcome;
}

test.each(everyStore)(
  "P1, P2: options within a node stop the graph that it is, once at each boundary, on %s",
  async (_, open) => {
    const checkpointer = open();
    const options: RunOptions<"plan" | "review" | "publish"> = {
      interruptBefore: ["publish"],
      within: { review: { interruptBefore: ["vote"], interruptAfter: ["vote"], interruptEachStep: true } },
    };
    const path = ["review"];
    const reasons: unknown[] = [];
    let result = await new AppRunner(paper, { checkpointer }).invoke("s", {}, options);
    for (
      ;
      result.outcome === "paused";
      result = await new AppRunner(paper, { checkpointer }).resume("s", undefined, options)
    )
      reasons.push(result.reason);
    expect(reasons).toEqual([
      { kind: "afterStep", step: 1, path },
      { kind: "beforeNode", node: "vote", path, step: 1 },
      { kind: "afterNode", node: "vote", path, step: 2 },
      { kind: "beforeNode", node: "publish" },
    ]);
    expect(result.state.log).toEqual(["plan", "draft", "vote", "sign", "publish"]);
  },
);

test("a pause within is the session's status, in its events and for its hooks; the subgraph's own is without the way there", async () => {
  const told: unknown[] = [];
  const runner = new AppRunner(chain({ outer: paper }), {
    hooks: [{ onPause: ({ reason }) => void told.push(reason) }],
  });
  const within = { outer: { within: { review: { interruptBefore: ["sign"] } } } };
  const events = await listOf(runner.stream("s", {}, { within }));
  const reason = { kind: "beforeNode", node: "sign", path: ["outer", "review"], step: 2 };
  expect(events.at(-1)).toMatchObject({ type: "run.paused", step: 1, reason });
  expect(told).toEqual([reason]);
  expect(await runner.session("s")).toMatchObject({ step: 0, status: { kind: "paused", reason } });
  const views = await listOf(runner.subgraphs("s"));
  expect(views.map(({ session: { status } }) => status)).toEqual([
    { kind: "paused", reason: { ...reason, path: ["review"] } },
    { kind: "paused", reason: { kind: "beforeNode", node: "sign" } },
  ]);
  expect(reasonOf(await runner.runUntilComplete("s", { within }))).toBe("completed");
});

test.each(everyStore)("S6: siblings of a subgraph that stops finish and are kept, on %s", async (_, open) => {
  const ran: string[] = [];
  const notes: TestNode = (_, { node }) => {
    ran.push(node);
    return { log: node };
  };
  const checkpointer = open();
  const app = abreast({ before: notes, sub: chain({ a: notes, b: notes }), behind: notes });
  const within = { sub: { interruptEachStep: true } };
  expect(await new AppRunner(app, { checkpointer }).runStep("s").catch(() => undefined)).toBeUndefined();
  await new AppRunner(app, { checkpointer }).createSession("s");
  const step = () => new AppRunner(app, { checkpointer }).runStep("s", { within });
  expect(await step()).toMatchObject({
    status: "paused",
    paused: { step: 0, reason: { kind: "afterStep", path: ["sub"] } },
  });
  expect(await step()).toMatchObject({ status: "completed" });
  expect(ran.sort()).toEqual(["a", "b", "before", "behind"]);
  expect((await new AppRunner(app, { checkpointer }).session("s")).state.log).toEqual(["before", "a", "b", "behind"]);
});

test.each(everyStore)(
  "P2: all instances under Send stop by themselves, the first of them is named, and going on goes on with all, on %s",
  async (_, open) => {
    const runs: number[] = [];
    const counts: TestNode = ({ value }) => {
      runs.push(Number(value));
      return { count: Number(value) };
    };
    const short = ({ value }: { readonly value: unknown }) => (value === 1 ? "b" : END);
    const each = new StateGraph(channels)
      .addNode("a", counts)
      .addNode("b", counts)
      .addNode("c", counts)
      .addEdge(START, "a")
      .addConditionalEdges("a", short, ["b", END])
      .addEdge("b", "c")
      .addEdge("c", END)
      .compile();
    const app = new StateGraph(channels)
      .addNode("each", each)
      .addConditionalEdges(START, () => [0, 1, 2, 1, 1].map((value) => new Send("each", { value })))
      .addEdge("each", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open(), maxConcurrency: 2 });
    const within = { each: { interruptBefore: "*", interruptAfter: ["b"] } } as const;
    const steps: unknown[] = [];
    let result = await runner.invoke("s", {}, { within });
    for (; result.outcome === "paused"; result = await runner.runUntilComplete("s", { within })) {
      const { kind, path, step } = result.reason as { kind: string; path: unknown; step: number };
      steps.push([kind, path, step, runs.length]);
    }
    expect(steps).toEqual([
      ["beforeNode", ["each"], 0, 0],
      ["beforeNode", ["each"], 1, 5],
      ["afterNode", ["each"], 2, 8],
      ["beforeNode", ["each"], 2, 8],
    ]);
    expect(result.state.count).toBe(2 + 3 * 3);
  },
);

test("P1: a failure beats a pause within, and the pause is told on the next try", async () => {
  for (const stops of [{ interruptBefore: ["b"] }, { interruptEachStep: true }]) {
    let isBroken = true;
    const fails: TestNode = () => {
      if (isBroken) throw new RangeError("broken");
    };
    const runner = new AppRunner(abreast({ sub: chain({ a: says, b: says }), fails }));
    const within = { sub: stops };
    expect(await failureOf(runner.invoke("s", {}, { within }))).toMatchObject({ node: "fails" });
    isBroken = false;
    expect(reasonOf(await runner.runUntilComplete("s", { within }))).toMatchObject({ path: ["sub"], step: 1 });
    const { outcome, state } = await runner.runUntilComplete("s", { within });
    expect([outcome, state.log]).toEqual(["completed", ["a", "b"]]);
  }
});

test("P1: a question beats a pause within, which is told once no question is open", async () => {
  const runner = new AppRunner(abreast({ sub: chain({ a: says, b: says }), asks, other: chain({ asks }) }));
  const within = { sub: { interruptEachStep: true } };
  const asked = await runner.invoke("s", {}, { within });
  const ids = asked.outcome === "paused" && asked.reason.kind === "interrupt" ? asked.reason.interrupts : [];
  expect(ids).toHaveLength(2);
  const [one, two] = ids.map(({ id }) => id) as [string, string];
  expect(reasonOf(await runner.resume("s", { [one]: 1 }, { within }))).toMatchObject({ kind: "interrupt" });
  expect(reasonOf(await runner.resume("s", { [two]: 2 }, { within }))).toMatchObject({
    kind: "afterStep",
    path: ["sub"],
  });
  expect((await runner.runUntilComplete("s", { within })).state.log).toEqual(["a", "b", "asks: 1", "asks: 2"]);
});

test("P6: an abort beats a pause within, which is told when the session goes on; a call without the option goes past it", async () => {
  const crank = new HandCrank();
  const app = abreast({ sub: chain({ a: says, b: says }), waits: crank.node });
  for (const within of [{ sub: { interruptAfter: ["a"] } }, undefined]) {
    const runner = new AppRunner(app);
    const stop = new AbortController();
    const run = failureOf(runner.invoke("s", {}, { within: { sub: { interruptAfter: ["a"] } }, signal: stop.signal }));
    (await crank.started()).heedSignal();
    stop.abort();
    expect(await run).toMatchObject({ code: "RUN_ABORTED" });
    const again = runner.runUntilComplete("s", within && { within });
    (await crank.started()).finish();
    expect(reasonOf(await again)).toEqual(
      within ? { kind: "afterNode", node: "a", path: ["sub"], step: 1 } : "completed",
    );
  }
});

test("P3: a question within comes after the gate before it, and its answer goes down", async () => {
  const runner = new AppRunner(chain({ sub: chain({ a: says, asks }) }));
  const within = { sub: { interruptBefore: ["asks"], interruptAfter: ["asks"] } };
  expect(reasonOf(await runner.invoke("s", {}, { within }))).toMatchObject({ kind: "beforeNode", step: 1 });
  expect(reasonOf(await runner.resume("s", undefined, { within }))).toMatchObject({ kind: "interrupt" });
  expect((await runner.resume("s", "yes", { within })).state.log).toEqual(["a", "asks: yes"]);
});

test("P2: what an edit of the session keeps, it keeps with the pauses within; what begins afresh stops afresh", async () => {
  const runner = new AppRunner(chain({ sub: review }));
  const within = { sub: { interruptBefore: ["vote"] } };
  await runner.invoke("s", {}, { within });
  await runner.updateState("s", { log: "edited" });
  await runner.fork("s", { as: "f" });
  expect((await runner.runUntilComplete("s", { within })).state.log).toEqual(["edited", "draft", "vote", "sign"]);
  expect(reasonOf(await runner.runUntilComplete("f", { within }))).toMatchObject({ kind: "beforeNode", path: ["sub"] });
  await runner.updateState("f", {}, { asNode: "sub" });
  expect(reasonOf(await runner.invoke("f", {}, { within }))).toMatchObject({ kind: "beforeNode", path: ["sub"] });
});

test("P2: discardPending makes subgraphs stop again where they had stopped", async () => {
  let isBroken = true;
  const breaks: TestNode = () => {
    if (isBroken) throw new RangeError("broken");
  };
  // A random that comes again: the subgraph begun afresh has the name of the former one.
  const runner = new AppRunner(chain({ sub: chain({ a: says, breaks }) }), { random: () => 0.5 });
  const within = { sub: { interruptBefore: ["a"] } };
  expect(reasonOf(await runner.invoke("s", {}, { within }))).toMatchObject({ step: 0 });
  await failureOf(runner.runUntilComplete("s", { within }));
  isBroken = false;
  const again = { within, discardPending: true };
  expect(reasonOf(await runner.runUntilComplete("s", again))).toMatchObject({ kind: "beforeNode", step: 0 });
  expect(reasonOf(await runner.runUntilComplete("s", again))).toBe("completed");
});

test("P2: whoever goes on from a pause within has all attempts of the node again", async () => {
  const clock = new TestClock();
  let fails = 1;
  const breaks: TestNode = (_, { node }) => {
    if (fails-- > 0) throw new RangeError("not yet");
    return { log: node };
  };
  const retry = { maxAttempts: 2, initialDelayMs: 0, budgetMs: 1_000 };
  const runner = new AppRunner(chain({ sub: [chain({ breaks, after: breaks }), { retry }] }), { clock });
  const within = { sub: { interruptAfter: ["breaks"] } };
  const going = runner.invoke("s", {}, { within });
  await clock.advance(0);
  expect(reasonOf(await going)).toMatchObject({ kind: "afterNode", step: 1 });
  await clock.advance(60_000);
  fails = 1;
  const again = runner.runUntilComplete("s", { within });
  await clock.advance(0);
  expect((await again).state.log).toEqual(["breaks", "after"]);
});

test("node names within are checked by the compiler at the first level, and what a condition sees is the subgraph", async () => {
  const runner = new AppRunner(paper);
  await runner.createSession("s");
  // @ts-expect-error no node of that name
  expect(await failureOf(runner.runStep("s", { within: { ghost: {} } }))).toMatchObject({ code: "UNKNOWN_NODE" });
  const paused = await runner.runUntil("s", {
    when: ({ state, step }) => step === 2 && "log" in state,
    within: ["review"],
  });
  expect(reasonOf(paused)).toMatchObject({ kind: "until", path: ["review"], step: 2 });
  expect(await runner.runUntil("s", { when: ({ state }) => state.log.length === 4 })).toMatchObject({ step: 2 });
});

test("C5: another process goes on within, past what this one was told, on a file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "superstep-within-"));
  const call = async (options: RunOptions<"outer">): Promise<unknown> => {
    await using checkpointer = closing(new SqliteCheckpointer(join(folder, "s.db")));
    const runner = new AppRunner(chain({ outer: paper }), { checkpointer: checkpointer.store });
    await runner.createSession("s", {}, { ifExists: "resume" });
    return reasonOf(await runner.runUntilComplete("s", options));
  };
  const within = { outer: { interruptEachStep: true, within: { review: { interruptBefore: "*" } } } } as const;
  const seen: unknown[] = [];
  for (let reason = await call({ within }); reason !== "completed"; reason = await call({ within })) {
    const { kind, path, step } = reason as { kind: string; path: readonly string[]; step: number };
    seen.push(`${path.join("/")} ${kind} ${step}`);
  }
  expect(seen).toEqual([
    "outer afterStep 1",
    "outer/review beforeNode 0",
    "outer/review beforeNode 1",
    "outer/review beforeNode 2",
    "outer afterStep 2",
  ]);
  rmSync(folder, { recursive: true });
});

function closing(store: SqliteCheckpointer) {
  return { store, [Symbol.asyncDispose]: async () => store.close() };
}

test("runUntil goes to a target within, and no further", async () => {
  const within = ["outer", "review"];
  const to = async (target: object) => {
    const runner = new AppRunner(chain({ outer: paper, vote: says }));
    await runner.createSession("s");
    const until = () =>
      runner.runUntil("s", { ...target, within } as { readonly node: string; readonly within: string[] });
    const first = reasonOf(await until());
    return [first, reasonOf(await until())];
  };
  const at = (target: object, step: number) => ({ kind: "until", target: { ...target, within }, path: within, step });
  expect(await to({ node: "vote" })).toEqual([at({ node: "vote" }, 1), "completed"]);
  expect(await to({ after: "vote" })).toEqual([at({ after: "vote" }, 2), "completed"]);
  expect(await to({ step: 1 })).toEqual([at({ step: 1 }, 1), at({ step: 1 }, 1)]);
  const when = ({ state }: { readonly state: { readonly log: readonly string[] } }) => state.log.includes("vote");
  expect(await to({ when })).toEqual([at({ when: true }, 2), "completed"]);
});

test("breakpoints within a subgraph are kept with the session, and hit by supersteps there", async () => {
  const runner = new AppRunner(chain({ log: says, outer: paper }), {
    predicates: { hasTwo: ({ state }) => (state as { readonly log: readonly string[] }).log.length === 2 },
  });
  await runner.createSession("s");
  const within = ["outer", "review"];
  const breakpoints = [
    { kind: "predicate", name: "hasTwo" },
    { kind: "value", channel: "log", path: [3], op: "equals", value: "vote", within },
  ] as const;
  await runner.setBreakpoints("s", breakpoints);
  expect(await runner.breakpoints("s")).toEqual(breakpoints);
  expect(reasonOf(await runner.runUntilComplete("s"))).toEqual({
    kind: "breakpoint",
    breakpoint: breakpoints[1],
    path: within,
    step: 2,
  });
  expect(reasonOf(await runner.runUntilComplete("s"))).toBe("completed");
});

test("P5: a stop within that means nothing is refused by name before anything runs", async () => {
  const runner = new AppRunner(chain({ outer: paper }));
  await runner.createSession("s");
  const refused = (within: unknown) => failureOf(runner.runUntilComplete("s", { within: within as never }));
  const option = (name: string) => ({ code: "INVALID_OPTION", option: name });
  for (const within of [null, [], "outer", 1, true, new Map([["outer", {}]]).values]) {
    expect(await refused(within)).toMatchObject(option("within"));
    expect(await refused({ outer: within })).toMatchObject(option("within.outer"));
  }
  const deep = (stops: unknown) => refused({ outer: { within: { review: stops } } });
  const place = "within.outer.within.review";
  expect(await deep({ interruptBefore: "vote" })).toMatchObject(option(`${place}.interruptBefore`));
  expect(await deep({ interruptEachStep: "yes" })).toMatchObject(option(`${place}.interruptEachStep`));
  expect(await deep({ interuptBefore: ["vote"] })).toMatchObject(option(`${place}.interuptBefore`));
  expect(await deep({ interruptAfter: ["ghost"] })).toMatchObject({
    code: "UNKNOWN_NODE",
    message: expect.stringContaining(`${place}.interruptAfter`),
  });
  expect(await refused({ ghost: {} })).toMatchObject({
    code: "UNKNOWN_NODE",
    message: expect.stringContaining("within"),
  });
  expect(await refused(JSON.parse('{ "__proto__": {} }'))).toMatchObject({ code: "UNKNOWN_NODE" });
  expect(await refused({ outer: { within: { plan: {} } } })).toMatchObject({
    ...option("within.outer.within"),
    help: "name a node that is a graph: review",
  });
  const until = (within: unknown) => failureOf(runner.runUntil("s", { node: "vote", within } as never));
  expect(await until("outer")).toMatchObject(option("target.within"));
  expect(await until(["outer", "plan"])).toMatchObject(option("target.within"));
  expect(await until(["outer", 3])).toMatchObject({ code: "UNKNOWN_NODE" });
  expect(await until(["outer"])).toMatchObject({ code: "UNKNOWN_NODE" });
  const breaking = (one: object) => failureOf(runner.setBreakpoints("s", [one as never]));
  expect(await breaking({ kind: "written", channel: "log", within: "outer" })).toMatchObject(
    option("breakpoints[0].within"),
  );
  expect(await breaking({ kind: "routed", to: "review", within: ["outer", "review"] })).toMatchObject({
    code: "UNKNOWN_NODE",
  });
  expect(await runner.session("s")).toMatchObject({ step: 0, status: { kind: "ready" } });
  await runner.runUntilComplete("s", { within: { outer: undefined as never } });
});
