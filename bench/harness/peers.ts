/** The other libraries: one file each, in a folder with packages of its own, so that ours has none of theirs. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CellHost } from "./cell-host.js";

export interface Peer {
  readonly name: string;
  readonly module: string;
  /** The cells it has; what it cannot do it has none for. */
  readonly keys: ReadonlySet<string>;
}

/** Installs them where they are not yet. */
export async function findPeers(folder: string): Promise<readonly Peer[]> {
  if (!existsSync(join(folder, "node_modules")))
    execFileSync("npm", ["ci", "--prefix", folder, "--no-audit", "--no-fund"], { stdio: "inherit" });
  const peers: Peer[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (file.endsWith(".mjs")) peers.push(await peerOf(join(folder, file), file.slice(0, -".mjs".length)));
  }
  return peers.filter(({ keys }) => keys.size > 0);
}

async function peerOf(path: string, name: string): Promise<Peer> {
  const host = new CellHost();
  try {
    const module = pathToFileURL(path).href;
    return { name, module, keys: new Set(await host.list(module)) };
  } finally {
    await host.stop();
  }
}
