/** One session under any sequence of commands and faults is the session that the reference says. */
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { test } from "vitest";
import { MemoryCheckpointer } from "../../src/index.js";
import { type Command, commands, type Settings, settings } from "./commands.js";
import { World } from "./world.js";

const MOST_COMMANDS = 40;
const sequences = fc.array(commands, { minLength: 1, maxLength: MOST_COMMANDS, size: "max" });
/** Gates are thorough; at a desk there are other seeds every time. */
const SEQUENCES = Number(process.env.MODEL_SEQUENCES ?? (process.env.CI === undefined ? 400 : 2_000));

async function play(open: () => MemoryCheckpointer, kind: Settings, sequence: readonly Command[]): Promise<void> {
  const world = new World(open, kind);
  for (const command of sequence) await world.execute(command);
  await world.finish();
  await nextTurn();
}

test("any sequence of commands, over a store in memory, goes as the reference says", { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(settings, sequences, (kind, sequence) => {
      const store = new MemoryCheckpointer();
      return play(() => store, kind, sequence);
    }),
    { numRuns: SEQUENCES, timeout: 5_000 },
  );
});
