/** Most workloads are done in two ways, by hand with a log and by superstep with a store, each in memory and on a file. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { type Checkpointer, MemoryCheckpointer } from "superstep";
import { SqliteCheckpointer } from "superstep/sqlite";
import type { Cell, Cells, Outcome } from "../harness/cell.js";
import { temporaryFolder } from "../harness/folder.js";
import { type Log, memoryLog, openLog, type Synchronous } from "./log.js";

export interface TwoWays {
  floor(size: number, log: Log): Promise<Outcome>;
  superstep(size: number, store: Checkpointer): Promise<Outcome>;
  /** Whether the file is weighed, once it is closed: bytes for one unit. */
  readonly isWeighed?: boolean;
}

/** Named as a contest asks for them. Opening and closing the file is not timed. */
export function cellsOf(ways: TwoWays): Cells {
  const onFile = (synchronous: Synchronous): Cells => ({
    [`floor, SQLite ${synchronous}`]: (size) =>
      fileCell(ways, size, (path) => closing(openLog(path, synchronous), (log) => ways.floor(size, log))),
    [`superstep, SQLite ${synchronous}`]: (size) =>
      fileCell(ways, size, (path) =>
        closing(new SqliteCheckpointer(path, { synchronous }), (store) => ways.superstep(size, store)),
      ),
  });
  return {
    "floor, memory": (size) => ({ run: () => ways.floor(size, memoryLog()) }),
    "superstep, memory": (size) => ({ run: () => ways.superstep(size, new MemoryCheckpointer()) }),
    ...onFile("normal"),
    ...onFile("full"),
  };
}

/** Microseconds for one of so many units. */
export async function timed(units: number, work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return ((performance.now() - startedAt) * 1_000) / units;
}

/** A cell whose work was not done is worth nothing. */
export function expectSame(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new RangeError(`the work came to ${String(actual)}, not to ${String(expected)}`);
}

async function closing<T extends { close(): unknown }>(
  opened: T,
  work: (opened: T) => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

/** Every run gets a new file. */
function fileCell({ isWeighed = false }: TwoWays, size: number, run: (path: string) => Promise<Outcome>): Cell {
  const folder = temporaryFolder();
  const path = join(folder.path, "run.db");
  return {
    async run() {
      folder.empty();
      const outcome = await run(path);
      return isWeighed ? { ...outcome, bytes: statSync(path).size / size } : outcome;
    },
    close: async () => folder.remove(),
  };
}
