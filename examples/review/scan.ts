/** Finds the files of a folder. Links are not followed; what cannot be reviewed is named with its reason. */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** Paths are relative to the folder, with slashes, in one fixed order. */
export interface Scan {
  readonly files: readonly string[];
  /** Reasons, by path. */
  readonly skipped: Readonly<Record<string, string>>;
}

const IGNORED_FOLDERS = new Set([".git", "node_modules", "dist", ".superstep"]);
const GENERATED_FILES = new Set([
  "package-lock.json",
  "npm-shrinkwrap.json",
  "yarn.lock",
  "pnpm-lock.yaml",
  "bun.lock",
]);

/** `except`: a folder that is left out, by its absolute path. */
export async function scan(folder: string, except: string): Promise<Scan> {
  const files: string[] = [];
  const skipped: [string, string][] = [];
  const waiting = [""];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of await entriesOf(folder, next, skipped)) {
      const path = next === "" ? entry.name : `${next}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!IGNORED_FOLDERS.has(entry.name) && join(folder, path) !== except) waiting.push(path);
      } else if (!entry.isFile()) {
        skipped.push([path, entry.isSymbolicLink() ? "a link" : "not a regular file"]);
      } else if (!GENERATED_FILES.has(entry.name)) {
        files.push(path);
      }
    }
  }
  return { files: files.sort(), skipped: Object.fromEntries(skipped.sort(byPath)) };
}

/** The folder itself must be readable; a folder in it that is not is passed over. */
async function entriesOf(folder: string, path: string, skipped: [string, string][]): Promise<readonly Dirent[]> {
  try {
    return await readdir(join(folder, path), { withFileTypes: true });
  } catch (error) {
    if (path === "") throw error;
    skipped.push([`${path}/`, `cannot be read (${(error as NodeJS.ErrnoException).code})`]);
    return [];
  }
}

function byPath([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
