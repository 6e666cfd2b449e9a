import { describe, expect, test } from "vitest";
import { AppRunner, type OnceCall } from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { abreast, chain, failureOf, says, type TestNode } from "./graphs.js";
import { everyStore } from "./stores.js";
import { passing } from "./time.js";

describe.each(everyStore)("on %s:", (_name, open) => {
  test("once: concurrent effects of one task are all kept, whichever is done first, and none runs again", async () => {
    const checkpointer = open();
    const ran: string[] = [];
    let isMended = false;
    const node: TestNode = async (_, { once }) => {
      const values = await Promise.all(
        ["a", "b", "c", "d"].map((key, place) =>
          once(key, async () => {
            for (let turn = 4; turn > place; turn--) await Promise.resolve();
            ran.push(key);
            return key.toUpperCase();
          }),
        ),
      );
      if (!isMended) throw new TypeError("after the effects");
      return { log: values };
    };
    await failureOf(new AppRunner(chain({ node }), { checkpointer }).invoke("s"));
    isMended = true;
    const result = await new AppRunner(chain({ node }), { checkpointer }).runUntilComplete("s");
    expect([result.state.log, ran.sort()]).toEqual([
      ["A", "B", "C", "D"],
      ["a", "b", "c", "d"],
    ]);
  });

  test("once: the key for the outside world is the same in every attempt and every process", async () => {
    const checkpointer = open();
    const keys: string[] = [];
    const clock = new TestClock();
    const node: TestNode = async (_, ctx) => {
      await ctx.once("charge", ({ idempotencyKey }: OnceCall) => {
        keys.push(idempotencyKey);
        if (keys.length < 5) throw new TypeError("the line went dead");
      });
      return {};
    };
    const app = chain({ node: [node, { retry: { maxAttempts: 2 } }] });
    for (let tries = 0; tries < 2; tries++) {
      await passing(clock, failureOf(new AppRunner(app, { checkpointer, clock }).invoke("s")));
    }
    await new AppRunner(app, { checkpointer, clock }).runUntilComplete("s");
    expect(keys).toHaveLength(5);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-z]+-1\.0\.charge$/);
  });
});

test("once: no two effects have the same key: not of two keys, tasks, supersteps, invocations, forks or sessions", async () => {
  const keys: string[] = [];
  const node: TestNode = async (_, ctx) => {
    for (const key of ["k", "K", "%6B", "k.0", "é", "e\u0301", "\ud800", "\\ud800", '"', "\n"])
      await ctx.once(key, ({ idempotencyKey }) => void keys.push(idempotencyKey));
    return {};
  };
  const runner = new AppRunner(abreast({ a: node, b: node, c: says }), { random: () => 0.5 });
  await runner.invoke("one", {});
  await runner.fork("one", { step: 0, as: "fork" });
  await runner.runUntilComplete("fork");
  await runner.invoke("one", {});
  await runner.invoke("two", {});
  expect(keys).toHaveLength(80);
  expect(new Set(keys).size).toBe(80);
  expect(keys.filter((key) => !/^[\x21-\x7e]+$/.test(key))).toEqual([]);
});

test.each([[undefined], [1], [""], [null]])("once: %s is no key", async (key) => {
  const node: TestNode = async (_, ctx) => ({ value: await ctx.once(key as string, () => 1) });
  expect(await failureOf(new AppRunner(chain({ node })).invoke("s"))).toMatchObject({
    cause: { code: "INVALID_OPTION", option: "key" },
  });
});

test("once: what is no effect is a typed error that names it", async () => {
  const node: TestNode = async (_, ctx) => ({ value: await ctx.once("k", 5 as unknown as () => number) });
  expect(await failureOf(new AppRunner(chain({ node })).invoke("s"))).toMatchObject({
    cause: { code: "INVALID_OPTION", option: "effect" },
  });
});
