/** What the review looks for. A rule sees one file as text and says which lines it minds; the same text, the same findings. */

export interface SourceText {
  readonly lines: readonly string[];
  readonly bytes: number;
  /** The file's extension, without the dot. */
  readonly extension: string;
}
/** What a rule minds. `line` counts from 1. */
export interface Remark {
  readonly line: number;
  readonly note: string;
}
export interface Rule {
  readonly name: string;
  readonly minds: string;
  readonly check: (text: SourceText) => readonly Remark[];
}

const LONG_LINE = 140;
const LONG_FUNCTION = 50;
const DEEP = 6;
const MANY_LINES = 600;
const MANY_BYTES = 256 * 1024;

const SCRIPTS = new Set(["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"]);
const CODE = new Set([
  ...SCRIPTS,
  "java",
  "kt",
  "go",
  "rs",
  "c",
  "h",
  "cc",
  "cpp",
  "hpp",
  "cs",
  "swift",
  "php",
  "scala",
]);

const SECRETS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["an AWS access key", /\bAKIA[0-9A-Z]{16}\b/],
  ["a GitHub token", /\bgh[pousr]_[A-Za-z0-9]{36}\b/],
  ["a credential", /\b(?:password|passwd|secret|api_?key|access_?token)["']?\s*[:=]\s*["'][^"'\s]{12,}["']/i],
];
const FUNCTION_HEAD = /\bfunction\b.*\{$|=>\s*\{$|^\s*(?:[\w<>[\],*&:]+\s+)*[\w$#]+\s*\([^;]*\)[^;=]*\{$/;
const NO_FUNCTION = /^\s*(?:if|for|while|switch|catch|else|do|try|with|\}|describe|suite)\b|^\s*\}/;

/** In the order in which the report lists them: the most pressing first. */
export const RULES: readonly Rule[] = [
  { name: "secret", minds: "looks like a key or a password", check: secrets },
  { name: "debug-leftover", minds: "`debugger` or `console.log` left behind", check: debugLeftovers },
  { name: "marker", minds: "an open TODO or FIXME", check: markers },
  { name: "long-function", minds: `a function of more than ${LONG_FUNCTION} lines`, check: longFunctions },
  { name: "deep-nesting", minds: `code nested deeper than ${DEEP} levels`, check: deepNesting },
  { name: "large-file", minds: `more than ${MANY_LINES} lines or ${MANY_BYTES / 1024} KiB`, check: largeFile },
  { name: "long-line", minds: `a line of more than ${LONG_LINE} characters`, check: longLines },
  { name: "trailing-space", minds: "white space at the end of a line", check: trailingSpace },
];

/** Says what kind of secret it is, never the secret. */
function secrets({ lines }: SourceText): Remark[] {
  return remarks(lines, (line) => {
    const kind = SECRETS.find(([, pattern]) => pattern.test(line))?.[0];
    return kind && `looks like ${kind}`;
  });
}

function debugLeftovers({ lines, extension }: SourceText): Remark[] {
  if (!SCRIPTS.has(extension)) return [];
  return remarks(lines, (line) => {
    const found = /^\s*(debugger)\s*;?\s*$|^\s*(console\.(?:log|debug))\(/.exec(line);
    return found ? `\`${found[1] ?? found[2]}\`` : undefined;
  });
}

function markers({ lines }: SourceText): Remark[] {
  return remarks(lines, (line) => {
    const found = /(?:^|[/#*;!-])\s*(TODO|FIXME)\b[:\s(]*(.{0,60})/u.exec(line);
    return found ? `${found[1]} ${found[2]}`.trim() : undefined;
  });
}

/** A function ends at the next line that closes a brace at the indentation of its head. */
function longFunctions({ lines, extension }: SourceText): Remark[] {
  if (!CODE.has(extension)) return [];
  return remarks(lines, (line, index) => {
    if (!line.endsWith("{") || !FUNCTION_HEAD.test(line) || NO_FUNCTION.test(line)) return undefined;
    const closing = `${line.slice(0, indentOf(line))}}`;
    let end = index + 1;
    while (end < lines.length && lines[end]?.startsWith(closing) !== true) end++;
    const length = end - index + 1;
    return end < lines.length && length > LONG_FUNCTION ? `${length} lines` : undefined;
  });
}

/** One remark a file, at its deepest line. */
function deepNesting({ lines, extension }: SourceText): Remark[] {
  if (!CODE.has(extension)) return [];
  const indents = lines.map((line) => (line.trim() === "" || /^\s*\*/.test(line) ? 0 : indentOf(line)));
  const unit = lines.some((line) => line.startsWith("\t"))
    ? 1
    : Math.max(2, smallest(indents.filter((indent) => indent > 0)));
  const deepest = indents.reduce((best, indent, index) => (indent > (indents[best] ?? 0) ? index : best), 0);
  const levels = Math.floor((indents[deepest] ?? 0) / unit);
  return levels > DEEP ? [{ line: deepest + 1, note: `${levels} levels` }] : [];
}

function largeFile({ lines, bytes }: SourceText): Remark[] {
  if (bytes > MANY_BYTES) return [{ line: 1, note: `${Math.round(bytes / 1024)} KiB` }];
  return lines.length > MANY_LINES ? [{ line: 1, note: `${lines.length} lines` }] : [];
}

function longLines({ lines, extension }: SourceText): Remark[] {
  if (extension === "md") return [];
  return remarks(lines, (line) => (line.length > LONG_LINE ? `${line.length} characters` : undefined));
}

/** Two spaces mean something in Markdown. */
function trailingSpace({ lines, extension }: SourceText): Remark[] {
  if (extension === "md") return [];
  return remarks(lines, (line) => (line.length > line.trimEnd().length ? "white space at the end" : undefined));
}

function remarks(lines: readonly string[], mind: (line: string, index: number) => string | undefined): Remark[] {
  return lines.flatMap((line, index) => {
    const note = mind(line, index);
    return note === undefined ? [] : [{ line: index + 1, note }];
  });
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function smallest(numbers: readonly number[]): number {
  return numbers.reduce((least, number) => Math.min(least, number), Number.POSITIVE_INFINITY);
}
