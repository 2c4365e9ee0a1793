"use strict";
// How our reporters speak: a line of JSON a result to descriptor 3, and a last one with how many there were.
// The first line is a key that only we and the reader of the pipe know; every other one is signed with it.

const { createHash, randomBytes } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { fileURLToPath } = require("node:url");

const { root } = require("./tree.json");
const ROOT = fs.realpathSync(root);
const MOST_CHARS = 1000;
const { writeSync } = fs;
const { stringify } = JSON;
const key = randomBytes(16).toString("hex");
const channel = taken();
let lines = 0;
let said = 0;
send(key);

// The descriptor is moved away from where the code under test would look for it first. In a process that was started
// by the one that has it, it is reached by the path that we were told.
function taken() {
  const told = process.env.ACROUTER_CHANNEL;
  delete process.env.ACROUTER_CHANNEL;
  try {
    const moved = fs.openSync(told ?? "/dev/fd/3", "a");
    if (!told || told === `/proc/${process.pid}/fd/3`) fs.closeSync(3);
    return moved;
  } catch {
    return 3;
  }
}

function write(value) {
  const text = stringify(value);
  const mark = createHash("sha256").update(`${key} ${lines} ${text}`).digest("hex").slice(0, 16);
  lines += 1;
  send(`${mark} ${text}`);
}

function send(line) {
  let rest = Buffer.from(`${line}\n`);
  while (rest.length) {
    try {
      rest = rest.subarray(writeSync(channel, rest));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

// The path of a file from the root of the tree, with forward slashes.
function fileOf(name) {
  const plain = name.startsWith("file:") ? fileURLToPath(name) : path.resolve(name);
  const real = fs.existsSync(plain) ? fs.realpathSync(plain) : plain;
  return path.relative(ROOT, real).split(path.sep).join("/");
}

// FILE::title > title; the file alone without titles.
function idOf(file, titles) {
  return titles.length ? `${file}::${titles.join(" > ")}` : file;
}

function say(id, outcome, error) {
  said += 1;
  write(error ? { id, outcome, message: messageOf(error) } : { id, outcome });
}

// An error that belongs to no file: the run as a whole cannot be trusted.
function fault(error) {
  write({ fault: messageOf(error) });
}

function messageOf(error) {
  let text;
  try {
    text = String(error?.message || error);
  } catch {
    // What was thrown may be an object without a primitive form.
    text = Object.prototype.toString.call(error);
  }
  return text.replace(/\u001b\[[0-9;]*m/g, "").split(/\n\s+at /)[0].slice(0, MOST_CHARS);
}

function end() {
  write({ end: said });
}

module.exports = { end, fault, fileOf, idOf, say };
