/** Folders for the files of a run; gone with the process at the latest. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Folder {
  readonly path: string;
  empty(): void;
  remove(): void;
}

export function temporaryFolder(parent = tmpdir()): Folder {
  const path = mkdtempSync(join(parent, "superstep-bench-"));
  const remove = () => rmSync(path, { recursive: true, force: true });
  process.once("exit", remove);
  const empty = () => {
    for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true });
  };
  return { path, empty, remove };
}
