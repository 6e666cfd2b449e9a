/** Whatever byte of the file is flipped, a session is read as it was written, or not at all (T1). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SuperstepError } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { everythingOf, SESSIONS, writeSmallFile } from "./small-file.js";

const folder = mkdtempSync(join(tmpdir(), "superstep-flips-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PAGE = 512;
/** A page's kind, how many cells it has, and where they begin: a small change here makes rows vanish without a sound. */
const PAGE_HEADER = 12;
/** At the end of a page that only leads to others stand the ids that decide which one: a small change here leads astray. */
const SIGNPOSTS = 40;
const KINDS_OF_SIGNPOSTS = [2, 5];
const REFUSED = "refused";

type Question = (store: SqliteCheckpointer) => Promise<unknown>;

const READING: readonly Question[] = SESSIONS.map((id) => async (store) => everythingOf(store, id));
const FINDING: readonly Question[] = [
  async (store) => store.list({ limit: 10 }),
  ...SESSIONS.map(
    (id): Question =>
      async (store) => ({ ...store.at(id, { step: 1 }) }),
  ),
  ...SESSIONS.map(
    (id): Question =>
      async (store) => ({ ...store.at(id, { incarnation: "made", seq: 2 }) }),
  ),
];

let bytes: Buffer;
beforeAll(async () => {
  bytes = await writeSmallFile(join(folder, "small.db"));
  // that the file has a write-ahead log, which one in memory cannot have
  for (const place of [18, 19]) bytes[place] = 1;
});

test("T1: with any byte turned round, everything read of a session is right, or a typed error", async () => {
  const right = await answersTo(READING);
  expect(right).not.toContain(REFUSED);
  const flips = await flip([...bytes.keys()], [0xff], { questions: READING, right });
  expect(flips.wrong).toEqual([]);
  expect(flips.refused).toBeGreaterThan(bytes.length / 4);
}, 180_000);

test("T1: with any bit turned round where a page says what it holds, whatever is asked is answered right, or by a typed error", async () => {
  const questions = [...READING, ...FINDING];
  const right = await answersTo(questions);
  expect(right).not.toContain(REFUSED);
  const places = [...bytes.keys()].filter(saysWhatPagesHold);
  const bits = Array.from({ length: 8 }, (_, bit) => 1 << bit);
  const flips = await flip(places, bits, { questions, right });
  expect(flips.wrong).toEqual([]);
}, 180_000);

function saysWhatPagesHold(place: number): boolean {
  if (place % PAGE < PAGE_HEADER) return true;
  const kind = bytes[place - (place % PAGE)] ?? 0;
  return KINDS_OF_SIGNPOSTS.includes(kind) && place % PAGE >= PAGE - SIGNPOSTS;
}

/** Flips each of these bits by itself, and asks. */
async function flip(
  places: readonly number[],
  masks: readonly number[],
  { questions, right }: { readonly questions: readonly Question[]; readonly right: readonly unknown[] },
): Promise<{ readonly wrong: readonly unknown[]; readonly refused: number }> {
  const wrong: unknown[] = [];
  let refused = 0;
  for (const place of places) {
    for (const mask of masks) {
      const byte = bytes[place] ?? 0;
      bytes[place] = byte ^ mask;
      const answers = await answersTo(questions);
      bytes[place] = byte;
      if (answers.includes(REFUSED)) refused++;
      for (const [which, answer] of answers.entries())
        if (answer !== REFUSED && !isDeepStrictEqual(answer, right[which])) wrong.push({ place, mask, which, answer });
    }
  }
  return { wrong, refused };
}

/** Anything that is thrown and is no typed error is a failure of the test. */
async function answersTo(questions: readonly Question[]): Promise<readonly unknown[]> {
  const database = await asked(async () => new Database(bytes));
  const store = await asked(async () => new SqliteCheckpointer(database as Database.Database));
  const answers: unknown[] = store instanceof SqliteCheckpointer ? [] : [REFUSED];
  if (store instanceof SqliteCheckpointer)
    for (const question of questions) answers.push(await asked(async () => question(store)));
  if (database instanceof Database) database.close();
  return answers;
}

async function asked(question: () => Promise<unknown>): Promise<unknown> {
  try {
    return await question();
  } catch (error) {
    if (SuperstepError.is(error)) return REFUSED;
    throw error;
  }
}
