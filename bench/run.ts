/** `npm run bench`: prints what a superstep costs beside the same work written by hand. */
import { fileCells, memoryCells, STEPS } from "./chain.js";
import { growth } from "./growth.js";
import { measure, table } from "./measure.js";

console.log(`One superstep of a chain of ${STEPS}, Node ${process.versions.node}, ${process.arch}\n`);
console.log(
  table([
    ...(await measure(memoryCells, { warmup: 30, rounds: 31, per: STEPS })),
    ...(await measure(fileCells, { warmup: 3, rounds: 9, per: STEPS })),
  ]),
);

console.log("\nA long session on a file\n");
for (const line of await growth()) console.log(`- ${line}`);
