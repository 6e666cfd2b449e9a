import { describe, expect, test } from "vitest";
import { CheckpointConflictError } from "../../src/index.js";
import { GroupCommit, type Transaction } from "../../src/sqlite/connection/group-commit.js";

/** Notes what is done to it; `commit` and `begin` may be told to throw. */
class NotedTransaction implements Transaction {
  readonly did: string[] = [];
  failing: { readonly at: "begin" | "commit"; readonly error: unknown } | undefined;

  begin(isDurable: boolean): void {
    this.#do("begin", isDurable ? "begin durable" : "begin");
  }
  commit(): void {
    this.#do("commit", "commit");
  }
  rollback(): void {
    this.did.push("rollback");
  }
  isBusy(): boolean {
    return false;
  }

  #do(what: "begin" | "commit", note: string): void {
    this.did.push(note);
    if (this.failing?.at === what) throw this.failing.error;
  }
}

function opened() {
  const transaction = new NotedTransaction();
  const writes = new GroupCommit(transaction, 0);
  /** A write that notes when it is done, and when it is answered. */
  const write = (name: string, fail?: unknown) =>
    writes
      .write(() => {
        transaction.did.push(name);
        if (fail !== undefined) throw fail;
        return name;
      })
      .finally(() => transaction.did.push(`${name} answered`));
  return { transaction, writes, write };
}

describe("C3: writes of one turn", () => {
  test("share a transaction, and are answered once it is committed", async () => {
    const { transaction, write } = opened();
    expect(await Promise.all([write("a"), write("b")])).toEqual(["a", "b"]);
    expect(transaction.did).toEqual(["begin durable", "a", "b", "commit", "a answered", "b answered"]);
    expect(await write("c")).toBe("c");
    expect(transaction.did.slice(6)).toEqual(["begin durable", "c", "commit", "c answered"]);
  });

  test("all fail, and are undone, when the commit fails", async () => {
    const { transaction, write } = opened();
    const error = new TypeError("the disk is gone");
    transaction.failing = { at: "commit", error };
    const outcomes = await Promise.allSettled([write("a"), write("b")]);
    expect(outcomes).toEqual([
      { status: "rejected", reason: error },
      { status: "rejected", reason: error },
    ]);
    expect(transaction.did.slice(0, 5)).toEqual(["begin durable", "a", "b", "commit", "rollback"]);
  });

  test("all fail, and are undone, when one of them breaks", async () => {
    const { transaction, write } = opened();
    const error = new TypeError("broken");
    const outcomes = await Promise.allSettled([write("a"), write("b", error), write("c")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(transaction.did.slice(0, 4)).toEqual(["begin durable", "a", "b", "rollback"]);
  });

  test("all fail when there is no transaction to be had, and none of them is tried", async () => {
    const { transaction, write } = opened();
    transaction.failing = { at: "begin", error: new TypeError("locked") };
    const outcomes = await Promise.allSettled([write("a"), write("b")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(transaction.did.slice(0, 1)).toEqual(["begin durable"]);
    expect(transaction.did).not.toContain("a");
  });
});

test("C4: a write that is refused fails alone", async () => {
  const { transaction, write } = opened();
  const refusal = new CheckpointConflictError("s", "s-1");
  const outcomes = await Promise.allSettled([write("a"), write("b", refusal), write("c")]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(transaction.did.slice(0, 5)).toEqual(["begin durable", "a", "b", "c", "commit"]);
});

test("what need not outlive a power cut waits for no disk, unless something beside it does", async () => {
  const { transaction, writes } = opened();
  await writes.write(() => 1, { isDurable: false });
  expect(transaction.did).toEqual(["begin", "commit"]);
  await Promise.all([writes.write(() => 1, { isDurable: false }), writes.write(() => 2)]);
  expect(transaction.did.slice(2)).toEqual(["begin durable", "commit"]);
});

describe("C3: a write that can do without a transaction", () => {
  /** Such a write, which does what `alone` does, and else is written as any other. */
  function openedAlone(alone: () => string | undefined) {
    const opening = opened();
    const { transaction, writes } = opening;
    const work = () => {
      transaction.did.push("within");
      return "within";
    };
    const both = {
      alone: () => {
        transaction.did.push("alone");
        return alone();
      },
    };
    const write = () => writes.write(work, both).finally(() => transaction.did.push("answered"));
    return { ...opening, writeAlone: write };
  }

  test("does, when it is alone in its turn, and is answered once it is written", async () => {
    const { transaction, writeAlone } = openedAlone(() => "alone");
    expect(await writeAlone()).toBe("alone");
    expect(transaction.did).toEqual(["alone", "answered"]);
  });

  test("has one all the same when it has written nothing", async () => {
    const { transaction, writeAlone } = openedAlone(() => undefined);
    expect(await writeAlone()).toBe("within");
    expect(transaction.did).toEqual(["alone", "begin durable", "within", "commit", "answered"]);
  });

  test("shares the one of its turn", async () => {
    const { transaction, writeAlone, write } = openedAlone(() => "alone");
    expect(await Promise.all([writeAlone(), write("a")])).toEqual(["within", "a"]);
    expect(transaction.did.slice(0, 4)).toEqual(["begin durable", "within", "a", "commit"]);
  });

  test("fails when it does", async () => {
    const { writeAlone } = openedAlone(() => {
      throw new TypeError("the disk is gone");
    });
    await expect(writeAlone()).rejects.toThrow("the disk is gone");
  });
});
