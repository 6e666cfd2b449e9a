/** Where a session ran, as far as its runner was told to note that: in its view, its history and its errors, never a secret. */
import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import {
  AppRunner,
  END,
  type EnvironmentOptions,
  MemoryCheckpointer,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";

const app = new StateGraph({ n: sum() })
  .addNode("ask", ({ n }, ctx) => ({ n: n > 0 ? 1 : ctx.interrupt<number>("how many?") }))
  .addNode("fail", () => {
    throw new RangeError("no");
  })
  .addEdge(START, "ask")
  .addEdge("ask", "fail")
  .addEdge("fail", END)
  .compile();
const environment: EnvironmentOptions = { packages: ["immer", "superstep"], variables: ["HOME", "NOT_SET_AT_ALL"] };
const noted = {
  node: process.version,
  platform: process.platform,
  arch: process.arch,
  host: hostname(),
  packages: { immer: expect.stringMatching(/^11\./), superstep: expect.stringMatching(/^\d/) },
  variables: { HOME: process.env.HOME },
};

describe.each([
  ["in memory", () => new MemoryCheckpointer()],
  ["on SQLite", () => new SqliteCheckpointer(":memory:")],
])("%s,", (_, storeOf) => {
  test("what was asked for stands in the view, the history and the errors of a session", async () => {
    const runner = new AppRunner(app, { checkpointer: storeOf(), environment });
    await runner.invoke("s");
    expect((await runner.session("s")).environment).toEqual(noted);
    await expect(runner.resume("s", 1)).rejects.toMatchObject({ at: { environment: noted } });
    const shown: unknown[] = [];
    for await (const { environment: one } of runner.history("s")) shown.push(one);
    expect(shown).toEqual([noted, noted]);
    await runner.close();
  });

  test("it is that of the runner that drove the session last; one that notes nothing leaves nothing", async () => {
    const checkpointer = storeOf();
    const first = new AppRunner(app, { checkpointer, environment });
    await first.invoke("s");
    const second = new AppRunner(app, { checkpointer, environment: { packages: ["immer"] } });
    await second.resume("s", 1).catch(() => undefined);
    expect((await second.session("s")).environment).toMatchObject({
      packages: { immer: noted.packages.immer },
      variables: {},
    });
    const third = new AppRunner(app, { checkpointer });
    await third.runUntilComplete("s").catch(() => undefined);
    expect((await third.session("s")).environment).toBeUndefined();
  });
});

test.each(["API_KEY", "DB_PASSWORD", "GITHUB_TOKEN", "AWS_SECRET_ACCESS", "npm_config__auth", "STRIPE_KEY_LIVE"])(
  "a variable whose name says that it is a secret is refused: %s",
  (name) => {
    const make = () => new AppRunner(app, { environment: { variables: [name] } });
    expect(make).toThrow(expect.objectContaining({ code: "INVALID_OPTION", option: "environment.variables" }));
  },
);

test.each([
  [{ packages: ["no-such-package-here"] }, "environment.packages"],
  [{ packages: "immer" }, "environment.packages"],
  [{ variables: [1] }, "environment.variables"],
  [{ vars: [] }, "environment.vars"],
])("what means nothing is refused: %j", (given, option) => {
  const make = () => new AppRunner(app, { environment: given as EnvironmentOptions });
  expect(make).toThrow(expect.objectContaining({ code: "INVALID_OPTION", option }));
});
