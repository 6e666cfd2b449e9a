/**
 * Whatever the plan says, with subgraphs, questions, effects, artifacts, large values, a pause within, a fork and a prune, on a file, from
 * whatever stands there. Tells each event in a line, `worker` and its process id before a node works, and last how it ended. Arguments: where
 * the nodes run, the plan, the folder.
 */
import { join } from "node:path";
import {
  type App,
  AppRunner,
  type ArtifactRef,
  append,
  END,
  lastValue,
  map,
  resumeWith,
  START,
  StateGraph,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { nodeModule, processes } from "../../src/workers.js";

/** Layers of nodes side by side, by their habits; "within" is the inner graph. */
export interface Plan {
  readonly outer: readonly (readonly string[])[];
  readonly inner: readonly (readonly string[])[];
  readonly stops: boolean;
}

const [executor = "inline", text = "", folder = "."] = process.argv.slice(2);
const plan: Plan = JSON.parse(text);
const found = (path: string) => new URL(path, import.meta.url);
const say = (line: string) => process.stdout.write(`${line}\n`);

const channels = {
  list: append<string>([], { artifactsAbove: 100 }),
  kept: append<ArtifactRef>(),
  items: lastValue<readonly number[]>([1, 2]),
};
type State = { readonly items: readonly number[]; readonly kept: readonly ArtifactRef[] };
const works = nodeModule(found("../workers/nodes.js"), "workTogether");
const draws = nodeModule<[item: number], ArtifactRef>(found("../workers/nodes.js"), "draw");
const elsewhere = { executor, retry: { maxAttempts: 10, initialDelayMs: 0 } };

function graphOf(layers: Plan["inner"], within?: App<typeof channels, string>): App<typeof channels, string> {
  const graph = new StateGraph(channels);
  const names = layers.map((layer, depth) => layer.map((habit, place) => `${habit} ${depth}.${place}`));
  for (const name of names.flat()) {
    if (name.startsWith("within") && within !== undefined) graph.addNode(name, within);
    else if (name.startsWith("draws"))
      graph.addNode(
        name,
        map(({ items }: State) => items, draws, { into: "kept" }),
        elsewhere,
      );
    else graph.addNode(name, works, elsewhere);
  }
  names.forEach((layer, depth) => {
    for (const to of layer) for (const from of names[depth - 1] ?? [START]) graph.addEdge(from as never, to as never);
  });
  for (const name of names.at(-1) ?? []) graph.addEdge(name as never, END);
  return graph.compile();
}

const checkpointer = new SqliteCheckpointer(join(folder, "s.db"), { artifacts: { folder: join(folder, "artifacts") } });
const pool = processes({ host: found("../../src/workers/worker-host.js"), maxWorkers: 2, print: false });
const executors = executor === "inline" ? {} : { pool };
const runner = new AppRunner(graphOf(plan.outer, graphOf(plan.inner)), { checkpointer, executors, maxConcurrency: 3 });

/** Where the inner graph stops on its way. */
const stops = { interruptAfter: (plan.inner[0] ?? []).map((habit, place) => `${habit} 0.${place}`) };
const isWithin = (habit: string): boolean => habit === "within";
const within = Object.fromEntries(
  plan.outer.flatMap((layer, depth) =>
    layer.flatMap((habit, place) => (isWithin(habit) ? [[`${habit} ${depth}.${place}`, stops]] : [])),
  ),
);

/** Runs it to its end, whatever it asks and wherever it stops. */
async function toEnd(sessionId: string): Promise<unknown> {
  for (;;) {
    const { status, state } = await runner.session(sessionId);
    if (status.kind === "completed") {
      const { list, kept } = state;
      const contents = await Promise.all(kept.map((ref) => runner.artifacts.get<Uint8Array>(ref)));
      return { list, kept: contents.map(({ length, 0: first }) => [length, first]) };
    }
    const { reason } = status.kind === "paused" ? status : {};
    const answers =
      reason?.kind === "interrupt" ? reason.interrupts.map(({ id, payload }) => [id, `to ${payload}`]) : [];
    const input = answers.length > 0 ? resumeWith(Object.fromEntries(answers)) : undefined;
    const stream = runner.stream(sessionId, input, plan.stops ? { within } : {});
    for await (const event of stream) say(event.type === "node.emitted" ? `worker ${event.data}` : event.type);
    await stream.result;
  }
}

await runner.createSession("s", {}, { ifExists: "resume" });
const ended = await toEnd("s");
await runner.fork("s", { step: 1, as: "f" }).catch(({ code }) => say(code));
const forked = await toEnd("f");
await runner.prune({ keepLast: 1 });
say(JSON.stringify({ ended, forked, again: [await toEnd("s"), await toEnd("f")] }));
await runner.close();
await checkpointer.close();
