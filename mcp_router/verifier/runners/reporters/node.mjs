// Reporter for `node --test`: it runs in the parent of the processes that run the tests.

import fs from "node:fs";
import channel from "./channel.cjs";

const { end, fileOf, idOf, say } = channel;
const MOST_CHARS = 8000;

export default async function* report(source) {
  const titles = [];
  const errors = new Map();
  for await (const { type, data } of source) {
    if (type === "test:start") {
      titles.length = data.nesting;
      titles.push(data.name);
    } else if (type === "test:stderr") {
      const file = fileOf(data.file);
      errors.set(file, ((errors.get(file) ?? "") + data.message).slice(-MOST_CHARS));
    } else if (type === "test:pass" || type === "test:fail") {
      result(type === "test:pass", data, titles.slice(0, data.nesting), errors);
    }
  }
  end();
}

function result(passed, data, above, errors) {
  const file = fileOf(data.entryFile ?? data.file ?? data.name);
  if (data.nesting === 0 && fs.existsSync(data.name) && fileOf(data.name) === file) {
    // The file itself: it could not be loaded, ended badly, or is a script without tests.
    if (passed) say(idOf(file, ["(file)"]), "passed");
    else say(file, "error", reason(errors.get(file), data));
    return;
  }
  const failure = data.details.error?.failureType;
  if (data.details.type === "suite" && (passed || failure === "subtestsFailed")) return;
  const error = passed ? null : (data.details.error?.cause ?? data.details.error);
  say(idOf(file, [...above, data.name]), outcomeOf(passed, data), error);
}

// A reason that is empty is a reason too.
function outcomeOf(passed, { todo = false, skip = false }) {
  if (todo !== false) return "xfailed";
  if (skip !== false) return "skipped";
  return passed ? "passed" : "failed";
}

function reason(printed, data) {
  const lines = (printed ?? "").split("\n");
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? data.details.error;
}
