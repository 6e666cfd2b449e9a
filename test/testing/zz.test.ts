import { writeFileSync } from "node:fs";
import { test } from "vitest";
import { checkpointerContract } from "superstep/testing";
import { brokenLeases } from "./broken/broken-leases.js";
import { brokenPast } from "./broken/broken-past.js";
import { brokenWrites } from "./broken/broken-writes.js";
test("m", async () => {
  const m: Record<string, string[]> = {};
  for (const { name, check } of checkpointerContract) {
    m[name] = [];
    for (const s of [...brokenWrites, ...brokenLeases, ...brokenPast])
      await check(s.open).catch(() => m[name]!.push(s.mistake));
  }
  writeFileSync("/tmp/matrix.json", JSON.stringify(m));
}, 200_000);
