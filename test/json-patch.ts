/** RFC 6902 as a stranger would read it, to hold what the library tells of changes against the states. Knows nothing of the library. */

interface Operation {
  readonly op: "add" | "remove" | "replace";
  readonly path: string;
  readonly value?: unknown;
}

/** The value after the operations; the value itself is left as it is. */
export function patched(value: unknown, patch: readonly Operation[]): unknown {
  return patch.reduce(apply, value);
}

function apply(value: unknown, { op, path, value: operand }: Operation): unknown {
  if (path === "") {
    if (op === "remove") throw new TypeError("the whole value cannot be removed");
    return operand;
  }
  if (!path.startsWith("/")) throw new TypeError(`"${path}" is no JSON pointer`);
  const keys = path.slice(1).split("/");
  return applyAt(
    value,
    keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~")),
    { op, operand },
  );
}

function applyAt(
  value: unknown,
  [key = "", ...rest]: readonly string[],
  change: { readonly op: Operation["op"]; readonly operand: unknown },
): unknown {
  if (typeof value !== "object" || value === null) throw new TypeError(`nothing can be at "${key}"`);
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  if (rest.length > 0) return put(copy, key, applyAt(get(copy, key), rest, change));
  if (change.op !== "add") get(copy, key);
  if (change.op === "replace") return put(copy, key, change.operand);
  if (change.op === "remove") return without(copy, key);
  if (!Array.isArray(copy)) return put(copy, key, change.operand);
  const place = key === "-" ? copy.length : indexOf(key);
  if (place > copy.length) throw new TypeError(`"${key}" is behind the end`);
  copy.splice(place, 0, change.operand);
  return copy;
}

function get(container: Record<string, unknown> | unknown[], key: string): unknown {
  const name = Array.isArray(container) ? indexOf(key) : key;
  if (!Object.hasOwn(container, name)) throw new TypeError(`"${key}" is not there`);
  return (container as Record<string | number, unknown>)[name];
}

function put(container: Record<string, unknown> | unknown[], key: string, value: unknown): unknown {
  return Array.isArray(container) ? container.with(indexOf(key), value) : Object.assign(container, { [key]: value });
}

function without(container: Record<string, unknown> | unknown[], key: string): unknown {
  if (Array.isArray(container)) return container.toSpliced(indexOf(key), 1);
  const { [key]: _, ...others } = container;
  return others;
}

function indexOf(key: string): number {
  if (!/^(0|[1-9]\d*)$/.test(key)) throw new TypeError(`"${key}" is no index`);
  return Number(key);
}
