/** Operations of deltas as a record holds them, and what they do to a value of which parts may be kept apart. */
import { ArtifactNotFoundError } from "../errors.js";
import { ArtifactRef } from "../state/artifact-ref.js";
import { applyDeltas, type DeltaOp } from "../state/delta.js";
import { sealStored } from "../state/seal.js";
import { Apart, type ApartReader } from "./apart.js";
import type { Links } from "./links.js";

/** Operations by one letter: add, replace, delete, push. */
export type StoredOp = readonly ["a" | "r" | "d" | "p", DeltaOp["path"], unknown];

const LETTERS = { add: "a", replace: "r", remove: "d", append: "p" } as const;

export function toStoredOp(op: DeltaOp, channel: string, links: Links | undefined): StoredOp {
  const isParted = links?.mayPart === true;
  if (op.op === "append")
    return [LETTERS.append, op.path, isParted ? op.items.map((item) => links.standIn(channel, item)) : op.items];
  if (op.op === "remove") return [LETTERS.remove, op.path, undefined];
  return [LETTERS[op.op], op.path, isParted ? links.standIn(channel, op.value) : op.value];
}

export function fromStoredOp([letter, path, value]: StoredOp, read: ApartReader): DeltaOp {
  if (letter === "p") return { op: "append", path, items: presentItems(value as readonly unknown[], read) };
  if (letter === "d") return { op: "remove", path };
  return { op: letter === "a" ? "add" : "replace", path, value: present(value, read) };
}

function presentItems(items: readonly unknown[], read: ApartReader): readonly unknown[] {
  return items.some((item) => item instanceof Apart) ? items.map((item) => present(item, read)) : items;
}

/** The value itself, wherever it is kept. */
export function present(value: unknown, read: ApartReader): unknown {
  return value instanceof Apart ? read(value) : value;
}

/** In what a checkpoint changed, a value that is kept apart is shown as an artifact, so that looking back does not read all of them. */
export function shownApart({ digest, size }: Apart): ArtifactRef {
  return new ArtifactRef(digest, size, "value");
}

/** Where nothing is kept apart. */
export function nowhere({ digest }: Apart): never {
  throw new ArtifactNotFoundError(digest);
}

/** A value that is replaced whole, and that nothing leads into afterwards, stays apart. */
export function changed(value: unknown, ops: readonly StoredOp[], read: ApartReader): unknown {
  const start = ops.findLastIndex(([letter, path]) => letter === "r" && path.length === 0);
  const base = start < 0 ? value : ops[start]?.[2];
  if (start === ops.length - 1) {
    if (!(base instanceof Apart)) sealStored(base);
    return base;
  }
  const delta = ops.slice(start + 1).map((op) => fromStoredOp(op, read));
  return applyDeltas(present(base, read), [delta]);
}
