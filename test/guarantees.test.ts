/** docs/guarantees.md makes no promise without a test: each line names a file with a title that begins with its number. */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const PAGE = "docs/guarantees.md";
const LAWS = { S: 8, B: 8, F: 6, C: 5, P: 6, T: 6 };

interface Guarantee {
  readonly number: string;
  readonly file: string;
}

function guaranteesOf(page: string): readonly Guarantee[] {
  const rows = page.matchAll(/^\| \*\*([A-Z]\d+)\*\* \|.+\| \[[^\]]+\]\(([^)]+)\) *\|$/gm);
  return [...rows].map(([, number = "", link = ""]) => ({
    number,
    file: relative(ROOT, join(ROOT, PAGE, "..", link)),
  }));
}

/** The numbers that titles of tests and groups begin with: `test("S5, B1: …"`. */
function numbersIn(tests: string): ReadonlySet<string> {
  const titles = tests.matchAll(/\(\s*["'`]([A-Z]\d+(?:, [A-Z]\d+)*)[^:"'`\n]*:/g);
  return new Set([...titles].flatMap(([, numbers = ""]) => numbers.split(", ")));
}

function unproven(guarantees: readonly Guarantee[], read: (file: string) => string): readonly string[] {
  return guarantees
    .filter(({ number, file }) => !numbersIn(read(file)).has(number))
    .map(({ number, file }) => `${number} has no test in ${file}`);
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

test("every law stands on the page once, in order", () => {
  const laws = Object.entries(LAWS).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, i) => `${letter}${i + 1}`),
  );
  expect(guaranteesOf(read(PAGE)).map(({ number }) => number)).toEqual(laws);
});

test("every guarantee has a test whose title begins with its number", () => {
  expect(unproven(guaranteesOf(read(PAGE)), read)).toEqual([]);
});

test("a guarantee without a test is found", () => {
  const page = "| **S1** | holds | [a](../test/a.test.ts) |\n| **S2** | holds too | [a](../test/a.test.ts) |\n";
  const tests = `test("S1, B1: a law", () => {}); test.each([\n1])("B2: another", () => {}); it("says S2: in passing", () => {});`;
  expect([...numbersIn(tests)]).toEqual(["S1", "B1", "B2"]);
  expect(unproven(guaranteesOf(page), () => tests)).toEqual(["S2 has no test in test/a.test.ts"]);
});
