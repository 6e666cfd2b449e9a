/** Mistakes in the store in memory and in what checkpoints are. */
import type { Mutant } from "./mutant.js";

const MEMORY = "src/session/memory-checkpointer.ts";
const LEASES = "src/session/lease-table.ts";
const CONTRACT = ["test/testing/checkpointer-contract.test.ts"];

export const SESSION_MUTANTS: readonly Mutant[] = [
  {
    breaks: "C4: the store in memory commits on any head",
    file: MEMORY,
    find: "if (kept !== undefined && head?.incarnation === at.incarnation && head.seq === seq) return kept;",
    replace: "if (kept !== undefined) return kept;",
    killers: CONTRACT,
  },
  {
    breaks: "C4: the store in memory takes another incarnation's commit",
    file: MEMORY,
    find: "head?.incarnation === at.incarnation && head.seq === seq",
    replace: "head?.seq === seq",
    killers: CONTRACT,
  },
  {
    breaks: "C4: a first commit overwrites the session that is there",
    file: MEMORY,
    find: "if (!replace && this.#sessions.has(sessionId))",
    replace: "if (!replace && sessionId === undefined)",
    killers: CONTRACT,
  },
  {
    breaks: "C4: the store in memory does not look at fencing numbers",
    file: MEMORY,
    find: "if (newer === undefined) return;",
    replace: "if (newer === undefined || fence !== undefined) return;",
    killers: CONTRACT,
  },
  {
    breaks: "C1: task records outlive the commit of their superstep",
    file: MEMORY,
    find: "if (!keepsRecords && kept.records.size > 0) kept.records = new Map();",
    replace: "",
    killers: CONTRACT,
  },
  {
    breaks: "T2: an update of the state forgets what is kept",
    file: MEMORY,
    find: "if (!keepsRecords && kept.records.size > 0)",
    replace: "if (kept.records.size > 0)",
    killers: CONTRACT,
  },
  {
    breaks: "S6: discarding kept results takes answers along",
    file: MEMORY,
    find: 'if (record.kind === "result") kept.records.delete(key);',
    replace: "kept.records.delete(key);",
    killers: CONTRACT,
  },
  {
    breaks: "T6: pruning takes the head",
    file: MEMORY,
    find: "kept.line.length - Math.max(1, keepLast ?? 1)",
    replace: "kept.line.length - Math.max(0, (keepLast ?? 1) - 1)",
    killers: CONTRACT,
  },
  {
    breaks: "T6: pruning one session prunes all",
    file: MEMORY,
    find: "if (sessionId !== undefined && id !== sessionId) continue;",
    replace: "",
    killers: CONTRACT,
  },
  {
    breaks: "an ephemeral value stays in history",
    file: MEMORY,
    find: "kept.line[kept.line.length - 1] = withoutEphemeral(headOf(kept));",
    replace: "",
    killers: CONTRACT,
  },
  {
    breaks: "C4: a lease that holds is given to another",
    file: LEASES,
    find: "former.until > at && former.fence !== evict",
    replace: "former.until < at && former.fence !== evict",
    killers: CONTRACT,
  },
  {
    breaks: "C4: a lease that was given back comes again under the same number",
    file: LEASES,
    find: "const fence = ++this.#lastFence;",
    replace: "const fence = former?.owner === undefined ? 1 : former.fence + 1 + 0 * this.#lastFence;",
    killers: CONTRACT,
  },
  {
    breaks: "C4: a lost lease is renewed all the same",
    file: LEASES,
    find: "if (entry?.owner === undefined || entry.fence !== fence) return true;",
    replace: "if (entry === undefined) return true;",
    killers: CONTRACT,
  },
  {
    breaks: "C4: giving a lost lease back frees the newer one",
    file: LEASES,
    find: "if (entry?.fence !== fence) return;",
    replace: "if (entry === undefined) return;",
    killers: CONTRACT,
  },
  {
    breaks: "P3: an id that was never issued counts as one",
    file: "src/session/checkpoint.ts",
    find: "return number >= 1 && number <= issued && String(number) === digits;",
    replace: "return number >= 1;",
    killers: ["test/runner/pausing.test.ts", "test/superstep/interrupts.test.ts"],
  },
  {
    breaks: "T4: a session whose next node is gone is accepted",
    file: "src/session/adopt.ts",
    find: "if (missingNodes.length + missingChannels.length > 0) {",
    replace: "if (missingChannels.length > 0) {",
    killers: ["test/runner/changed-graph.test.ts"],
  },
];
