/** Graphs under attack: small, and each with another way to be interrupted. Their nodes say what they do. */
import { Readable } from "node:stream";
import {
  type App,
  type ArtifactRef,
  append,
  type Channels,
  END,
  ephemeral,
  map,
  merge,
  type NodeContext,
  type NodeFn,
  pause,
  Send,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { type Attack, type Case, type Place, told, turns } from "./attack.js";

const channels = {
  rounds: sum(),
  notes: append<string>(),
  facts: merge<Record<string, unknown>>({}),
  hint: ephemeral<string>(),
};
type Node = NodeFn<typeof channels>;

/** A loop that writes to every kind of channel. */
function loop(place: Place) {
  const node: Node = ({ rounds, hint }) => ({
    rounds: 1,
    notes: `round ${rounds}, ${hint ?? "no hint"}`,
    facts: { [`r${rounds % 2}`]: { rounds } },
    hint: `after ${rounds}`,
  });
  return new StateGraph(channels)
    .addNode("round", told(place, node))
    .addEdge(START, "round")
    .addConditionalEdges("round", ({ rounds }) => (rounds < 6 ? "round" : END), ["round", END])
    .compile();
}

/** Sends, every other one asynchronous and each for another time; twice. */
function fanOut(place: Place) {
  const search: Node = ({ rounds }, { input }) => {
    const found = { notes: `${rounds}/${String(input)}` };
    return Number(input) % 2 === 0 ? found : turns(2 * Number(input)).then(() => found);
  };
  return new StateGraph(channels)
    .addNode(
      "plan",
      told<typeof channels>(place, () => ({ rounds: 1 })),
    )
    .addNode("search", told(place, search))
    .addEdge(START, "plan")
    .addConditionalEdges("plan", () => [1, 2, 3, 4, 5].map((input) => new Send("search", input)), ["search"])
    .addConditionalEdges("search", ({ rounds }) => (rounds < 2 ? "plan" : END), ["plan", END])
    .compile();
}

/** A list that fans itself out, twice: some items later than others, one that always fails and is borne. */
function items(place: Place) {
  const look = async (item: number, ctx: NodeContext): Promise<string> => {
    place.say(`ran ${ctx.taskId}`);
    await turns(item % 3);
    if (item === 4) throw new TypeError("never");
    return `item ${item}`;
  };
  const list = { into: "notes", policy: "skip", quorum: 0.5 } as const;
  return new StateGraph(channels)
    .addNode(
      "plan",
      told<typeof channels>(place, () => ({ rounds: 1 })),
    )
    .addNode(
      "look",
      map(() => [1, 2, 3, 4, 5], look, list),
    )
    .addEdge(START, "plan")
    .addEdge("plan", "look")
    .addConditionalEdges("look", ({ rounds }) => (rounds < 2 ? "plan" : END), ["plan", END])
    .compile();
}

/** A join of a path of one node and a path of three. */
function join(place: Place) {
  const slow: Node = async (_, { node }) => {
    await turns(2);
    return { notes: node };
  };
  const quick: Node = (_, { node }) => ({ notes: node });
  return new StateGraph(channels)
    .addNode("short", told(place, slow))
    .addNode("long1", told(place, quick))
    .addNode("long2", told(place, slow))
    .addNode("long3", told(place, quick))
    .addNode("meet", told(place, quick))
    .addEdge(START, "short")
    .addEdge(START, "long1")
    .addEdge("long1", "long2")
    .addEdge("long2", "long3")
    .addEdge(["short", "long3"], "meet")
    .addEdge("meet", END)
    .compile();
}

/** Effects of two tasks at once, two in one of them, while a third one is slow. */
function effects(place: Place) {
  const pay: Node = async (_, ctx) => {
    const first = await once(place, ctx, "reserve");
    await turns(1);
    return { notes: [first, await once(place, ctx, "charge")] };
  };
  const mail: Node = async (_, ctx) => ({ notes: await once(place, ctx, "mail") });
  const slow: Node = async () => {
    await turns(12);
    return { notes: "slow" };
  };
  return new StateGraph(channels)
    .addNode("pay", told(place, pay))
    .addNode("mail", told(place, mail))
    .addNode("slow", told(place, slow))
    .addEdge(START, "pay")
    .addEdge(START, "mail")
    .addEdge(START, "slow")
    .addEdge("pay", END)
    .compile();
}

/** One node asks twice and another once, at the same time; a third one finishes meanwhile. */
function questions(place: Place) {
  const asksTwice: Node = async (_, ctx) => {
    const price = await once(place, ctx, "price");
    const one = ctx.interrupt<string>("one?");
    const two = ctx.interrupt<string>("two?");
    return { notes: [price, one, two] };
  };
  const asks: Node = (_, ctx) => ({ notes: ctx.interrupt<string>("three?") });
  const works: Node = async () => {
    await turns(1);
    return { notes: "worked" };
  };
  return new StateGraph(channels)
    .addNode("asksTwice", told(place, asksTwice))
    .addNode("asks", told(place, asks))
    .addNode("works", told(place, works))
    .addNode(
      "finish",
      told<typeof channels>(place, () => ({ notes: "finished" })),
    )
    .addEdge(START, "asksTwice")
    .addEdge(START, "asks")
    .addEdge(START, "works")
    .addEdge(["asksTwice", "asks", "works"], "finish")
    .addEdge("finish", END)
    .compile();
}

/** A node that works at its third try, no try of which is made again once its failure is durable, beside one that fails for good until somebody mends it. */
function retries(place: Place) {
  const flaky: Node = async (_, ctx) => {
    place.say(`did ${ctx.taskId} try ${ctx.attempt}`);
    const paid = await once(place, ctx, "pay");
    if (ctx.attempt < 3) throw new TypeError("not yet");
    return { notes: paid };
  };
  const broken: Node = async () => {
    await turns(3);
    if (!place.said().includes("mended")) throw new TypeError("broken");
    return { notes: "mended" };
  };
  return new StateGraph(channels)
    .addNode("flaky", told(place, flaky), { retry: { maxAttempts: 3 } })
    .addNode("broken", told(place, broken))
    .addNode(
      "after",
      told<typeof channels>(place, () => ({ notes: "after" })),
      { cache: { key: ({ notes }) => notes } },
    )
    .addEdge(START, "flaky")
    .addEdge(START, "broken")
    .addEdge(["flaky", "broken"], "after")
    .addEdge("after", END)
    .compile();
}

/** Three artifacts that refer to three others, each put while a superstep runs; read by tasks that a Send tells which. */
function artifacts(place: Place) {
  const makes: Node = async ({ rounds }, ctx) => {
    const bytes = new Uint8Array(rounds === 1 ? 3 * 2 ** 20 : 5_000).fill(rounds + 1);
    const part = await ctx.artifacts.put(Readable.from([bytes]));
    return { rounds: 1, facts: { [`r${rounds}`]: await ctx.artifacts.put({ rounds, part }) } };
  };
  const looks: Node = async ({ facts }, ctx) => {
    const outer = await ctx.artifacts.get<{ readonly part: ArtifactRef }>(
      facts[`r${String(ctx.input)}`] as ArtifactRef,
    );
    const bytes = await ctx.artifacts.get<Uint8Array>(outer.part);
    await turns(Number(ctx.input));
    return { notes: `${bytes.length} times ${bytes[0]}` };
  };
  return new StateGraph({ ...channels, facts: merge<Record<string, unknown>>({}, { artifactsAbove: 100 }) })
    .addNode("makes", told(place, makes))
    .addNode("looks", told(place, looks))
    .addEdge(START, "makes")
    .addConditionalEdges(
      "makes",
      ({ rounds }) => (rounds < 3 ? "makes" : [0, 1, 2].map((input) => new Send("looks", input))),
      ["makes", "looks"],
    )
    .addEdge("looks", END)
    .compile();
}

function chain(place: Place) {
  const node: Node = ({ rounds }, ctx) => ({ rounds: 1, notes: `${ctx.node} ${rounds}` });
  return new StateGraph(channels)
    .addNode("a", told(place, node))
    .addNode("b", told(place, node))
    .addNode("c", told(place, node))
    .addEdge(START, "a")
    .addEdge("a", "b")
    .addEdge("b", "c")
    .addEdge("c", END)
    .compile();
}

/** Stopped before a node and edited there; forked at the same place, with an edit of its own; and invoked once more. */
async function edit(attack: Attack): Promise<void> {
  const { runner } = attack;
  const made = async () => {
    const sources: string[] = [];
    for await (const { source } of runner.history("s")) sources.push(source);
    return (source: string) => sources.filter((one) => one === source).length;
  };
  await runner.createSession("s", {}, { ifExists: "resume" });
  const before = { interruptBefore: ["b"] };
  const { status } = await runner.session("s");
  if ((await made())("update") === 0 && status.kind === "ready") await attack.call("s", status, before);
  if ((await made())("update") === 0) await runner.updateState("s", { notes: "edited" });
  if ((await made())("update") === 1) await runner.updateState("s", { rounds: 10 }, { asNode: "a" });
  const isForked = (await attack.place.records.load("f")) !== undefined;
  if (!isForked) await attack.other.fork("s", { step: 1, as: "f", update: { notes: "forked" } });
  if ((await made())("input") === 1) await attack.toEnd("s");
  if ((await made())("input") === 1) await runner.invoke("s", { notes: "once more" });
  await attack.toEnd("s");
  await attack.toEnd("f", {}, attack.other);
}

/** What must go is taken away while a fork lives on. */
async function tidy(attack: Attack): Promise<void> {
  const { runner, other, place } = attack;
  const isThere = async (sessionId: string) => (await place.records.load(sessionId)) !== undefined;
  if (!(await isThere("f"))) {
    await attack.toEnd("s");
    await other.fork("s", { step: 2, as: "f" });
  }
  if (await isThere("s")) {
    await runner.prune({ sessionId: "s", keepLast: 1 });
    await runner.deleteSession("s");
  }
  await attack.toEnd("f", {}, other);
}

/** Every superstep notes whether somebody was asked before it. */
function stops(place: Place) {
  const node: Node = (_, { sessionId, step }) => {
    const isAsked = step === 1 || place.said().includes(`resumed ${sessionId} ${step - 1}`);
    return { rounds: 1, notes: `${step}: ${isAsked ? "asked" : "unasked"}` };
  };
  return new StateGraph(channels)
    .addNode("round", told(place, node))
    .addEdge(START, "round")
    .addConditionalEdges("round", ({ rounds }) => (rounds < 4 ? "round" : END), ["round", END])
    .compile();
}

/** Nothing is stored between two stops: before "c", at a question, at the end. */
function heldBack(place: Place) {
  const asks: Node = async (_, ctx) => {
    const price = await unkept(place, ctx, "price");
    return { notes: [price, ctx.interrupt<string>("buy?")] };
  };
  const node: Node = ({ rounds }, ctx) => ({ rounds: 1, notes: `${ctx.node} ${rounds}`, hint: ctx.node });
  return new StateGraph(channels)
    .addNode("a", told(place, node))
    .addNode("b", told(place, node))
    .addNode("c", told(place, node))
    .addNode("asks", told(place, asks))
    .addNode("d", told(place, node))
    .addEdge(START, "a")
    .addEdge("a", "b")
    .addEdge("b", "c")
    .addEdge("c", "asks")
    .addEdge("asks", "d")
    .addEdge("d", END)
    .compile();
}

/** An effect that says when it is done, and when its node was told: from then on it is kept. Its value says nothing of how often. */
async function once(place: Place, ctx: NodeContext, key: string): Promise<string> {
  const value = await unkept(place, ctx, key);
  place.say(`kept ${ctx.taskId} ${key}`);
  return value;
}

/** The same where a node is told before its effect is durable. */
function unkept({ say }: Place, ctx: NodeContext, key: string): Promise<string> {
  return ctx.once(key, async () => {
    say(`did ${ctx.taskId} ${key}`);
    await turns(1);
    return `${key} done`;
  });
}

export const CASES: Readonly<Record<string, Case>> = {
  loop: { app: plain(loop) },
  "fan-out": { app: plain(fanOut) },
  items: { app: plain(items) },
  join: { app: plain(join) },
  effects: { app: plain(effects) },
  questions: { app: plain(questions) },
  retries: { app: plain(retries) },
  edits: { app: plain(chain), drive: edit, sessions: ["s", "f"] },
  tidying: { app: plain(chain), drive: tidy, sessions: ["f"] },
  artifacts: { app: plain(artifacts), drive: tidy, sessions: ["f"] },
  "artifacts in files": { app: plain(artifacts), drive: tidy, sessions: ["f"], inFiles: true },
  stops: {
    app: plain(stops),
    options: { hooks: [{ beforeStep: ({ step }) => (step === 3 ? pause("look") : undefined) }] },
    drive: (attack) => attack.toEnd("s", { interruptEachStep: true }),
  },
  "held back": {
    app: plain(heldBack),
    options: { durability: "exit" },
    drive: (attack) => attack.toEnd("s", { interruptBefore: ["c"] }),
  },
};

/** The nodes and channels of a case are nobody else's business. */
function plain<C extends Channels>(app: (place: Place) => App<C, string>): Case["app"] {
  return app as unknown as Case["app"];
}
