/** Pages about a topic show code that runs: each block stands, line for line, in the example that the page names. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

const PAGES = [["docs/session-control.md", "examples/11-session-control.ts"]] as const;

test.each(PAGES)("the code of %s stands in %s", (page, example) => {
  const text = readFileSync(join(ROOT, page), "utf8");
  const program = readFileSync(join(ROOT, example), "utf8");
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) expect(program).toContain(block);
  expect(text).toContain(`../${example}`);
});
