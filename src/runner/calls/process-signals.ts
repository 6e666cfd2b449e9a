/** Signals of the process: one listener each, for however many runners want to hear of it, and none when none does. */
import { constants } from "node:os";
import { InvalidOptionError, shown } from "../../errors.js";

/** A signal that asks a process to end, and that it hears of. */
export type DrainSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT" | "SIGUSR2" | "SIGBREAK";
type Hear = (signal: DrainSignal) => void;

const hearers = new Map<DrainSignal, Set<Hear>>();

/** Gives what ends it. A process that listens to a signal is no longer ended by it. */
export function onSignals(signals: readonly DrainSignal[], hear: Hear): () => void {
  const own: Hear = (signal) => hear(signal);
  for (const signal of signals) {
    const list = hearers.get(signal) ?? new Set();
    if (list.size === 0) process.on(signal, tell);
    hearers.set(signal, list.add(own));
  }
  return () => {
    for (const signal of signals) {
      const list = hearers.get(signal);
      if (list?.delete(own) === true && list.size === 0) process.off(signal, tell);
    }
  };
}

/** Throws InvalidOptionError for what is no signal, and for those that no process hears of. */
export function checkSignals(signals: unknown): void {
  if (signals === undefined) return;
  if (!Array.isArray(signals)) throw new InvalidOptionError("drainOn", "is no list", 'pass a list such as ["SIGTERM"]');
  for (const signal of signals as readonly unknown[]) {
    const isKnown = typeof signal === "string" && Object.hasOwn(constants.signals, signal);
    if (isKnown && signal !== "SIGKILL" && signal !== "SIGSTOP") continue;
    throw new InvalidOptionError("drainOn", `has ${shown(signal)}`, 'use "SIGTERM", "SIGINT" or "SIGHUP"');
  }
}

function tell(signal: DrainSignal): void {
  for (const hear of hearers.get(signal) ?? []) hear(signal);
}
