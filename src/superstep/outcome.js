/** Nothing written, no word about control. */
export const NOTHING = Object.freeze({ updates: Object.freeze([]), routes: Object.freeze([]) });
