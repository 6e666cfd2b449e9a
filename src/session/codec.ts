/** Values as text and back, without loss (T3). The only room that knows devalue. What gets here was sealed, so it can be written. */
import { parse, stringify } from "devalue";

/** Text that survives any store of UTF-8: half surrogates are escaped. */
export function encode(value: unknown): string {
  return stringify(value);
}

/** Throws when the text was not made by `encode`. */
export function decode(text: string): unknown {
  return parse(text);
}
