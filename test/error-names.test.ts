/** The names of error kinds, as users' bundlers leave them: a name is stored with a failed session, and read by people. */
import { buildSync } from "esbuild";
import { expect, test } from "vitest";
import * as errors from "../src/errors.js";
import * as door from "../src/index.js";

type Kind = { readonly name: string; readonly prototype: Error };

const kinds = Object.entries(errors).filter(([name]) => name.endsWith("Error") && name !== "SuperstepError");

test.each([false, true])(
  "a bundle calls every error kind by the name it is exported under (minified: %s)",
  async (minify) => {
    const { outputFiles } = buildSync({
      entryPoints: ["src/errors.ts"],
      bundle: true,
      write: false,
      format: "esm",
      target: "node20.19",
      minify,
    });
    const text = outputFiles[0]?.text ?? "";
    const bundle = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as Record<string, Kind>;
    const named = kinds.map(([name]) => [
      name,
      bundle[name]?.name,
      (Object.create(bundle[name]?.prototype ?? {}) as Error).name,
    ]);
    expect(named).toEqual(kinds.map(([name]) => [name, name, name]));
  },
);

test("a kind that a user derives has a name of its own", () => {
  class TooDear extends door.InvalidOptionError {}
  expect([
    new TooDear("price", "is high", "pay less").name,
    new door.NodeTimeoutError("a", 1).stack?.split(":")[0],
  ]).toEqual(["TooDear", "NodeTimeoutError"]);
});
