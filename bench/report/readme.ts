/** Puts generated text between two markers, so that nobody types numbers by hand. */
import { readFileSync, writeFileSync } from "node:fs";

/** The block begins with `<!-- results: name -->` and ends with `<!-- /results: name -->`. */
export function fillBlock(path: string, name: string, text: string): void {
  const [begin, end] = [`<!-- results: ${name} -->`, `<!-- /results: ${name} -->`];
  const former = readFileSync(path, "utf8");
  const [from, to] = [former.indexOf(begin), former.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`${path} has no block "${name}"`);
  writeFileSync(path, `${former.slice(0, from + begin.length)}\n\n${text}\n\n${former.slice(to)}`);
}
