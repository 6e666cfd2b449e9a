/** Asks whether a draft is to be written. Without a terminal there is nobody to ask. */
import { createInterface } from "node:readline/promises";
import type { Verdict } from "./graph.js";
import { count } from "./report.js";
import type { Terminal } from "./terminal.js";

export interface Draft {
  readonly text: string;
  readonly revision: number;
}

/** Undefined when the person leaves without an answer (Ctrl-C, Ctrl-D). */
export async function askVerdict(terminal: Terminal, { text, revision }: Draft): Promise<Verdict | undefined> {
  terminal.say();
  for (const line of beginningOf(text)) terminal.say(`  ${terminal.style("dim", "│")} ${line}`);
  terminal.say();
  terminal.say("A comment sends the draft back; a rule that it names is left out.");
  for (;;) {
    const answer = (await ask(`Write draft ${revision}? [y]es, [n]o, or a comment: `))?.trim();
    if (answer === undefined) return undefined;
    if (/^y(es)?$/i.test(answer)) return { kind: "approved" };
    if (/^no?$/i.test(answer)) return { kind: "rejected" };
    if (answer !== "") return { kind: "commented", comment: answer };
  }
}

/** The heading, the comments and the table; the findings themselves would fill the screen. */
function beginningOf(text: string): readonly string[] {
  const [head = "", findings] = text.trimEnd().split("\n\n## Findings\n");
  const more = findings === undefined ? [] : ["", `… and ${count(findings.split("\n").length, "line")} of findings`];
  return [...head.split("\n"), ...more];
}

async function ask(question: string): Promise<string | undefined> {
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  const left = new Promise<undefined>((resolve) => {
    reader.once("SIGINT", () => resolve(undefined));
    reader.once("close", () => resolve(undefined));
  });
  try {
    return await Promise.race([reader.question(question), left]);
  } finally {
    reader.close();
  }
}
