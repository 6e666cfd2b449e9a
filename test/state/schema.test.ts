import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";
import { append, ChannelSchemaError, lastValue, merge, reducer, type StandardSchema } from "../../src/index.js";
import { fold, standing } from "../fold.js";

/** A schema by hand, as short as the spec allows. */
function schemaOf<V>(validate: (value: unknown) => unknown): StandardSchema<V> {
  return { "~standard": { version: 1, vendor: "by hand", validate } };
}

/** What the barrier says to this write under that schema. */
function refusal(schema: StandardSchema<unknown>, write: unknown = 1): ChannelSchemaError {
  try {
    fold(standing({ value: lastValue<unknown>(0, { schema }) }), { value: write });
  } catch (error) {
    if (error instanceof ChannelSchemaError) return error;
    throw error;
  }
  throw new TypeError("the write was not refused");
}

test("zod: a value that fits passes; one that does not is refused with the path and the message", () => {
  const schema = z.object({ user: z.object({ tags: z.array(z.string()) }) });
  const before = standing({ value: lastValue({ user: { tags: ["a"] } }, { schema }) });
  expect(fold(before, { value: { user: { tags: ["b"] } } }).state.value.user.tags).toEqual(["b"]);
  expect(() => fold(before, { value: { user: { tags: ["b", 3] } } })).toThrow(
    expect.objectContaining({
      code: "CHANNEL_INVALID",
      channel: "value",
      issues: [{ path: "user.tags[1]", message: expect.stringContaining("string") }],
    }),
  );
});

test("valibot: the same", () => {
  const schema = v.object({ user: v.object({ tags: v.array(v.string()) }) });
  const error = refusal(schema, { user: { tags: ["b", 3] } });
  expect(error.issues).toEqual([{ path: "user.tags[1]", message: expect.stringContaining("string") }]);
  expect(
    fold(standing({ value: lastValue<unknown>(0, { schema }) }), { value: { user: { tags: [] } } }).versions,
  ).toEqual({ value: 1 });
});

test("a schema may be a function, as arktype's are", () => {
  const schema = Object.assign(
    () => undefined,
    schemaOf<unknown>((value) => (value === 1 ? { value } : { issues: [{ message: "not one" }] })),
  );
  expect(refusal(schema, 2).issues).toEqual([{ path: "", message: "not one" }]);
});

test("it is a check only: what the schema makes of the value is not used", () => {
  const schema = z.object({ n: z.coerce.number(), more: z.string().default("x") });
  const written = { n: "7" };
  const before = standing({ value: lastValue<unknown>({ n: 0 }, { schema }) });
  expect(fold(before, { value: written }).state.value).toBe(written);
});

test("a schema that would change the value in place is refused, for the value is frozen", () => {
  const schema = schemaOf<unknown>((value) => ({ value: Object.assign(value as object, { touched: true }) }));
  expect(refusal(schema, { n: 1 }).message).toContain("not extensible");
});

test("it looks at what the fold made, not at the write", () => {
  const atMostTwo = z.array(z.number()).max(2);
  const before = standing({ list: append([1], { schema: atMostTwo }) });
  expect(fold(before, { list: 2 }).state.list).toEqual([1, 2]);
  expect(() => fold(before, { list: 2 }, { list: 3 })).toThrow(ChannelSchemaError);
});

test("every kind of channel that takes options takes a schema", () => {
  const never = schemaOf<never>(() => ({ issues: [{ message: "never" }] }));
  const channels = {
    last: lastValue<number>(0, { schema: never }),
    list: append<number>([], { schema: never }),
    record: merge<object>({}, { schema: never }),
    own: reducer<number>(0, (_, write) => write, { schema: never }),
  };
  const writes = { last: 1, list: 1, record: { a: 1 }, own: 1 };
  for (const [name, write] of Object.entries(writes)) {
    expect(() => fold(standing(channels), { [name]: write })).toThrow(expect.objectContaining({ channel: name }));
  }
});

test("it is asked after every barrier that touched the channel, also when the value stayed, and after no other", () => {
  let asked = 0;
  const schema = schemaOf<number>((value) => {
    asked++;
    return { value };
  });
  const before = standing({ value: lastValue(0, { schema }), other: lastValue(0) });
  fold(before, { other: 1 });
  expect(asked).toBe(0);
  fold(before, { value: 1 });
  expect(asked).toBe(1);
  fold(before, { value: 0 });
  expect(asked).toBe(2);
});

test("an asynchronous schema is refused, and its rejection is nobody's unhandled rejection", () => {
  expect(
    refusal(
      z.string().refine(async () => true),
      "x",
    ).message,
  ).toContain("asynchronous");
  expect(
    refusal(
      v.pipeAsync(
        v.string(),
        v.checkAsync(async () => true),
      ) as never,
      "x",
    ).message,
  ).toContain("asynchronous");
  expect(refusal(schemaOf(() => Promise.reject(new Error("late")))).message).toContain("asynchronous");
});

test("a schema that throws refuses, whatever it throws, and the error keeps it as its cause", () => {
  const thrown = [
    new Error("broken"),
    "text",
    undefined,
    null,
    Symbol("s"),
    {
      toString: () => {
        throw new Error("no");
      },
    },
  ];
  for (const cause of thrown) {
    const error = refusal(
      schemaOf(() => {
        throw cause;
      }),
    );
    expect(error.cause).toBe(cause);
    expect(error.message).toContain("the schema threw");
  }
  expect(
    refusal(
      schemaOf(() => {
        throw new Error("broken");
      }),
    ).message,
  ).toContain("broken");
});

test("a schema without a verdict refuses", () => {
  for (const verdict of [undefined, null, true, "ok", { issues: "many" }, { issues: 3 }]) {
    expect(refusal(schemaOf(() => verdict)).message).toContain("no verdict");
  }
});

test("issues without a path, with keys of any kind, and none at all are told as they are", () => {
  const path = ["a", 0, Symbol("s"), { key: "b" }];
  expect(refusal(schemaOf(() => ({ issues: [{ message: "m", path }, { message: "n" }] }))).issues).toEqual([
    { message: "m", path: 'a[0]["Symbol(s)"].b' },
    { message: "n", path: "" },
  ]);
  expect(refusal(schemaOf(() => ({ issues: [] }))).issues).toEqual([]);
  expect(() => refusal(schemaOf(() => ({ issues: undefined, value: 1 })))).toThrow("was not refused");
});
