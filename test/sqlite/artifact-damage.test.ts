/** Whatever becomes of the rows and files of an artifact, nobody is given other bytes than were put, and everybody is told by a typed error. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  AppRunner,
  ArtifactCorruptError,
  ArtifactNotFoundError,
  type ArtifactRef,
  CheckpointCorruptError,
  SuperstepError,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { chain, type TestChannels } from "../runner/graphs.js";

const PIECE = 2 ** 20;
const BYTES = Buffer.alloc(2 * PIECE + 1_000, "0123456789abcdef of three pieces; ");
const OTHER = Buffer.alloc(2 * PIECE + 1_000, "another one; ");
const DAMAGE = [ArtifactCorruptError, ArtifactNotFoundError, CheckpointCorruptError];

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "superstep-damage-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Options = { readonly artifacts?: { readonly folder: string } };
const inFile = (): Options => ({});
const inFolder = (): Options => ({ artifacts: { folder: join(folder, "artifacts") } });

async function onStore<T>(
  options: Options,
  work: (runner: Pick<AppRunner<TestChannels, string>, "artifacts">) => Promise<T>,
): Promise<T> {
  const checkpointer = new SqliteCheckpointer(join(folder, "s.db"), { synchronous: "normal", ...options });
  try {
    return await work(new AppRunner(chain({ idle: () => ({}) }), { checkpointer }));
  } finally {
    await checkpointer.close();
  }
}

/** Puts both, the second in between, and gives the first one. */
function putAll(options: Options): Promise<ArtifactRef> {
  return onStore(options, async ({ artifacts }) => {
    const ref = await artifacts.put(BYTES);
    await artifacts.put(OTHER);
    return ref;
  });
}

/** What reading in either way comes to: bytes, all of them right, or what was thrown. */
async function readings(options: Options, ref: ArtifactRef): Promise<readonly unknown[]> {
  const told: unknown[] = [];
  const open = async (
    read: (runner: Pick<AppRunner<TestChannels, string>, "artifacts">) => Promise<Uint8Array>,
  ): Promise<void> => {
    try {
      const bytes = await onStore(options, read);
      told.push(Buffer.compare(bytes, BYTES) === 0 ? "right" : "wrong");
    } catch (error) {
      told.push(error);
    }
  };
  await open(({ artifacts }) => artifacts.get<Uint8Array>(ref));
  await open(async ({ artifacts }) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of artifacts.open(ref)) pieces.push(piece);
    return Buffer.concat(pieces);
  });
  return told;
}

async function expectDamage(options: Options, ref: ArtifactRef): Promise<void> {
  for (const told of await readings(options, ref)) expect(isDamage(told), String(told)).toBe(true);
}

function isDamage(told: unknown): boolean {
  return DAMAGE.some((kind) => told instanceof kind);
}

const FIRST = "(SELECT min(id) FROM piece)";
/** What does not hide which bytes they are may be read all the same. */
const HARMLESS = ["the last piece has another number", "a piece is there twice", "a piece is longer"];
const ARTIFACT = "(SELECT min(id) FROM artifact)";

describe("in the file", () => {
  test.each([
    ["a piece is missing", `DELETE FROM piece WHERE id = ${FIRST} + 1`],
    ["the first piece is missing", `DELETE FROM piece WHERE id = ${FIRST}`],
    ["the last piece is missing", `DELETE FROM piece WHERE id = ${FIRST} + 2`],
    ["all pieces are missing", `DELETE FROM piece`],
    ["a piece has another number", `UPDATE piece SET id = id + 7 WHERE id = ${FIRST} + 1`],
    ["the last piece has another number", `UPDATE piece SET id = id + 1 WHERE id = ${FIRST} + 2`],
    ["all pieces are another one's", `UPDATE piece SET id = id + 5 * 1048576`],
    ["a piece is there twice", `INSERT INTO piece SELECT id + 1, bytes FROM piece WHERE id = ${FIRST} + 2`],
    ["a piece is empty", `UPDATE piece SET bytes = x'' WHERE id = ${FIRST} + 1`],
    ["an empty piece is too many, and bytes moved", `UPDATE piece SET bytes = substr(bytes, 2) WHERE id = ${FIRST}`],
    ["a piece is longer", `UPDATE piece SET bytes = CAST(bytes || x'00' AS BLOB) WHERE id = ${FIRST}`],
    ["the last piece is longer", `UPDATE piece SET bytes = CAST(bytes || x'00' AS BLOB) WHERE id = ${FIRST} + 2`],
    [
      "two pieces are exchanged",
      `UPDATE piece SET bytes = (SELECT bytes FROM piece WHERE id = ${FIRST} + 1) WHERE id = ${FIRST}`,
    ],
    ["the digest is another", `UPDATE artifact SET digest = 'sha256-' || hex(zeroblob(32)) WHERE id = ${ARTIFACT}`],
    [
      "the digest is the other one's",
      `UPDATE artifact SET digest = 'x' || digest; UPDATE artifact SET digest = (SELECT substr(digest, 2) FROM artifact WHERE id = ${ARTIFACT}) WHERE id > ${ARTIFACT}`,
    ],
    ["the row is gone", `DELETE FROM artifact WHERE id = ${ARTIFACT}`],
  ])("%s: a typed error, and no bytes but those that were put", async (name, sql) => {
    const ref = await putAll(inFile());
    const database = new Database(join(folder, "s.db"));
    database.exec(sql);
    database.close();
    const [got, opened] = await readings(inFile(), ref);
    const isHarmless = HARMLESS.includes(name);
    expect(isDamage(got) || (isHarmless && got === "right"), String(got)).toBe(true);
    expect(isDamage(opened) || (isHarmless && opened === "right"), String(opened)).toBe(true);
  });

  test("a size that is wrong harms nobody: the bytes are held to the reference", async () => {
    const ref = await putAll(inFile());
    for (const size of [0, -1, 1, BYTES.length - 1, BYTES.length + 1, 2 ** 53 - 1, "-9223372036854775807"]) {
      const database = new Database(join(folder, "s.db"));
      database.exec(`UPDATE artifact SET size = ${size}`);
      database.close();
      for (const told of await readings(inFile(), ref))
        expect(told === "right" || isDamage(told), `${size}: ${String(told)}`).toBe(true);
    }
  });

  test("bytes that flip anywhere in a piece", async () => {
    const ref = await putAll(inFile());
    const database = new Database(join(folder, "s.db"));
    const [first, ...others] = database.prepare("SELECT id, bytes FROM piece ORDER BY id LIMIT 3").all() as {
      id: number;
      bytes: Buffer;
    }[];
    for (const { id, bytes } of first === undefined ? [] : [first, ...others]) {
      for (const at of [0, 1, Math.floor(bytes.length / 2), bytes.length - 1]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ 0x10;
        database.prepare("UPDATE piece SET bytes = ? WHERE id = ?").run(damaged, id);
        await expectDamage(inFile(), ref);
      }
      database.prepare("UPDATE piece SET bytes = ? WHERE id = ?").run(bytes, id);
    }
    database.close();
    expect(await readings(inFile(), ref)).toEqual(["right", "right"]);
  }, 30_000);
});

test("whichever byte of a small store's file flips, an artifact is right, or a typed error", async () => {
  const small = Buffer.from("a few bytes that nothing else is like");
  const ref = await onStore({}, ({ artifacts }) => artifacts.put(small));
  const path = join(folder, "s.db");
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at++) {
    if (at % (whole[at] === 0 ? 397 : 3) > 0) continue;
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    writeFileSync(path, damaged);
    try {
      const bytes = await onStore({}, ({ artifacts }) => artifacts.get<Uint8Array>(ref));
      expect(Buffer.compare(bytes, small), `byte ${at}`).toBe(0);
    } catch (error) {
      expect(error, `byte ${at}`).toBeInstanceOf(SuperstepError);
    }
  }
}, 120_000);

describe("in a folder", () => {
  const fileOf = ({ digest }: ArtifactRef): string => join(folder, "artifacts", digest.slice(7, 9), digest.slice(9));

  test.each<[string, (path: string) => void]>([
    ["one byte too few", (path) => truncateSync(path, BYTES.length - 1)],
    ["nothing left", (path) => truncateSync(path, 0)],
    ["cut at a piece", (path) => truncateSync(path, PIECE)],
    ["one byte too many", (path) => writeFileSync(path, Buffer.concat([BYTES, Buffer.alloc(1)]))],
    ["a piece too many", (path) => writeFileSync(path, Buffer.concat([BYTES, Buffer.alloc(PIECE)]))],
    ["another one's bytes", (path) => writeFileSync(path, OTHER)],
    ["gone", (path) => rmSync(path)],
    ["a flipped first byte", (path) => writeFileSync(path, Buffer.from(BYTES).fill(1, 0, 1))],
    ["a flipped last byte", (path) => writeFileSync(path, Buffer.from(BYTES).fill(1, BYTES.length - 1))],
  ])("%s: a typed error, and putting it again mends it", async (_, damage) => {
    const ref = await putAll(inFolder());
    damage(fileOf(ref));
    await expectDamage(inFolder(), ref);
    await onStore(inFolder(), ({ artifacts }) => artifacts.put(BYTES));
    expect(await readings(inFolder(), ref)).toEqual(["right", "right"]);
    expect(await readings(inFolder(), ref)).toEqual(["right", "right"]);
  });

  test("a folder in its place: a typed error", async () => {
    const ref = await putAll(inFolder());
    rmSync(fileOf(ref));
    mkdirSync(fileOf(ref));
    await expectDamage(inFolder(), ref);
  });
});
