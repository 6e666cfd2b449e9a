/**
 * Telemetry: what the spans cost. superstep is always instrumented; without an SDK its floor is a copy of the library whose tracing
 * is taken out, with an SDK the library as it is without one.
 */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { NodeTracerProvider, type SpanProcessor } from "@opentelemetry/sdk-trace-node";
import { build, type Plugin } from "esbuild";
import type { Cell, Cells } from "../harness/cell.js";
import { temporaryFolder } from "../harness/folder.js";
import type { Contest, Workload } from "../harness/workload.js";
import { timed } from "./two-ways.js";

const SUPERSTEPS = { sizes: [1_000], warmUpMs: 3_000 };
const noSdk: Contest = {
  ...SUPERSTEPS,
  name: "no SDK, memory",
  rounds: 21,
  targets: [{ kind: "toFloor", atMost: 1.02 }],
};
const sdk: Contest = { ...SUPERSTEPS, name: "an SDK, memory", rounds: 9 };
export const workload: Workload = {
  id: "telemetry",
  title: "what spans cost",
  floor: "without an SDK, a copy of superstep whose tracing is taken out; with an SDK, superstep without one",
  unit: "superstep",
  sizes: "supersteps",
  module: import.meta.url,
  contests: [noSdk, { ...noSdk, name: "no SDK, SQLite normal" }, sdk, { ...sdk, name: "an SDK, SQLite normal" }],
};

type Library = Pick<
  typeof import("superstep"),
  "AppRunner" | "StateGraph" | "MemoryCheckpointer" | "sum" | "START" | "END"
> &
  Pick<typeof import("superstep/sqlite"), "SqliteCheckpointer">;

export const cells: Cells = {
  "floor, no SDK, memory": async (steps) => loopIn(await untraced(), "memory", steps),
  "superstep, no SDK, memory": async (steps) => loopIn(await traced(), "memory", steps),
  "floor, no SDK, SQLite normal": async (steps) => loopIn(await untraced(), "SQLite", steps),
  "superstep, no SDK, SQLite normal": async (steps) => loopIn(await traced(), "SQLite", steps),
  "floor, an SDK, memory": async (steps) => loopIn(await traced(), "memory", steps),
  "superstep, an SDK, memory": async (steps) => loopIn(await recorded(), "memory", steps),
  "floor, an SDK, SQLite normal": async (steps) => loopIn(await traced(), "SQLite", steps),
  "superstep, an SDK, SQLite normal": async (steps) => loopIn(await recorded(), "SQLite", steps),
};

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Bundled as it is shipped, by itself, so that nothing but the tracing differs. */
function traced(): Promise<Library> {
  return bundled([]);
}

function untraced(): Promise<Library> {
  return bundled([withoutTracing]);
}

/** Spans are made and ended, and go nowhere. */
function recorded(): Promise<Library> {
  const nowhere: SpanProcessor = {
    onStart: () => undefined,
    onEnd: () => undefined,
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  new NodeTracerProvider({ spanProcessors: [nowhere] }).register();
  return traced();
}

/** Has nothing in the place of the file that traces but what the rest of the library imports from it. */
const withoutTracing: Plugin = {
  name: "without tracing",
  setup(build) {
    build.onLoad({ filter: /src\/runner\/telemetry\.ts$/ }, () => ({
      contents: `export const SPANS = { node: () => "" };
        export const Trace = { start: () => undefined };
        export const within = (_parent, _name, _attributes, work) => work();`,
    }));
  },
};

/** Within the bench, so that the packages that it needs are found. */
async function bundled(plugins: Plugin[]): Promise<Library> {
  const { path } = temporaryFolder(join(ROOT, "bench/.out"));
  await build({
    entryPoints: ["index", "sqlite"].map((door) => join(ROOT, `src/${door}.ts`)),
    outdir: path,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    packages: "external",
    plugins,
  });
  return libraryIn(path);
}

async function libraryIn(folder: string): Promise<Library> {
  const [core, sqlite] = await Promise.all(
    ["index.js", "sqlite.js"].map((door) => import(pathToFileURL(join(folder, door)).href) as Promise<Library>),
  );
  return { ...core, ...sqlite } as Library;
}

function loopIn(library: Library, store: "memory" | "SQLite", steps: number): Cell {
  const { AppRunner, END, MemoryCheckpointer, START, SqliteCheckpointer, StateGraph, sum } = library;
  const folder = temporaryFolder();
  const loop = new StateGraph({ n: sum() })
    .addNode("count", async () => ({ n: 1 }))
    .addEdge(START, "count")
    .addConditionalEdges("count", ({ n }) => (n < steps ? "count" : END), ["count", END])
    .compile();
  const open = () =>
    store === "memory"
      ? new MemoryCheckpointer()
      : new SqliteCheckpointer(join(folder.path, "run.db"), { synchronous: "normal" });
  return {
    async run() {
      folder.empty();
      const checkpointer = open();
      const runner = new AppRunner(loop, { checkpointer });
      const microseconds = await timed(steps, () => runner.invoke("s", undefined, { maxSteps: steps }));
      await checkpointer.close();
      return { microseconds };
    },
    close: async () => folder.remove(),
  };
}
