/** Mistakes in what keeps artifacts as long as they can be reached, and holds them to their digests. */
import type { Mutant } from "./mutant.js";

const REACHABLE = ["test/properties/artifacts.test.ts"];

export const ARTIFACT_MUTANTS: readonly Mutant[] = [
  {
    breaks: "T6: pruning takes the artifacts of a state that were written before the oldest checkpoint that is shown",
    file: "src/sqlite/pruning/pruning.ts",
    find: "      mentionAllAt(statements, line, floor);\n",
    replace: "      if (floor < 0) mentionAllAt(statements, line, floor);\n",
    killers: REACHABLE,
  },
  {
    breaks: "T6: a value that is kept apart goes though a row is made of it",
    file: "src/sqlite/artifacts/artifacts.ts",
    find: 'mention(statements, "part", row, idOfPart(statements, part));',
    replace: "idOfPart(statements, part);",
    killers: ["test/sqlite/artifacts.test.ts"],
  },
  {
    breaks: "T6: a value that a waiting result keeps apart goes with the next prune",
    file: "src/sqlite/writing/kept-results.ts",
    find: 'mention(statements, "result", head, idOfPart(statements, part));',
    replace: "idOfPart(statements, part);",
    killers: ["test/sqlite/artifacts.test.ts"],
  },
  {
    breaks: "T6: what a running task has put is taken by somebody who prunes",
    file: "src/sqlite/connection/statements.ts",
    find: "AND holder = (SELECT id FROM log WHERE id BETWEEN key *",
    replace: "AND holder > (SELECT id FROM log WHERE id BETWEEN key *",
    killers: ["test/runner/artifacts.test.ts"],
  },
  {
    breaks: "a damaged artifact is given as it is",
    file: "src/session/artifact.ts",
    find: "if (digest !== ref.digest) throw",
    replace: "if (digest.length !== ref.digest.length) throw",
    killers: ["test/sqlite/artifacts.test.ts"],
  },
  {
    breaks: "a checkpoint refers to an artifact that is not in the store",
    file: "src/sqlite/artifacts/artifacts.ts",
    find: "    if (row === undefined) throw new ArtifactNotFoundError(digest);\n    return row.id;",
    replace: "    return row?.id ?? 0;",
    killers: ["test/testing/checkpointer-contract.test.ts"],
  },
  {
    breaks: "T6: a stream that takes the place of what is there lets go what that was kept for",
    file: "src/sqlite/artifacts/drafts.ts",
    find: "      statements.moveMentionsOf.run(draft.id, former.id);\n",
    replace: "",
    killers: ["test/testing/checkpointer-contract.test.ts"],
  },
  {
    breaks: "a piece is handed out that is not what was held to the digest",
    file: "src/runner/artifacts/reading.ts",
    find: "if (running.add(piece).digest !== digest) throw",
    replace: "if (running.add(piece).digest.length !== digest.length) throw",
    killers: ["test/runner/artifact-streams.test.ts"],
  },
  {
    breaks: "a stream is asked for more before the store has what it gave",
    file: "src/runner/artifacts/stream.ts",
    find: "if (former !== undefined) await this.#write(former);",
    replace: "if (former !== undefined) void this.#write(former);",
    killers: ["test/runner/artifact-streams.test.ts"],
  },
  {
    breaks: "T6: a fork cannot be pruned when what it was forked from is gone",
    file: "src/sqlite/pruning/hidden.ts",
    find: "segmentsOf(statements, line, line.session.floor)",
    replace: "segmentsOf(statements, line, 0)",
    killers: ["test/sqlite/artifacts.test.ts"],
  },
];
