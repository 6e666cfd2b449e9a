import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pause } from "../../src/index.js";
import {
  appOf,
  type Manner,
  type Program,
  type ProgramResult,
  type ProgramRunner,
  play,
  programs,
  type Story,
  straight,
} from "./programs.js";

/** Calls again until the session is no longer paused; answers every question with 7. */
async function insist(runner: ProgramRunner, call: (n: number) => Promise<ProgramResult>): Promise<void> {
  for (let n = 0, result = await call(n); result.outcome === "paused"; result = await call(++n)) {
    if (result.reason.kind !== "interrupt") continue;
    const answers = Object.fromEntries(result.reason.interrupts.map(({ id }) => [id, 7]));
    const answered = await runner.resume("s", answers, { interruptEachStep: true });
    if (answered.outcome === "completed") return;
  }
}

function reference(program: Program): Promise<Story> {
  return play(appOf(program), straight);
}

const quick: Manner = { wait: () => Promise.resolve() };

test("S5, B1, F6: random orders of completion give the same state, frontiers and history", async () => {
  await fc.assert(
    fc.asyncProperty(programs, fc.scheduler(), async (program, scheduler) => {
      const app = appOf(program, { wait: (node) => scheduler.schedule(Promise.resolve(), node) });
      const playing = play(app, straight);
      await scheduler.waitFor(playing);
      expect(await playing).toEqual(await reference(program));
    }),
    { numRuns: 80 },
  );
});

test("a session of synchronous nodes equals the same with all nodes asynchronous, or some", async () => {
  await fc.assert(
    fc.asyncProperty(programs, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), async (program, turns) => {
      const expected = await reference(program);
      expect(await play(appOf(program, quick), straight)).toEqual(expected);
      const wait = async (node: string) => {
        if (turns[Number(node.slice(1))] === true) await nextTurn();
      };
      expect(await play(appOf(program, { wait }), straight)).toEqual(expected);
    }),
    { numRuns: 120 },
  );
});

test("S4: concurrency 1 equals concurrency 64, and 2", async () => {
  await fc.assert(
    fc.asyncProperty(programs, async (program) => {
      const expected = await reference(program);
      for (const maxConcurrency of [1, 2, 64]) {
        expect(await play(appOf(program, quick), straight, { maxConcurrency })).toEqual(expected);
        expect(await play(appOf(program), straight, { maxConcurrency })).toEqual(expected);
      }
    }),
    { numRuns: 80 },
  );
});

test("single-stepping equals running", async () => {
  await fc.assert(
    fc.asyncProperty(programs, async (program) => {
      const stepping = async (runner: ProgramRunner): Promise<void> => {
        for (;;) {
          const { status, ...rest } = await runner.runStep("s");
          if (status === "completed" && "report" in rest && rest.report?.completed === true) return;
        }
      };
      expect(await play(appOf(program), stepping)).toEqual(await reference(program));
    }),
    { numRuns: 120 },
  );
});

test("a run in several calls, each with its step limit, equals one call", async () => {
  await fc.assert(
    fc.asyncProperty(programs, fc.integer({ min: 1, max: 3 }), async (program, maxSteps) => {
      const limited = async (runner: ProgramRunner): Promise<void> => {
        for (;;) {
          try {
            return await straight(runner, { maxSteps });
          } catch (error) {
            if ((error as { code?: unknown }).code !== "STEP_LIMIT") throw error;
          }
        }
      };
      expect(await play(appOf(program), limited)).toEqual(await reference(program));
    }),
    { numRuns: 120 },
  );
});

const nodeSubset = fc.oneof(fc.constant("*" as const), fc.subarray(["n0", "n1", "n2", "n3", "n4"]));
const stops = fc.record({ interruptBefore: nodeSubset, interruptAfter: nodeSubset, interruptEachStep: fc.boolean() });

test("P2: a session that is interrupted at any boundaries, by any options and hooks, equals one that never is", async () => {
  await fc.assert(
    fc.asyncProperty(
      programs,
      fc.infiniteStream(stops),
      fc.infiniteStream(fc.boolean()),
      async (program, options, wishes) => {
        const hooks = [
          {
            beforeStep: () => (wishes.next().value === true ? pause("before") : undefined),
            afterStep: () => (wishes.next().value === true ? pause("after") : undefined),
          },
        ];
        const names = new Set(program.nodes.map((_, index) => `n${index}`));
        const known = (list: "*" | readonly string[]) => (list === "*" ? list : list.filter((name) => names.has(name)));
        const interrupted = (runner: ProgramRunner) =>
          insist(runner, (n) => {
            const { interruptBefore, interruptAfter, interruptEachStep } = options.next().value;
            const own = {
              interruptBefore: known(interruptBefore),
              interruptAfter: known(interruptAfter),
              interruptEachStep,
            };
            return n % 2 === 0 ? runner.runUntilComplete("s", own) : runner.resume("s", undefined, own);
          });
        expect(await play(appOf(program), interrupted, { hooks })).toEqual(await reference(program));
      },
    ),
    { numRuns: 120 },
  );
});

test("P3: a session whose nodes ask first, and are all answered, equals one that asks nothing", async () => {
  await fc.assert(
    fc.asyncProperty(programs, fc.boolean(), async (program, isAsync) => {
      const manner: Manner = { asks: true, ...(isAsync && quick) };
      const answering = (runner: ProgramRunner) => insist(runner, () => runner.runUntilComplete("s", {}));
      expect(await play(appOf(program, manner), answering)).toEqual(await reference(program));
    }),
    { numRuns: 120 },
  );
});

/** Calls again while it fails with this code. */
async function persist(code: string, call: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    try {
      await call();
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== code) throw error;
    }
  }
}

test("S6, P14: a session whose nodes fail now and then, and is tried again, equals one that never fails", async () => {
  await fc.assert(
    fc.asyncProperty(
      programs,
      fc.infiniteStream(fc.boolean()),
      fc.constantFrom("drain" as const, "abort" as const),
      fc.boolean(),
      async (program, luck, onFailure, isAsync) => {
        const app = appOf(program, { fails: () => luck.next().value === true, ...(isAsync && quick) });
        const trying = (runner: ProgramRunner) => persist("NODE_FAILED", () => straight(runner));
        expect(await play(app, trying, { onFailure })).toEqual(await reference(program));
      },
    ),
    { numRuns: 120 },
  );
});

test("P6: a session whose runs are aborted now and then equals one that never is", async () => {
  await fc.assert(
    fc.asyncProperty(programs, fc.infiniteStream(fc.integer({ min: 0, max: 6 })), async (program, patience) => {
      let abort = (): void => undefined;
      let left = 0;
      const wait = async () => {
        if (left-- === 0) abort();
        await nextTurn();
      };
      const trying = (runner: ProgramRunner) =>
        persist("RUN_ABORTED", () => {
          const controller = new AbortController();
          abort = () => controller.abort();
          left = patience.next().value;
          return straight(runner, { signal: controller.signal });
        });
      expect(await play(appOf(program, { wait }), trying)).toEqual(await reference(program));
    }),
    { numRuns: 80 },
  );
});

test("durability exit ends in the same session as durability step", async () => {
  await fc.assert(
    fc.asyncProperty(programs, fc.boolean(), async (program, isAsync) => {
      const { end } = await play(appOf(program, isAsync ? quick : {}), straight, { durability: "exit" });
      expect(end).toEqual((await reference(program)).end);
    }),
    { numRuns: 120 },
  );
});
