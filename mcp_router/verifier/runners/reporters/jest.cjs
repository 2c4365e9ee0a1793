"use strict";
// Reporter for jest: it runs in the process that starts the workers, which may be the one that runs the tests.

const { end, fault, fileOf, idOf, say } = require("./channel.cjs");

const OUTCOMES = { passed: "passed", failed: "failed" };

module.exports = class Reporter {
  onTestResult(_test, result) {
    const file = fileOf(result.testFilePath);
    if (result.testExecError || (result.failureMessage && !result.numFailingTests)) {
      say(file, "error", result.failureMessage);
    }
    for (const test of result.testResults) {
      const outcome = OUTCOMES[test.status] ?? "skipped";
      say(idOf(file, [...test.ancestorTitles, test.title]), outcome, test.failureMessages[0]);
    }
  }

  onRunComplete(_contexts, results) {
    if (results.runExecError) fault(results.runExecError);
    end();
  }

  getLastError() {}
};
