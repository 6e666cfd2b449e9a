/** A node's word about control. */
import type { Channels, UpdateOf } from "../state/channel.js";
import type { Target } from "./target.js";

const COMMAND = Symbol.for("superstep.command");

/** `replace`: the node's next targets are exactly these. `append`: these, besides its edges. */
export type CommandMode = "replace" | "append";

/**
 * A node's word about control, with or without an update.
 * `replace` (default): the node's next targets are exactly these. `append`: these, besides its edges.
 * A node may return several; any `replace` among them beats every `append` and every edge of that node, in whatever order they stand.
 * A Command without `goto` carries an update only.
 */
export class Command<U = unknown, N extends string = string> {
  readonly update: U | undefined;
  readonly goto: readonly Target<N>[];
  readonly mode: CommandMode;
  /** Whether `goto` was given: `goto: []` is a word about control too (go nowhere). */
  readonly routes: boolean;
  /** Whether it is a word to the graph around this one (`Command.parent`). */
  readonly isForParent: boolean = false;

  /**
   * A word to the graph around this one: `update` writes that graph's channels, `goto` names its nodes. It ends this graph's invocation
   * with this superstep. NodeResultError where there is no graph around.
   */
  static parent<U = unknown>(init: ConstructorParameters<typeof Command<U>>[0]): Command<U> {
    return new ParentCommand(init);
  }

  constructor(init: {
    readonly update?: U | undefined;
    readonly goto?: Target<N> | readonly Target<N>[] | undefined;
    readonly mode?: CommandMode | undefined;
  }) {
    this.update = init.update;
    this.goto = listOf(init.goto);
    this.mode = init.mode ?? "replace";
    this.routes = init.goto !== undefined;
  }
  get [COMMAND](): true {
    return true;
  }
}

class ParentCommand<U> extends Command<U> {
  override readonly isForParent = true;
}

/** What a node may return: an update, a Command, several Commands, or nothing. */
export type NodeResult<C extends Channels> = UpdateOf<C> | Command<unknown> | readonly Command<unknown>[] | void;

/** True for a Command, also of another copy of the package. */
export function isCommand(value: unknown): value is Command {
  return typeof value === "object" && value !== null && (value as { [COMMAND]?: unknown })[COMMAND] === true;
}

function listOf<N extends string>(targets: Target<N> | readonly Target<N>[] | undefined): readonly Target<N>[] {
  if (targets === undefined) return [];
  return isList(targets) ? targets : [targets];
}

function isList<N extends string>(targets: Target<N> | readonly Target<N>[]): targets is readonly Target<N>[] {
  return Array.isArray(targets);
}
