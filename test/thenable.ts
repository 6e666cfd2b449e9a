/** What is awaited like a promise and is none: the barest kind, whose `then` does whatever the test says and returns nothing. */

type Settle = (value?: unknown) => void;

export function thenable(then: (resolve: Settle, reject: Settle) => void): PromiseLike<never> {
  const entries: [string, unknown][] = [["then", then]];
  return Object.fromEntries(entries) as unknown as PromiseLike<never>;
}
