/**
 * The review as a graph:
 *
 *   scan ─► dispatch ─► review × batch        aggregate ─┬─ no findings ─► clear ────────────────────► write
 *              ▲  │           │                   ▲      └─ findings ────► draft ─► approve ─┬─ yes ─► write
 *              └──│───────────┘                   │                          ▲────── comment ─┴─ no ──► END
 *                 └── no file is left ────────────┘
 */
import { open, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  type App,
  type AppRunner,
  append,
  Command,
  END,
  lastValue,
  merge,
  type NodeContext,
  Send,
  START,
  StateGraph,
  type StateOf,
  sum,
} from "superstep";
import { type ReportParts, renderReport, type Summary, summarize } from "./report.js";
import { type Finding, reviewFile } from "./review-file.js";
import { scan } from "./scan.js";

const channels = {
  files: lastValue<readonly string[]>([]),
  skipped: merge<Record<string, string>>({}),
  findings: append<Finding>(),
  reviewed: sum(),
  lines: sum(),
  summary: lastValue<Summary>({ byRule: {}, files: 0 }),
  draft: lastValue(""),
  revision: sum(),
  comments: append<string>(),
  verdict: lastValue<Verdict["kind"]>("open"),
  written: lastValue(""),
};
export type ReviewChannels = typeof channels;
type ReviewState = StateOf<ReviewChannels>;
export type ReviewRunner =
  ReturnType<typeof reviewGraph> extends App<ReviewChannels, infer N> ? AppRunner<ReviewChannels, N> : never;

/** The answer to the question whether a draft is to be written. */
export type Verdict =
  | { readonly kind: "open" | "approved" | "rejected" }
  | { readonly kind: "commented"; readonly comment: string };

/** Where the review reads and writes, by absolute paths. */
export interface Places {
  readonly folder: string;
  readonly out: string;
  readonly report: string;
}

export function reviewGraph(places: Places) {
  return new StateGraph(channels, { name: "review" })
    .addNode("scan", (_state, { progress }) => scanFolder(places, progress))
    .addNode("dispatch", dispatch, { ends: ["review", "aggregate"] })
    .addNode("review", (_state, { input }) => review(places, input as string))
    .addNode("aggregate", ({ findings }) => ({ summary: summarize(findings) }))
    .addNode("clear", (state) => ({ draft: renderReport(partsOf(places, state)) }))
    .addNode("draft", (state) => ({ draft: renderReport(partsOf(places, state)), revision: 1 }))
    .addNode("approve", approve)
    .addNode("write", ({ draft }, { once }) => write(places, draft, once))
    .addEdge(START, "scan")
    .addEdge("scan", "dispatch")
    .addEdge("review", "dispatch")
    .addConditionalEdges("aggregate", ({ summary }) => (summary.files > 0 ? "draft" : "clear"), ["draft", "clear"])
    .addEdge("clear", "write")
    .addEdge("draft", "approve")
    .addConditionalEdges("approve", afterVerdict, ["write", "draft", END])
    .addEdge("write", END)
    .compile();
}

async function scanFolder({ folder, out }: Places, progress: NodeContext["progress"]) {
  const found = await scan(folder, out);
  progress(0, found.files.length);
  return found;
}

/** About eight batches, so that there is something to watch; never more than 64 files at once. */
function dispatch({ files, reviewed }: ReviewState) {
  const size = Math.min(64, Math.ceil(files.length / 8));
  const batch = files.slice(reviewed, reviewed + size).map((path) => new Send("review", path));
  return new Command({ goto: batch.length > 0 ? batch : "aggregate" });
}

async function review({ folder }: Places, path: string) {
  const found = await reviewFile(path, join(folder, path));
  if (found.kind === "skipped") return { reviewed: 1, skipped: { [path]: found.reason } };
  return { reviewed: 1, lines: found.lines, findings: found.findings };
}

function partsOf({ folder }: Places, { files, lines, findings, skipped, comments }: ReviewState): ReportParts {
  const reviewed = files.filter((path) => !Object.hasOwn(skipped, path)).length;
  return { title: basename(folder), files: reviewed, lines, findings, skipped, comments };
}

/** Pauses until somebody has looked at the draft. */
function approve({ revision }: ReviewState, { interrupt }: NodeContext) {
  const verdict = interrupt<Verdict>({ question: "write this report?", revision });
  return { verdict: verdict.kind, ...(verdict.kind === "commented" && { comments: verdict.comment }) };
}

function afterVerdict({ verdict }: ReviewState) {
  if (verdict === "commented") return "draft";
  return verdict === "approved" ? "write" : END;
}

async function write({ report }: Places, draft: string, once: NodeContext["once"]) {
  await once("write the report", () => replaceFile(report, draft));
  return { written: report };
}

/** Whoever looks finds the former report or the new one, never a half. */
async function replaceFile(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${process.pid}.tmp`;
  const file = await open(unfinished, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
}
