/** A process that folds the log of deltas in the file it is given, and runs the next node. */
import type { Start } from "../cold-start.js";

interface Delta {
  readonly next: readonly string[];
  readonly delta: readonly (readonly [channel: string, message: string])[];
}

const [, , path = ""] = process.argv;
const begunAt = performance.now();
// What ours stands on, without ours.
await import("immer");
const { default: Database } = await import("better-sqlite3");
const importedAt = performance.now();

const database = new Database(path);
database.pragma("busy_timeout = 5000");
database.pragma("journal_mode = WAL");
database.pragma("synchronous = normal");
const messages: string[] = [];
let next: readonly string[] = [];
for (const body of database.prepare("SELECT body FROM log ORDER BY id").pluck().iterate()) {
  const record = JSON.parse(body as string) as Delta;
  for (const [, message] of record.delta) messages.push(message);
  next = record.next;
}
const nodes: Readonly<Record<string, (state: { messages: readonly string[] }) => void>> = { go, speak: go };
for (const name of next) nodes[name]?.({ messages: Object.freeze(messages) });

function go(): void {
  const start: Start = { importMs: importedAt - begunAt, openMs: performance.now() - importedAt };
  process.stdout.write(JSON.stringify(start));
}
