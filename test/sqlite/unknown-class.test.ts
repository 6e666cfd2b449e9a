import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { registerClass } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { firstOf } from "../../src/testing.js";

const folder = mkdtempSync(join(tmpdir(), "superstep-classes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

class Money {
  constructor(readonly cents: number) {}
}

test("T3: a class that this process has not registered is named, and the session is not called damaged", async () => {
  registerClass("Money", Money, { encode: ({ cents }) => cents, decode: (cents) => new Money(Number(cents)) });
  const file = join(folder, "s.db");
  const store = new SqliteCheckpointer(file);
  await store.commit(firstOf("s", { state: { price: new Money(5) } }));
  await store.close();
  // A process that knows no class begins with modules of its own.
  vi.resetModules();
  const elsewhere = await import("../../src/sqlite.js");
  const strange = new elsewhere.SqliteCheckpointer(file);
  expect(() => strange.load("s")).toThrow(
    expect.objectContaining({ code: "NOT_SERIALIZABLE", help: expect.stringContaining("Money") as string }) as Error,
  );
  await strange.close();
  const again = new SqliteCheckpointer(file);
  expect(again.load("s")?.checkpoint.state).toEqual({ price: new Money(5) });
  await again.close();
});
