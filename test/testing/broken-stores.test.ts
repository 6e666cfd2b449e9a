/** The contract bites: of each store that gets one thing wrong, it says so. */
import { AssertionError } from "node:assert";
import { type Checkpointer, MemoryCheckpointer, SuperstepError } from "superstep";
import { checkpointerContract, intercept } from "superstep/testing";
import { expect, test } from "vitest";
import { lateCheckpointer } from "../runner/stores.js";
import { brokenLeases } from "./broken/broken-leases.js";
import { brokenPast } from "./broken/broken-past.js";
import type { BrokenStore } from "./broken/broken-store.js";
import { brokenWrites } from "./broken/broken-writes.js";

/** What a check throws; undefined when it finds nothing. */
async function findingOf(
  name: string,
  ...given: Parameters<(typeof checkpointerContract)[number]["check"]>
): Promise<unknown> {
  const found = checkpointerContract.find((one) => one.name === name);
  if (found === undefined) throw new TypeError(`there is no check "${name}"`);
  return found.check(...given).then(
    () => undefined,
    (error: unknown) => error,
  );
}

const stores: readonly BrokenStore[] = [...brokenWrites, ...brokenLeases, ...brokenPast];

test.each(stores.map((store) => [store.mistake, store.check, store] as const))(
  "a store that %s is found by: %s",
  async (_mistake, name, { open }) => {
    const finding = await findingOf(name, open);
    expect(finding instanceof AssertionError || SuperstepError.is(finding), String(finding)).toBe(true);
  },
);

test("every check that a store in memory can fail finds a broken one", () => {
  const bitten = new Set(stores.map(({ check }) => check));
  expect(checkpointerContract.map(({ name }) => name).filter((name) => !bitten.has(name))).toEqual([]);
});

test.each([
  [
    "a store that does what it must, through the same interception",
    () => intercept(new MemoryCheckpointer(), ({ proceed }) => proceed()),
  ],
  ["a store that answers later, and gives back what is known", () => lateCheckpointer()],
])("%s keeps the contract", async (_name, open) => {
  for (const { check } of checkpointerContract) await check(open);
});

test.each([["forgets everything", "what was committed is loaded, all of it", () => new MemoryCheckpointer()]])(
  "a store that %s when it is closed is found by: %s",
  async (_mistake, name, reopen) => {
    expect(await findingOf(name, () => new MemoryCheckpointer(), { reopen })).toBeInstanceOf(AssertionError);
  },
);
