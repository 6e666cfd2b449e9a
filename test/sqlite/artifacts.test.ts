/** Artifacts in a file, and in a folder beside it: how often they are stored, what is found when bytes are damaged, what stays and what goes. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  AppRunner,
  ArtifactCorruptError,
  ArtifactNotFoundError,
  ArtifactRef,
  append,
  CheckpointError,
  END,
  InvalidOptionError,
  lastValue,
  reducer,
  START,
  StateGraph,
} from "../../src/index.js";
import { contentOfBytes } from "../../src/session/artifact.js";
import { SqliteCheckpointer, type SqliteOptions } from "../../src/sqlite.js";
import { chain, failureOf, listOf, type TestNode } from "../runner/graphs.js";

const MEGABYTE = 2 ** 20;
const idle: TestNode = () => ({});

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "superstep-artifacts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(): string {
  return join(folder, "s.db");
}

function sizeOf(path: string): number {
  return statSync(path).size;
}

/** Other than each other, so that no two pieces are one. */
function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

async function onStore<T>(options: SqliteOptions, work: (store: SqliteCheckpointer) => Promise<T>): Promise<T> {
  const store = new SqliteCheckpointer(file(), options);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** The files of the folder of artifacts, by path, but for the one that says whose it is. */
function filesIn(path: string): readonly string[] {
  const all = readdirSync(path, { recursive: true, encoding: "utf8", withFileTypes: true });
  return all.filter((one) => one.isFile() && one.name !== "store").map((one) => join(one.parentPath, one.name));
}

describe.each([
  ["in the file", (): SqliteOptions => ({})],
  ["in a folder", (): SqliteOptions => ({ artifacts: { folder: join(folder, "artifacts") } })],
])("%s", (_, options) => {
  test("10 MB that two sessions put twice each are stored once, and no checkpoint is larger than 1 KB", async () => {
    const big = noise(10 * MEGABYTE);
    const putting: TestNode = async (_state, { artifacts }) => ({ value: await artifacts.put(big) });
    await onStore(options(), async (checkpointer) => {
      const runner = new AppRunner(chain({ first: putting, second: putting }), { checkpointer });
      for (const session of ["s", "t"]) await runner.invoke(session, {});
      const { state } = await runner.session("t");
      expect(Buffer.compare(await runner.artifacts.get<Uint8Array>(state.value as ArtifactRef), big)).toBe(0);
    });
    const rows = new Database(file()).prepare(
      "SELECT octet_length(body) + coalesce(octet_length(snapshot), 0) AS bytes FROM log",
    );
    for (const { bytes } of rows.all() as { bytes: number }[]) expect(bytes).toBeLessThan(1_024);
    const all = [file(), ...filesIn(folder).filter((path) => path !== file())].map(sizeOf);
    const total = all.reduce((sum, size) => sum + size, 0);
    expect(total).toBeGreaterThan(10 * MEGABYTE);
    expect(total).toBeLessThan(11 * MEGABYTE);
  });

  test("what was put is there when the file is opened again, and goes when nothing refers to it, with its bytes counted", async () => {
    const [kept, gone] = [noise(200_000, 2), noise(300_000, 3)];
    const node: TestNode = async ({ count }, { artifacts }) => ({
      count: 1,
      value: await artifacts.put(count === 0 ? gone : kept),
    });
    const graph = chain({ first: node, second: node });
    await onStore(
      options(),
      async (checkpointer) => void (await new AppRunner(graph, { checkpointer }).invoke("s", {})),
    );
    await onStore(options(), async (checkpointer) => {
      const runner = new AppRunner(graph, { checkpointer });
      const refs = (await listOf(runner.history("s"))).map(({ state }) => state.value as ArtifactRef);
      expect(await runner.artifacts.get(refs[0] as ArtifactRef)).toEqual(kept);
      expect(await runner.artifacts.get(refs[1] as ArtifactRef)).toEqual(gone);
      expect(await runner.prune({ keepLast: 2 })).toMatchObject({ artifacts: 0 });
      expect(await runner.prune({ keepLast: 1 })).toMatchObject({ artifacts: 300_000 });
      expect(await runner.artifacts.get(refs[0] as ArtifactRef)).toEqual(kept);
      expect(await failureOf(runner.artifacts.get(refs[1] as ArtifactRef))).toBeInstanceOf(ArtifactNotFoundError);
      await runner.deleteSession("s");
      expect(await failureOf(runner.artifacts.get(refs[0] as ArtifactRef))).toBeInstanceOf(ArtifactNotFoundError);
    });
    expect(filesIn(folder)).toEqual([file()]);
    expect(sizeOf(file())).toBeLessThan(200_000);
  });

  test("C4: who was taken over from puts nothing", async () => {
    await onStore(options(), async (store) => {
      const runner = new AppRunner(chain({ idle }), { checkpointer: store });
      await runner.createSession("s");
      const bytes = noise(10);
      const write = { digest: (await runner.artifacts.put(bytes)).digest, bytes, mentions: [] };
      const stale = store.putArtifact({ ...write, holder: { sessionId: "s", fence: 999 } });
      expect(await failureOf(stale)).toMatchObject({ code: "CHECKPOINT_CONFLICT" });
    });
  });

  test("every flipped byte of the content is found on reading, and putting it again mends it", async () => {
    const bytes = noise(100, 4);
    const ref = await onStore(options(), (checkpointer) =>
      new AppRunner(chain({ idle }), { checkpointer }).artifacts.put(bytes),
    );
    const place = filesIn(folder).find((path) => readFileSync(path).includes(Buffer.from(bytes))) ?? "";
    const whole = readFileSync(place);
    const start = whole.indexOf(Buffer.from(bytes));
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[start + at] = (damaged[start + at] ?? 0) ^ (1 << (at % 8));
      writeFileSync(place, damaged);
      await onStore(options(), async (checkpointer) => {
        const { artifacts } = new AppRunner(chain({ idle }), { checkpointer });
        const error = await failureOf(artifacts.get(ref));
        expect(error).toBeInstanceOf(ArtifactCorruptError);
        expect(error).toMatchObject({
          digest: ref.digest,
          help: expect.stringContaining("put the same content again"),
        });
        if (at % 20 > 0) return;
        await artifacts.put(bytes);
        expect(await artifacts.get(ref)).toEqual(bytes);
      });
    }
  });
});

describe("a folder of artifacts", () => {
  const path = () => join(folder, "artifacts");
  const options = (): SqliteOptions => ({ artifacts: { folder: path() } });
  const runnerOn = (checkpointer: SqliteCheckpointer) => new AppRunner(chain({ idle }), { checkpointer });

  test("has a file for each, named by digest, in folders by its first two digits", async () => {
    const ref = await onStore(options(), (store) => runnerOn(store).artifacts.put(noise(5)));
    const hex = ref.digest.slice("sha256-".length);
    expect(filesIn(path())).toEqual([join(path(), hex.slice(0, 2), hex.slice(2))]);
  });

  test("loses what crashes left behind when the store is pruned, and keeps what is named", async () => {
    await onStore(options(), async (store) => {
      const runner = runnerOn(store);
      const ref = await runner.artifacts.put(noise(5));
      mkdirSync(join(path(), "ff"), { recursive: true });
      mkdirSync(join(path(), "unfinished"), { recursive: true });
      writeFileSync(join(path(), "ff", "0".repeat(62)), "renamed, and never committed");
      writeFileSync(join(path(), "unfinished", ref.digest), "half");
      expect(await runner.artifacts.get(ref)).toEqual(noise(5));
      await runner.prune({ keepLast: 1 });
      expect(filesIn(path())).toHaveLength(1);
      expect(await runner.artifacts.get(ref)).toEqual(noise(5));
    });
  });

  test("a file that is gone is damage, named by digest, and is written again with the next put", async () => {
    await onStore(options(), async (store) => {
      const { artifacts } = runnerOn(store);
      const ref = await artifacts.put(noise(5));
      for (const one of filesIn(path())) rmSync(one);
      expect(await failureOf(artifacts.get(ref))).toMatchObject({ code: "ARTIFACT_CORRUPT", digest: ref.digest });
      await artifacts.put(noise(5));
      expect(await artifacts.get(ref)).toEqual(noise(5));
    });
  });

  test("what was put before there was a folder, and is damaged, is mended by putting it again", async () => {
    const bytes = noise(5);
    await onStore({}, (store) => runnerOn(store).artifacts.put(bytes));
    const database = new Database(file());
    database.exec("UPDATE piece SET bytes = zeroblob(length(bytes))");
    database.close();
    await onStore(options(), async (store) => {
      const { artifacts } = runnerOn(store);
      const ref = await artifacts.put(bytes);
      expect(await artifacts.get(ref)).toEqual(bytes);
    });
  });

  test("a folder in place of a leftover, or a file that cannot go, fails nobody else's write, and no later prune", async () => {
    await onStore(options(), async (store) => {
      const runner = runnerOn(store);
      mkdirSync(join(path(), "ff", "0".repeat(62), "deeper"), { recursive: true });
      const [pruned, other] = await Promise.all([runner.prune({ keepLast: 1 }), runner.createSession("t")]);
      expect([pruned.checkpoints, other.step]).toEqual([0, 0]);
      expect(readdirSync(join(path(), "ff"))).toEqual([]);
    });
  });

  test("files go when the disk has it that nobody names them: a power cut does not bring back what names them", async () => {
    const database = new Database(file());
    const said: string[] = [];
    const exec = database.exec.bind(database);
    database.exec = (sql) => {
      said.push(sql);
      return exec(sql);
    };
    const store = new SqliteCheckpointer(database, options());
    await store.putArtifact({ ...contentOfBytes(noise(5)), holder: { until: 0 } });
    await store.prune({ keepLast: 1 });
    said.length = 0;
    await store.prune({ keepLast: 1, at: 1 });
    expect(filesIn(path())).toEqual([]);
    expect(said.filter((sql) => sql.includes("synchronous"))).toEqual([]);
    await store.close();
    database.close();
  });

  test("what was put before there was a folder is read from the file; without its folder, what is there is not taken for empty", async () => {
    const inFile = await onStore({}, (store) => runnerOn(store).artifacts.put(noise(5)));
    const inFolder = await onStore(options(), async (store) => {
      const { artifacts } = runnerOn(store);
      expect(await artifacts.get(inFile)).toEqual(noise(5));
      return artifacts.put(noise(6));
    });
    await onStore({}, async (store) => {
      const { artifacts } = runnerOn(store);
      expect(await artifacts.get(inFile)).toEqual(noise(5));
      expect(await failureOf(artifacts.get(inFolder))).toBeInstanceOf(ArtifactCorruptError);
    });
  });

  test("removed while the store is open, it is made again, and is nobody else's", async () => {
    await onStore(options(), async (store) => {
      const { artifacts } = runnerOn(store);
      const gone = await artifacts.put(noise(5));
      rmSync(path(), { recursive: true });
      expect(await failureOf(artifacts.get(gone))).toBeInstanceOf(ArtifactCorruptError);
      const ref = await artifacts.put(noise(6));
      expect(() => new SqliteCheckpointer(join(folder, "other.db"), options())).toThrow(InvalidOptionError);
      expect(await artifacts.get(ref)).toEqual(noise(6));
    });
  });

  test("removed, and made anew by another store, it is neither written to nor pruned", async () => {
    await onStore(options(), async (store) => {
      const runner = runnerOn(store);
      rmSync(path(), { recursive: true });
      const other = new SqliteCheckpointer(join(folder, "other.db"), options());
      const ref = await runnerOn(other).artifacts.put(noise(6));
      expect(await failureOf(runner.artifacts.put(noise(5)))).toBeInstanceOf(InvalidOptionError);
      expect(await failureOf(runner.prune({ keepLast: 1 }))).toBeInstanceOf(InvalidOptionError);
      expect((await runner.createSession("s")).step).toBe(0);
      expect(await runnerOn(other).artifacts.get(ref)).toEqual(noise(6));
      await other.close();
    });
  });

  test("what is not called as its files are is not taken for a leftover, and neither is what a link leads to", async () => {
    const precious = join(folder, "precious");
    mkdirSync(join(precious, "deeper"), { recursive: true });
    writeFileSync(join(precious, "mine"), "kept");
    await onStore(options(), async (store) => {
      symlinkSync(precious, join(path(), "ff"));
      mkdirSync(join(path(), "ee"));
      symlinkSync(precious, join(path(), "ee", "0".repeat(62)));
      mkdirSync(join(path(), "unfinished"));
      for (const place of [".gitkeep", join("ee", "README"), join("unfinished", "README")])
        writeFileSync(join(path(), place), "somebody's");
      await runnerOn(store).prune({ keepLast: 1 });
      expect(readdirSync(precious).toSorted()).toEqual(["deeper", "mine"]);
      expect(readdirSync(join(path(), "ee"))).toEqual(["README"]);
      expect(readdirSync(join(path(), "unfinished"))).toEqual(["README"]);
    });
  });

  test("belongs to one store: another one would take its files for leftovers", async () => {
    await onStore(options(), async () => undefined);
    expect(() => new SqliteCheckpointer(join(folder, "other.db"), options())).toThrow(InvalidOptionError);
    await onStore(options(), async () => undefined);
  });

  test.each([{}, "folder", { folder: "" }, { folder: 1 }, { folder: "a\0b" }, null])("%j is no folder", (artifacts) => {
    const wrong = { artifacts } as unknown as SqliteOptions;
    expect(() => new SqliteCheckpointer(":memory:", wrong)).toThrow(InvalidOptionError);
  });

  test("C3: one that cannot be written to is a CheckpointError to the caller, and fails nobody else's write", async () => {
    await onStore(options(), async (store) => {
      const runner = new AppRunner(chain({ node: async (_, { artifacts }) => ({ value: await artifacts.put("x") }) }), {
        checkpointer: store,
      });
      writeFileSync(join(path(), "unfinished"), "a file where a folder is to be");
      const [error, other] = await Promise.all([failureOf(runner.invoke("s", {})), runner.createSession("t")]);
      expect(error).toBeInstanceOf(CheckpointError);
      expect(other.step).toBe(0);
      rmSync(join(path(), "unfinished"));
      expect((await runner.runUntilComplete("s")).outcome).toBe("completed");
    });
  });
});

describe("channels with artifactsAbove", () => {
  const channels = {
    text: lastValue("", { artifactsAbove: true }),
    doc: reducer<Record<string, unknown>, Record<string, unknown>>(
      {},
      (draft, write) => void Object.assign(draft, write),
      {
        artifactsAbove: 1_000,
      },
    ),
    list: append<string>([], { artifactsAbove: 1_000 }),
    n: lastValue(0),
  };
  type Writes = { readonly [K in keyof typeof channels]?: unknown };
  const graphOf = (...writes: readonly Writes[]) =>
    new StateGraph(channels)
      .addNode("node", ({ n }) => ({ ...(writes[n] as object), n: n + 1 }))
      .addEdge(START, "node")
      .addConditionalEdges("node", ({ n }) => (n < writes.length ? "node" : END), ["node", END])
      .compile();
  const rowsOf = () => {
    const database = new Database(file());
    const rows = database
      .prepare("SELECT octet_length(body) + coalesce(octet_length(snapshot), 0) AS bytes FROM log")
      .all();
    database.close();
    return (rows as { bytes: number }[]).map(({ bytes }) => bytes);
  };

  test("a text of 10 MB leaves a checkpoint below 1 KB, is stored once, and is read as it was, from every checkpoint", async () => {
    const text = "x".repeat(5 * MEGABYTE) + Buffer.from(noise(2 * MEGABYTE)).toString("base64");
    const graph = graphOf({ text }, { text: "" }, { text }, {});
    await onStore(
      {},
      async (checkpointer) => void (await new AppRunner(graph, { checkpointer }).invoke("s", { text })),
    );
    expect(Math.max(...rowsOf())).toBeLessThan(1_024);
    expect(sizeOf(file())).toBeLessThan(text.length + MEGABYTE);
    await onStore({}, async (checkpointer) => {
      const runner = new AppRunner(graph, { checkpointer });
      expect((await runner.session("s")).state.text).toBe(text);
      const past = await listOf(runner.history("s"));
      expect(past.map(({ state }) => state.text.length)).toEqual(
        [text, text, "", text, text].map(({ length }) => length),
      );
      expect(past[1]?.changes.find(({ channel }) => channel === "text")?.patch[0]?.value).toBeInstanceOf(ArtifactRef);
      await runner.fork("s", { as: "f", step: 1 });
      await runner.deleteSession("s");
      expect((await runner.session("f")).state.text).toBe(text);
      expect((await runner.at("f", 1)).state.text).toBe(text);
      expect(await runner.prune({ keepLast: 1 })).toMatchObject({ artifacts: 0 });
    });
    await onStore({}, async (checkpointer) => {
      expect((await new AppRunner(graph, { checkpointer }).session("f")).state.text).toBe(text);
    });
  });

  test("what is changed within a value, and items of a list, may be apart too", async () => {
    const [a, b] = ["a".repeat(2_000), "b".repeat(3_000)];
    const graph = graphOf(
      { doc: { a } },
      { doc: { b, c: 1 } },
      { list: ["short", b] },
      { doc: { c: 2 }, list: [a] },
      { n: 0 },
    );
    const expected = { a, b, c: 2 };
    for (const keepLast of [10, 3, 2, 1]) {
      await onStore({}, async (checkpointer) => {
        const runner = new AppRunner(graph, { checkpointer });
        const { state } = await runner.createSession("s", {}, { ifExists: "resume" });
        if (state.n === 0) await runner.runUntilComplete("s");
        await runner.prune({ keepLast });
      });
      await onStore({}, async (checkpointer) => {
        const runner = new AppRunner(graph, { checkpointer });
        const { state } = await runner.session("s");
        expect(state.doc).toEqual(expected);
        expect(state.list).toEqual(["short", b, a]);
        for (const past of await listOf(runner.history("s")))
          expect(past.state.doc).toEqual(past.step > 0 ? expect.objectContaining({ a }) : {});
      });
    }
  });

  test("a value of that many bytes stays where it is, one of more does not", async () => {
    const artifactsAt = async (length: number) => {
      rmSync(file(), { force: true });
      await onStore(
        {},
        async (checkpointer) =>
          void (await new AppRunner(graphOf({ doc: { t: "x".repeat(length) } }), { checkpointer }).invoke("s", {})),
      );
      const database = new Database(file());
      const { count } = database.prepare("SELECT count(*) AS count FROM artifact").get() as { count: number };
      database.close();
      return count;
    };
    expect(await artifactsAt(1_000 - JSON.stringify({ t: "" }).length)).toBe(0);
    expect(await artifactsAt(1_000)).toBeGreaterThan(0);
  });

  test("a part that is damaged or gone is a typed error, and no other session's", async () => {
    const text = Buffer.from(noise(100_000)).toString("hex");
    const graph = graphOf({ text });
    await onStore({}, async (checkpointer) => {
      const runner = new AppRunner(graph, { checkpointer });
      await runner.invoke("s", {});
      await runner.invoke("t", { doc: { fine: 1 } }, { maxSteps: 1 });
    });
    const database = new Database(file());
    database.exec("UPDATE piece SET bytes = zeroblob(length(bytes))");
    database.close();
    await onStore({}, async (checkpointer) => {
      const runner = new AppRunner(graph, { checkpointer });
      expect(await failureOf(runner.session("s"))).toBeInstanceOf(ArtifactCorruptError);
      expect((await runner.at("t", 0)).state.doc).toEqual({ fine: 1 });
    });
  });

  test("a part that was damaged is mended when its value is written again", async () => {
    const text = Buffer.from(noise(100_000)).toString("hex");
    await onStore(
      {},
      async (checkpointer) => void (await new AppRunner(graphOf({ text }), { checkpointer }).invoke("s", {})),
    );
    const database = new Database(file());
    database.exec("UPDATE piece SET bytes = zeroblob(length(bytes))");
    database.close();
    await onStore({}, async (checkpointer) => {
      const runner = new AppRunner(graphOf({ text }), { checkpointer });
      expect(await failureOf(runner.session("s"))).toBeInstanceOf(ArtifactCorruptError);
      await runner.invoke("t", {});
      expect((await runner.session("s")).state.text).toBe(text);
    });
  });

  describe("of a result that waits for siblings", () => {
    const long = Buffer.from(noise(5 * MEGABYTE)).toString("hex");
    const shapes = {
      text: lastValue("", { artifactsAbove: true }),
      doc: lastValue<unknown>(undefined, { artifactsAbove: true }),
      list: append<string>([], { artifactsAbove: true }),
      fails: lastValue(true),
    };
    const graphOf = (update: Readonly<Record<string, unknown>>, told: { ran: number }) =>
      new StateGraph(shapes)
        .addNode("long", () => {
          told.ran++;
          return { ...update };
        })
        .addNode("fails", ({ fails }) => {
          if (fails) throw new TypeError("not now");
          return {};
        })
        .addEdge(START, "long")
        .addEdge(START, "fails")
        .addEdge("long", END)
        .addEdge("fails", END)
        .compile();
    const look = () => {
      const database = new Database(file());
      const count = (sql: string) => Object.values(database.prepare(sql).get() as Record<string, number>)[0];
      const seen = {
        kept: count("SELECT max(octet_length(body)) FROM pending"),
        artifacts: count("SELECT count(*) FROM artifact"),
        bytes: count("SELECT sum(octet_length(bytes)) FROM piece"),
      };
      database.close();
      return seen;
    };

    test.each([
      ["a text", { text: long }, 1],
      ["a value", { doc: { long } }, 1],
      // the item, in what the superstep changed, and the list, in a snapshot: as if it had not waited
      ["a list", { list: [long] }, 2],
    ])(
      "%s of 10 MB leaves a record below 1 KB, survives a prune and another opening, and is stored as often as without waiting",
      async (...[, update, stored]) => {
        const told = { ran: 0 };
        const graph = graphOf(update, told);
        await onStore({}, async (checkpointer) => {
          await failureOf(new AppRunner(graph, { checkpointer }).invoke("s", {}));
        });
        expect(look().kept).toBeLessThan(1_024);
        expect(look().artifacts).toBe(1);
        await onStore({}, async (checkpointer) => {
          const runner = new AppRunner(graph, { checkpointer });
          await runner.prune({ keepLast: 1 });
          await runner.updateState("s", { fails: false });
          await runner.prune({ keepLast: 1 });
          expect((await runner.runUntilComplete("s")).state).toMatchObject(update);
        });
        expect(told.ran).toBe(1);
        expect(look()).toMatchObject({ artifacts: stored, kept: null });
        expect(look().bytes).toBeLessThan(stored * (long.length + 100));
        await onStore({}, async (checkpointer) => {
          expect((await new AppRunner(graph, { checkpointer }).session("s")).state).toMatchObject(update);
        });
      },
    );

    test("it goes when the result is discarded, and with the session", async () => {
      const told = { ran: 0 };
      const update: Record<string, unknown> = { text: long };
      const graph = graphOf(update, told);
      await onStore({}, async (checkpointer) => {
        const runner = new AppRunner(graph, { checkpointer });
        await failureOf(runner.invoke("s", {}));
        expect(look().artifacts).toBe(1);
        update.text = "";
        await failureOf(runner.runUntilComplete("s", { discardPending: true }));
        expect(look().artifacts).toBe(0);
        update.text = long;
        await failureOf(runner.runUntilComplete("s", { discardPending: true }));
        expect([told.ran, look().artifacts]).toEqual([3, 1]);
        await runner.deleteSession("s");
        expect(look().artifacts).toBe(0);
      });
    });

    test("one that refers to what is not there stays where it is, and costs its siblings nothing", async () => {
      const told = { ran: 0 };
      const nowhere = new ArtifactRef(`sha256-${"0".repeat(64)}`, 1, "bytes");
      const graph = graphOf({ doc: { long, nowhere } }, told);
      await onStore({}, async (checkpointer) => {
        const runner = new AppRunner(graph, { checkpointer });
        expect(await failureOf(runner.invoke("s", {}))).toMatchObject({ code: "NODE_FAILED" });
        expect(look()).toMatchObject({ artifacts: 0 });
        await runner.updateState("s", { fails: false });
        expect(await failureOf(runner.runUntilComplete("s"))).toBeInstanceOf(ArtifactNotFoundError);
        expect([told.ran, look().artifacts]).toEqual([1, 0]);
      });
    });
  });

  test.each([Number.NaN, -1, "1", null])("%s is an issue of compile", (artifactsAbove) => {
    const wrong = { artifactsAbove } as unknown as { artifactsAbove: number };
    const graph = new StateGraph({ value: lastValue(0, wrong) })
      .addNode("a", () => ({}))
      .addEdge(START, "a")
      .addEdge("a", END);
    expect(() => graph.compile()).toThrow(/option "artifactsAbove" of channel "value"/);
  });
});

test("T6: pruning a session whose log is damaged takes none of the artifacts that it ever mentioned; deleting it takes all", async () => {
  const putting: TestNode = async ({ count }, { artifacts }) => ({
    count: 1,
    value: await artifacts.put(`round ${count}`),
  });
  const graph = chain({ a: putting, b: putting, c: putting, d: idle });
  await onStore({}, async (checkpointer) => void (await new AppRunner(graph, { checkpointer }).invoke("s", {})));
  const database = new Database(file());
  database.exec("UPDATE log SET body = body || ' ' WHERE id = (SELECT min(id) + 2 FROM log)");
  const count = () => (database.prepare("SELECT count(*) AS count FROM artifact").get() as { count: number }).count;
  await onStore({}, async (store) => {
    await store.prune({ keepLast: 1 });
    expect(count()).toBe(3);
    await store.delete("s");
    expect(count()).toBe(0);
  });
  database.close();
});

test("T6: a fork is pruned again and again, though what it was forked from is long gone", async () => {
  const putting: TestNode = async ({ count }, { artifacts }) => ({
    count: 1,
    value: await artifacts.put(noise(9, count)),
  });
  const graph = chain({ a: putting, b: putting, c: putting });
  await onStore({}, async (checkpointer) => {
    const runner = new AppRunner(graph, { checkpointer });
    await runner.invoke("s", {});
    await runner.fork("s", { as: "f" });
    await runner.deleteSession("s");
    for (let round = 0; round < 3; round++) {
      await runner.invoke("f", {});
      await runner.prune({ keepLast: 1 });
      const { state } = await runner.session("f");
      expect(await runner.artifacts.get(state.value as ArtifactRef)).toBeInstanceOf(Uint8Array);
    }
  });
});

test("T6: a table of mentions that is damaged is found out before anything is taken because of it", async () => {
  await onStore({}, async (checkpointer) => {
    const runner = new AppRunner(chain({ idle }), { checkpointer });
    await runner.createSession("s", { value: await runner.artifacts.put("kept") });
  });
  const database = new Database(file());
  database.unsafeMode();
  database.pragma("writable_schema = 1");
  database.exec(
    "UPDATE sqlite_schema SET sql = replace(sql, 'ON mention (artifact)', 'ON mention (holder)') WHERE name = 'mentioned'",
  );
  database.close();
  await onStore({}, async (store) => {
    expect(await failureOf(store.prune({ keepLast: 1, at: Number.MAX_SAFE_INTEGER }))).toMatchObject({
      code: "CHECKPOINT_CORRUPT",
    });
    expect(
      await new AppRunner(chain({ idle }), { checkpointer: store }).artifacts.get(
        (await store.load("s"))?.checkpoint.state.value as ArtifactRef,
      ),
    ).toBe("kept");
  });
});

test("T4: a file from before there were artifacts is opened, and gets a place for them", async () => {
  const graph = chain({ first: idle, second: idle });
  await onStore(
    {},
    async (checkpointer) =>
      void (await new AppRunner(graph, { checkpointer }).invoke("s", {}, { interruptBefore: ["second"] })),
  );
  const database = new Database(file());
  for (const table of ["artifact", "piece", "mention", "store"]) database.exec(`DROP TABLE ${table}`);
  database.pragma("user_version = 1");
  database.close();
  await onStore({}, async (checkpointer) => {
    const runner = new AppRunner(graph, { checkpointer });
    expect((await runner.session("s")).step).toBe(1);
    const ref = await runner.artifacts.put("later");
    await runner.updateState("s", { value: ref });
    await runner.runUntilComplete("s");
    expect(await runner.artifacts.get((await runner.session("s")).state.value as ArtifactRef)).toBe("later");
  });
});
