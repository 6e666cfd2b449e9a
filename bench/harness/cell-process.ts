/** The process of one cell: idle until it is asked, so that cells which wait for their turn cost the running one nothing. */
import type { Cell, Cells } from "./cell.js";
import type { Answer, Request } from "./protocol.js";
import { medianOutcome } from "./statistics.js";

let cell: Cell | undefined;

process.on("message", (request: Request) => {
  void answer(request)
    .catch((error: unknown): Answer => ({ kind: "failed", message: String((error as Error).stack ?? error) }))
    .then((said) => process.send?.(said));
});
// Whatever ends the process, files of the cell are removed on exit.
process.on("disconnect", () => process.exit());
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

async function answer(request: Request): Promise<Answer> {
  switch (request.kind) {
    case "list":
      return { kind: "listed", keys: Object.keys(await cellsOf(request.module)) };
    case "make":
      await cell?.close?.();
      cell = await make(request);
      return { kind: "made" };
    case "run":
      // A full collection would also throw away compiled code, and short runs would be timed while that is made anew.
      gc?.({ type: "minor", execution: "sync" });
      if (request.settleMs !== undefined) await runFor(request.settleMs);
      return { kind: "ran", outcome: await runFor(request.forMs) };
    case "close":
      await cell?.close?.();
      return { kind: "closed" };
  }
}

/** A peer's folder may have files of another kind: they have no cells. */
async function cellsOf(module: string): Promise<Cells> {
  const { cells = {} } = (await import(module)) as { readonly cells?: Cells };
  return cells;
}

async function make({ module, key, size }: Request & { kind: "make" }): Promise<Cell> {
  const cells = await cellsOf(module);
  const maker = cells[key];
  if (maker === undefined) throw new RangeError(`${module} has no cell "${key}"`);
  return maker(size);
}

async function runFor(ms: number) {
  if (cell === undefined) throw new RangeError("no cell was made");
  const endsAt = performance.now() + ms;
  const outcomes = [];
  do outcomes.push(await cell.run());
  while (performance.now() < endsAt);
  return medianOutcome(outcomes);
}
