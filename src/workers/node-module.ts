/** Nodes that other threads and processes can run: functions by the module that exports them. The one file that loads such modules. */
import { InvalidOptionError, NodeModuleError, shown } from "../errors.js";
import type { Elsewhere, FromModule, ModuleRef } from "../graph/module-ref.js";
import { contentDigest } from "./content-digest.js";
import { moduleFile } from "./module-file.js";

/** A function of a module; calling it runs it where the node's `executor` says. */
export type ModuleFunction<Args extends readonly unknown[], Result> = ((...args: Args) => Promise<Awaited<Result>>) &
  FromModule;
type AnyFunction = (...args: never[]) => unknown;
/** Fits wherever a node does: nothing is known of it. */
type UntypedFunction = (...args: unknown[]) => never;

/**
 * A function that `module` exports as `name`, to be given to `addNode` or `map` with an `executor`:
 * `addNode("render", nodeModule(new URL("./render.js", import.meta.url), "render"), { executor: "worker" })`.
 * Given the function itself too, it takes its type, and runs inline without loading anything. Without it, `nodeModule<typeof render>` says the type,
 * of an `import type`; with neither, it fits any node and nothing about it is checked. A worker loads the module, and with it all that
 * stands at its top: keep nodes in a module that only declares. `import.meta.url` names the module it stands in. Throws InvalidOptionError
 * for what is no file that exists; that the module does not export the name is a NodeModuleError when it runs.
 */
export function nodeModule<Fn extends AnyFunction = UntypedFunction>(
  module: string | URL,
  name: string,
): ModuleFunction<Parameters<Fn>, ReturnType<Fn>>;
export function nodeModule<Args extends readonly unknown[], Result>(
  module: string | URL,
  name: string,
  fn?: (...args: Args) => Result,
): ModuleFunction<Args, Result>;
export function nodeModule<Args extends readonly unknown[], Result>(
  module: string | URL,
  name: string,
  fn?: (...args: Args) => Result,
): ModuleFunction<Args, Result> {
  const moduleRef = { url: urlOf(module), name: checkedName(name) };
  if (fn !== undefined && typeof fn !== "function")
    throw new InvalidOptionError(
      "fn",
      "of `nodeModule` is no function",
      "pass what the module exports, or leave it out",
    );
  const run = async (...args: Args): Promise<Awaited<Result>> => {
    const elsewhere = args.map((arg) => contextIn(arg)?.elsewhere?.(moduleRef, args)).find((one) => one !== undefined);
    if (elsewhere !== undefined) return (await elsewhere) as Awaited<Result>;
    const here = fn ?? ((await functionOf(moduleRef)) as (...args: Args) => Result);
    return await here(...args);
  };
  return Object.assign(run, { moduleRef, contentDigest: () => contentDigest(moduleRef.url) });
}

/** What the module exports under the name. Throws NodeModuleError. */
export async function functionOf({ url, name }: ModuleRef): Promise<(...args: readonly unknown[]) => unknown> {
  const exported = await load(url);
  const found = exported[name];
  if (typeof found === "function") return found as (...args: readonly unknown[]) => unknown;
  const names = Object.keys(exported).join(", ") || "nothing";
  throw new NodeModuleError(url, `exports no function "${name}"; it exports ${names}`);
}

async function load(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(url)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new NodeModuleError(url, "cannot be loaded", cause);
  }
}

function urlOf(module: string | URL): string {
  const file = moduleFile(module);
  if (file !== undefined) return file.href;
  const help = 'pass import.meta.url, new URL("./nodes.js", import.meta.url), or pathToFileURL(path) of node:url';
  throw new InvalidOptionError(
    "module",
    `of \`nodeModule\` is ${shown(String(module))}, which is the URL of no file`,
    help,
  );
}

function checkedName(name: unknown): string {
  if (typeof name === "string" && name !== "") return name;
  throw new InvalidOptionError(
    "name",
    "of `nodeModule` is no name",
    "pass the name under which the module exports the function",
  );
}

/** The context among the arguments of a node. */
function contextIn(arg: unknown): Elsewhere | undefined {
  const { elsewhere } = (typeof arg === "object" && arg !== null ? arg : {}) as Elsewhere;
  // A state may have a channel of that name, but no function in it.
  return typeof elsewhere === "function" ? (arg as Elsewhere) : undefined;
}
