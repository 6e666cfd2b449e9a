/** Measures cells in turn, so that a machine that slows down slows all of them; a ratio is taken round by round. */

/** One way of doing the work: gives nothing, is timed as a whole. */
export interface Cell {
  readonly name: string;
  /** The cell that this one is compared with; none for a floor. */
  readonly floor?: string;
  readonly run: () => unknown;
}
export interface Measured {
  readonly name: string;
  readonly floor: string | undefined;
  readonly microseconds: number;
  readonly spread: readonly [number, number];
  readonly ratio: number | undefined;
}

/** Medians over rounds, after warm-up rounds; `per`: how many units of work one run does. */
export async function measure(
  cells: readonly Cell[],
  { warmup, rounds, per }: { warmup: number; rounds: number; per: number },
): Promise<readonly Measured[]> {
  const times = new Map<string, number[]>(cells.map(({ name }) => [name, []]));
  for (let round = 0; round < warmup + rounds; round++) {
    for (const { name, run } of cells) {
      const startedAt = performance.now();
      await run();
      if (round >= warmup) times.get(name)?.push(((performance.now() - startedAt) * 1_000) / per);
    }
  }
  return cells.map(({ name, floor }) => {
    const own = times.get(name) ?? [];
    const base = floor === undefined ? undefined : times.get(floor);
    const ratio = base && median(own.map((time, round) => time / (base[round] ?? Number.NaN)));
    return { name, floor, microseconds: median(own), spread: [Math.min(...own), Math.max(...own)], ratio };
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** The measured cells as a Markdown table. */
export function table(measured: readonly Measured[]): string {
  const rows = measured.map(({ name, floor, microseconds, spread, ratio }) => {
    const [least, most] = spread;
    return `| ${name} | ${microseconds.toFixed(1)} | ${least.toFixed(1)}–${most.toFixed(1)} | ${ratio === undefined ? "–" : `${ratio.toFixed(2)}× ${floor}`} |`;
  });
  return ["| cell | µs, median | min–max | ratio, median |", "|---|---|---|---|", ...rows].join("\n");
}
