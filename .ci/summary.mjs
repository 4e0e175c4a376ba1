// Prints "N passed, N failed" from Vitest's JSON report; fails when a test did, or when there is no report.
import { readFileSync } from "node:fs";

let passed = 0;
let failed = 1;
try {
  const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
  passed = report.numPassedTests;
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  failed = report.numFailedTests + brokenFiles.length;
  if (!report.success && failed === 0) {
    failed = 1;
  }
} catch (error) {
  process.stderr.write(`no test report: ${error.message}\n`);
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
