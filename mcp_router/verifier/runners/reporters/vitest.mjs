// Reporter for vitest 1 and later: it runs in the process that starts the workers.

import channel from "./channel.cjs";

const { end, fault, fileOf, idOf, say } = channel;
const OUTCOMES = { pass: "passed", fail: "failed", skip: "skipped", todo: "skipped" };

export default class Reporter {
  seen = new WeakSet();
  ended = false;
  ignores = false;

  onInit(vitest) {
    this.ignores = vitest.config?.dangerouslyIgnoreUnhandledErrors ?? false;
  }

  onTestModuleEnd(module) {
    this.file(module.task);
  }

  onTestRunEnd(modules, errors) {
    this.finish(modules.map((module) => module.task), errors);
  }

  // Until vitest 2 there was only this.
  onFinished(files, errors) {
    this.finish(files, errors);
  }

  finish(files, errors = []) {
    if (this.ended) return;
    this.ended = true;
    files.forEach((file) => this.file(file));
    for (const error of this.ignores ? [] : errors) {
      // Until vitest 2 it was its own reporters that set this.
      process.exitCode = 1;
      const path = error.VITEST_TEST_PATH;
      if (path) say(fileOf(path), "error", error);
      else fault(error);
    }
    end();
  }

  file(file) {
    if (this.seen.has(file)) return;
    this.seen.add(file);
    walk(file, fileOf(file.filepath), []);
  }
}

function walk(task, file, titles) {
  const error = task.result?.errors?.[0];
  if (task.tasks) {
    if (error || (task.result?.state === "fail" && !task.tasks.length)) {
      say(idOf(file, titles), titles.length ? "failed" : "error", error ?? "it could not be loaded");
    }
    task.tasks.forEach((child) => walk(child, file, [...titles, child.name]));
  } else {
    const outcome = OUTCOMES[task.result?.state ?? task.mode] ?? "skipped";
    say(idOf(file, titles), outcome, outcome === "failed" ? error : null);
  }
}
