"use strict";
// Loaded before vitest: vite compiles its configuration into a folder of node_modules, and beside the configuration
// only where it is told that it may not. A read-only file system tells it something else, and it gives up.

const fs = require("node:fs");

const { access, mkdir } = fs.promises;

fs.promises.mkdir = async (path, options) => {
  if (!/[\\/]\.vite-temp[\\/]?$/.test(String(path))) return mkdir(path, options);
  try {
    const made = await mkdir(path, options);
    await access(path, fs.constants.W_OK);
    return made;
  } catch {
    throw Object.assign(new Error(`${path} cannot be written`), { code: "EACCES" });
  }
};

// The processes that run the tests do without it.
process.env.NODE_OPTIONS = process.env.NODE_OPTIONS.replace(/ ?--require=\S+vite\.cjs/, "");
if (!process.env.NODE_OPTIONS) delete process.env.NODE_OPTIONS;
