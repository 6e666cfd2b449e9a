// Names what failed and prints `N passed, N failed[, N skipped]` from Vitest's JSON results, over all files given; exits 1 unless
// all is well.
import { existsSync, readFileSync } from "node:fs";

const counts = process.argv.slice(2).map((file) => {
  if (!existsSync(file)) {
    return neverRan();
  }
  const results = JSON.parse(readFileSync(file, "utf8"));
  tellFailures(results);
  return count(results);
});
const [passed, failed, skipped] = ["passed", "failed", "skipped"].map((kind) => {
  return counts.reduce((sum, one) => sum + one[kind], 0);
});

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || counts.some((one) => one.passed === 0) ? 1 : 0;

/** Again here, at the end: the place where they failed is thousands of lines above. */
function tellFailures({ testResults }) {
  for (const file of testResults) {
    if (brokeOutsideTests(file)) {
      console.log(`failed: ${file.name}\n${file.message}`);
    }
    for (const { fullName, failureMessages } of file.assertionResults.filter((test) => test.status === "failed")) {
      console.log(`failed: ${file.name} > ${fullName}\n${failureMessages.join("\n")}`);
    }
  }
}

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
