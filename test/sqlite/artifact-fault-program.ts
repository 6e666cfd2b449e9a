/**
 * Puts artifacts into a folder, whole and as streams, on a disk that now and then fails to write or to sync. Every failure is a CheckpointError,
 * after which the same put works. Prints how many cannot be read in the end, and how often it failed, as JSON. Arguments: a folder.
 */
import { join } from "node:path";
import { Readable } from "node:stream";
import { AppRunner, type ArtifactRef, END, lastValue, START, StateGraph } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { codes, insist } from "./insisting.js";

const [folder = "."] = process.argv.slice(2);
const PUTS = 40;
const MEGABYTE = 2 ** 20;

const app = new StateGraph({ n: lastValue(0) })
  .addNode("idle", () => ({}))
  .addEdge(START, "idle")
  .addEdge("idle", END)
  .compile();
const options = { artifacts: { folder: join(folder, "artifacts") } };
const checkpointer = await insist(async () => new SqliteCheckpointer(join(folder, "s.db"), options));
const runner = new AppRunner(app, { checkpointer });
const { artifacts } = runner;
const refs: [ArtifactRef, Buffer][] = [];
for (let n = 0; n < PUTS; n++) {
  const bytes = Buffer.alloc(n % 4 === 0 ? MEGABYTE + n : 1_000 + n, `${n} `);
  const content = () => (n % 4 === 0 ? Readable.from([bytes]) : bytes);
  refs.push([await insist(() => artifacts.put(content())), bytes]);
  if (n % 10 === 9) await insist(() => runner.prune({ keepLast: 1 }));
}
let lost = 0;
for (const [ref, bytes] of refs) {
  const found = await insist(() => artifacts.get<Uint8Array>(ref));
  if (Buffer.compare(found, bytes) !== 0) lost++;
}
process.stdout.write(JSON.stringify({ lost, codes }));
