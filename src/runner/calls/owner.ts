/** Who holds a lease: host, process and runner in one readable name, and whether that process is known to be gone. */
import { createHash, randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

let place: string | undefined;

/** A new owner in this process. */
export function nameOwner(): string {
  place ??= namePlace();
  return `${place}/${process.pid}/${randomUUID().slice(0, 8)}`;
}

/** True only for a process of this very place that does not exist any more; what cannot be known is not gone. */
export function isGone(owner: string): boolean {
  const [host, pid = ""] = owner.split("/");
  if (host !== place || !/^[1-9]\d*$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as { code?: unknown }).code === "ESRCH";
  }
}

/** Where a process number means the same process: the host, since it was started, within one pid namespace. */
function namePlace(): string {
  const facts = [
    attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    attempt(() => readlinkSync("/proc/self/ns/pid")),
  ];
  const digest = createHash("sha256").update(facts.join()).digest("hex").slice(0, 8);
  return `${hostname().replaceAll("/", "_")}~${digest}`;
}

/** Other systems than Linux have no such files; there the host's name has to do. */
function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
