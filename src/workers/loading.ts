/**
 * Whether this thread is a worker that loads the module of its node. Whatever opens a pool meanwhile is a program at the top of that module: each
 * worker of its own would load it, and start it, again, and so on without end.
 */

/** Known by all copies of the library in a thread: the host of a bundle is one, and the module may bring another. */
const LOADING = Symbol.for("superstep.workers.loading");
const thread = globalThis as { [LOADING]?: boolean };

export function isLoading(): boolean {
  return thread[LOADING] === true;
}

export async function whileLoading<T>(load: () => Promise<T>): Promise<T> {
  thread[LOADING] = true;
  try {
    return await load();
  } finally {
    thread[LOADING] = false;
  }
}
