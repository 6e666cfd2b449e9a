/** The library and a program as a few files of plain JavaScript, so that child processes start in milliseconds. */
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

const ROOT = join(import.meta.dirname, "..", "..");

/** The bundler that tsx brings along. */
interface Bundler {
  buildSync(options: Readonly<Record<string, unknown>>): unknown;
}
const require = createRequire(import.meta.url);
const { buildSync } = createRequire(require.resolve("tsx/package.json"))("esbuild") as Bundler;

/** Modules that are loaded by their address: they stay files of their own, and share one copy of the library with the program. */
const LOADED = [
  "src/testing/crash-child.ts",
  "src/testing/kill-at-every-boundary.ts",
  "src/workers/worker-host.ts",
  "test/workers/nodes.ts",
];

/** Bundles the program with all that it imports; gives its path. */
export function compileForChildren(program: string, name: string): string {
  const outdir = outOf(name);
  buildSync({
    entryPoints: [program, ...LOADED.map((file) => join(ROOT, file))],
    outdir,
    outbase: ROOT,
    bundle: true,
    splitting: true,
    keepNames: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    mainFields: ["module", "main"],
    external: ["better-sqlite3"],
    logLevel: "error",
  });
  return join(outdir, relative(ROOT, program)).replace(/\.ts$/, ".js");
}

/** The harness that was compiled under that name: the processes that it starts share its copy of the library. */
export async function compiledHarness(
  name: string,
): Promise<typeof import("../../src/testing/kill-at-every-boundary.js")> {
  const path = join(outOf(name), "src/testing/kill-at-every-boundary.js");
  return (await import(path)) as typeof import("../../src/testing/kill-at-every-boundary.js");
}

/** Where all that was compiled under that name is. */
export function outOf(name: string): string {
  return join(ROOT, "node_modules", ".cache", `superstep-${name}-${process.pid}`);
}

/** The module that workers run, of what was compiled under that name. */
export function compiledHost(name: string): URL {
  return pathToFileURL(join(outOf(name), "src/workers/worker-host.js"));
}
