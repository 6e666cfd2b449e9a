/** The environment variables of workers are those that they are given, and all of them. */
import { expect, test } from "vitest";
import { AppRunner, append, END, lastValue, map, START, StateGraph } from "../../src/index.js";
import { KINDS, nodeNamed, poolOptions } from "./pools.js";

test.each(KINDS)(
  "in %s, a variable that is undefined is left out, and so is one that is not named",
  async (_, make) => {
    const app = new StateGraph({ names: lastValue(["GIVEN", "LEFT_OUT", "HOME"]), values: append<string>() })
      .addNode(
        "look",
        map(({ names }) => names, nodeNamed("variable"), { into: "values" }),
        { executor: "pool" },
      )
      .addEdge(START, "look")
      .addEdge("look", END)
      .compile();
    const pool = make({ ...poolOptions, env: { GIVEN: "here", LEFT_OUT: undefined } });
    const runner = new AppRunner(app, { executors: { pool } });
    expect((await runner.invoke("s", {})).state.values).toEqual(["here", "unset", "unset"]);
    await runner.close();
  },
);
