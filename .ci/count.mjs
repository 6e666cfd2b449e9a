// Prints `N passed, N failed[, N skipped]` from Vitest's JSON results, over all files given, and exits 1 unless all is well.
import { existsSync, readFileSync } from "node:fs";

const counts = process.argv.slice(2).map((file) => {
  return existsSync(file) ? count(JSON.parse(readFileSync(file, "utf8"))) : neverRan();
});
const [passed, failed, skipped] = ["passed", "failed", "skipped"].map((kind) => {
  return counts.reduce((sum, one) => sum + one[kind], 0);
});

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || counts.some((one) => one.passed === 0) ? 1 : 0;

function count(results) {
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.testResults.filter(brokeOutsideTests).length,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

/** A file that could not be loaded, or whose hooks failed, fails without a failed test in it: it counts as one. */
function brokeOutsideTests({ status, assertionResults }) {
  return status === "failed" && !assertionResults.some((test) => test.status === "failed");
}

/** The install or the test runner itself broke: that is one failure. */
function neverRan() {
  return { passed: 0, failed: 1, skipped: 0 };
}
