/** Whether two values are the same in all that a store must keep: more than any `deepEqual` looks at. */
import { Box } from "./storable-values.js";

/** What was found to stand for what, both ways: shared values must be shared alike. */
interface Pairing {
  readonly there: Map<object, object>;
  readonly back: Map<object, object>;
}

/** The first place where the two differ, and in what; `undefined` when they do not. */
export function difference(one: unknown, other: unknown): string | undefined {
  return differ(one, other, "value", { there: new Map(), back: new Map() });
}

function differ(one: unknown, other: unknown, at: string, pairing: Pairing): string | undefined {
  if (!isObject(one) || !isObject(other)) return Object.is(one, other) ? undefined : `${at}: another value`;
  if (pairing.there.has(one) || pairing.back.has(other)) {
    return pairing.there.get(one) === other && pairing.back.get(other) === one ? undefined : `${at}: shared otherwise`;
  }
  pairing.there.set(one, other);
  pairing.back.set(other, one);
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return `${at}: another prototype`;
  if (tagOf(one) !== tagOf(other)) return `${at}: another kind`;
  const [parts, others] = [partsOf(one), partsOf(other)];
  if (parts.length !== others.length) return `${at}: ${parts.length} parts, not ${others.length}`;
  for (const [index, [name, part]] of parts.entries()) {
    const [otherName, otherPart] = others[index] as Part;
    if (name !== otherName) return `${at}: ${otherName} in place of ${name}`;
    const found = differ(part, otherPart, `${at}.${name}`, pairing);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Part = readonly [name: string, part: unknown];

/** All that makes an object, in order; what of it is in sight is part of the name. */
function partsOf(value: object): readonly Part[] {
  if (value instanceof Box) return [["content", value.content]];
  if (value instanceof Map)
    return [...value].flatMap(([key, part], i): Part[] => [
      [`key ${i}`, key],
      [`of key ${i}`, part],
    ]);
  if (value instanceof Set) return [...value].map((part, i): Part => [`item ${i}`, part]);
  if (value instanceof Date) return [["time", value.getTime()]];
  if (value instanceof RegExp)
    return [
      ["source", value.source],
      ["flags", value.flags],
      ["lastIndex", value.lastIndex],
    ];
  if (value instanceof URL || value instanceof URLSearchParams) return [["text", value.toString()]];
  if (value instanceof ArrayBuffer) return [["bytes", Buffer.from(value).toString("hex")]];
  if (Buffer.isBuffer(value)) return [["bytes", value.toString("hex")]];
  if (ArrayBuffer.isView(value))
    return [
      ["offset", value.byteOffset],
      ["length", value.byteLength],
      ["buffer", value.buffer],
    ];
  return propertiesOf(value);
}

function propertiesOf(value: object): readonly Part[] {
  const names = Reflect.ownKeys(value);
  // The order of an error's properties is told only among those in sight.
  if (value instanceof Error)
    names.sort((a, b) => Number(isVisible(value, a)) - Number(isVisible(value, b)) || hiddenOrder(value, a, b));
  return names.map(
    (name): Part => [
      `${String(name)}${isVisible(value, name) ? "" : " (hidden)"}`,
      (value as Record<PropertyKey, unknown>)[name],
    ],
  );
}

function hiddenOrder(value: object, a: PropertyKey, b: PropertyKey): number {
  return isVisible(value, a) ? 0 : String(a).localeCompare(String(b));
}

function isVisible(value: object, name: PropertyKey): boolean {
  return Object.prototype.propertyIsEnumerable.call(value, name);
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
