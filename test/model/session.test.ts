/** One session under any sequence of commands and faults is the session that the reference says. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, test } from "vitest";
import { type Checkpointer, MemoryCheckpointer } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { type Command, commands, type Settings, settings } from "./commands.js";
import { World } from "./world.js";

const MOST_COMMANDS = 40;
/** Gates are thorough; at a desk there are other seeds every time. MODEL_SEQUENCES says otherwise. */
const SEQUENCES = Number(process.env.MODEL_SEQUENCES ?? (process.env.CI === undefined ? 400 : 2_000));
/** A store on a disk costs twenty times as much. */
const SEQUENCES_ON_DISK = Math.ceil(SEQUENCES / 20);

const folder = mkdtempSync(join(tmpdir(), "superstep-model-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function play(open: () => Checkpointer, kind: Settings, sequence: readonly Command[]): Promise<void> {
  const world = new World(open, kind);
  for (const command of sequence) await world.execute(command);
  await world.finish();
}

function goesAsTheReferenceSays(freshStore: () => () => Checkpointer, numRuns: number): Promise<void> {
  const sequences = fc.array(commands, { minLength: 1, maxLength: MOST_COMMANDS, size: "max" });
  const property = fc.asyncProperty(settings, sequences, (kind, sequence) => play(freshStore(), kind, sequence));
  return fc.assert(property, { numRuns, timeout: 10_000 });
}

test("a session in memory goes as the reference says, whatever happens to it", { timeout: 300_000 }, async () => {
  await goesAsTheReferenceSays(() => {
    const store = new MemoryCheckpointer();
    return () => store;
  }, SEQUENCES);
});

test("a session in a file, opened again and again, goes as the reference says", { timeout: 300_000 }, async () => {
  let files = 0;
  await goesAsTheReferenceSays(() => {
    const path = join(folder, `${++files}.db`);
    return () => new SqliteCheckpointer(path, { synchronous: "normal" });
  }, SEQUENCES_ON_DISK);
});
