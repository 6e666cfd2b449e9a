import { afterEach, expect, test } from "vitest";
import { type CrashPoint, crashPoint, visitCrashPoints } from "../../src/crash-point.js";
import { AppRunner } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { CRASH_POINTS } from "../../src/testing.js";
import { looping } from "../runner/graphs.js";

afterEach(() => visitCrashPoints(undefined));

test("the points are sorted, and named by area and moment", () => {
  expect([...CRASH_POINTS]).toEqual([...CRASH_POINTS].sort());
  expect(new Set(CRASH_POINTS).size).toBe(CRASH_POINTS.length);
  for (const point of CRASH_POINTS) expect(point).toMatch(/^[a-z]+\.[a-z]+(-[a-z]+)*$/);
});

test("a superstep on SQLite comes by its points in order: one statement is a transaction without a middle", async () => {
  const store = new SqliteCheckpointer(":memory:");
  const runner = new AppRunner(looping(2), { checkpointer: store });
  await runner.createSession("s");
  const points: CrashPoint[] = [];
  visitCrashPoints((point) => points.push(point));
  await runner.runStep("s");
  visitCrashPoints(undefined);
  await runner.runStep("s");
  await store.close();
  expect(points).toEqual([
    ...["sqlite.begun", "sqlite.full", "sqlite.committed", "lease.taken"],
    ...["step.started", "frontier.done"],
    ...["commit.before", "sqlite.begun", "sqlite.committed", "commit.after"],
    ...["lease.held", "sqlite.begun", "sqlite.full", "sqlite.committed", "lease.given-back"],
  ]);
});

test("without a visitor, a thousand points cost less than a superstep", () => {
  const pass = () => {
    const started = performance.now();
    for (let i = 0; i < 1_000; i++) crashPoint("step.started");
    return performance.now() - started;
  };
  const fastest = Math.min(...Array.from({ length: 20 }, pass));
  expect(fastest).toBeLessThan(0.1);
});
