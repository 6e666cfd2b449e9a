/** The file of a module: as it is named, or its TypeScript source, where that is run as it stands. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Undefined when there is none. */
export function moduleFile(module: string | URL): URL | undefined {
  try {
    const url = new URL(module);
    return [url, new URL(url.href.replace(/\.([cm]?)js$/, ".$1ts"))].find((one) => existsSync(fileURLToPath(one)));
  } catch {
    return undefined;
  }
}
