/** Values that may be promises: a synchronous one costs no promise (S8). */
export type Awaitable<T> = T | PromiseLike<T>;

/** Goes on with a value, at once when there is nothing to wait for. */
export function after<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isThenable(value) ? (value as PromiseLike<T>).then(next) : next(value);
}

/** Goes on with what the work gives, or with its failure. What `next` throws is not the work's. */
export function attempting<T, R>(
  work: () => Awaitable<T>,
  next: (value: T) => Awaitable<R>,
  failed: (error: unknown) => Awaitable<R>,
): Awaitable<R> {
  let done: Awaitable<T>;
  try {
    done = work();
  } catch (error) {
    return failed(error);
  }
  return isThenable(done) ? (done as PromiseLike<T>).then(next, failed) : next(done);
}

/** What the work gives, or what is made of its failure. */
export function recovering<T>(work: () => Awaitable<T>, recover: (error: unknown) => Awaitable<T>): Awaitable<T> {
  try {
    const done = work();
    return isThenable(done) ? Promise.resolve(done as PromiseLike<T>).then(undefined, recover) : done;
  } catch (error) {
    return recover(error);
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
