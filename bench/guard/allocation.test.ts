/** Bytes that a superstep allocates in memory, sampled over many: garbage is what a collector has to clear away. */
import { Session } from "node:inspector/promises";
import { expect, test } from "vitest";
import { AppRunner } from "../../src/index.js";
import { counts, loopOf, NO_LIMIT } from "./loop.js";

const ROUNDS = 1_000;
const INVOCATIONS = 20;
/** Half as much again as it was when this was written: 7.1 KB. */
const MOST = 10_700;

interface Allocations {
  readonly selfSize: number;
  readonly children: readonly Allocations[];
}

function weightOf({ selfSize, children }: Allocations): number {
  return children.reduce((sum, child) => sum + weightOf(child), selfSize);
}

/** All that is allocated while the work goes on, what was collected meanwhile too. */
async function allocatedBy(work: () => Promise<void>): Promise<number> {
  const session = new Session();
  session.connect();
  const sampling = {
    samplingInterval: 4_096,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  };
  await session.post("HeapProfiler.startSampling", sampling);
  await work();
  const { profile } = await session.post("HeapProfiler.stopSampling");
  session.disconnect();
  return weightOf(profile.head);
}

test("a superstep in memory allocates no more than half as much again as it did", async () => {
  const runner = new AppRunner(loopOf(ROUNDS, counts));
  let session = 0;
  const invoke = async () => {
    for (let n = 0; n < INVOCATIONS; n++) {
      await runner.invoke(`s${session}`, {}, NO_LIMIT);
      await runner.deleteSession(`s${session++}`);
    }
  };
  await invoke();
  const each = (await allocatedBy(invoke)) / (INVOCATIONS * ROUNDS);
  expect(each).toBeGreaterThan(0);
  expect(each).toBeLessThan(MOST);
});
