/** Many seeds, each a world in which everything goes wrong that may go wrong. */
import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { type Outcome, simulate } from "./simulation.js";

/** Gates are thorough and always the same; at a desk there are other seeds every time. SIMULATION_SEEDS and SIMULATION_SEED say otherwise. */
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? (process.env.CI === undefined ? 300 : 2_000));
const FIRST_SEED = process.env.CI === undefined ? randomInt(2 ** 30) : 1;
const ONLY_SEED = process.env.SIMULATION_SEED;

function seeds(): readonly number[] {
  if (ONLY_SEED !== undefined) return [Number(ONLY_SEED)];
  return Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index);
}

function report(seed: number, { broken, trace }: Outcome): string {
  const command = `SIMULATION_SEED=${seed} npx vitest run test/simulation`;
  return [`seed ${seed}: ${broken.join("; ")}`, `again: ${command}`, ...trace.slice(-40)].join("\n");
}

test("whatever goes wrong, no session is torn, and all of them come to their end", { timeout: 600_000 }, async () => {
  let supersteps = 0;
  for (const seed of seeds()) {
    const outcome = await simulate(seed);
    supersteps += outcome.supersteps;
    expect(outcome.broken.length === 0 ? "" : report(seed, outcome)).toBe("");
  }
  if (ONLY_SEED === undefined) expect(supersteps / SEEDS).toBeGreaterThan(10);
});

test("the same seed is the same run", { timeout: 60_000 }, async () => {
  for (const seed of seeds().slice(0, 20)) {
    const [first, second] = [await simulate(seed), await simulate(seed)];
    expect(second.trace).toEqual(first.trace);
    expect(first.trace.length).toBeGreaterThan(100);
  }
});
