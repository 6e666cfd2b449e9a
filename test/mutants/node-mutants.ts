/** Mistakes in what a node may be given: retries that survive a crash, outcomes that are known, effects that are named. */
import type { Mutant } from "./mutant.js";

export const NODE_MUTANTS: readonly Mutant[] = [
  {
    breaks: "C5: a new process begins the count of attempts afresh",
    file: "src/superstep/attempt.ts",
    find: "return attempts.former === undefined ? this.#try(1) : this.#goOn(attempts, attempts.former);",
    replace: "return this.#try(1);",
    killers: ["test/runner/retries.test.ts"],
  },
  {
    breaks: "C5: the next attempt begins before the failed one is durable",
    file: "src/superstep/attempt.ts",
    find: "await remember?.(failed);",
    replace: "void Promise.resolve(remember?.(failed)).catch(() => undefined);",
    killers: ["test/runner/retries.test.ts", "test/properties/retries.test.ts"],
  },
  {
    breaks: "whoever runs a failed superstep again has no attempts left",
    file: "src/runner/supersteps/failure.ts",
    find: 'record.kind === "attempt" && record.attempt > 0 ? [{ ...record, attempt: 0 }] : [],',
    replace: '(record.kind === "attempt" ? [] : []),',
    killers: ["test/runner/retries.test.ts"],
  },
  {
    breaks: "what rescued a failure is kept as an outcome",
    file: "src/superstep/attempt.ts",
    find: 'settled.kind !== "finished" || this.#isRescued)',
    replace: 'settled.kind !== "finished")',
    killers: ["test/runner/caching.test.ts"],
  },
  {
    breaks: "what took an answer is kept as an outcome for everybody",
    file: "src/superstep/attempt.ts",
    find: "(this.memory !== undefined && this.memory.interrupts.length > 0)",
    replace: "false",
    killers: ["test/runner/caching.test.ts"],
  },
  {
    breaks: "T1: a damaged outcome is taken for a good one",
    file: "src/sqlite/writing/outcomes.ts",
    find: "row.crc === checksum(key, row.expires_at, row.body)",
    replace: "row.crc !== undefined",
    killers: ["test/runner/caching.test.ts"],
  },
  {
    breaks: "an effect has another key for the outside world each time it is tried",
    file: "src/superstep/effects.ts",
    find: "const escaped = JSON.stringify(key).slice(1, -1);",
    replace: "const escaped = JSON.stringify(key).slice(1, -1) + Math.random();",
    killers: ["test/runner/once.test.ts"],
  },
  {
    breaks: "S7: a task whose clock fails between attempts is waited for for ever",
    file: "src/superstep/schedule.ts",
    find: "void ended.then(settle, (error: unknown) => settle(brokenOff(run, error)));",
    replace: "void ended.then(settle, () => undefined);",
    killers: ["test/adversarial/hostile-nodes.test.ts"],
  },
  {
    breaks: "the list of a map's items is cached as an outcome",
    file: "src/superstep/attempt.ts",
    find: "const isSpread = isMap && this.task.input === undefined;",
    replace: "const isSpread = isMap && this.task.id === undefined;",
    killers: ["test/runner/caching.test.ts"],
  },
];
