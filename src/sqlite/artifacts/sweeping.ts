/** Takes artifacts away that nothing mentions any more. A join over mentions, however large the state is. */
import { CheckpointCorruptError } from "../../errors.js";
import type { OpenFile } from "../connection/connection.js";
import type { Statements } from "../connection/statements.js";
import { dropArtifact } from "./artifacts.js";
import { dropMentions, hasArtifacts } from "./mentions.js";

/** What is gone. */
export interface Swept {
  readonly digests: readonly string[];
  readonly bytes: number;
}
interface LooseRow {
  readonly id: number;
  readonly digest: string;
  readonly size: number;
}

const NOTHING_SWEPT: Swept = { digests: [], bytes: 0 };

/** All that nothing mentions. `at`: what callers held until then, or not so long, goes too. Throws CheckpointCorruptError. */
export function sweepAll(file: OpenFile, at: number | undefined): Swept {
  const { statements } = file;
  if (!hasArtifacts(statements)) return NOTHING_SWEPT;
  checkMentions(file);
  if (at !== undefined) {
    statements.dropMentions.all("caller", 0, Math.floor(at));
    statements.dropExpired.run(at);
  }
  for (const drop of [statements.dropPassedHeads, statements.dropPassedCache]) drop.run();
  return dropLoose(statements, () => statements.loose.all() as LooseRow[]);
}

/** Those of these that nothing mentions. Throws CheckpointCorruptError. */
export function sweepSome(file: OpenFile, artifacts: ReadonlySet<number>): Swept {
  const { statements } = file;
  if (artifacts.size === 0) return NOTHING_SWEPT;
  checkMentions(file);
  const waiting = new Set(artifacts);
  return dropLoose(statements, (freed) => {
    for (const id of freed) waiting.add(id);
    const some = [...waiting];
    waiting.clear();
    return some.flatMap((id) => {
      statements.dropPassedHeadsOf.run(id);
      return statements.looseOne.all(id) as LooseRow[];
    });
  });
}

/** One that goes may have been the last to mention another. */
function dropLoose(statements: Statements, find: (freed: readonly number[]) => readonly LooseRow[]): Swept {
  const digests: string[] = [];
  let bytes = 0;
  for (let freed: readonly number[] = [], loose = find(freed); loose.length > 0; loose = find(freed)) {
    freed = loose.flatMap(({ id }) => {
      dropArtifact(statements, id);
      return dropMentions(statements, "artifact", id, id);
    });
    for (const { digest, size } of loose) {
      digests.push(digest);
      bytes += size;
    }
  }
  return { digests, bytes };
}

/** Before it is believed that nobody mentions an artifact: once for each opening of the file, the index is held against the table. */
function checkMentions(file: OpenFile): void {
  if (file.hasCheckedMentions) return;
  const [first] = file.statements.checkMentions.all() as { integrity_check: string }[];
  if (first?.integrity_check !== "ok")
    throw new CheckpointCorruptError("the store's table of mentions", new TypeError(first?.integrity_check));
  file.hasCheckedMentions = true;
}
