/** A place inside a value: object keys and list indices, from the outside in. */
export type Path = readonly (string | number)[];

/** A key that needs no quotes, or the call that gave the value. */
const IDENTIFIER = /^[A-Za-z_$][\w$]*(\(".*"\))?$/;

/** `["messages", 3, "on click"]` → `messages[3]["on click"]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    if (!IDENTIFIER.test(key)) return `${text}[${JSON.stringify(key)}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** `["messages", 3, "a/b"]` → `/messages/3/a~1b`, a JSON pointer (RFC 6901). */
export function toPointer(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
