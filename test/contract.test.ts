/** The public contract as types: what a caller may write down must compile. `npm run check:types` looks at it; what runs is small. */
import * as v from "valibot";
import { expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import {
  type App,
  AppRunner,
  type AppRunnerOptions,
  append,
  type BarrierOutcome,
  type Change,
  type Channel,
  type ChannelOptions,
  type Checkpointer,
  Command,
  END,
  type ErrorRecord,
  ephemeral,
  type FrontierContext,
  type StateGraph as Graph,
  lastValue,
  MemoryCheckpointer,
  type MergePatch,
  type Message,
  merge,
  messages,
  type NodeContext,
  type NodeFn,
  type NodeOptions,
  type NodeResult,
  type PausedReport,
  type PauseReason,
  type PauseRequest,
  type PendingInterrupt,
  pause,
  type RemoveMessage,
  type Resume,
  type RetryPolicy,
  type RunEvent,
  type RunHooks,
  type RunOptions,
  type RunResult,
  type RunStream,
  type RunSummary,
  reducer,
  removeMessage,
  resumeWith,
  Send,
  type SessionStatus,
  type SessionSummary,
  type SessionView,
  START,
  type StandardSchema,
  StateGraph,
  type StateOf,
  type StepOptions,
  type StepReport,
  type StepResult,
  SuperstepError,
  sum,
  type Target,
  type TaskRef,
  type UpdateOf,
} from "../src/index.js";

const channels = {
  topic: lastValue("", { schema: z.string(), label: "topic" }),
  words: append<string>([], { schema: v.array(v.string()) }),
  facts: merge<{ name?: string; deep?: { n: number; at: Date } }>({}),
  count: sum(1),
  own: reducer<string[], number>([], (draft, n) => void draft.push(String(n))),
  flash: ephemeral<number>(),
  talk: messages(),
};
type C = typeof channels;

function build() {
  return new StateGraph(channels, { name: "contract" })
    .addNode("a", (state, ctx) => ({ topic: state.topic + ctx.node }), { retry: { maxAttempts: 2 }, timeoutMs: 50 })
    .addNode("b", async () => new Command({ update: { count: 1 }, goto: [END], mode: "append" }))
    .addEdge(START, "a")
    .addEdge("a", "b")
    .addConditionalEdges("b", async ({ count }) => (count > 0 ? [END] : new Send("a", 1)), ["a", END])
    .compile();
}

test("channels: value and write of each", () => {
  expectTypeOf<StateOf<C>>().toEqualTypeOf<{
    readonly topic: string;
    readonly words: readonly string[];
    readonly facts: { name?: string; deep?: { n: number; at: Date } };
    readonly count: number;
    readonly own: string[];
    readonly flash: number | undefined;
    readonly talk: readonly Message[];
  }>();
  expectTypeOf<UpdateOf<C>["words"]>().toEqualTypeOf<string | readonly string[] | undefined>();
  expectTypeOf<UpdateOf<C>["own"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<UpdateOf<C>["flash"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Message | readonly Message[] | RemoveMessage>().toExtend<UpdateOf<C>["talk"]>();
  expectTypeOf<{ name: null; deep: { n: null } }>().toExtend<MergePatch<{ name?: string; deep?: { n: number } }>>();
  expectTypeOf<MergePatch<Date>>().toEqualTypeOf<Date>();
  expectTypeOf<Channel<number>>().toEqualTypeOf<Channel<number, number>>();
  expectTypeOf(removeMessage).toEqualTypeOf<(id: string) => RemoveMessage>();
  const handmade = { kind: "max", initial: () => 0, reduce: (now: number, write: number) => Math.max(now, write) };
  expectTypeOf(handmade).toExtend<Channel<number>>();
});

test("schemas of zod and valibot are accepted, of the value's own type only", () => {
  expectTypeOf(z.string()).toExtend<StandardSchema<string>>();
  expectTypeOf(v.object({ n: v.number() })).toExtend<StandardSchema<{ n: number }>>();
  const neverRun = () => [
    lastValue(0, { schema: v.pipe(v.number(), v.minValue(0)) }),
    reducer({ n: 0 }, (draft, by: number) => ({ n: draft.n + by }), { schema: z.object({ n: z.number() }) }),
    // @ts-expect-error: a schema of another type
    lastValue(0, { schema: z.string() }),
  ];
  expectTypeOf<ChannelOptions<string>["label"]>().toEqualTypeOf<string | undefined>();
  expect(neverRun).toBeTypeOf("function");
});

test("Send and Command: what is given is what is read", () => {
  const send = new Send("a", { any: 1 });
  expectTypeOf(send).toEqualTypeOf<Send<"a">>();
  const command = new Command({ update: { count: 1 }, goto: ["a", send, END] });
  expectTypeOf(command.update).toEqualTypeOf<{ count: number } | undefined>();
  expectTypeOf(command.goto).toExtend<readonly Target<"a">[]>();
  expectTypeOf(command.mode).toEqualTypeOf<"replace" | "append">();
  expectTypeOf(command).toExtend<NodeResult<C>>();
  expectTypeOf([command]).toExtend<NodeResult<C>>();
  expectTypeOf<void>().toExtend<NodeResult<C>>();
  expect([send.node, send.input, command.mode, new Command({ goto: "a" }).goto, new Command({}).goto]).toEqual([
    "a",
    { any: 1 },
    "replace",
    ["a"],
    [],
  ]);
});

test("StateGraph: names are collected, a name is taken once, and any string will do where names are not known", () => {
  const app = build();
  expectTypeOf(app).toEqualTypeOf<App<C, "a" | "b">>();
  expectTypeOf(app.nodes).toEqualTypeOf<readonly ("a" | "b")[]>();
  const neverRun = (loose: Graph<C, string>, name: string) => {
    loose.addNode(name, () => ({})).addEdge(name, END);
    // @ts-expect-error: a name that is taken
    new StateGraph(channels).addNode("a", () => ({})).addNode("a", () => ({}));
  };
  expect(neverRun).toBeTypeOf("function");
  expect([app.name, app.nodes, typeof app.fingerprint]).toEqual(["contract", ["a", "b"], "string"]);
  expect([typeof app.toMermaid(), typeof app.toDot(), typeof app.toJSON()]).toEqual(["string", "string", "object"]);
  expectTypeOf<NodeContext["interrupt"]>().toExtend<(payload: unknown) => unknown>();
  expectTypeOf<NodeOptions<C>["retry"]>().toEqualTypeOf<RetryPolicy | undefined>();
  expectTypeOf<NodeFn<C>>().parameters.toEqualTypeOf<[StateOf<C>, NodeContext]>();
});

test("AppRunner: types follow from the app, results narrow by outcome, status and kind", async () => {
  const runner = new AppRunner(build(), { checkpointer: new MemoryCheckpointer() });
  expectTypeOf(runner).toEqualTypeOf<AppRunner<C, "a" | "b">>();
  expectTypeOf(runner.createSession).returns.resolves.toEqualTypeOf<SessionView<C>>();
  expectTypeOf(runner.runStep).parameter(1).toEqualTypeOf<StepOptions<"a" | "b"> | undefined>();
  expectTypeOf(runner.resume).parameter(2).toEqualTypeOf<RunOptions<"a" | "b"> | undefined>();
  expectTypeOf(runner.stream).returns.toEqualTypeOf<RunStream<C>>();
  expectTypeOf(runner.sessions).returns.toEqualTypeOf<AsyncIterable<SessionSummary>>();
  // @ts-expect-error: a node that is not there
  const misspelt: Parameters<typeof runner.invoke>[2] = { interruptBefore: ["c"] };
  const paused = await runner.invoke("s", { words: "in" }, { interruptBefore: ["b"], entry: "a", maxSteps: 9 });
  expect([misspelt?.interruptBefore, whatOf(paused)]).toEqual([["c"], "beforeNode b"]);
  const step: StepResult<C> = await runner.runStep("s", { interruptAfter: "*", interruptEachStep: true });
  expect(step.status === "paused" ? step.paused.reason : step.report.completed).toBe(true);
  const types: RunEvent["type"][] = [];
  for await (const event of runner.stream("t", { topic: "x" })) types.push(told(event));
  expect(types.at(-1)).toBe("run.completed");
});

function whatOf(result: RunResult<C>): string {
  expectTypeOf(result.summary).toEqualTypeOf<RunSummary>();
  if (result.outcome === "completed") {
    // @ts-expect-error: a completed run has no reason to pause
    return String(result.reason);
  }
  return whyOf(result.reason);
}

function whyOf(reason: PauseReason): string {
  switch (reason.kind) {
    case "beforeNode":
    case "afterNode":
      return `${reason.kind} ${reason.node}`;
    case "afterStep":
      return String(reason.step + 1);
    case "interrupt":
      return reason.interrupts.map((open: PendingInterrupt) => open.id + open.node + open.taskId).join();
    case "hook":
      return String(reason.detail);
    case "until":
    case "breakpoint":
    case "drained":
      return JSON.stringify(reason);
  }
}

function told(event: RunEvent): RunEvent["type"] {
  switch (event.type) {
    case "step.started":
      expectTypeOf(event.frontier).toEqualTypeOf<readonly TaskRef[]>();
      break;
    case "node.failed":
    case "node.retrying":
    case "run.failed":
      expectTypeOf(event.error).toEqualTypeOf<ErrorRecord>();
      break;
    case "node.progress":
      expectTypeOf(event.total).toEqualTypeOf<number | undefined>();
      break;
    case "step.completed":
      expectTypeOf(event.report).toEqualTypeOf<StepReport>();
      break;
    case "run.paused":
      expectTypeOf(event.reason).toEqualTypeOf<PauseReason>();
      break;
    case "stream.dropped":
      expectTypeOf(event.count).toEqualTypeOf<number>();
      break;
    case "run.started":
    case "run.completed":
      expectTypeOf(event.seq).toEqualTypeOf<number>();
      break;
    case "node.started":
    case "node.completed":
      expectTypeOf(event.durationMs).toEqualTypeOf<number | undefined>();
      break;
    case "node.emitted":
      expectTypeOf(event.data).toEqualTypeOf<unknown>();
  }
  return event.type;
}

test("status, reports, hooks, errors and options are what the contract says", () => {
  expectTypeOf<Extract<SessionStatus, { kind: "completed" }>["endedBy"]>().toEqualTypeOf<"end" | "emptyFrontier">();
  expectTypeOf<Extract<SessionStatus, { kind: "failed" }>["error"]>().toEqualTypeOf<ErrorRecord>();
  expectTypeOf<StepReport["barrier"]>().toEqualTypeOf<BarrierOutcome>();
  expectTypeOf<Change["patch"][number]["op"]>().toEqualTypeOf<"add" | "remove" | "replace">();
  expectTypeOf<PausedReport<C>>().toExtend<SessionView<C> & { readonly reason: PauseReason }>();
  expectTypeOf(pause).toEqualTypeOf<(detail?: unknown) => PauseRequest>();
  expectTypeOf(resumeWith).toEqualTypeOf<(answer?: unknown) => Resume>();
  const hooks: RunHooks = {
    beforeStep: ({ step, frontier }) => (step > frontier.length ? pause() : undefined),
    afterStep: async ({ completed }) => (completed ? pause({ why: "end" }) : undefined),
    onPause: ({ reason }) => void reason.kind,
    onResume: ({ answer }) => void answer,
    onError: (error) => void error.code,
    onComplete: ({ state }) => void state,
    onHookError: ({ hook, error }) => void [hook, error],
  };
  const options: AppRunnerOptions = {
    hooks: [hooks, {}],
    maxConcurrency: 1,
    limits: { llm: 2 },
    onFailure: "abort",
    durability: "exit",
    clock: { now: () => 0, sleep: async () => undefined },
    random: () => 0,
  };
  expectTypeOf<SuperstepError["at"]>().toEqualTypeOf<FrontierContext | undefined>();
  expectTypeOf<SuperstepError["toJSON"]>().returns.toEqualTypeOf<ErrorRecord>();
  expectTypeOf(SuperstepError.is).guards.toEqualTypeOf<SuperstepError>();
  expectTypeOf<MemoryCheckpointer>().toExtend<Checkpointer>();
  expect(new AppRunner(build(), options)).toBeInstanceOf(AppRunner);
});
