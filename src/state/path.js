const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** `["messages", 3, "on click"]` → `messages[3]["on click"]`. */
export function formatPath(path) {
    return path.reduce((text, key) => {
        if (typeof key === "number")
            return `${text}[${key}]`;
        if (!IDENTIFIER.test(key))
            return `${text}[${JSON.stringify(key)}]`;
        return text === "" ? key : `${text}.${key}`;
    }, "");
}
/** `["messages", 3, "a/b"]` → `/messages/3/a~1b`, a JSON pointer (RFC 6901). */
export function toPointer(path) {
    return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
