/** The contract bites: each of its checks finds a store that gets one thing wrong. */
import { AssertionError } from "node:assert";
import { MemoryCheckpointer, SuperstepError } from "superstep";
import { type ContractCheck, checkpointerContract, intercept } from "superstep/testing";
import { describe, expect, test } from "vitest";
import { lateCheckpointer } from "../runner/stores.js";
import { brokenArtifacts, brokenPieces } from "./broken/broken-artifacts.js";
import { brokenLeases } from "./broken/broken-leases.js";
import { brokenOutcomes } from "./broken/broken-outcomes.js";
import { brokenPast } from "./broken/broken-past.js";
import { brokenReopening } from "./broken/broken-reopening.js";
import { brokenWrites } from "./broken/broken-writes.js";
import { inPieces } from "./broken/in-pieces.js";

const stores = [
  ...brokenWrites,
  ...brokenLeases,
  ...brokenPast,
  ...brokenOutcomes,
  ...brokenArtifacts,
  ...brokenPieces,
  ...brokenReopening,
];
const findings = stores.flatMap((store) => store.checks.map((check) => [store.mistake, check, store] as const));

/** What a check throws; undefined when it finds nothing. */
async function findingOf(name: string, ...given: Parameters<ContractCheck["check"]>): Promise<unknown> {
  const found = checkpointerContract.find((one) => one.name === name);
  if (found === undefined) throw new TypeError(`there is no check "${name}"`);
  return found.check(...given).then(
    () => undefined,
    (error: unknown) => error,
  );
}

test.each(findings)("a store that %s is found by: %s", async (_mistake, name, { open, reopen }) => {
  const finding = await findingOf(name, open, reopen && { reopen });
  expect(finding instanceof AssertionError || SuperstepError.is(finding), String(finding)).toBe(true);
});

test("every check finds a broken store", () => {
  const biting = new Set(findings.map(([, check]) => check));
  expect(checkpointerContract.map(({ name }) => name).filter((name) => !biting.has(name))).toEqual([]);
});

describe.each([
  ["that is intercepted and gets nothing wrong", () => intercept(new MemoryCheckpointer(), ({ proceed }) => proceed())],
  ["that takes artifacts in pieces", () => inPieces(() => ({}))],
  ["that answers later, and gives back what is known", () => lateCheckpointer()],
])("a store %s keeps the contract", (_name, open) => {
  test.each(checkpointerContract.map(({ name, check }) => [name, check] as const))("%s", async (_title, check) => {
    await check(open);
  });
});
