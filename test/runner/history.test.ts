import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AppRunner,
  type AppRunnerOptions,
  append,
  type Channels,
  type Checkpointer,
  CheckpointNotFoundError,
  type CheckpointView,
  END,
  ephemeral,
  lastValue,
  MemoryCheckpointer,
  merge,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { HandCrank } from "../hand-crank.js";
import { patched } from "../json-patch.js";
import { appOf, programs, straight } from "../properties/programs.js";
import { abreast, chain, failureOf, listOf, looping, says, type TestNode } from "./graphs.js";
import { everyStore } from "./stores.js";

type View = CheckpointView<Channels>;

const fails: TestNode = () => {
  throw new TypeError("broken");
};

/** A session of so many supersteps. */
async function looped(rounds: number, options: AppRunnerOptions = {}) {
  const runner = new AppRunner(looping(rounds), options);
  await runner.invoke("s", {}, { maxSteps: rounds });
  return runner;
}

/** What holds for every line of checkpoints, newest first: its ids, its order, and that its changes are what changed. */
function expectLine(line: readonly View[]): void {
  expect(new Set(line.map(({ checkpointId }) => checkpointId)).size).toBe(line.length);
  for (const [place, view] of line.entries()) {
    const parent = line[place + 1];
    expect(view.parentId).toBe(parent?.checkpointId);
    if (parent === undefined) continue;
    expect(view.step).toBe(parent.step + (view.source === "step" ? 1 : 0));
    expect(view.ran).toEqual(view.source === "step" ? parent.frontier : []);
    expect(changed(parent.state, view)).toEqual(view.state);
    const writers = new Set(view.ran.map(({ id }) => id));
    if (view.source === "step") expect(view.changes.every(({ taskId }) => writers.has(taskId))).toBe(true);
  }
}

/** The state after the changes of a checkpoint. */
function changed(state: object, { changes }: View): object {
  const next: Record<string, unknown> = { ...state };
  for (const { channel, patch } of changes) next[channel] = patched(next[channel], patch);
  return next;
}

describe.each(everyStore)("history on %s", (_, open) => {
  test("T2: every checkpoint, newest first, each with the one that it builds on", async () => {
    const runner = new AppRunner(chain({ a: says, b: says }), { checkpointer: open() });
    await runner.invoke("s", { count: 2 });
    const line = await listOf(runner.history("s"));
    expect(line).toMatchObject([
      { source: "step", step: 2, state: { log: ["a", "b"], count: 2 }, status: { kind: "completed", endedBy: "end" } },
      { source: "step", step: 1, state: { log: ["a"] }, frontier: [{ node: "b" }], status: { kind: "ready" } },
      { source: "input", step: 0, state: { log: [] }, frontier: [{ node: "a" }], ran: [], parentId: undefined },
    ]);
    expectLine(line);
    expect(line.map(({ sessionId }) => sessionId)).toEqual(["s", "s", "s"]);
    expect(line.map(({ versions }) => versions)).toEqual([{ log: 2, count: 1 }, { log: 1, count: 1 }, { count: 1 }]);
  });

  test("at most as many as the limit says, below and above the size of a page", async () => {
    const runner = await looped(120, { checkpointer: open() });
    for (const limit of [0, 1, 49, 50, 51, 100, 101, 121, 122, 5_000, Number.POSITIVE_INFINITY]) {
      const steps = (await listOf(runner.history("s", { limit }))).map(({ step }) => step);
      expect(steps).toEqual(Array.from({ length: Math.min(limit, 121) }, (_, place) => 120 - place));
    }
  });

  test("before a step: what is older than all checkpoints of that step", async () => {
    const runner = await looped(3, { checkpointer: open() });
    await runner.updateState("s", { log: "x" });
    await runner.updateState("s", { log: "y" });
    const stepsBefore = async (before: number) =>
      (await listOf(runner.history("s", { before }))).map(({ step }) => step);
    expect(await stepsBefore(4)).toEqual([3, 3, 3, 2, 1, 0]);
    expect(await stepsBefore(3)).toEqual([2, 1, 0]);
    expect(await stepsBefore(1)).toEqual([0]);
    expect(await stepsBefore(0)).toEqual([]);
    expect(await stepsBefore(Number.MAX_SAFE_INTEGER)).toHaveLength(6);
    expect((await listOf(runner.history("s", { before: 3, limit: 2 }))).map(({ step }) => step)).toEqual([2, 1]);
  });

  test("before an id: pages of any size follow one another without loss or repetition, over updates of one step too", async () => {
    const runner = await looped(4, { checkpointer: open() });
    for (const log of ["x", "y", "z"]) await runner.updateState("s", { log });
    await runner.invoke("s", { log: "again" });
    const whole = (await listOf(runner.history("s"))).map(({ checkpointId }) => checkpointId);
    expect(whole).toHaveLength(10);
    for (let limit = 1; limit <= whole.length + 1; limit++) {
      const paged: string[] = [];
      for (let before: string | undefined; ; before = paged.at(-1)) {
        const page = await listOf(runner.history("s", { limit, ...(before !== undefined && { before }) }));
        paged.push(...page.map(({ checkpointId }) => checkpointId));
        if (page.length < limit) break;
      }
      expect(paged).toEqual(whole);
    }
  });

  test("T5: an unknown session or checkpoint is a typed error, never an empty list", async () => {
    const runner = await looped(2, { checkpointer: open() });
    await runner.invoke("other", {});
    const [ofOther] = await listOf(runner.history("other"));
    for (const options of [{}, { limit: 0 }, { before: 5 }, { before: "x-1" }])
      expect(await failureOf(listOf(runner.history("ghost", options)))).toMatchObject({ code: "SESSION_NOT_FOUND" });
    for (const before of ["", "nonsense", "x-1", "x-99999999999999999999", ofOther?.checkpointId ?? ""])
      expect(await failureOf(listOf(runner.history("s", { before })))).toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
  });

  test("options that mean nothing are refused", async () => {
    const runner = await looped(1, { checkpointer: open() });
    for (const limit of [-1, 1.5, Number.NaN, "3" as unknown as number, null as unknown as number])
      expect(await failureOf(listOf(runner.history("s", { limit })))).toMatchObject({ option: "limit" });
    for (const before of [
      -1,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      {} as unknown as number,
      null as unknown as string,
    ])
      expect(await failureOf(listOf(runner.history("s", { before })))).toMatchObject({ option: "before" });
    for (const id of ["", "\ud800", 7 as unknown as string])
      expect(await failureOf(listOf(runner.history(id)))).toMatchObject({ option: "sessionId" });
  });

  test("what an input, an update and a fork wrote is told as theirs", async () => {
    const runner = new AppRunner(chain({ a: says, b: says }), { checkpointer: open() });
    await runner.createSession("s", { count: 1 });
    await runner.updateState("s", { count: 2 });
    await runner.updateState("s", { log: "as b" }, { asNode: "b" });
    await runner.fork("s", { as: "t", update: { count: 4 } });
    const line = await listOf(runner.history("t"));
    expect(line.map(({ source, changes }) => [source, changes.map(({ node, channel }) => [node, channel])])).toEqual([
      ["fork", [["__update__", "count"]]],
      ["update", [["b", "log"]]],
      ["update", [["__update__", "count"]]],
      ["input", [[START, "count"]]],
    ]);
    expectLine(line);
    expect(line.map(({ state }) => state.count)).toEqual([7, 3, 3, 1]);
  });

  test("B8: each change is told of the task that made it, also of several tasks of one node", async () => {
    const runner = new AppRunner(abreast({ a: says, b: (_state, { node }) => ({ log: [node, node], count: 1 }) }), {
      checkpointer: open(),
    });
    await runner.invoke("s");
    const [{ ran = [], changes = [] } = {}] = await listOf(runner.history("s"));
    expect(changes).toEqual([
      { node: "a", taskId: ran[0]?.id, channel: "log", patch: [{ op: "add", path: "/-", value: "a" }] },
      {
        node: "b",
        taskId: ran[1]?.id,
        channel: "log",
        patch: [
          { op: "add", path: "/-", value: "b" },
          { op: "add", path: "/-", value: "b" },
        ],
      },
      { node: "b", taskId: ran[1]?.id, channel: "count", patch: [{ op: "replace", path: "", value: 1 }] },
    ]);
  });

  test("the head has the session's present status, older checkpoints the one that they were committed with", async () => {
    const runner = new AppRunner(chain({ a: says, asks: (_s, ctx) => ({ value: ctx.interrupt("?") }), fails }), {
      checkpointer: open(),
    });
    const statuses = async () => (await listOf(runner.history("s"))).map(({ status }) => status.kind);
    await runner.invoke("s");
    expect(await statuses()).toEqual(["paused", "ready"]);
    const [head] = await listOf(runner.history("s", { limit: 1 }));
    expect(head?.status).toEqual((await runner.session("s")).status);
    await failureOf(runner.resume("s", 1));
    expect(await statuses()).toEqual(["failed", "ready", "ready"]);
    await runner.updateState("s", { log: "by hand" }, { asNode: "fails" });
    expect(await statuses()).toEqual(["completed", "ready", "ready", "ready"]);
  });

  test("values that are ephemeral are none of the past, not even of the head", async () => {
    const app = new StateGraph({ hint: ephemeral<string>(), seen: append<unknown>() })
      .addNode("a", ({ hint }) => ({ seen: `a ${hint}`, hint: "from a" }))
      .addNode("b", ({ hint }) => ({ seen: `b ${hint}` }))
      .addEdge(START, "a")
      .addEdge("a", "b")
      .addEdge("b", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open() });
    await runner.createSession("s", { hint: "input" });
    const shown = async () => (await listOf(runner.history("s"))).map(({ state }) => state.hint);
    expect((await runner.session("s")).state.hint).toBe("input");
    expect(await shown()).toEqual([undefined]);
    await runner.runStep("s");
    expect((await runner.session("s")).state.hint).toBe("from a");
    expect(await shown()).toEqual([undefined, undefined]);
    expect((await runner.at("s", 1)).state.hint).toBe(undefined);
    expect(await runner.runUntilComplete("s")).toMatchObject({ state: { seen: ["a input", "b from a"] } });
    const line = await listOf(runner.history("s"));
    expectLine(line);
    expect(JSON.stringify(line)).not.toContain('"channel":"hint"');
  });

  test("a reader that breaks off leaves nothing behind, and may begin again", async () => {
    const runner = await looped(120, { checkpointer: open() });
    for (const enough of [1, 50, 60]) {
      let read = 0;
      for await (const { step } of runner.history("s")) {
        expect(step).toBe(120 - read);
        if (++read === enough) break;
      }
      expect(read).toBe(enough);
    }
    const iterator = runner.history("s")[Symbol.asyncIterator]();
    await iterator.next();
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test("a session that moves on while it is read shows what was there when reading began", async () => {
    const runner = new AppRunner(looping(400), { checkpointer: open() });
    await failureOf(runner.invoke("s", {}, { maxSteps: 120 }));
    const steps: number[] = [];
    for await (const { step } of runner.history("s")) {
      steps.push(step);
      if (step % 40 === 0) await failureOf(runner.runUntilComplete("s", { maxSteps: 7 }));
    }
    expect(steps).toEqual(Array.from({ length: 121 }, (_, place) => 120 - place));
  });

  test("a session that is deleted, or replaced, while it is read is not mixed with another", async () => {
    for (const end of [
      (runner: AppRunner<Channels, string>) => runner.deleteSession("s"),
      (runner: AppRunner<Channels, string>) => runner.createSession("s", {}, { ifExists: "replace" }),
    ]) {
      const runner = await looped(70, { checkpointer: open() });
      const steps: number[] = [];
      for await (const { step } of runner.history("s")) {
        steps.push(step);
        if (step !== 40) continue;
        await end(runner as unknown as AppRunner<Channels, string>);
        await runner.invoke("s");
      }
      expect(steps).toEqual(Array.from({ length: 50 }, (_, place) => 70 - place));
    }
  });

  test("a state that is looked at late is what it was, or a typed error when it is gone", async () => {
    for (const end of [
      (runner: AppRunner<Channels, string>) => runner.deleteSession("s"),
      (runner: AppRunner<Channels, string>) => runner.createSession("s", {}, { ifExists: "replace" }),
      (runner: AppRunner<Channels, string>) => runner.prune({ keepLast: 1 }),
      (runner: AppRunner<Channels, string>) => runner.updateState("s", {}),
    ]) {
      const runner = await looped(9, { checkpointer: open() });
      const line = await listOf(runner.history("s"));
      await end(runner as unknown as AppRunner<Channels, string>);
      for (const view of line) {
        const state = await Promise.resolve()
          .then(() => view.state)
          .catch((error: unknown) => error);
        expect(state).toMatchObject(state instanceof CheckpointNotFoundError ? {} : { count: view.step, log: [] });
      }
    }
  });

  test("durability exit: a checkpoint for each stop, with all that was done until then", async () => {
    const runner = await looped(5, { checkpointer: open(), durability: "exit" });
    const line = await listOf(runner.history("s"));
    expect(line).toMatchObject([{ step: 5, state: { count: 5 } }, { step: 0 }]);
    expect(line[0]?.parentId).toBe(line[1]?.checkpointId);
    expect(line[0]?.changes).toHaveLength(5);
    expect(line[0] && changed(line[1]?.state ?? {}, line[0])).toEqual(line[0]?.state);
    expect(line[0]?.ran).toHaveLength(5);
  });

  test("B8: of any program, with updates on the way, the changes of each checkpoint lead from its parent's state to its own", async () => {
    await fc.assert(
      fc.asyncProperty(programs, fc.array(fc.nat(2), { maxLength: 3 }), async (program, edits) => {
        const runner = new AppRunner(appOf(program), { checkpointer: open() });
        await straight(runner as never).catch(() => undefined);
        await runner.createSession("s", {}, { ifExists: "resume" });
        await runner.runUntilComplete("s").catch(() => undefined);
        for (const edit of edits) {
          await runner.updateState("s", { log: ["by", "hand"], byNode: `n${edit}`, count: edit });
          await runner.invoke("s", { count: 1 }, { restart: true }).catch(() => undefined);
        }
        expectLine(await listOf(runner.history("s")));
      }),
      { numRuns: 25 },
    );
  });
});

describe.each(everyStore)("at on %s", (_, open) => {
  test("T2: by step, the newest checkpoint of that step; by id, that one", async () => {
    const runner = await looped(3, { checkpointer: open() });
    await runner.updateState("s", { log: "x" });
    await runner.updateState("s", { log: "y" });
    expect(await runner.at("s", 3)).toMatchObject({ source: "update", step: 3, state: { log: ["x", "y"] } });
    expect(await runner.at("s", 2)).toMatchObject({ source: "step", state: { count: 2, log: [] } });
    expect(await runner.at("s", 0)).toMatchObject({ source: "input", parentId: undefined });
    for await (const view of runner.history("s")) expect(await runner.at("s", view.checkpointId)).toEqual(view);
  });

  test("T2: the input of the next invocation is the newest of its step", async () => {
    const runner = await looped(2, { checkpointer: open() });
    await runner.invoke("s", { log: "again" }, { interruptBefore: "*" });
    expect(await runner.at("s", 2)).toMatchObject({
      source: "input",
      status: { kind: "paused" },
      state: { log: ["again"] },
    });
  });

  test("T5: what is not there is a typed error, never an empty state", async () => {
    const runner = await looped(3, { checkpointer: open() });
    const { checkpointId: ofOther } = await (await looped(2)).at("s", 1);
    const head = await runner.at("s", 3);
    const [incarnation] = head.checkpointId.split("-");
    for (const id of [
      "",
      "x",
      "x-1",
      "-1",
      `${incarnation}`,
      `${incarnation}-`,
      `${incarnation}-0`,
      `${incarnation}-01`,
      `${incarnation}-99`,
    ])
      expect(await failureOf(runner.at("s", id))).toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
    for (const id of [
      `${incarnation}-4.0`,
      `${incarnation}-1e1`,
      `${incarnation}-268435457`,
      `${incarnation}-9007199254740993`,
      ofOther,
      ` ${head.checkpointId}`,
      head.checkpointId.toUpperCase(),
    ])
      expect(await failureOf(runner.at("s", id))).toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
    for (const step of [4, 1_000, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE])
      expect(await failureOf(runner.at("s", step))).toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
    for (const place of [0, "x-1"])
      expect(await failureOf(runner.at("ghost", place))).toMatchObject({ code: "SESSION_NOT_FOUND" });
  });

  test("a place that means nothing is refused", async () => {
    const runner = await looped(1, { checkpointer: open() });
    const nonsense = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, undefined, null, {}, [], 1n, true];
    for (const place of nonsense)
      expect(await failureOf(runner.at("s", place as number))).toMatchObject({ option: "stepOrCheckpointId" });
    expect(await failureOf(runner.at("", 1))).toMatchObject({ option: "sessionId" });
  });

  test("checkpoints of another session are not there, a fork's inherited ones are", async () => {
    const runner = await looped(3, { checkpointer: open() });
    await runner.invoke("t", {});
    const [other] = await listOf(runner.history("t"));
    expect(await failureOf(runner.at("s", other?.checkpointId ?? ""))).toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
    await runner.fork("s", { as: "f", step: 2 });
    const { checkpointId } = await runner.at("s", 1);
    expect(await runner.at("f", checkpointId)).toMatchObject({
      sessionId: "f",
      checkpointId,
      step: 1,
      state: { count: 1 },
    });
    const { checkpointId: later } = await runner.at("s", 3);
    expect(await failureOf(runner.at("f", later))).toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
  });

  test("the head is found after it failed, paused and was answered, as it stands now", async () => {
    const runner = new AppRunner(chain({ a: says, asks: (_s, ctx) => ({ value: ctx.interrupt("?") }), fails }), {
      checkpointer: open(),
    });
    await runner.invoke("s");
    expect(await runner.at("s", 1)).toMatchObject({
      status: { kind: "paused", reason: { interrupts: [{ payload: "?" }] } },
    });
    await failureOf(runner.resume("s", 7));
    expect(await runner.at("s", 2)).toMatchObject({ status: { kind: "failed" }, state: { value: 7 } });
    expect(await runner.at("s", 1)).toMatchObject({ status: { kind: "ready" } });
  });

  test("while a session is driven, its past can be read", async () => {
    const crank = new HandCrank();
    const runner = new AppRunner(chain({ a: says, b: crank.node }), { checkpointer: open() });
    const running = runner.invoke("s");
    const call = await crank.started();
    expect(await runner.at("s", 1)).toMatchObject({ state: { log: ["a"] } });
    expect(await listOf(runner.history("s"))).toHaveLength(2);
    call.finish();
    await running;
  });
});

test("B7: in memory, neighbours share what was not written, and history gives the very states that nodes saw", async () => {
  const seen: unknown[] = [];
  const app = new StateGraph({ doc: merge<Record<string, unknown>>({ big: { deep: [1, 2, 3] } }), n: sum() })
    .addNode("a", (state) => {
      seen.push(state);
      return { n: 1, doc: { small: state.n } };
    })
    .addEdge(START, "a")
    .addConditionalEdges("a", ({ n }) => (n < 4 ? "a" : END), ["a", END])
    .compile();
  const runner = new AppRunner(app);
  await runner.invoke("s");
  await runner.updateState("s", { n: 1 });
  const line = await listOf(runner.history("s"));
  expect(line.slice(2).map(({ state }) => state)).toEqual([...seen].reverse());
  expect(line.slice(2).every(({ state }, place) => state === seen[seen.length - 1 - place])).toBe(true);
  expect(new Set(line.map(({ state }) => state.doc.big)).size).toBe(1);
  expect(line[0]?.state.doc).toBe(line[1]?.state.doc);
});

test("B6: along a line, a channel's version grows by one iff its value is another one", async () => {
  const app = new StateGraph({ log: append<string>(), n: sum(), last: lastValue(0), hint: ephemeral<number>() })
    .addNode("a", ({ n }) => ({ n: n % 2, log: n % 3 === 0 ? [] : "x", last: 7, ...(n > 2 && { hint: n }) }))
    .addEdge(START, "a")
    .addConditionalEdges("a", ({ n }) => (n < 9 ? "a" : END), ["a", END])
    .compile();
  const runner = new AppRunner(app);
  await runner.invoke("s", { n: 1 }, { maxSteps: 6 }).catch(() => undefined);
  for (const update of [{ n: 0 }, { n: 1, log: [] }, { last: 7 }, { last: 8, log: ["y"] }, {}])
    await runner.updateState("s", update);
  const line = await listOf(runner.history("s"));
  for (const [place, { state, versions }] of line.slice(0, -1).entries()) {
    const parent = line[place + 1];
    for (const name of ["log", "n", "last"] as const) {
      const grown = Object.is(state[name], parent?.state[name]) ? 0 : 1;
      expect(versions[name] ?? 0).toBe((parent?.versions[name] ?? 0) + grown);
    }
  }
});

test("a view is the caller's own: changing it changes nothing, and its state is frozen", async () => {
  const checkpointer: Checkpointer = new MemoryCheckpointer();
  const runner = await looped(2, { checkpointer });
  const view = await runner.at("s", 1);
  Object.assign(view, { step: 99, status: { kind: "failed" } });
  expect(await runner.at("s", 1)).toMatchObject({ step: 1, status: { kind: "ready" } });
  expect(() => Object.assign(view.state, { count: 9 })).toThrow(TypeError);
  expect(() => (view.frontier as unknown[]).push(1)).toThrow(TypeError);
});
