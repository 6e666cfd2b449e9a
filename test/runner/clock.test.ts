import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { systemClock } from "../../src/runner/clock.js";
import { TestClock } from "../../src/testing.js";
import { failureOf } from "./graphs.js";

test("the system's clock: a sleep longer than Node's longest timer does not end at once", async () => {
  const controller = new AbortController();
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on("warning", note);
  for (const ms of [2 ** 31, Number.POSITIVE_INFINITY]) {
    let isAwake = false;
    const sleep = systemClock.sleep(ms, controller.signal);
    sleep.then(
      () => {
        isAwake = true;
      },
      () => undefined,
    );
    await systemClock.sleep(5);
    expect(isAwake).toBe(false);
  }
  controller.abort("enough");
  process.off("warning", note);
  expect(warnings).toEqual([]);
});

test("the system's clock: an aborted sleep rejects with the reason, and leaves no listener", async () => {
  const controller = new AbortController();
  const sleep = systemClock.sleep(60_000, controller.signal);
  controller.abort("enough");
  expect(await failureOf(sleep)).toBe("enough");
  expect(await failureOf(systemClock.sleep(60_000, controller.signal))).toBe("enough");
  const { signal } = new AbortController();
  await systemClock.sleep(0, signal);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("P37: a TestClock stands still until it is told to move, and wakes sleepers in order of their time", async () => {
  const clock = new TestClock(100);
  const woken: string[] = [];
  const sleeper = (name: string, ms: number) =>
    clock.sleep(ms).then(() => void woken.push(`${name} at ${clock.now()}`));
  void sleeper("late", 30);
  void sleeper("early", 10).then(() => sleeper("chained", 10));
  await clock.advance(9);
  expect({ woken, now: clock.now(), sleeping: clock.sleeping }).toEqual({ woken: [], now: 109, sleeping: 2 });
  await clock.advance(11);
  expect(woken).toEqual(["early at 110", "chained at 120"]);
  await clock.advance(1_000);
  expect(woken).toEqual(["early at 110", "chained at 120", "late at 130"]);
  expect(clock.now()).toBe(1_120);
});

test("P37: a TestClock's sleep ends with its signal", async () => {
  const clock = new TestClock();
  const controller = new AbortController();
  const sleep = clock.sleep(10, controller.signal);
  controller.abort("enough");
  expect(await failureOf(sleep)).toBe("enough");
  expect(await failureOf(clock.sleep(10, controller.signal))).toBe("enough");
  expect(clock.sleeping).toBe(0);
  const { signal } = new AbortController();
  const slept = clock.sleep(10, signal);
  await clock.advance(10);
  await slept;
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
