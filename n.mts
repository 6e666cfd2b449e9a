import { MUTANTS } from "./test/mutants/list.js";
for (const [i, m] of MUTANTS.entries()) if (/stream|piece is handed|damaged artifact is given/.test(m.breaks) && m.file.includes("artifact")) console.log(i, m.breaks, m.killers.join(" "));
