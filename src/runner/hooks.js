import { seal } from "../state/seal.js";
import { isThenable } from "../superstep/thenable.js";
/** Ask for a pause from a hook: the session stops at that boundary with reason `{ kind: "hook", detail }`. */
export function pause(detail) {
    return { pause: true, detail };
}
export class HookList {
    #hooks;
    constructor(hooks) {
        this.#hooks = [...hooks];
    }
    add(hooks) {
        this.#hooks.push(hooks);
    }
    has(hook) {
        return this.#hooks.some((hooks) => hooks[hook] !== undefined);
    }
    /** Calls every hook of that kind, in order; the first wish to pause counts. */
    async ask(hook, about) {
        let wish;
        for (const hooks of this.#hooks) {
            try {
                const answered = await hooks[hook]?.(about);
                if (isPauseRequest(answered))
                    wish ??= this.#storable(hook, answered);
            }
            catch (error) {
                this.#report(hook, error);
            }
        }
        return wish;
    }
    /** Tells every hook of that kind, and waits for none. */
    tell(hook, about) {
        for (const hooks of this.#hooks) {
            try {
                const answered = hooks[hook]?.(about);
                if (isThenable(answered))
                    answered.then(undefined, (error) => this.#report(hook, error));
            }
            catch (error) {
                this.#report(hook, error);
            }
        }
    }
    /** A detail that cannot be stored is left out; the pause is not. */
    #storable(hook, wish) {
        try {
            seal(wish.detail, ["detail"]);
            return wish;
        }
        catch (error) {
            this.#report(hook, error);
            return pause();
        }
    }
    #report(hook, error) {
        for (const hooks of this.#hooks) {
            try {
                hooks.onHookError?.({ hook, error });
            }
            catch {
                // an observer of observers that fails has nobody left to tell
            }
        }
    }
}
function isPauseRequest(value) {
    return typeof value === "object" && value !== null && value.pause === true;
}
