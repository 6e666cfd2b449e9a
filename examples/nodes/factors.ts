/** Keeps a processor busy. A worker loads this module to find it: it only declares. */
export function factors(n: number): readonly number[] {
  for (let by = 2; by * by <= n; by++) if (n % by === 0) return [by, ...factors(n / by)];
  return [n];
}
