/** Nothing of the library may look out of a simulation: whoever asks for the real time or for real chance is found. */

const OUTSIDE: readonly (readonly [object, string])[] = [
  [Math, "random"],
  [Date, "now"],
  [globalThis, "setTimeout"],
  [globalThis, "setInterval"],
];

/** Others, such as the test runner, may go on as they are used to. */
const OURS = /\/(?:src|test\/simulation)\/(?!.*node_modules)/;

/** `accuse` hears of each call from the library or from the simulation. */
export async function shutIn<T>(accuse: (law: string) => void, work: () => Promise<T>): Promise<T> {
  const reopen = OUTSIDE.map(([owner, name]) => watch(owner, name, accuse));
  try {
    return await work();
  } finally {
    for (const undo of reopen) undo();
  }
}

function watch(owner: object, name: string, accuse: (law: string) => void): () => void {
  const real: unknown = Reflect.get(owner, name);
  const watched = (...args: readonly unknown[]): unknown => {
    const caller = new TypeError().stack?.split("\n")[2] ?? "";
    if (OURS.test(caller)) accuse(`${name} was called ${caller.trim()}`);
    return Reflect.apply(real as () => unknown, owner, args);
  };
  Reflect.set(owner, name, watched);
  return () => void Reflect.set(owner, name, real);
}
