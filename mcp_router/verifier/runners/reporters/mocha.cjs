"use strict";
// Reporter for mocha: it runs in the process that runs the tests.

const { end, fileOf, idOf, say } = require("./channel.cjs");
const { only } = require("./tree.json");

module.exports = class Reporter {
  constructor(runner) {
    runner.on("pass", (test) => say(id(test), "passed"));
    runner.on("pending", (test) => say(id(test), "skipped"));
    runner.on("fail", (test, error) => say(id(test), "failed", error));
    runner.once("end", end);
  }
};

function id(test) {
  const file = test.file ?? test.parent?.file;
  return idOf(file ? fileOf(file) : "mocha", test.titlePath());
}

// mocha gives up when one file cannot be loaded, and adds the files of its configuration to those that are named.
// The module that loads them is there already: mocha makes the reporter first.
const loader = Object.keys(require.cache).find((name) => /mocha[\\/]lib[\\/]nodejs[\\/]esm-utils\.c?js$/.test(name));
const load = loader && require.cache[loader].exports.requireOrImport;
if (load) {
  require.cache[loader].exports.requireOrImport = async (file, ...rest) => {
    if (only.length && !only.includes(fileOf(file))) return undefined;
    try {
      return await load(file, ...rest);
    } catch (error) {
      say(fileOf(file), "error", error);
      process.on("exit", (code) => {
        process.exitCode = code || 1;
      });
      return undefined;
    }
  };
}
