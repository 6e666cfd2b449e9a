/** Which names an object of options may have: one that is misspelt would otherwise be ignored in silence. */
import { InvalidOptionError } from "./session.js";

/** The names of an interface of options: `{ … } satisfies OptionNames<Options>` cannot drift from it. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/** Throws InvalidOptionError for what is no object, and for a name that it should not have. `within`: the option that it is. */
export function checkNames(options: unknown, known: object, within = ""): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidOptionError(within || "options", "is no object of options", `pass an object of: ${listOf(known)}`);
  }
  const [name] = unknownNames(options, known);
  if (name === undefined) return;
  throw new InvalidOptionError(
    within === "" ? name : `${within}.${name}`,
    "is unknown",
    `use one of: ${listOf(known)}`,
  );
}

/** Names that mean nothing. One whose value is `undefined` says nothing either. */
export function unknownNames(options: object, known: object): readonly string[] {
  return Object.keys(options).filter(
    (name) => !Object.hasOwn(known, name) && (options as Readonly<Record<string, unknown>>)[name] !== undefined,
  );
}

/** For a message. */
export function listOf(known: object): string {
  return Object.keys(known).join(", ");
}
