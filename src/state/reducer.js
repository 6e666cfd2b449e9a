/** Channels with a fold of the user's own, on an immer draft. The only file that knows immer. */
import { enableMapSet, Immer, isDraftable } from "immer";
enableMapSet();
/** Freezing is done by the barrier, and only of what is new. */
const immer = new Immer({ autoFreeze: false });
/** Your own fold. It gets an immer draft: change it in place, or return the next value. A Date, a URL or bytes come as they are. */
export function reducer(initial, reduce, options = {}) {
    const label = options.label ?? String(reduce);
    return {
        ...options,
        label,
        kind: "reducer",
        initial: () => initial,
        reduce: (current, write) => folded(current, write, reduce),
    };
}
function folded(current, write, reduce) {
    if (isDraftable(current)) {
        return immer.produce(current, (draft) => reduce(draft, write));
    }
    const next = reduce(current, write);
    return next === undefined ? current : next;
}
