/** What an installation weighs: the package and all that it depends on, with the SQLite driver. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Cells } from "../harness/cell.js";
import type { Workload } from "../harness/workload.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export const workload: Workload = {
  id: "size",
  title: "an installation on disk",
  floor: "immer, and better-sqlite3",
  unit: "installation",
  sizes: "nothing",
  module: import.meta.url,
  contests: [
    { name: "alone", sizes: [0], rounds: 1, warmUpMs: 0, roundMs: 0 },
    { name: "with SQLite", sizes: [0], rounds: 1, warmUpMs: 0, roundMs: 0, peers: [{ key: "size SQLite", rounds: 1 }] },
  ],
};

export const cells: Cells = {
  "floor, alone": () => weighing(() => sizeOf(["immer"])),
  "superstep, alone": () => weighing(() => packedSize() + sizeOf(dependencies(ROOT))),
  "floor, with SQLite": () => weighing(() => sizeOf(["immer", "better-sqlite3"])),
  "superstep, with SQLite": () => weighing(() => packedSize() + sizeOf([...dependencies(ROOT), "better-sqlite3"])),
};

function weighing(weigh: () => number) {
  return { run: async () => ({ microseconds: 0, bytes: weigh() }) };
}

/** As it would be published. */
function packedSize(): number {
  const told = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const [packed] = JSON.parse(told) as readonly { readonly unpackedSize: number }[];
  return packed?.unpackedSize ?? Number.NaN;
}

/** Of the packages and all that they depend on, each once. */
function sizeOf(packages: readonly string[]): number {
  const found = new Map<string, number>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    const folder = join(ROOT, "node_modules", name);
    found.set(name, bytesIn(folder));
    for (const dependency of dependencies(folder)) visit(dependency);
  };
  for (const name of packages) visit(name);
  return [...found.values()].reduce((total, bytes) => total + bytes, 0);
}

function dependencies(folder: string): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  return Object.keys(manifest.dependencies ?? {});
}

function bytesIn(folder: string): number {
  const sizes = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => {
    const found = statSync(join(folder, name));
    return found.isFile() ? found.size : 0;
  });
  return sizes.reduce((total, bytes) => total + bytes, 0);
}
