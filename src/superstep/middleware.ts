/** Middleware around the attempts of nodes: the first of a list is outermost, the node innermost. */
import { NodeMiddlewareError } from "../errors.js";
import type { NodeContext } from "../graph/node.js";
import { isThenable } from "./thenable.js";

/**
 * Runs around each attempt of each node, inside its retries and time limits. `next` runs what is inside and gives what the node gives: a value,
 * or a promise of one when the node is asynchronous. What the middleware returns, or a promise of it, counts as the node's result; what it
 * throws, as the node's failure. It need not call `next`, and may call it once, before it has ended.
 */
export type NodeMiddleware = (ctx: NodeContext, next: () => unknown) => unknown;

/** A list of middleware as one. */
export type Onion = (ctx: NodeContext, node: () => unknown) => unknown;

/** Undefined for an empty list: then nothing is called in between. */
export function onionOf(list: readonly NodeMiddleware[]): Onion | undefined {
  const [...layers] = list;
  if (layers.length === 0) return undefined;
  return (ctx, node) => layers.reduceRight<() => unknown>((inner, layer) => () => through(layer, ctx, inner), node)();
}

function through(layer: NodeMiddleware, ctx: NodeContext, inner: () => unknown): unknown {
  let refusal: string | undefined;
  const next = (): unknown => {
    if (refusal !== undefined) throw new NodeMiddlewareError(ctx.node, refusal);
    refusal = "called `next` twice";
    return quiet(inner());
  };
  const end = (): void => {
    refusal = "called `next` when it had ended";
  };
  let returned: unknown;
  try {
    returned = layer(ctx, next);
    if (isThenable(returned)) return Promise.resolve(returned).finally(end);
  } catch (error) {
    end();
    throw error;
  }
  end();
  return returned;
}

/** A middleware that forgets about a promise is no reason to end the process. */
function quiet(returned: unknown): unknown {
  if (!isThenable(returned)) return returned;
  const promise = Promise.resolve(returned);
  promise.catch(() => undefined);
  return promise;
}
