import { expect, test } from "vitest";
import {
  AppRunner,
  append,
  type Checkpoint,
  type Checkpointer,
  END,
  MemoryCheckpointer,
  type RunEvent,
  Send,
  START,
  StateGraph,
  type StoredSession,
  sum,
} from "../../src/index.js";
import { failing, intercept } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { thenable } from "../thenable.js";
import { abreast, chain, failureOf, looping, says, type TestNode } from "./graphs.js";
import { lateCheckpointer, NotingCheckpointer } from "./stores.js";

test("C1: one superstep is one commit, which carries delta, frontier, versions, status and drops what was pending", async () => {
  const store = new NotingCheckpointer();
  const runner = new AppRunner(chain({ a: says, b: says }), { checkpointer: store });
  await runner.invoke("s", { count: 1 });
  expect(store.commits).toMatchObject([
    { seq: 1, parentSeq: undefined, source: "input", step: 0, frontier: [{ node: "a" }], ran: [] },
    {
      seq: 2,
      parentSeq: 1,
      source: "step",
      step: 1,
      frontier: [{ node: "b" }],
      ran: [{ node: "a" }],
      deltas: [{ channel: "log", task: { node: "a" } }],
    },
    {
      seq: 3,
      parentSeq: 2,
      source: "step",
      step: 2,
      frontier: [],
      versions: { log: 2, count: 1 },
      note: { status: { kind: "completed" } },
    },
  ]);
  expect(store.annotations).toEqual([]);
});

test("C1: a superstep of asynchronous nodes that end in one turn of the event loop writes nothing but its commit", async () => {
  const store = new NotingCheckpointer();
  const quick: TestNode = async (_, { node }) => ({ log: node });
  const runner = new AppRunner(abreast({ a: quick, b: quick, c: quick }), { checkpointer: store });
  await runner.invoke("s");
  expect(store.count("annotate")).toBe(0);
  expect(store.count("commit")).toBe(2);
});

test("S6: what finishes while others run is kept at once, as one write for each turn of the event loop, each result once", async () => {
  const store = new NotingCheckpointer();
  const crank = new HandCrank();
  const runner = new AppRunner(abreast({ a: crank.node, b: crank.node, c: crank.node, fails: crank.node }), {
    checkpointer: store,
  });
  const running = failureOf(runner.invoke("s"));
  const [a, b, c, fails] = [await crank.started(), await crank.started(), await crank.started(), await crank.started()];
  a.finish({ log: "a" });
  b.finish({ log: "b" });
  await turns();
  expect(store.annotations.map(({ records }) => records.map(({ taskId }) => taskId))).toEqual([
    [a.ctx.taskId, b.ctx.taskId],
  ]);
  c.finish({ log: "c" });
  fails.fail(new TypeError("broken"));
  await running;
  expect(store.annotations.map(({ records }) => records.length)).toEqual([2, 1]);
  expect(store.annotations[1]).toMatchObject({
    note: { status: { kind: "failed" } },
    records: [{ kind: "result", taskId: c.ctx.taskId }],
  });
});

async function turns(count = 4): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("C2: node.completed is told only after the record is in the store, and started while the node runs", async () => {
  const store = new NotingCheckpointer();
  const crank = new HandCrank();
  let release = (): void => undefined;
  const isReleased = new Promise<void>((resolve) => {
    release = resolve;
  });
  store.before = ({ method }) => (method === "annotate" ? isReleased : undefined);
  const runner = new AppRunner(abreast({ a: crank.node, b: crank.node }), { checkpointer: store });
  const events: RunEvent[] = [];
  const stream = runner.stream("s");
  const reading = (async () => {
    for await (const event of stream) events.push(event);
  })();
  const told = (type: RunEvent["type"]) => events.filter((event) => event.type === type).length;
  const [a, b] = [await crank.started(), await crank.started()];
  await turns();
  expect(told("node.started")).toBe(2);
  a.finish();
  await turns();
  expect(store.count("annotate")).toBe(1);
  expect(told("node.completed")).toBe(0);
  release();
  await turns();
  expect(told("node.completed")).toBe(1);
  store.before = () => undefined;
  b.finish();
  await stream.result;
  await reading;
  expect(told("node.completed")).toBe(2);
});

test("C2: step.completed, afterStep and the result come after the commit", async () => {
  const store = new NotingCheckpointer(lateCheckpointer());
  const order: string[] = [];
  store.before = ({ method }) => void order.push(method);
  const runner = new AppRunner(chain({ a: says }), {
    checkpointer: store,
    hooks: [{ afterStep: () => void order.push("afterStep"), onComplete: () => void order.push("onComplete") }],
  });
  const stream = runner.stream("s");
  const reading = (async () => {
    for await (const { type } of stream) if (type === "step.completed" || type === "run.completed") order.push(type);
  })();
  await stream.result;
  await reading;
  expect(order.filter((what) => what === "commit")).toHaveLength(2);
  expect(order.lastIndexOf("commit")).toBeLessThan(order.indexOf("step.completed"));
  expect(order.lastIndexOf("commit")).toBeLessThan(order.indexOf("afterStep"));
  expect(order.lastIndexOf("commit")).toBeLessThan(order.indexOf("onComplete"));
});

test("C2: node.failed and run.failed are told once what is kept and the status are in the store", async () => {
  const store = new NotingCheckpointer();
  const order: string[] = [];
  store.before = ({ method }) => void order.push(method);
  const fails: TestNode = () => {
    throw new TypeError("broken");
  };
  const stream = new AppRunner(abreast({ a: says, fails }), { checkpointer: store }).stream("s");
  for await (const { type } of stream) order.push(type);
  expect(order.indexOf("annotate")).toBeLessThan(order.indexOf("node.completed"));
  expect(order.indexOf("annotate")).toBeLessThan(order.indexOf("node.failed"));
  expect(order.at(-1)).toBe("run.failed");
});

test("C3, P12: a failed save is a CheckpointError to the caller, with its cause and where it happened", async () => {
  const store = new NotingCheckpointer();
  const runner = new AppRunner(chain({ a: says, b: says }), { checkpointer: store });
  await runner.createSession("s");
  const broken = new TypeError("disk on fire");
  store.before = ({ method }) => {
    if (method === "commit") throw broken;
  };
  expect(await failureOf(runner.runUntilComplete("s"))).toMatchObject({
    code: "CHECKPOINT_FAILED",
    cause: broken,
    at: { step: 1, frontier: [{ node: "a" }] },
  });
  expect(await failureOf(runner.createSession("t"))).toMatchObject({ code: "CHECKPOINT_FAILED", cause: broken });
  store.before = () => undefined;
  expect(await runner.session("s")).toMatchObject({ step: 0, state: { log: [] }, status: { kind: "ready" } });
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", state: { log: ["a", "b"] } });
});

async function listOf(things: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const list: unknown[] = [];
  for await (const thing of things) list.push(thing);
  return list;
}

test("C3: whatever the store cannot do is a CheckpointError", async () => {
  const store = intercept(new MemoryCheckpointer(), () => Promise.reject(new TypeError("gone")));
  const runner = new AppRunner(chain({ a: says }), { checkpointer: store });
  for (const call of [
    () => runner.session("s"),
    () => runner.invoke("s"),
    () => runner.createSession("s"),
    () => runner.deleteSession("s"),
    () => runner.updateState("s", {}),
    () => runner.fork("s", { as: "t" }),
    () => runner.at("s", 1),
    () => runner.prune({ keepLast: 1 }),
    () => listOf(runner.sessions()),
    () => listOf(runner.history("s")),
  ]) {
    expect(await failureOf(call)).toMatchObject({ code: "CHECKPOINT_FAILED", cause: expect.any(TypeError) });
  }
});

test("L13, C3: after a failed save nothing runs on", async () => {
  const store = new NotingCheckpointer();
  const ran: string[] = [];
  const node: TestNode = (_, ctx) => void ran.push(ctx.node);
  const runner = new AppRunner(chain({ a: node, b: node, c: node }), { checkpointer: store });
  store.before = ({ method }) => {
    if (method === "commit" && store.count("commit") === 3) throw new TypeError("disk full");
  };
  expect(await failureOf(runner.invoke("s"))).toMatchObject({ code: "CHECKPOINT_FAILED" });
  expect(ran).toEqual(["a", "b"]);
  store.before = () => undefined;
  expect(await runner.session("s")).toMatchObject({ step: 1 });
});

test("C3: a result that cannot be kept fails the superstep, is not told as completed, and the session can go on", async () => {
  const store = new NotingCheckpointer();
  const crank = new HandCrank();
  const runner = new AppRunner(abreast({ a: crank.node, b: crank.node }), { checkpointer: store });
  let isBroken = true;
  store.before = ({ method }) => {
    if (method === "annotate" && isBroken) throw new TypeError("disk full");
  };
  const types: string[] = [];
  const stream = runner.stream("s");
  const reading = (async () => {
    for await (const { type } of stream) types.push(type);
  })();
  const [a, b] = [await crank.started(), await crank.started()];
  a.finish({ log: "a" });
  await turns();
  b.finish({ log: "b" });
  expect(await failureOf(stream.result)).toMatchObject({ code: "CHECKPOINT_FAILED", at: { step: 1, finished: [] } });
  await reading;
  expect(types).not.toContain("node.completed");
  expect(await runner.session("s")).toMatchObject({ step: 0, status: { kind: "ready" } });
  isBroken = false;
  const again = runner.runUntilComplete("s");
  (await crank.started()).finish({ log: "a" });
  (await crank.started()).finish({ log: "b" });
  expect(await again).toMatchObject({ outcome: "completed", state: { log: ["a", "b"] } });
});

test("C3: when the store fails once and works again, what it could not keep is kept with the failure", async () => {
  const store = new NotingCheckpointer();
  let effects = 0;
  let runs = 0;
  const node: TestNode = async (_, ctx) => {
    runs++;
    return { value: await ctx.once("charge", () => ++effects) };
  };
  const runner = new AppRunner(chain({ a: node }), { checkpointer: store });
  store.before = ({ method }) => {
    if (method === "annotate" && store.count("annotate") === 1) throw new TypeError("hiccup");
  };
  expect(await failureOf(runner.invoke("s"))).toMatchObject({ code: "CHECKPOINT_FAILED" });
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", state: { value: 1 } });
  expect({ effects, runs }).toEqual({ effects: 1, runs: 2 });
});

test("C3: a node that tries again after a failed save is not left waiting for ever", async () => {
  const store = new NotingCheckpointer();
  let effects = 0;
  const node: TestNode = async (_, ctx) => ({ value: await ctx.once("charge", () => ++effects) });
  const runner = new AppRunner(chain({ a: [node, { retry: { maxAttempts: 3, initialDelayMs: 0 } }] }), {
    checkpointer: store,
  });
  store.before = ({ method }) => {
    if (method === "annotate" && store.count("annotate") === 1) throw new TypeError("hiccup");
  };
  expect(await failureOf(runner.invoke("s"))).toMatchObject({ code: "CHECKPOINT_FAILED" });
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", state: { value: 1 } });
  expect(effects).toBe(1);
});

test("an effect that a synchronous node does not wait for never reaches a later superstep", async () => {
  const store = new NotingCheckpointer(lateCheckpointer());
  const careless: TestNode = (_, ctx) => {
    void ctx.once("log", () => 1);
    return { count: 1 };
  };
  const runner = new AppRunner(looping(5, careless), { checkpointer: store });
  expect(await runner.invoke("s")).toMatchObject({ outcome: "completed", step: 5, state: { count: 5 } });
  await turns(8);
  expect(store.annotations).toEqual([]);
  expect(await runner.session("s")).toMatchObject({ step: 5, status: { kind: "completed" } });
});

/** Everything at once: Sends, a join, a question, a retry, effects, a loop. */
function busyGraph() {
  return new StateGraph({ log: append<string>(), count: sum() })
    .addNode("split", () => ({ log: "split" }))
    .addNode(
      "work",
      async (_, ctx) => ({ log: `work ${String(ctx.input)} ${String(await ctx.once("effect", () => "effect"))}` }),
      {
        retry: { maxAttempts: 2, initialDelayMs: 0 },
      },
    )
    .addNode("ask", (_, ctx) => ({ log: `ask ${ctx.interrupt<string>("?")}` }))
    .addNode("meet", () => ({ log: "meet", count: 1 }))
    .addEdge(START, "split")
    .addConditionalEdges("split", () => [new Send("work" as const, 1), new Send("work" as const, 2), "ask" as const], [
      "work",
      "ask",
    ])
    .addEdge(["work", "ask"], "meet")
    .addConditionalEdges("meet", ({ count }) => (count < 2 ? "split" : END), ["split", END])
    .compile();
}

function runnerOn(checkpointer: Checkpointer) {
  return new AppRunner(busyGraph(), { checkpointer, random: () => 0.5 });
}

/** Runs "s" to its end, whatever fails on the way; answers every question. */
async function insist(checkpointer: Checkpointer): Promise<{ readonly result: object; readonly failures: number }> {
  const runner = runnerOn(checkpointer);
  let failures = 0;
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      const { summary: _, ...result } = await goOn(runner);
      if (result.outcome === "completed") return { result, failures };
    } catch (error) {
      expect(error).toMatchObject({ code: "CHECKPOINT_FAILED" });
      failures++;
    }
  }
  throw new TypeError("it never completed");
}

async function goOn(runner: ReturnType<typeof runnerOn>) {
  const { status } = await runner.createSession("s", {}, { ifExists: "resume" });
  return status.kind === "paused" ? runner.resume("s", "yes") : runner.runUntilComplete("s");
}

test("C1, C3: a store that fails its n-th call, for every n, ends in the same session once it is tried again", async () => {
  const reference = await insist(new MemoryCheckpointer());
  expect(reference).toMatchObject({ failures: 0, result: { step: 6, state: { count: 2 } } });
  for (let nth = 1, seen = 1; seen >= nth; nth++) {
    const store = failing(new MemoryCheckpointer(), nth);
    const { result, failures } = await insist(store);
    seen = store.calls;
    expect(result).toEqual(reference.result);
    expect(failures, "a lease that cannot be given back is nobody's failure").toBeLessThanOrEqual(1);
  }
});

test("C1: the same holds for a store that answers later", async () => {
  const reference = await insist(lateCheckpointer());
  expect(reference.failures).toBe(0);
  for (let nth = 1, seen = 1; seen >= nth; nth++) {
    const store = failing(lateCheckpointer(), nth);
    expect((await insist(store)).result).toEqual(reference.result);
    seen = store.calls;
  }
});

test("a store that answers later gives the same sessions as one that answers at once", async () => {
  const results = [];
  for (const checkpointer of [new MemoryCheckpointer(), lateCheckpointer()]) {
    const runner = new AppRunner(chain({ a: says, asks: (_, ctx) => ({ value: ctx.interrupt("?") }), b: says }), {
      checkpointer,
      random: () => 0.5,
    });
    await runner.invoke("s", { count: 1 }, { interruptEachStep: true });
    await runner.resume("s");
    const { summary: _, ...view } = await runner.resume("s", 7);
    results.push(view);
  }
  expect(results[1]).toEqual(results[0]);
});

test("a store may answer with the barest thenables", async () => {
  const inner = new MemoryCheckpointer();
  const bare = <T>(work: () => T): PromiseLike<T> =>
    thenable((resolve, reject) => {
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
  const checkpointer: Checkpointer = {
    load: (id) => bare(() => inner.load(id)),
    commit: (checkpoint) => bare(() => inner.commit(checkpoint)),
    annotate: (write) => bare(() => inner.annotate(write)),
    list: (query) => bare(() => inner.list(query)),
    delete: (id) => bare(() => inner.delete(id)),
    history: (id, query) => bare(() => inner.history(id, query)),
    at: (id, place) => bare(() => inner.at(id, place)),
    prune: (policy) => bare(() => inner.prune(policy)),
    acquire: (claim) => bare(() => inner.acquire(claim)),
    renew: (leases, until) => bare(() => inner.renew(leases, until)),
    release: (lease) => bare(() => inner.release(lease)),
    close: () => undefined,
  };
  const runner = new AppRunner(chain({ a: says, b: says }), { checkpointer });
  expect(await runner.invoke("s", {}, { interruptBefore: ["b"] })).toMatchObject({ outcome: "paused", step: 1 });
  expect(await runner.resume("s")).toMatchObject({ outcome: "completed", state: { log: ["a", "b"] } });
  expect(await failureOf(runner.createSession("s"))).toMatchObject({ code: "SESSION_EXISTS" });
});

/** One whose leases end at once, as if it had been stopped for a while, and one that takes its sessions over. */
function twoRunners(app: ReturnType<typeof chain>, checkpointer: Checkpointer) {
  const stale = new AppRunner(app, { checkpointer, lease: { ttlMs: 0 } });
  return [stale, new AppRunner(app, { checkpointer })] as const;
}

test("C4: when another runner moved on meanwhile, a commit is a CheckpointConflictError, and nothing of ours is written", async () => {
  for (const store of [new MemoryCheckpointer(), lateCheckpointer()]) {
    const crank = new HandCrank();
    const app = chain({ a: crank.node, b: says });
    const [slow, fast] = twoRunners(app, store);
    await slow.createSession("s");
    const losing = failureOf(slow.runUntilComplete("s"));
    const lost = await crank.started();
    const winning = fast.runUntilComplete("s");
    (await crank.started()).finish({ log: "winner" });
    await winning;
    lost.finish({ log: "loser" });
    expect(await losing).toMatchObject({ code: "CHECKPOINT_CONFLICT", sessionId: "s", at: { step: 1 } });
    for (const runner of [slow, fast]) {
      expect(await runner.session("s")).toMatchObject({
        step: 2,
        state: { log: ["winner", "b"] },
        status: { kind: "completed" },
      });
    }
  }
});

test("C4: a checkpoint that lost the race is not what its runner reads afterwards", async () => {
  const store = lateCheckpointer();
  const crank = new HandCrank();
  const app = chain({ a: crank.node, b: says });
  const [slow, fast] = twoRunners(app, store);
  await slow.createSession("s");
  const losing = failureOf(slow.runStep("s"));
  const lost = await crank.started();
  const winning = fast.runStep("s");
  (await crank.started()).finish({ log: "winner" });
  await winning;
  lost.finish({ log: "loser" });
  expect(await losing).toMatchObject({ code: "CHECKPOINT_CONFLICT" });
  expect((await slow.session("s")).state.log).toEqual(["winner"]);
});

test("C4: what finishes after another runner moved on is not kept, and a failure is not recorded", async () => {
  const checkpointer = new MemoryCheckpointer();
  const crank = new HandCrank();
  const app = abreast({ a: crank.node, b: crank.node });
  const [slow, fast] = twoRunners(app, checkpointer);
  await slow.createSession("s");
  const losing = failureOf(slow.runUntilComplete("s"));
  const lost = [await crank.started(), await crank.started()];
  const winning = fast.runUntilComplete("s");
  for (const _ of lost) (await crank.started()).finish({ log: "winner" });
  await winning;
  lost[0]?.finish({ log: "loser" });
  await turns();
  lost[1]?.fail(new TypeError("loser"));
  expect(await losing).toMatchObject({ code: "CHECKPOINT_CONFLICT" });
  expect(checkpointer.load("s")).toMatchObject({ records: [], note: { status: { kind: "completed" } } });
});

test("C4: two runners that create one session at once: one wins, the other is told", async () => {
  const store = lateCheckpointer();
  const app = chain({ a: says });
  const outcomes = await Promise.allSettled(
    [1, 2].map((count) => new AppRunner(app, { checkpointer: store }).createSession("s", { count })),
  );
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(outcomes.find((one) => one.status === "rejected")).toMatchObject({ reason: { code: "SESSION_BUSY" } });
});

test("C4: a session that was deleted and made anew is not the session a runner began with", async () => {
  const checkpointer = new MemoryCheckpointer();
  const crank = new HandCrank();
  const app = chain({ a: crank.node });
  const [first, second] = twoRunners(app, checkpointer);
  await first.createSession("s", { count: 1 });
  const losing = failureOf(first.runUntilComplete("s"));
  const lost = await crank.started();
  await second.deleteSession("s");
  await second.createSession("s", { count: 2 });
  lost.finish({ log: "loser" });
  expect(await losing).toMatchObject({ code: "CHECKPOINT_CONFLICT" });
  expect(await second.session("s")).toMatchObject({ step: 0, state: { count: 2, log: [] } });
});

test("P13: what a checkpoint says of its superstep is what happened", async () => {
  const store = new NotingCheckpointer();
  const runner = new AppRunner(looping(3), { checkpointer: store });
  await runner.invoke("s");
  for (const { step, ran, deltas, source } of store.commits.slice(1)) {
    expect({ ran: ran.map(({ node }) => node), channels: deltas.map(({ channel }) => channel), source }).toEqual({
      ran: ["loop"],
      channels: ["count"],
      source: "step",
    });
    expect(step).toBeGreaterThan(0);
  }
});

test("a session that stays with its runner is handed to the store as known, so that nothing is read twice", async () => {
  const known: (Checkpoint | undefined)[] = [];
  class Asked extends MemoryCheckpointer {
    override load(sessionId: string, head?: Checkpoint): StoredSession | undefined {
      known.push(head);
      return super.load(sessionId);
    }
  }
  const store = new Asked();
  const runner = new AppRunner(chain({ a: says }), { checkpointer: store });
  await runner.createSession("s");
  await runner.runStep("s");
  await runner.session("s");
  expect(known.map((head) => head?.seq)).toEqual([undefined, 1, 2]);
});
