/** Where and with what something was measured. */
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

export interface Environment {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
  /** Name and version of every package that took part. */
  readonly packages: Readonly<Record<string, string>>;
}

const OWN = ["better-sqlite3", "immer", "devalue", "@opentelemetry/api", "@opentelemetry/sdk-trace-node"];

/** `peers`: their folder, if they take part. */
export function environment(root: string, peers: string | undefined): Environment {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    platform: `${process.platform} ${process.arch}`,
    packages: {
      superstep: versionIn(root),
      ...versionsOf(root, OWN),
      ...(peers !== undefined && versionsOf(peers, dependenciesIn(peers))),
    },
  };
}

function versionsOf(folder: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, versionIn(join(folder, "node_modules", name))]));
}

function versionIn(folder: string): string {
  const path = join(folder, "package.json");
  if (!existsSync(path)) return "unknown";
  return (JSON.parse(readFileSync(path, "utf8")) as { readonly version: string }).version;
}

function dependenciesIn(folder: string): readonly string[] {
  const text = readFileSync(join(folder, "package.json"), "utf8");
  return Object.keys((JSON.parse(text) as { readonly dependencies: object }).dependencies);
}
