/** Checks of single values that options have. Each throws InvalidOptionError. */
import { InvalidOptionError, shown } from "../../errors.js";

export function checkCount(option: string, value: number | undefined): void {
  if (value === undefined || value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value > 0)) return;
  throw new InvalidOptionError(option, `is ${shown(value)}`, "give a whole number of at least 1");
}

export function isStep(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** What a timer can wait for. */
export function checkTimer(option: string, value: number | undefined): void {
  checkMilliseconds(option, value);
  if (value === undefined || value < 2 ** 31) return;
  throw new InvalidOptionError(option, `is ${value}`, "give at most 2147483647 milliseconds, which is 24 days");
}

export function checkList(option: string, list: unknown, isOne: (one: unknown) => boolean, what: string): void {
  if (list === undefined || (Array.isArray(list) && list.every(isOne))) return;
  throw new InvalidOptionError(option, `is no list of ${what}`, `pass a list of ${what}`);
}

export function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

export function checkMilliseconds(option: string, value: number | undefined): void {
  if (value === undefined || (typeof value === "number" && value >= 0)) return;
  throw new InvalidOptionError(option, `is ${shown(value)}`, "give a number of milliseconds, 0 or more");
}

export function checkFunction(option: string, value: unknown, example: string): void {
  if (value === undefined || typeof value === "function") return;
  throw new InvalidOptionError(option, "is no function", `pass ${example}`);
}

export function checkPort(option: string, value: object | undefined, methods: readonly string[]): void {
  const missing = methods.find((method) => typeof (value as Record<string, unknown>)?.[method] !== "function");
  if (value === undefined || missing === undefined) return;
  throw new InvalidOptionError(option, `has no method \`${missing}\``, `pass an object with ${methods.join(", ")}`);
}

export function checkOneOf(option: string, value: unknown, allowed: readonly (string | boolean)[]): void {
  if (value === undefined || allowed.includes(value as string)) return;
  throw new InvalidOptionError(option, `is ${shown(value)}`, `use one of: ${allowed.join(", ")}`);
}
