import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import {
  AppRunner,
  type AppRunnerOptions,
  CheckpointConflictError,
  type Checkpointer,
  END,
  type LeaseOptions,
  MemoryCheckpointer,
  type RunEvent,
  START,
  StateGraph,
} from "../../src/index.js";
import { intercept, type StoreCall, TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { abreast, chain, channels, failureOf, looping, says, type TestNode } from "./graphs.js";
import { everyStore } from "./stores.js";

const TTL_MS = 5_000;
const fails: TestNode = () => {
  throw new TypeError("broken");
};
const asks: TestNode = (_, ctx) => ({ value: ctx.interrupt("sure?") });

/** Two runners of one graph on one store, whose leases are on one clock. */
function twoRunners<N extends string>(
  app: ReturnType<typeof chain<N>>,
  checkpointer: Checkpointer,
  options: AppRunnerOptions = {},
) {
  const clock = new TestClock(1_000_000);
  const settings = { ...options, checkpointer, lease: { clock } };
  return { clock, ours: new AppRunner(app, settings), theirs: new AppRunner(app, settings) };
}

/** The store, and what is asked of it about leases; `fail` says which calls go wrong. */
function watched(inner: Checkpointer, fail: (call: StoreCall) => boolean = () => false) {
  const calls: StoreCall[] = [];
  const checkpointer = intercept(inner, (call) => {
    calls.push(call);
    if (fail(call)) throw new TypeError("not now");
    return call.proceed();
  });
  return {
    checkpointer,
    count: (method: StoreCall["method"]) => calls.filter((call) => call.method === method).length,
  };
}

/** Takes the session's lease by hand, as another owner would once it has ended. */
async function takeOver(checkpointer: Checkpointer, owner = "another place/7/x"): Promise<number> {
  const answer = await checkpointer.acquire({ sessionId: "s", owner, at: Number.MAX_SAFE_INTEGER, ttlMs: TTL_MS });
  expect(answer.kind).toBe("granted");
  return answer.kind === "granted" ? answer.lease.fence : 0;
}

/** The name of an owner of this place with that process number. */
async function ownerWith(pid: number | string): Promise<string> {
  const checkpointer = new MemoryCheckpointer();
  const crank = new HandCrank();
  const running = new AppRunner(chain({ a: crank.node }), { checkpointer }).invoke("s");
  const call = await crank.started();
  const answer = checkpointer.acquire({ sessionId: "s", owner: "me", at: Date.now(), ttlMs: 1 });
  call.finish();
  await running;
  const [place] = answer.kind === "held" ? answer.holder.owner.split("/") : [];
  return `${place}/${pid}/0123abcd`;
}

describe.each(everyStore)("a lease on %s", (_, open) => {
  test("C4: while one runner drives a session, another is told who does and since when, whatever it wants", async () => {
    const crank = new HandCrank();
    const { clock, ours, theirs } = twoRunners(chain({ a: crank.node }), open());
    await clock.advance(234);
    const running = ours.invoke("s");
    const call = await crank.started();
    await clock.advance(1_000);
    for (const wish of [
      () => theirs.invoke("s", { count: 1 }),
      () => theirs.runStep("s"),
      () => theirs.runUntilComplete("s"),
      () => theirs.resume("s", 1),
      () => theirs.stream("s").result,
      () => theirs.updateState("s", { count: 1 }),
      () => theirs.createSession("s", {}, { ifExists: "resume" }),
      () => theirs.createSession("s"),
      () => theirs.deleteSession("s"),
      () => theirs.fork("ghost", { as: "s" }),
    ]) {
      expect(await failureOf(wish)).toMatchObject({
        code: "SESSION_BUSY",
        sessionId: "s",
        since: 1_000_234,
        owner: expect.stringContaining(`/${process.pid}/`),
      });
    }
    expect(await failureOf(theirs.runStep("s"))).toMatchObject({ owner: expect.stringContaining(hostname()) });
    expect(await failureOf(ours.runStep("s"))).toMatchObject({
      code: "SESSION_BUSY",
      owner: "another call of this runner",
      since: 1_000_234,
    });
    call.finish({ count: 5 });
    expect(await running).toMatchObject({ state: { count: 5 } });
    expect(await theirs.updateState("s", { count: 1 })).toMatchObject({ state: { count: 6 } });
  });

  test("C4: however a call ends, the session is free for others after it", async () => {
    const crank = new HandCrank();
    const app = chain({ a: says, asks, slow: crank.node, fails });
    const { ours, theirs } = twoRunners(app, open());
    const isFree = () => theirs.updateState("s", { count: 1 });
    await ours.createSession("s");
    await isFree();
    expect(await ours.runStep("s", { interruptAfter: ["a"] })).toMatchObject({ status: "paused" });
    await isFree();
    expect(await ours.resume("s")).toMatchObject({ outcome: "paused" });
    await isFree();
    const controller = new AbortController();
    const aborted = failureOf(ours.resume("s", "yes", { signal: controller.signal }));
    (await crank.started()).heedSignal();
    controller.abort();
    expect(await aborted).toMatchObject({ code: "RUN_ABORTED" });
    await isFree();
    const failed = failureOf(ours.runUntilComplete("s"));
    (await crank.started()).finish();
    expect(await failed).toMatchObject({ code: "NODE_FAILED" });
    await isFree();
    expect(await failureOf(ours.runUntilComplete("s", { interruptBefore: ["ghost" as "a"] }))).toMatchObject({
      code: "UNKNOWN_NODE",
    });
    expect(await failureOf(ours.invoke("s", { count: 1 }))).toMatchObject({ code: "SESSION_NOT_FINISHED" });
    expect(await failureOf(ours.updateState("s", { ghost: 1 } as object))).toMatchObject({ code: "UNKNOWN_CHANNEL" });
    await isFree();
    await ours.updateState("s", {}, { asNode: "asks" });
    const stopped = failureOf(ours.runUntilComplete("s"));
    const call = await crank.started();
    const closing = ours.close();
    call.finish();
    await closing;
    expect(await stopped).toMatchObject({ code: "RUN_ABORTED" });
    await isFree();
    expect(await theirs.session("s")).toMatchObject({ state: { count: 7 } });
  });

  test("C4: a call on a session that does not exist leaves no lease behind", async () => {
    const checkpointer = open();
    const { ours, theirs } = twoRunners(chain({ a: says }), checkpointer);
    expect(await failureOf(ours.runStep("s"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
    expect(await failureOf(ours.fork("ghost", { as: "s" }))).toMatchObject({ code: "SESSION_NOT_FOUND" });
    expect(await theirs.invoke("s")).toMatchObject({ outcome: "completed" });
  });

  test("a lease that could not be given back is nobody's failure: its runner takes it again at once, others when it has ended", async () => {
    let isBroken = true;
    const { checkpointer } = watched(open(), ({ method }) => isBroken && method === "release");
    const { clock, ours, theirs } = twoRunners(looping(9), checkpointer);
    expect(await ours.invoke("s", {}, { interruptEachStep: true })).toMatchObject({ outcome: "paused", step: 1 });
    expect(await ours.resume("s", undefined, { interruptEachStep: true })).toMatchObject({ step: 2 });
    expect(await failureOf(theirs.resume("s"))).toMatchObject({ code: "SESSION_BUSY" });
    await clock.advance(TTL_MS - 1);
    expect(await failureOf(theirs.resume("s"))).toMatchObject({ code: "SESSION_BUSY" });
    await clock.advance(1);
    isBroken = false;
    expect(await theirs.resume("s")).toMatchObject({ outcome: "completed" });
  });

  test("a lease that could not be taken is a CheckpointError, and the session can be driven after it", async () => {
    let isBroken = true;
    const { checkpointer } = watched(open(), ({ method }) => isBroken && method === "acquire");
    const runner = new AppRunner(chain({ a: says }), { checkpointer });
    expect(await failureOf(runner.invoke("s"))).toMatchObject({
      code: "CHECKPOINT_FAILED",
      cause: expect.any(TypeError),
    });
    isBroken = false;
    expect(await runner.invoke("s")).toMatchObject({ outcome: "completed" });
  });

  test("C4: the lease of a process that is gone is taken at once", async () => {
    const checkpointer = open();
    const { clock, ours } = twoRunners(chain({ a: says }), checkpointer);
    const { pid } = spawnSync(process.execPath, ["--version"]);
    await checkpointer.acquire({ sessionId: "s", owner: await ownerWith(pid), at: clock.now(), ttlMs: TTL_MS });
    expect(await ours.invoke("s")).toMatchObject({ outcome: "completed" });
    expect(await ours.invoke("s", {})).toMatchObject({ outcome: "completed" });
  });

  test("C4: whoever may still live keeps its lease until it ends", async () => {
    const { pid: gone } = spawnSync(process.execPath, ["--version"]);
    const owners = [
      `another-place/${gone}/0123abcd`,
      `${hostname()}/${gone}/0123abcd`,
      await ownerWith(process.pid),
      await ownerWith(process.ppid),
      await ownerWith(0),
      await ownerWith(-gone),
      await ownerWith("1e6"),
      await ownerWith(""),
      await ownerWith("9".repeat(30)),
      "me",
      "",
      "//",
    ];
    for (const owner of owners) {
      const checkpointer = open();
      const { clock, ours } = twoRunners(chain({ a: says }), checkpointer);
      await checkpointer.acquire({ sessionId: "s", owner, at: clock.now(), ttlMs: TTL_MS });
      expect(await failureOf(ours.invoke("s"))).toMatchObject({ code: "SESSION_BUSY", owner, since: 1_000_000 });
      await clock.advance(TTL_MS - 1);
      expect(await failureOf(ours.invoke("s"))).toMatchObject({ code: "SESSION_BUSY", owner });
      await clock.advance(1);
      expect(await ours.invoke("s")).toMatchObject({ outcome: "completed" });
    }
  });

  test("C4: a lease is renewed for as long as the run takes, of many sessions at once", async () => {
    const crank = new HandCrank();
    const { checkpointer, count } = watched(open());
    const { clock, ours, theirs } = twoRunners(chain({ a: crank.node }), checkpointer);
    const ids = ["s", "t", "u"];
    const running = ids.map((id) => ours.invoke(id));
    const calls = [await crank.started(), await crank.started(), await crank.started()];
    for (let minute = 0; minute < 5; minute++) {
      await clock.advance(60_000);
      for (const id of ids)
        expect(await failureOf(theirs.runStep(id))).toMatchObject({ code: "SESSION_BUSY", since: 1_000_000 });
    }
    expect(count("renew"), "one for all, a few times within the time that a lease holds").toBeLessThanOrEqual(
      (300_000 / TTL_MS) * 4,
    );
    for (const call of calls) call.finish({ count: 1 });
    for (const result of await Promise.all(running)) expect(result).toMatchObject({ outcome: "completed" });
  });

  test("C4: two renewals in a row may fail", async () => {
    const crank = new HandCrank();
    let renewals = 0;
    const { checkpointer } = watched(open(), ({ method }) => method === "renew" && ++renewals % 3 !== 0);
    const { clock, ours, theirs } = twoRunners(chain({ a: crank.node }), checkpointer);
    const running = ours.invoke("s");
    const call = await crank.started();
    for (let second = 0; second < 30; second++) {
      await clock.advance(1_000);
      expect(await failureOf(theirs.runStep("s"))).toMatchObject({ code: "SESSION_BUSY" });
    }
    expect(renewals).toBeGreaterThan(10);
    call.finish({ count: 1 });
    expect(await running).toMatchObject({ outcome: "completed", state: { count: 1 } });
  });

  test("C4: an owner that cannot renew loses the session after 5 s, and nothing of its work is written", async () => {
    const crank = new HandCrank();
    const inner = open();
    const { checkpointer } = watched(inner, ({ method }) => method === "renew");
    const { clock, ours, theirs } = twoRunners(chain({ a: crank.node, b: says }), checkpointer);
    const running = failureOf(ours.invoke("s"));
    const late = await crank.started();
    await clock.advance(TTL_MS - 1);
    expect(await failureOf(theirs.runUntilComplete("s"))).toMatchObject({ code: "SESSION_BUSY" });
    await clock.advance(1);
    const taken = theirs.runUntilComplete("s");
    (await crank.started()).finish({ log: "theirs" });
    expect(await taken).toMatchObject({ state: { log: ["theirs", "b"] } });
    late.finish({ log: "ours" });
    expect(await running).toBeInstanceOf(CheckpointConflictError);
    expect(await ours.session("s")).toMatchObject({ step: 2, state: { log: ["theirs", "b"] } });
  });

  test("C4: whoever loses the session is stopped: the nodes are told, the caller gets a CheckpointConflictError, nothing is written", async () => {
    const crank = new HandCrank();
    const checkpointer = open();
    const { clock, ours, theirs } = twoRunners(abreast({ a: crank.node, b: says }), checkpointer);
    const stream = ours.stream("s");
    const events: RunEvent[] = [];
    const reading = (async () => {
      for await (const event of stream) events.push(event);
    })();
    const failed = failureOf(stream.result);
    const call = await crank.started();
    call.heedSignal();
    while ((await checkpointer.load("s"))?.records.length !== 1) await new Promise((resolve) => setImmediate(resolve));
    const before = await checkpointer.load("s");
    const fence = await takeOver(checkpointer);
    expect(call.ctx.signal.aborted).toBe(false);
    await clock.advance(TTL_MS / 2);
    expect(call.ctx.signal.aborted).toBe(true);
    expect(call.ctx.signal.reason).toBeInstanceOf(CheckpointConflictError);
    const error = await failed;
    expect(error).toMatchObject({ code: "CHECKPOINT_CONFLICT", sessionId: "s", at: { step: 1 } });
    await reading;
    expect(events.at(-1)).toMatchObject({ type: "run.failed", error: { code: "CHECKPOINT_CONFLICT" } });
    expect(await checkpointer.load("s")).toEqual(before);
    expect(await failureOf(theirs.runStep("s"))).toMatchObject({ code: "SESSION_BUSY", owner: "another place/7/x" });
    await checkpointer.release({ sessionId: "s", fence });
    const again = theirs.runUntilComplete("s");
    (await crank.started()).finish({ log: "a" });
    expect(await again).toMatchObject({ outcome: "completed", state: { log: ["a", "b"] } });
  });

  test("C4: the loss is found between supersteps too, and by a node that does not listen", async () => {
    const crank = new HandCrank();
    for (const interruptBefore of [[], ["b"]] as const) {
      const checkpointer = open();
      const { clock, ours } = twoRunners(chain({ a: crank.node, b: says, c: says }), checkpointer);
      const failed = failureOf(ours.invoke("s", {}, { interruptBefore }));
      const call = await crank.started();
      await takeOver(checkpointer);
      await clock.advance(TTL_MS);
      call.finish({ log: "a" });
      expect(await failed).toMatchObject({ code: "CHECKPOINT_CONFLICT" });
      expect(await ours.session("s")).toMatchObject({ step: 0, state: { log: [] }, status: { kind: "ready" } });
    }
  });

  test("C4: the loss is found after a hook that took its time", async () => {
    const crank = new HandCrank();
    const checkpointer = open();
    const { clock, ours } = twoRunners(chain({ a: says, b: says }), checkpointer);
    let hears = (): void => undefined;
    const heard = new Promise<void>((resolve) => {
      hears = resolve;
    });
    ours.addHooks({
      async afterStep() {
        await takeOver(checkpointer);
        hears();
        await crank.node(undefined, {} as never);
      },
    });
    const failed = failureOf(ours.invoke("s"));
    await heard;
    await clock.advance(TTL_MS);
    (await crank.started()).finish();
    expect(await failed).toMatchObject({ code: "CHECKPOINT_CONFLICT" });
    expect(await ours.session("s")).toMatchObject({ step: 1 });
  });

  test("C4: the loss ends the wait for a route, of a superstep, of an input and of an update", async () => {
    let asked = (): void => undefined;
    const graph = new StateGraph(channels).addNode("a", says).addNode("b", says).addEdge("b", END);
    const route = (state: { readonly count: number }) => {
      if (state.count === 0) return "a" as const;
      asked();
      return new Promise<"b">(() => undefined);
    };
    graph.addConditionalEdges(START, route).addConditionalEdges("a", ({ log }) => route({ count: log.length }));
    const app = graph.compile();
    const checkpointer = open();
    const { clock, ours } = twoRunners(app, checkpointer);
    await ours.createSession("s");
    for (const call of [
      () => ours.runUntilComplete("s"),
      () => ours.updateState("s", { log: "x" }, { asNode: "a" }),
      () => ours.invoke("s", { count: 1 }, { restart: true }),
      () => ours.createSession("s", { count: 1 }, { ifExists: "replace" }),
    ]) {
      const isAsked = new Promise<void>((resolve) => {
        asked = resolve;
      });
      const failed = failureOf(call);
      await isAsked;
      const fence = await takeOver(checkpointer);
      await clock.advance(TTL_MS);
      expect(await failed).toMatchObject({ code: "CHECKPOINT_CONFLICT" });
      await checkpointer.release({ sessionId: "s", fence });
      expect(await ours.session("s")).toMatchObject({
        step: 0,
        state: { log: [], count: 0 },
        status: { kind: "ready" },
      });
    }
  });

  test("durability exit: what is held back is not written over the winner's work", async () => {
    const crank = new HandCrank();
    const checkpointer = open();
    const { clock, ours } = twoRunners(chain({ a: says, b: crank.node, c: says }), checkpointer, {
      durability: "exit",
    });
    await ours.createSession("s");
    const failed = failureOf(ours.runUntilComplete("s"));
    (await crank.started()).heedSignal();
    await takeOver(checkpointer);
    await clock.advance(TTL_MS);
    expect(await failed).toMatchObject({ code: "CHECKPOINT_CONFLICT" });
    expect(await ours.session("s")).toMatchObject({ step: 0, state: { log: [] } });
  });

  test("C4: who has lost a lease does not give back the winner's", async () => {
    const crank = new HandCrank();
    const checkpointer = open();
    const { ours, theirs } = twoRunners(chain({ a: crank.node }), checkpointer);
    const failed = failureOf(ours.invoke("s"));
    const call = await crank.started();
    const fence = await takeOver(checkpointer);
    call.finish();
    expect(await failed).toMatchObject({ code: "CHECKPOINT_CONFLICT", takenBy: "another place/7/x" });
    expect(await failureOf(theirs.runStep("s"))).toMatchObject({ code: "SESSION_BUSY" });
    expect(await checkpointer.renew([{ sessionId: "s", fence }], 1)).toEqual([]);
  });
});

test("C4: a renewal that is never answered does not keep the next one", async () => {
  const crank = new HandCrank();
  let renewals = 0;
  const checkpointer = intercept(new MemoryCheckpointer(), ({ method, proceed }) =>
    method === "renew" && ++renewals <= 2 ? new Promise(() => undefined) : proceed(),
  );
  const { clock, ours, theirs } = twoRunners(chain({ a: crank.node }), checkpointer);
  const running = ours.invoke("s");
  const call = await crank.started();
  for (let second = 0; second < 10; second++) {
    await clock.advance(1_000);
    expect(await failureOf(theirs.runStep("s"))).toMatchObject({ code: "SESSION_BUSY" });
  }
  call.finish();
  expect(await running).toMatchObject({ outcome: "completed" });
});

test("C4: a renewal that is answered late, with a lease that is long given back, does not stop the next run", async () => {
  const crank = new HandCrank();
  const answers: (() => void)[] = [];
  const checkpointer = intercept(new MemoryCheckpointer(), ({ method, proceed }) =>
    method === "renew" ? new Promise((resolve) => answers.push(() => resolve(proceed()))) : proceed(),
  );
  const { clock, ours } = twoRunners(chain({ a: crank.node }), checkpointer);
  const first = ours.invoke("s");
  const call = await crank.started();
  await clock.advance(TTL_MS / 2);
  call.finish();
  await first;
  const second = ours.invoke("s", {});
  const again = await crank.started();
  for (const answer of answers) answer();
  await new Promise((resolve) => setImmediate(resolve));
  expect(again.ctx.signal.aborted).toBe(false);
  again.finish();
  expect(await second).toMatchObject({ outcome: "completed", step: 2 });
});

test("the heartbeat ends when nothing is held, and begins again with the next lease", async () => {
  const crank = new HandCrank();
  const { checkpointer, count } = watched(new MemoryCheckpointer());
  const { clock, ours } = twoRunners(chain({ a: crank.node }), checkpointer);
  for (let round = 1; round <= 3; round++) {
    const running = ours.invoke("s", {});
    const call = await crank.started();
    expect(clock.sleeping).toBe(1);
    await clock.advance(TTL_MS);
    expect(count("renew")).toBe(round * 4);
    call.finish();
    await running;
    await clock.advance(TTL_MS);
    expect(clock.sleeping).toBe(0);
    await clock.advance(60_000);
    expect(count("renew")).toBe(round * 4);
  }
});

test("two thousand runs leave nothing behind but their sessions: no sleeper, no lease, no renewal", async () => {
  const { checkpointer, count } = watched(new MemoryCheckpointer());
  const { clock, ours } = twoRunners(chain({ a: says }), checkpointer);
  for (let run = 0; run < 2_000; run++) await ours.invoke(`s${run % 50}`, {});
  expect(clock.sleeping).toBe(1);
  await clock.advance(TTL_MS);
  expect(clock.sleeping).toBe(0);
  expect({ acquired: count("acquire"), released: count("release"), renewed: count("renew") }).toEqual({
    acquired: 2_000,
    released: 2_000,
    renewed: 0,
  });
});

test("a run keeps the process alive no longer than its nodes do", () => {
  const program = `
    import { AppRunner, END, START, StateGraph } from "./src/index.ts";
    const graph = new StateGraph({}).addNode("a", () => process.argv.at(-1) === "never" ? new Promise(() => {}) : undefined);
    const runner = new AppRunner(graph.addEdge(START, "a").addEdge("a", END).compile(), { lease: { ttlMs: 1_000_000 } });
    const running = runner.invoke("s").then(({ outcome }) => console.log(outcome));
    process.on("exit", () => console.log("gone"));`;
  for (const [manner, output] of [
    ["quick", "completed\ngone\n"],
    ["never", "gone\n"],
  ] as const) {
    const parameters = ["--import", "tsx", "--input-type=module", "--eval", program, manner];
    const { stdout, status } = spawnSync(process.execPath, parameters, { encoding: "utf8", timeout: 20_000 });
    expect({ stdout, status }).toEqual({ stdout: output, status: 0 });
  }
});

/** A clock whose every sleep is over at once; it counts them. */
class HastyClock {
  slept = 0;
  now = (): number => Date.now();
  async sleep(): Promise<void> {
    this.slept++;
  }
}

test("leases are not on the clock that nodes see: one whose sleep is over at once makes nothing spin", async () => {
  const clock = new HastyClock();
  const crank = new HandCrank();
  const running = new AppRunner(chain({ a: crank.node }), { clock }).invoke("s");
  const call = await crank.started();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(clock.slept).toBe(0);
  call.finish();
  await running;
});

test("leases on a clock whose sleep is over at once leave others their turn, and end", async () => {
  const clock = new HastyClock();
  const slow: TestNode = async () => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    return { count: 1 };
  };
  expect(await new AppRunner(chain({ slow }), { lease: { clock } }).invoke("s")).toMatchObject({ state: { count: 1 } });
  await new Promise((resolve) => setImmediate(resolve));
  const { slept } = clock;
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(clock.slept).toBe(slept);
});

test("leases on a clock that fails end by themselves, and nobody hears of it", async () => {
  for (const sleep of [
    () => Promise.reject(new TypeError("stopped")),
    () => {
      throw new TypeError("stopped");
    },
  ]) {
    const runner = new AppRunner(chain({ a: says }), { lease: { clock: { now: () => Date.now(), sleep } } });
    for (let run = 0; run < 3; run++) expect(await runner.invoke("s", {})).toMatchObject({ outcome: "completed" });
  }
});

test("lease options that mean nothing are refused", () => {
  const refused: readonly (readonly [unknown, string])[] = [
    ...[-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, "5000", null].map(
      (ttlMs) => [{ ttlMs }, "lease.ttlMs"] as const,
    ),
    ...[{}, { now: () => 1 }, { sleep: () => Promise.resolve() }].map((clock) => [{ clock }, "lease.clock"] as const),
  ];
  for (const [lease, option] of refused) {
    expect(() => new AppRunner(chain({ a: says }), { lease: lease as LeaseOptions })).toThrow(`option "${option}"`);
  }
});
