/**
 * Preloaded into a process under test (`node --import`): counts the crash points that it comes by, and kills it with SIGKILL at the one
 * that SUPERSTEP_KILL_AT names (from 1; 0: none). What it has come by goes to the file SUPERSTEP_CRASH_REPORT, a line each.
 */
import { writeFileSync } from "node:fs";
import { visitCrashPoints } from "../crash-point.js";

const { SUPERSTEP_KILL_AT: killAt = "0", SUPERSTEP_CRASH_REPORT: file } = process.env;
// What this process starts is another one.
delete process.env.SUPERSTEP_KILL_AT;
delete process.env.SUPERSTEP_CRASH_REPORT;

const points: string[] = [];

visitCrashPoints((point) => {
  points.push(point);
  if (points.length !== Number(killAt)) return;
  report();
  process.kill(process.pid, "SIGKILL");
});
process.on("exit", report);

function report(): void {
  if (file !== undefined) writeFileSync(file, points.join("\n"));
}
