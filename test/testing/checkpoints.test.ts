/** Checkpoints made by hand are like those that a runner makes. */
import {
  AppRunner,
  append,
  type Checkpoint,
  type Delta,
  END,
  ephemeral,
  lastValue,
  MemoryCheckpointer,
  type RouteTarget,
  START,
  StateGraph,
} from "superstep";
import { firstOf, forkOf, intercept, nextOf, updateOf } from "superstep/testing";
import { expect, test } from "vitest";
import { targetOf } from "../../src/session/checkpoint.js";

const app = new StateGraph({ list: append<string>(), hint: ephemeral<string>(), answer: lastValue("") })
  .addNode("think", () => ({ hint: "six by nine" }))
  .addNode("say", () => ({ list: ["42"] }))
  .addEdge(START, "think")
  .addEdge("think", "say")
  .addEdge("say", END)
  .compile();

/** What a runner commits: the first checkpoint, a superstep, an update, a superstep and a fork. */
async function committed(): Promise<readonly Checkpoint[]> {
  const checkpoints: Checkpoint[] = [];
  const checkpointer = intercept(new MemoryCheckpointer(), ({ method, args, proceed }) => {
    if (method === "commit") checkpoints.push(args[0] as Checkpoint);
    return proceed();
  });
  const runner = new AppRunner(app, { checkpointer });
  await runner.createSession("s", { answer: "none yet" });
  await runner.runStep("s");
  await runner.updateState("s", { list: ["from outside"] });
  await runner.runStep("s");
  await runner.fork("s", { as: "f", step: 1, update: { list: ["another"] } });
  return checkpoints;
}

const appended = (item: string): Delta => [{ op: "append", path: [], items: [item] }];
const targetsOf = ({ frontier }: Checkpoint): readonly RouteTarget[] => frontier.map(targetOf);

/** All but what depends on the clock and the graph. */
function but({ createdAt: _, fingerprint: __, ...checkpoint }: Checkpoint): object {
  return checkpoint;
}

test("firstOf, nextOf, updateOf and forkOf make what a runner commits", async () => {
  const [first, thought, update, said, fork] = (await committed()) as readonly Checkpoint[] & { readonly length: 5 };
  if (!first || !thought || !update || !said || !fork) throw new TypeError("the runner commits five checkpoints");

  const { state, incarnation } = first;
  const made = firstOf("s", { state, incarnation, frontier: targetsOf(first) });
  expect(Object.keys(made).sort()).toEqual(Object.keys(first).sort());
  expect(made).toMatchObject({ sessionId: "s", seq: 1, source: "input", step: 0, frontier: first.frontier, ran: [] });

  const hint: Delta = [{ op: "replace", path: [], value: "six by nine" }];
  expect(but(nextOf(first, "hint", hint, { frontier: targetsOf(thought), ephemeral: ["hint"] }))).toEqual(but(thought));
  expect(but(updateOf(thought, "list", appended("from outside")))).toEqual(but(update));
  const { note } = said;
  expect(but(nextOf(update, "list", appended("42"), { frontier: [], note }))).toEqual({
    ...but(said),
    progress: update.progress,
  });

  const write = ["list", appended("another")] as const;
  const origin = { ...update, ephemeral: [], state: { ...update.state, hint: undefined } };
  expect(but(forkOf(origin, "f", { incarnation: fork.incarnation, write }))).toEqual(but(fork));
});

test("a fork without a write has its origin's state itself, and names where it starts", () => {
  const origin = nextOf(firstOf("s", { state: { list: [] } }), "list", appended("a"));
  const fork = forkOf(origin, "f");
  expect(fork.state).toBe(origin.state);
  expect(fork).toMatchObject({
    seq: 3,
    parentSeq: undefined,
    forkedFrom: { incarnation: "made", seq: 2 },
    step: 1,
    deltas: [],
    updatedChannels: [],
  });
  expect(nextOf(fork, "list", appended("b"))).not.toHaveProperty("forkedFrom");
});
