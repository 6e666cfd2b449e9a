/** What a long session costs on a file: bytes, the pace of its last supersteps beside its first, and opening it again. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppRunner, append, END, lastValue, START, StateGraph, sum } from "superstep";
import { SqliteCheckpointer } from "superstep/sqlite";
import { median } from "./measure.js";

const ITEM = "x".repeat(1_024);

/** A loop of so many supersteps; each appends an item and leaves `big` alone. */
function loopOf(steps: number, item: string) {
  return new StateGraph({ n: sum(), list: append<string>(), big: lastValue("") })
    .addNode("add", () => ({ n: 1, list: item }))
    .addEdge(START, "add")
    .addConditionalEdges("add", ({ n }) => (n < steps ? "add" : END), ["add", END])
    .compile();
}

interface Session {
  readonly file: string;
  readonly app: ReturnType<typeof loopOf>;
  /** Milliseconds of each superstep. */
  readonly times: readonly number[];
  /** Of the file after its first checkpoint, and at the end. */
  readonly bytes: readonly [number, number];
}

async function sessionOf(folder: string, steps: number, item: string, big = ""): Promise<Session> {
  const app = loopOf(steps, item);
  const file = join(folder, `${steps}-${item.length}.db`);
  const store = new SqliteCheckpointer(file, { synchronous: "normal" });
  const times: number[] = [];
  let former = performance.now();
  const afterStep = () => {
    const now = performance.now();
    times.push(now - former);
    former = now;
  };
  const runner = new AppRunner(app, { checkpointer: store, hooks: [{ afterStep }] });
  await runner.createSession("s", { big });
  await store.close();
  const first = statSync(file).size;
  const again = new SqliteCheckpointer(file, { synchronous: "normal" });
  const going = new AppRunner(app, { checkpointer: again, hooks: [{ afterStep }] });
  former = performance.now();
  await going.runUntilComplete("s", { maxSteps: steps });
  await again.close();
  return { file, app, times, bytes: [first, statSync(file).size] };
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const startedAt = performance.now();
  const value = await work();
  return { ms: performance.now() - startedAt, value };
}

/** Opening the store, reading the head, and reading a page of history, without and with the states. */
async function reading({ file, app }: Session): Promise<string> {
  const open = async () => new AppRunner(app, { checkpointer: new SqliteCheckpointer(file) });
  const opened = await timed(async () => {
    const runner = await open();
    await runner.session("s");
    return runner;
  });
  const page = await timed(async () => {
    const entries = [];
    for await (const entry of opened.value.history("s", { limit: 50 })) entries.push(entry);
    return entries;
  });
  const states = await timed(async () => page.value.map(({ state }) => state));
  const [load, list, look] = [opened.ms, page.ms, states.ms].map((ms) => `${ms.toFixed(1)} ms`);
  return `open and load ${load}, a page of 50 ${list}, its states ${look}`;
}

/** Lines for people: what was measured, and how much it was. */
export async function growth(): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "superstep-growth-"));
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
  try {
    const items = await sessionOf(folder, 800, ITEM);
    const pace = median(items.times.slice(-100)) / median(items.times.slice(0, 100));
    const still = await sessionOf(folder, 100, "small", "y".repeat(1_000_000));
    const long = await sessionOf(folder, 10_000, "item");
    return [
      `800 supersteps that append 1 KB each: ${mb(items.bytes[1])}; the last 100 take ${pace.toFixed(2)}× of the first 100`,
      `100 small supersteps beside 1 MB that stays: ${mb(still.bytes[1] - still.bytes[0])} beyond the first snapshot`,
      `10,000 supersteps: ${mb(long.bytes[1])}; ${await reading(long)}`,
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
