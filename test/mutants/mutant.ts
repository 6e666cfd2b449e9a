/** A mutant: one deliberate mistake in the code that keeps data safe, and the tests that must notice it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..", "..");

/** One deliberate mistake. */
export interface Mutant {
  /** Says what is broken, as a sentence. */
  readonly breaks: string;
  /** The file, from the root of the repository. */
  readonly file: string;
  /** The text as it stands there, exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Test files of which at least one must fail. */
  readonly killers: readonly string[];
}

/** The file's text with the mistake. Throws when the mutant no longer fits the code: then it has to be written anew. */
export function mutate({ file, find, replace, breaks }: Mutant): string {
  const text = readFileSync(join(ROOT, file), "utf8");
  const places = text.split(find).length - 1;
  if (places !== 1) throw new TypeError(`mutant "${breaks}": its text stands ${places} times in ${file}`);
  return text.replace(find, () => replace);
}
