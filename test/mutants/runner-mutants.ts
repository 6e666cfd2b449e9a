/** Mistakes in what is saved when, and told when. */
import type { Mutant } from "./mutant.js";

export const RUNNER_MUTANTS: readonly Mutant[] = [
  {
    breaks: "C2: a superstep is reported before it is committed",
    file: "src/runner/superstep.ts",
    find: "return after(commit(run, checkpoint), () => conclude",
    replace:
      "void Promise.resolve(commit(run, checkpoint)).then(undefined, () => undefined);\n    return after(undefined, () => conclude",
    killers: ["test/runner/commit.test.ts"],
  },
  {
    breaks: "S6: results of finished siblings are not kept",
    file: "src/runner/keeper.ts",
    find: 'if (one.kind !== "finished" || one.kept || this.#isHeldBack) return;',
    replace: "if (one !== undefined) return;",
    killers: ["test/runner/commit.test.ts", "test/runner/durability.test.ts"],
  },
  {
    breaks: "S6: what finished before its siblings began to wait is not kept",
    file: "src/superstep/schedule.ts",
    find: "for (const settled of this.#settled) if (settled !== undefined) onSettled?.(settled);",
    replace: "",
    killers: ["test/properties/keeping.test.ts"],
  },
  {
    breaks: "C1: what finishes with its superstep is written beside the head as well",
    file: "src/runner/keeper.ts",
    find: "    this.#turn ??= setImmediate(() => {\n      this.#turn = undefined;\n      this.#writing = this.#flush();\n    });",
    replace: "    this.#writing = this.#flush();",
    killers: ["test/properties/keeping.test.ts"],
  },
  {
    breaks: "C2: a task is reported as completed before its result is durable",
    file: "src/runner/keeper.ts",
    find: "      await annotate(this.#run, undefined, records);\n      for (const one of finished) this.#report(backlog, one);",
    replace:
      "      for (const one of finished) this.#report(backlog, one);\n      await annotate(this.#run, undefined, records);",
    killers: ["test/runner/commit.test.ts"],
  },
  {
    breaks: "C3: a result that could not be kept goes unnoticed",
    file: "src/runner/keeper.ts",
    find: "if (this.#failure !== undefined) throw this.#failure.error;",
    replace: "",
    killers: ["test/runner/commit.test.ts"],
  },
  {
    breaks: "an effect counts as done before its memo is durable",
    file: "src/runner/keeper.ts",
    find: "    return new Promise((resolve, reject) => {\n      waiting.push({ resolve, reject });\n      this.#schedule();\n    });",
    replace:
      "    waiting.push({ resolve: () => undefined, reject: () => undefined });\n    this.#schedule();\n    return Promise.resolve();",
    killers: ["test/runner/commit.test.ts", "test/runner/durability.test.ts", "test/runner/pausing.test.ts"],
  },
  {
    breaks: "P3: interrupt ids are issued twice",
    file: "src/runner/superstep.ts",
    find: "await annotate(run, pausedNote(run, { ...note, issued }, reason), [...keeper.unwritten(settled), ...questions]);",
    replace: "await annotate(run, pausedNote(run, note, reason), [...keeper.unwritten(settled), ...questions]);",
    killers: ["test/runner/pausing.test.ts"],
  },
  {
    breaks: "P3: what siblings finished is lost when a node asks",
    file: "src/runner/superstep.ts",
    find: "[...keeper.unwritten(settled), ...questions]",
    replace: "[...questions]",
    killers: ["test/runner/pausing.test.ts"],
  },
  {
    breaks: "P3: answers are not durable before the answered tasks run",
    file: "src/runner/calls.ts",
    find: "await storeAnswers(run, answered);",
    replace: "void storeAnswers(run, answered).catch(() => undefined);",
    killers: ["test/runner/pausing.test.ts", "test/runner/commit.test.ts"],
  },
  {
    breaks: "P2: a gate stops the same boundary twice",
    file: "src/runner/gates.ts",
    find: "const passed = gate === undefined ? note.passed : [...note.passed, gate];",
    replace: "const passed = note.passed;",
    killers: ["test/runner/pausing.test.ts"],
  },
  {
    breaks: "S6: a failed superstep forgets what was finished",
    file: "src/runner/failure.ts",
    find: "await annotate(run, note, [...keeper.unwritten(settled), ...afresh]);",
    replace: "await annotate(run, note, [...afresh]);",
    killers: ["test/runner/failure.test.ts"],
  },
  {
    breaks: "C4: a run that lost the race records its failure over the winner's session",
    file: "src/runner/failure.ts",
    find: "if (error instanceof CheckpointConflictError) return error;",
    replace: "if (error instanceof CheckpointConflictError) return undefined;",
    killers: ["test/runner/commit.test.ts"],
  },
  {
    breaks: "C3: a store that throws is not a CheckpointError",
    file: "src/runner/store.ts",
    find: "return SuperstepError.is(error) ? error : new CheckpointError(operation, error);",
    replace: 'return operation === "" ? new CheckpointError(operation, error) : error;',
    killers: ["test/runner/commit.test.ts"],
  },
  {
    breaks: "C4: a checkpoint that was never committed is taken for the session's head",
    file: "src/runner/store.ts",
    find: "if (!isThenable(saving)) return this.#committed(checkpoint, saving);",
    replace: "this.#committed(checkpoint, 0);\n    if (!isThenable(saving)) return saving;",
    killers: ["test/runner/commit.test.ts"],
  },
  {
    breaks: "C4: a session is driven without a lease",
    file: "src/runner/leases.ts",
    find: 'if (answer.kind === "granted") return answer.lease;',
    replace:
      'if (answer.kind === "granted" || evict === undefined) return { sessionId, fence: answer.kind === "held" ? answer.holder.fence : answer.lease.fence };',
    killers: ["test/runner/leases.test.ts", "test/runner/pausing.test.ts"],
  },
  {
    breaks: "C4: an owner whose process lives is taken for dead",
    file: "src/runner/owner.ts",
    find: "if (host !== place || !/^[1-9]\\d*$/.test(pid)) return false;",
    replace: "if (host === place && pid !== undefined) return true;",
    killers: ["test/runner/leases.test.ts", "test/runner/pausing.test.ts"],
  },
  {
    breaks: "C4: writes do not name the lease they stand under",
    file: "src/runner/saving.ts",
    find: "{ fence, whole }",
    replace: "{ whole }",
    killers: ["test/runner/leases.test.ts", "test/runner/commit.test.ts"],
  },
  {
    breaks: "C4: a lease is not given back after a failure",
    file: "src/runner/active-runs.ts",
    find: "      return await work(lease.fence);\n    } finally {\n      await this.#leases.giveBack(lease);\n    }",
    replace:
      "      const result = await work(lease.fence);\n      await this.#leases.giveBack(lease);\n      return result;\n    } finally {\n    }",
    killers: ["test/runner/leases.test.ts"],
  },
  {
    breaks: "T4: state of a changed graph is stored as deltas that do not fit it",
    file: "src/runner/saving.ts",
    find: "const { engine, fence, isRebased: whole } = run;",
    replace: "const { engine, fence } = run;\n  const whole = false;",
    killers: ["test/runner/migrate.test.ts"],
  },
  {
    breaks: "exit durability: what was held back is not saved before a pause",
    file: "src/runner/saving.ts",
    find: "if (run.unsaved !== undefined) await write(run, run.unsaved);",
    replace: "",
    killers: ["test/runner/durability.test.ts"],
  },
];
