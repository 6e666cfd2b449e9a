/** Classes registered by name (T3): their instances are stored, checked and read back as themselves. */
import { describe, expect, test, vi } from "vitest";
import {
  append,
  InvalidOptionError,
  lastValue,
  merge,
  reducer,
  registerClass,
  SerializationError,
  SuperstepError,
} from "../../src/index.js";
import { decode, encode } from "../../src/session/codec.js";
import { applyDeltas } from "../../src/state/delta.js";
import { diff } from "../../src/state/diff.js";
import { heightOf, seal, sealStored } from "../../src/state/seal.js";
import { fold, standing } from "../fold.js";

class Money {
  constructor(
    readonly amount: unknown,
    readonly currency: string,
  ) {}
}
const money = {
  encode: vi.fn(({ amount, currency }: Money) => ({ amount, currency })),
  decode: vi.fn(({ amount, currency }: { amount: unknown; currency: string }) => new Money(amount, currency)),
};
registerClass("Money", Money, money);

/** Keeps what it holds out of sight. */
class Sealed {
  #content: unknown;
  private constructor(content: unknown) {
    this.#content = content;
  }
  static of(content: unknown): Sealed {
    return new Sealed(content);
  }
  get content(): unknown {
    return this.#content;
  }
  set content(content: unknown) {
    this.#content = content;
  }
}
registerClass("Sealed", Sealed, { encode: (sealed) => sealed.content, decode: (plain: unknown) => Sealed.of(plain) });

class PaymentError extends Error {
  override readonly name = "PaymentError";
  constructor(
    message: string,
    readonly amount: number,
  ) {
    super(message);
  }
}
registerClass("PaymentError", PaymentError, {
  encode: ({ message, amount, stack }) => ({ message, amount, stack }),
  decode({ message, amount, stack }) {
    return Object.assign(new PaymentError(message, amount), { stack });
  },
});

class Vector extends Float32Array {}
registerClass("Vector", Vector, { encode: (vector) => [...vector], decode: (plain) => Vector.from(plain) as Vector });

function stored<V>(value: V): V {
  seal(value);
  const text = encode(value);
  const copy = decode(text) as V;
  sealStored(copy);
  expect(encode(copy)).toBe(text);
  return copy;
}

function refusalOf(act: () => unknown): SerializationError {
  try {
    act();
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
  throw new TypeError("it was not refused");
}

describe("T3: an instance of a registered class comes back as one:", () => {
  test("inside of everything", () => {
    const value = {
      list: [new Money(1n, "EUR")],
      map: new Map([[new Money(2, "EUR"), Sealed.of(undefined)]]),
      error: new Error("x", { cause: new Money({ deep: [new Date(0)] }, "CHF") }),
      nested: Sealed.of(Sealed.of([new Money(-0, "EUR"), Buffer.from("x")])),
    };
    const copy = stored(value);
    expect(copy).toStrictEqual(value);
    expect((copy.nested.content as Sealed).content).toStrictEqual([new Money(-0, "EUR"), Buffer.from("x")]);
  });

  test.each([undefined, null, 0, -0, Number.NaN, "", "text", false, 1n, [], {}])("made of %o", (plain) => {
    expect(stored(Sealed.of(plain)).content).toStrictEqual(plain);
  });

  test("an error of the user's own, and a typed array, which nothing can freeze", () => {
    const error = stored(new PaymentError("refused", 3));
    expect(error).toBeInstanceOf(PaymentError);
    expect([error.message, error.amount, String(error)]).toEqual(["refused", 3, "PaymentError: refused"]);
    expect(stored([new Vector([1, 2])])).toStrictEqual([new Vector([1, 2])]);
  });

  test("one instance in two places is one, and shares what it is made of", () => {
    const shared = { n: 1 };
    const one = new Money(shared, "EUR");
    const copy = stored({ one, again: [one], shared });
    expect(copy.again[0]).toBe(copy.one);
    expect(copy.one.amount).toBe(copy.shared);
  });

  test("a ring beside it", () => {
    const ring: Record<string, unknown> = { price: new Money(1, "EUR") };
    ring.self = [ring];
    const copy = stored(ring);
    expect((copy.self as unknown[])[0]).toBe(copy);
    expect(copy.price).toStrictEqual(new Money(1, "EUR"));
  });

  test("a ring within what it is made of", () => {
    const error = new Error("x");
    const ring: Record<string, unknown> = { error };
    error.cause = ring;
    const { content } = stored(Sealed.of(ring)) as { content: { error: Error } };
    expect(content.error.cause).toBe(content);
  });

  test("decode sees all that encode gave, errors and rings included", () => {
    class Failure {
      readonly text: string;
      constructor(readonly of: Error) {
        this.text = `${of.message}: ${(of.cause as Error).message}`;
      }
    }
    registerClass("Failure", Failure, { encode: (failure) => failure.of, decode: (error) => new Failure(error) });
    const cause = new RangeError("inner");
    cause.cause = cause;
    const outer = new Error("outer", { cause });
    expect(stored({ outer, failure: new Failure(outer), cause }).failure.text).toBe("outer: inner");
  });
});

describe("what was checked is what is written:", () => {
  test("encode is called once for an instance, however often it is written, and never for one that was read", () => {
    money.encode.mockClear();
    const value = { one: new Money(1, "EUR"), list: [] as unknown[] };
    value.list.push(value.one, { one: value.one });
    seal(value);
    encode(value);
    seal({ again: value.one, more: [value] });
    expect(money.encode).toHaveBeenCalledTimes(1);
    const copy = decode(encode(value)) as typeof value;
    sealStored(copy);
    seal([copy.one]);
    encode(copy);
    expect(money.encode).toHaveBeenCalledTimes(1);
  });

  test("what an instance hides and changes later is not written", () => {
    const sealed = Sealed.of({ n: 1 });
    seal({ sealed });
    sealed.content = () => undefined;
    expect((decode(encode({ sealed })) as { sealed: Sealed }).sealed.content).toEqual({ n: 1 });
  });

  test("a refused value leaves nothing behind: an instance that is mended is encoded anew", () => {
    const sealed = Sealed.of(1);
    expect(refusalOf(() => seal({ sealed, wrong: () => 1 })).path).toBe("wrong");
    sealed.content = 2;
    expect(stored({ sealed }).sealed.content).toBe(2);
  });
});

describe("S3: instances are frozen:", () => {
  test("the instance, what encode returned, and both again when they are read", () => {
    const amount = { list: [1] };
    const value = [new Money(amount, "EUR")];
    for (const [one] of [value, stored(value)] as [Money][]) {
      expect(() => Object.assign(one, { currency: "CHF" })).toThrow(TypeError);
      expect(Object.isFrozen((one.amount as typeof amount).list)).toBe(true);
    }
  });

  test("decode gets what is frozen", () => {
    class Greedy {}
    registerClass("Greedy", Greedy, {
      encode: () => ({ a: 1 }),
      decode: (plain) => Object.assign(plain, { b: 1 }) as object as Greedy,
    });
    seal([new Greedy()]);
    const error = refusalOf(() => decode(encode([new Greedy()])));
    expect(error.message).toContain("<Greedy>");
    expect(error.cause).toBeInstanceOf(TypeError);
  });
});

describe("T3: what cannot be stored is refused with its path:", () => {
  class Gift extends Money {}

  test("an instance of a subclass", () => {
    const error = refusalOf(() => seal({ list: [new Gift(1, "EUR")] }));
    expect([error.path, error.message]).toEqual([
      "list[0]",
      "list[0] is an instance of Gift, which cannot be stored without loss",
    ]);
    expect(error.help).toContain("registerClass");
  });

  test("paths go on through what encode returned", () => {
    const price = new Money({ parts: [0, new Map([["a", () => 1]])] }, "EUR");
    expect(refusalOf(() => seal({ price })).path).toBe("price.amount.parts[1].a");
    expect(refusalOf(() => seal({ price: Sealed.of(Sealed.of([Symbol("s")])) })).path).toBe("price[0]");
    expect(refusalOf(() => seal(Sealed.of(() => 1))).path).toBe("the value");
    expect(Object.isFrozen(price)).toBe(false);
  });

  test("what its encode throws at, with the cause", () => {
    const cause = new TypeError("no rate");
    class Rate {}
    registerClass("Rate", Rate, {
      encode: () => {
        throw cause;
      },
      decode: () => new Rate(),
    });
    const error = refusalOf(() => seal({ rates: [new Rate()] }));
    expect([error.path, error.cause]).toEqual(["rates[0]", cause]);
    expect(error.message).toContain('an instance of "Rate" that its encode throws at');
  });

  test("an instance that leads back to itself, by whatever way", () => {
    const direct = Sealed.of(undefined);
    direct.content = direct;
    expect(refusalOf(() => seal({ a: direct })).path).toBe("a");

    const near = Sealed.of({ up: [0] as unknown[] });
    (near.content as { up: unknown[] }).up.push(near);
    expect(refusalOf(() => seal({ a: [near] })).path).toBe("a[0].up[1]");

    // Begun at a record that both lead to: no part of the instance is open when the way back is seen.
    const top: Record<string, unknown> = {};
    top.part = { top };
    top.instance = Sealed.of({ part: top.part });
    expect(refusalOf(() => seal({ top })).path).toBe("top.instance.part.top.instance");
    expect(Object.isFrozen(top)).toBe(false);

    const [one, two] = [Sealed.of(undefined), Sealed.of(undefined)];
    one.content = { two };
    two.content = new Error("x", { cause: one });
    expect(refusalOf(() => seal([one])).message).toContain("within what its encode returned");
  });

  test("L15: one that makes new ones for ever", () => {
    class Endless {}
    registerClass("Endless", Endless, { encode: () => new Endless(), decode: () => new Endless() });
    expect(refusalOf(() => seal({ a: new Endless() })).message).toContain("nested deeper than 500 levels");
  });
});

describe("T3: what cannot be read is a SerializationError that says what to do:", () => {
  const text = () => {
    const value = { a: [Sealed.of(1)] };
    seal(value);
    return encode(value);
  };

  test("a name that nobody registered", () => {
    const error = refusalOf(() => decode(text().replace('"Sealed"', '"Elsewhere"')));
    expect(error.message).toBe("<Elsewhere> is of a class that is not registered here, and cannot be read");
    expect([error.path, error.code]).toEqual(["<Elsewhere>", "NOT_SERIALIZABLE"]);
    expect(error.help).toContain('registerClass("Elsewhere", …)');
    expect(SuperstepError.is(error)).toBe(true);
  });

  test("a decode that throws, or returns something else", () => {
    class Fickle {
      constructor(readonly plain: unknown) {}
    }
    class Other extends Fickle {}
    let answer = (): Fickle => new Fickle(1);
    registerClass("Fickle", Fickle, { encode: () => 1, decode: () => answer() });
    seal([new Fickle(1)]);
    const written = encode([new Fickle(1)]);
    expect(decode(written)).toStrictEqual([new Fickle(1)]);
    const cause = new RangeError("x");
    answer = () => {
      throw cause;
    };
    expect(refusalOf(() => decode(written)).cause).toBe(cause);
    for (const wrong of [undefined, 1, null, {}, new Other(1), Promise.resolve(new Fickle(1))]) {
      answer = () => wrong as Fickle;
      expect(refusalOf(() => decode(written)).message).toContain("something else after its decode");
    }
  });
});

describe("registerClass takes one name for one class:", () => {
  class A {}
  class B {}
  const codec = { encode: () => 1, decode: () => new A() };
  registerClass("A", A, codec);

  test("the same pair again is fine, and changes nothing", () => {
    registerClass("A", A, { encode: () => 2, decode: () => new A() });
    const value = [new A()];
    seal(value);
    expect(encode(value)).toContain(",1]");
  });

  const wrong: readonly (readonly [string, () => void, option: string])[] = [
    ["the name of another class", () => registerClass("A", B, codec), "name"],
    ["another name for the class", () => registerClass("B", A, codec), "type"],
    ["an empty name", () => registerClass("", B, codec), "name"],
    ["half a surrogate", () => registerClass("\ud800", B, codec), "name"],
    ["no name", () => registerClass(undefined as never, B, codec), "name"],
    ...["Object", "Array", "Date", "Map", "Error", "AggregateError", "Buffer", "Uint8Array", "URL", "DataView"].map(
      (name) => [`the name ${name}`, () => registerClass(name, B, codec), "name"] as const,
    ),
    ...[Object, Array, Date, Map, Error, RangeError, Buffer, Uint8Array, URL, ArrayBuffer].map(
      (type) => [`the class ${type.name}`, () => registerClass("C", type as never, codec), "type"] as const,
    ),
    ["an instance", () => registerClass("C", new B() as never, codec), "type"],
    ["an arrow function", () => registerClass("C", (() => 1) as never, codec), "type"],
    ["nothing", () => registerClass("C", undefined as never, codec), "type"],
    ["a subclass of Array", () => registerClass("C", class extends Array<number> {} as never, codec), "type"],
    ["a subclass of Map", () => registerClass("C", class extends Map {} as never, codec), "type"],
    ["a subclass of Set", () => registerClass("C", class extends Set {} as never, codec), "type"],
    ["no codec", () => registerClass("C", B, undefined as never), "codec"],
    ["half a codec", () => registerClass("C", B, { encode: () => 1 } as never), "codec"],
  ];

  test.each(wrong)("not %s", (_, act, option) => {
    expect(act).toThrow(InvalidOptionError);
    expect(act).toThrow(expect.objectContaining({ option }));
  });

  test("hostile names are names", () => {
    class C {
      constructor(readonly plain: unknown) {}
    }
    registerClass("__proto__", C, { encode: ({ plain }) => plain, decode: (plain: unknown) => new C(plain) });
    expect(stored([new C(["Date", 1])])).toStrictEqual([new C(["Date", 1])]);
  });
});

describe("B7: errors, Buffers and instances are values, replaced whole:", () => {
  const makers: Readonly<Record<string, (n: number) => object>> = {
    "an error": (n) => Object.assign(new Error(`${n}`), { code: n }),
    "a Buffer": (n) => Buffer.from([n]),
    "an instance": (n) => new Money(n, "EUR"),
  };

  test.each(Object.entries(makers))("%s in a delta", (_, make) => {
    const [before, after] = [
      { kept: 1, value: make(1) },
      { kept: 1, value: make(2) },
    ];
    seal(before);
    const delta = diff(before, after, "x");
    expect(delta).toEqual([{ op: "replace", path: ["value"], value: after.value }]);
    expect(applyDeltas(before, delta === undefined ? [] : [delta]).value).toBe(after.value);
    expect(diff(after, { ...after }, "x")).toEqual([]);
  });

  test.each(Object.entries(makers))("%s on a draft is no draft, and cannot be changed", (_, make) => {
    const seen: unknown[] = [];
    const channel = reducer<{ value: object; n: number }, object>({ value: make(1), n: 0 }, (draft, write) => {
      seen.push(draft.value);
      draft.n += 1;
      if (draft.n === 2) draft.value = write;
    });
    const before = standing({ channel });
    const first = fold(before, { channel: make(2) });
    expect(seen[0]).toBe(before.state.channel.value);
    expect(first.state.channel.value).toBe(before.state.channel.value);
    const write = make(3);
    const second = fold(first, { channel: write });
    expect(second.state.channel.value).toBe(write);
    expect(Buffer.isBuffer(write) || Object.isFrozen(write)).toBe(true);
  });

  test.each(Object.entries(makers))("%s in every kind of channel", (_, make) => {
    const channels = {
      last: lastValue<unknown>(0),
      list: append<unknown>(),
      record: merge<Record<string, unknown>>({}),
    };
    const [a, b, c] = [make(1), make(2), make(3)];
    const { state } = fold(fold(standing(channels), { record: { x: make(9) } }), {
      last: a,
      list: [b],
      record: { x: c },
    });
    expect([state.last, state.list[0], state.record.x]).toEqual([a, b, c]);
    expect(stored(state)).toStrictEqual(state);
  });

  test("a draft inside of an instance's place is refused by its path, not stored as something else", () => {
    const channel = reducer<{ price: Money }, number>({ price: new Money(1, "EUR") }, (draft) => {
      Object.assign(draft.price, { amount: 2 });
    });
    expect(() => fold(standing({ channel }), { channel: 1 })).toThrow(
      expect.objectContaining({ code: "REDUCER_FAILED" }),
    );
  });

  test("a class without Object above it is a value too", () => {
    function Bare(): void {}
    Bare.prototype = Object.create(null) as object;
    registerClass("Bare", Bare as never, {
      encode: (one: object) => ({ ...one }),
      decode: (plain) => Object.assign(Object.create(Bare.prototype as object) as object, plain),
    });
    const make = (n: number): object => Object.assign(Object.create(Bare.prototype as object) as object, { n });
    const [before, after] = [{ value: make(1) }, { value: make(2) }];
    seal(before);
    expect(diff(before, after, "x")).toEqual([{ op: "replace", path: ["value"], value: after.value }]);
    expect(stored(after)).toEqual({ value: make(2) });
  });
});

test("levels count through an instance", () => {
  const value = Sealed.of({ list: [1] });
  seal(value);
  expect(heightOf(value)).toBe(3);
  const copy = decode(encode([value])) as [Sealed];
  expect(heightOf(copy[0])).toBe(3);
});
