import { inspect } from "node:util";

/** The library and the reference have parted. */
export class ModelMismatch extends TypeError {
  constructor(what: string, details: Readonly<Record<string, unknown>>) {
    const lines = Object.entries(details).map(([name, value]) => `${name}: ${inspect(value, { depth: 8 })}`);
    super([what, ...lines].join("\n"));
  }
}
