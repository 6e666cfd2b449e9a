export const READY = Object.freeze({ kind: "ready" });
