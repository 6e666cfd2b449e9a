import { describe, expect, test } from "vitest";
import {
  AppRunner,
  type Checkpointer,
  type NodeOptions,
  type RetryPolicy,
  type RunEvent,
  type TaskRecord,
} from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { abreast, chain, failureOf, listOf, says, type TestChannels, type TestNode } from "./graphs.js";
import { everyStore, NotingCheckpointer } from "./stores.js";
import { asleep, passing } from "./time.js";

const POLICY: RetryPolicy = { maxAttempts: 3, initialDelayMs: 1_000, backoff: 1, jitter: false };

/** A node that fails as often as it is told, and notes when each attempt was made. */
function flaky(clock: TestClock, failures: number, error: () => unknown = () => new TypeError("not yet")) {
  const attempts: (readonly [attempt: number, at: number])[] = [];
  const node: TestNode = (_, ctx) => {
    attempts.push([ctx.attempt, clock.now()]);
    if (attempts.length <= failures) throw error();
    return { log: `attempt ${ctx.attempt}` };
  };
  return { node, attempts };
}

function kept(store: NotingCheckpointer): readonly TaskRecord[] {
  return store.annotations.flatMap(({ records }) => records);
}

type Tried = ReturnType<typeof chain>;

/** A life that ends between two attempts, so long after it began to wait. */
async function livesFor(ms: number, app: Tried, clock: TestClock, checkpointer: Checkpointer): Promise<void> {
  const dying = new AbortController();
  const died = failureOf(new AppRunner(app, { checkpointer, clock }).invoke("s", undefined, { signal: dying.signal }));
  await asleep(clock);
  await clock.advance(ms);
  await asleep(clock);
  dying.abort();
  await died;
}

describe.each(everyStore)("on %s:", (_name, open) => {
  test("C5: a new process goes on with the next attempt, and waits only for the rest of the delay", async () => {
    const checkpointer = open();
    const clock = new TestClock(50_000);
    const { node, attempts } = flaky(clock, 2);
    const app = chain({ node: [node, { retry: POLICY }] });
    await livesFor(400, app, clock, checkpointer);
    const going = new AppRunner(app, { checkpointer, clock }).runUntilComplete("s");
    await asleep(clock);
    await clock.advance(599);
    expect(attempts).toEqual([[1, 50_000]]);
    await clock.advance(1);
    await asleep(clock);
    expect(attempts[1]).toEqual([2, 51_000]);
    await clock.advance(1_000);
    expect(await going).toMatchObject({ state: { log: ["attempt 3"] }, summary: { tasks: 1, retries: 2 } });
    expect(attempts[2]).toEqual([3, 52_000]);
  });

  test("C5: over all processes a node fails no more often than its policy allows; who asks again begins afresh", async () => {
    const checkpointer = open();
    const clock = new TestClock();
    const { node, attempts } = flaky(clock, 100);
    const app = chain({ node: [node, { retry: POLICY }] });
    for (const ms of [1, 1_000]) await livesFor(ms, app, clock, checkpointer);
    const last = failureOf(new AppRunner(app, { checkpointer, clock }).runUntilComplete("s"));
    expect(await passing(clock, last)).toMatchObject({ code: "NODE_FAILED", failures: [{ attempt: 3 }] });
    expect(attempts.map(([attempt]) => attempt)).toEqual([1, 2, 3]);
    const again = failureOf(new AppRunner(app, { checkpointer, clock }).runUntilComplete("s"));
    expect(await passing(clock, again)).toMatchObject({ failures: [{ attempt: 3 }] });
    expect(attempts.map(([attempt]) => attempt)).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test("a budget that was spent while nobody ran ends the retries: the failure says so, and onError is asked", async () => {
    const checkpointer = open();
    const clock = new TestClock();
    const { node, attempts } = flaky(clock, 100);
    const seen: unknown[] = [];
    const appWith = (options: NodeOptions<TestChannels>) =>
      chain({ node: [node, { retry: { ...POLICY, budgetMs: 5_000 }, ...options }] });
    const runnerWith = (options: NodeOptions<TestChannels>) => new AppRunner(appWith(options), { checkpointer, clock });
    await livesFor(1, appWith({}), clock, checkpointer);
    await clock.advance(9_000);
    expect(await failureOf(runnerWith({}).runUntilComplete("s"))).toMatchObject({
      code: "NODE_FAILED",
      cause: { code: "RETRIES_SPENT", node: "node", attempts: 1, cause: { name: "TypeError", message: "not yet" } },
      failures: [{ attempt: 1 }],
    });
    expect(attempts).toHaveLength(1);
    await livesFor(1, appWith({}), clock, checkpointer);
    expect(attempts.map(([attempt]) => attempt)).toEqual([1, 1]);
    await clock.advance(9_000);
    const onError = (error: unknown) => {
      seen.push(error);
      return { log: "mended" };
    };
    expect(await runnerWith({ onError }).runUntilComplete("s")).toMatchObject({ state: { log: ["mended"] } });
    expect(seen).toMatchObject([{ code: "RETRIES_SPENT" }]);
  });
});

test("a budget lets no attempt begin after it, however many are left", async () => {
  const clock = new TestClock();
  const { node, attempts } = flaky(clock, 100);
  const retry = { ...POLICY, maxAttempts: Number.POSITIVE_INFINITY, budgetMs: 3_000 };
  const failed = failureOf(new AppRunner(chain({ node: [node, { retry }] }), { clock }).invoke("s"));
  await clock.advance(60_000);
  expect(await failed).toMatchObject({ failures: [{ attempt: 4, error: { message: "not yet" } }] });
  expect(attempts.map(([, at]) => at)).toEqual([0, 1_000, 2_000, 3_000]);
});

test("a wait that would outlast the budget is not begun", async () => {
  const clock = new TestClock();
  const { node, attempts } = flaky(clock, 100, () =>
    Object.assign(new TypeError("slow down"), { retryAfterMs: 4_000 }),
  );
  const retry = { ...POLICY, budgetMs: 3_000 };
  expect(await failureOf(new AppRunner(chain({ node: [node, { retry }] }), { clock }).invoke("s"))).toMatchObject({
    failures: [{ attempt: 1 }],
  });
  expect([attempts.length, clock.now()]).toEqual([1, 0]);
});

class Throttled extends Error {
  get retryAfterMs(): number {
    return 7_000;
  }
}
const bomb = Object.defineProperty(new TypeError("bomb"), "retryAfterMs", {
  get() {
    throw new RangeError("in the getter");
  },
});
const revoked = Proxy.revocable({}, {});
revoked.revoke();

test.each([
  ["its own", Object.assign(new TypeError("wait"), { retryAfterMs: 90_000 }), 90_000],
  ["inherited", new Throttled("wait"), 7_000],
  ["of what is no error", { retryAfterMs: 2_000 }, 2_000],
  ["shorter than the delay", { retryAfterMs: 1 }, 1_000],
  ["negative", { retryAfterMs: -5 }, 1_000],
  ["no number", { retryAfterMs: "60000" }, 1_000],
  ["not finite", { retryAfterMs: Number.POSITIVE_INFINITY }, 1_000],
  ["not a number at all", { retryAfterMs: Number.NaN }, 1_000],
  ["a getter that throws", bomb, 1_000],
  ["asked of a revoked proxy", revoked.proxy, 1_000],
  ["asked of undefined", undefined, 1_000],
  ["asked of text", "wait", 1_000],
])("retryAfterMs %s is waited for where it means something, whatever maxDelayMs says", async (_what, error, delay) => {
  const clock = new TestClock();
  const { node, attempts } = flaky(clock, 1, () => error);
  const retry = { ...POLICY, maxDelayMs: 1_500 };
  const running = new AppRunner(chain({ node: [node, { retry }] }), { clock }).invoke("s");
  await clock.advance(delay);
  await running;
  expect(attempts.map(([, at]) => at)).toEqual([0, delay]);
});

test("a failed attempt is durable before the next one, beside what finished in that turn; the commit takes it away", async () => {
  const clock = new TestClock();
  const store = new NotingCheckpointer();
  const { node } = flaky(clock, 1);
  const app = abreast({ says, node: [node, { retry: POLICY }] });
  const running = new AppRunner(app, { clock, checkpointer: store }).invoke("s");
  await clock.advance(999);
  const { records } = (await store.load("s")) ?? { records: [] };
  expect(records).toMatchObject([
    {
      kind: "attempt",
      attempt: 1,
      since: 0,
      at: 0,
      delayMs: 1_000,
      error: { name: "TypeError", code: "THROWN", message: "not yet" },
    },
    { kind: "result" },
  ]);
  expect(store.count("annotate")).toBe(1);
  await clock.advance(1);
  await running;
  expect((await store.load("s"))?.records).toEqual([]);
});

test("durability exit: no attempt is written", async () => {
  const clock = new TestClock();
  const store = new NotingCheckpointer();
  const { node } = flaky(clock, 2);
  const app = chain({ node: [node, { retry: POLICY }] });
  const running = new AppRunner(app, { clock, checkpointer: store, durability: "exit" }).invoke("s");
  await clock.advance(10_000);
  expect(await running).toMatchObject({ summary: { retries: 2 } });
  expect(kept(store)).toEqual([]);
});

test("C3: when a failed attempt cannot be kept, the node is not tried again, and the caller hears of it", async () => {
  const clock = new TestClock();
  const store = new NotingCheckpointer();
  let isDown = true;
  store.before = ({ method }) => {
    if (method === "annotate" && isDown) throw new TypeError("the store is down");
  };
  const { node, attempts } = flaky(clock, 1);
  const runner = new AppRunner(chain({ node: [node, { retry: POLICY }] }), { clock, checkpointer: store });
  expect(await failureOf(runner.invoke("s"))).toMatchObject({ code: "CHECKPOINT_FAILED" });
  expect(attempts).toHaveLength(1);
  isDown = false;
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed" });
});

test("an answered question begins the count and the budget afresh", async () => {
  const clock = new TestClock();
  const seen: number[] = [];
  const node: TestNode = (_, ctx) => {
    seen.push(ctx.attempt);
    if (seen.length === 1 || seen.length === 3) throw new TypeError("not yet");
    return { log: ctx.interrupt<string>("?") };
  };
  const runner = new AppRunner(chain({ node: [node, { retry: { ...POLICY, budgetMs: 2_000 } }] }), { clock });
  const asking = runner.invoke("s");
  await clock.advance(1_000);
  expect((await asking).outcome).toBe("paused");
  await clock.advance(1_000_000);
  const answering = runner.resume("s", "yes");
  await clock.advance(1_000);
  expect(await answering).toMatchObject({ state: { log: ["yes"] }, summary: { retries: 1 } });
  expect(seen).toEqual([1, 2, 1, 2]);
});

test("attempts count on in events: what a new process begins with is told by its number", async () => {
  const clock = new TestClock();
  const { node } = flaky(clock, 2);
  const app = chain({ node: [node, { retry: POLICY }] });
  const runner = new AppRunner(app, { clock });
  const dying = new AbortController();
  const died = failureOf(runner.invoke("s", {}, { signal: dying.signal }));
  await clock.advance(1);
  dying.abort();
  await died;
  const heard = listOf(runner.stream("s"));
  await clock.advance(10_000);
  const told = (await heard).flatMap((event: RunEvent) =>
    "attempt" in event ? [`${event.type} ${event.attempt}`] : [],
  );
  expect(told).toEqual(["node.started 2", "node.retrying 2", "node.started 3", "node.completed 3"]);
});

test("a clock that was set back makes nobody wait longer than the delay", async () => {
  const clock = new TestClock(1_000_000);
  const { node, attempts } = flaky(clock, 1);
  const app = chain({ node: [node, { retry: POLICY }] });
  const store = new NotingCheckpointer();
  const dying = new AbortController();
  const died = failureOf(new AppRunner(app, { clock, checkpointer: store }).invoke("s", {}, { signal: dying.signal }));
  await clock.advance(1);
  dying.abort();
  await died;
  const other = new TestClock(0);
  const going = new AppRunner(app, { clock: other, checkpointer: store }).runUntilComplete("s");
  await other.advance(1_000);
  await going;
  expect(attempts.map(([attempt]) => attempt)).toEqual([1, 2]);
});

test("a policy that allows fewer attempts than were made allows no other", async () => {
  const clock = new TestClock();
  const store = new NotingCheckpointer();
  const { node, attempts } = flaky(clock, 5);
  const dying = new AbortController();
  const runnerOf = (retry: RetryPolicy) =>
    new AppRunner(chain({ node: [node, { retry }] }), { clock, checkpointer: store });
  const died = failureOf(runnerOf(POLICY).invoke("s", {}, { signal: dying.signal }));
  await clock.advance(1_000);
  dying.abort();
  await died;
  const spent = failureOf(runnerOf({ ...POLICY, maxAttempts: 2 }).runUntilComplete("s"));
  await clock.advance(1_000);
  expect(await spent).toMatchObject({ cause: { code: "RETRIES_SPENT", attempts: 2 } });
  expect(attempts).toHaveLength(2);
});
