/** The report, as Markdown. The same findings and comments, the same bytes: no clock, no absolute path. */
import type { Finding } from "./review-file.js";
import { RULES } from "./rules.js";

/** What the findings come to. */
export interface Summary {
  readonly byRule: Readonly<Record<string, number>>;
  readonly files: number;
}
export interface ReportParts {
  readonly title: string;
  readonly files: number;
  readonly lines: number;
  readonly findings: readonly Finding[];
  readonly skipped: Readonly<Record<string, string>>;
  /** A reviewer's comments on earlier drafts, in order. A rule that one of them names is left out. */
  readonly comments: readonly string[];
}

export function summarize(findings: readonly Finding[]): Summary {
  const byRule: Record<string, number> = {};
  for (const { rule } of findings) byRule[rule] = (byRule[rule] ?? 0) + 1;
  return { byRule, files: new Set(findings.map(({ path }) => path)).size };
}

export function renderReport(parts: ReportParts): string {
  const left = RULES.filter(({ name }) => parts.comments.some((comment) => comment.includes(name))).map(
    ({ name }) => name,
  );
  const findings = parts.findings.filter(({ rule }) => !left.includes(rule));
  const sections = [
    heading(parts, findings),
    remarks(parts.comments, left),
    table(findings),
    listing(findings),
    notReviewed(parts.skipped),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function heading({ title, files, lines }: ReportParts, findings: readonly Finding[]): string {
  const found =
    findings.length === 0
      ? "Nothing to mend."
      : `${count(findings.length, "finding")} in ${count(summarize(findings).files, "file")}.`;
  const read = `${count(files, "file")} with ${count(lines, "line")} reviewed. ${found}`;
  return `# Review of ${code(title)}\n\n${files > 0 ? read : "There was no file that could be reviewed."}`;
}

function remarks(comments: readonly string[], left: readonly string[]): string {
  if (comments.length === 0) return "";
  const quoted = comments.map((comment) => `> ${comment.replace(/\s+/g, " ")}`).join("\n>\n");
  const note = left.length === 0 ? "" : `\n\nLeft out as asked: ${left.map(code).join(", ")}.`;
  return `## Comments on earlier drafts\n\n${quoted}${note}`;
}

function table(findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const { byRule } = summarize(findings);
  const rows = RULES.filter(({ name }) => byRule[name] !== undefined).map(
    ({ name, minds }) => `| ${name} | ${byRule[name]} | ${minds} |`,
  );
  return ["| rule | findings | what it minds |", "|---|---:|---|", ...rows].join("\n");
}

function listing(findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const byPath = new Map<string, Finding[]>();
  for (const finding of findings) byPath.set(finding.path, [...(byPath.get(finding.path) ?? []), finding]);
  const files = [...byPath].map(([path, own]) => {
    const lines = [...own]
      .sort((a, b) => a.line - b.line)
      .map(({ line, rule, note }) => `- line ${line}, ${rule}: ${escaped(note)}`);
    return `### ${code(path)}\n\n${lines.join("\n")}`;
  });
  return ["## Findings", ...files].join("\n\n");
}

function notReviewed(skipped: Readonly<Record<string, string>>): string {
  const paths = Object.keys(skipped).sort();
  if (paths.length === 0) return "";
  return ["## Not reviewed\n", ...paths.map((path) => `- ${code(path)}: ${skipped[path]}`)].join("\n");
}

export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;
}

/** A name as inline code, whatever characters it has. */
function code(name: string): string {
  const plain = name.replace(/\p{Cc}/gu, "\uFFFD");
  return plain.includes("`") ? `\`\` ${plain} \`\`` : `\`${plain}\``;
}

function escaped(note: string): string {
  return note.replace(/\p{Cc}/gu, " ").replace(/[<|]/g, "\\$&");
}
