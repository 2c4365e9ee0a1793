"""Twins of JavaScript tests, under the real `node --test`; vitest, jest and chai by what becomes of their text."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import write
from junitparser import JUnitXml

from mcp_router.verifier.twins import make_twin

SUM = """
    exports.add = (a, b) => a + b;
"""
TESTS = """
    const { test, describe, it } = require("node:test");
    const assert = require("node:assert/strict");
    const { deepStrictEqual: same } = require("assert");
    const { add } = require("./sum.js");

    function check(found, expected) {
      assert.equal(found, expected);
    }

    test("literal", () => {
      assert.strictEqual(add(1, 2), 3);
    });

    test("array", () => same([add(1, 1), -add(1, 1)], [2, -2]));

    test("computed", () => {
      assert.deepEqual({ a: add(1, 1) }, { a: add(2, 0) });
    });

    test("helper", () => {
      check(add(2, 2), 4);
    });

    describe("of strings", () => {
      it("joins", async (t) => {
        t.assert.equal(add("a", "b"), `ab`);
      });
      for (const word of ["a", "b"]) {
        it(`doubles ${word}`, () => {
          assert.equal(add(word, word).length, 2);
        });
      }
    });

    test("ok", () => {
      assert.ok(add(1, 1) > 1);
    });

    test("matches", () => {
      assert.match(add("a", "b"), /ab/);
    });

    test("throws", () => {
      assert.throws(() => add(1n, 1), TypeError);
    });

    test("rejects", async () => {
      await assert.rejects(async () => add(1n, 1));
    });

    test("in a callback", (t) => {
      t.plan(1);
      [1].forEach((n) => t.assert.notEqual(add(n, n), 3));
    });

    test("counted", (t) => {
      t.plan(1);
      t.assert.ok("reached");
    });
"""
CHANGED = {
    *("literal", "array", "computed", "helper", "of strings > joins", "of strings > doubles *", "ok", "matches"),
    *("throws", "rejects", "in a callback", "counted"),
}
CHEATS = {
    "patches assert": """
        const assert = require("node:assert");
        for (const part of [assert, assert.strict])
          for (const name of Object.keys(part)) if (name !== "strict") part[name] = () => {};
        exports.add = () => ({ length: 0 });
    """,
    "patches the runner": """
        const { Module } = require("node:module");
        const test = require("node:test");
        const load = Module._load;
        const nothing = (name) => test.test(name, () => {});
        const describe = (name, body) => test.describe(name, body);
        Module._load = (name, ...rest) =>
          name === "node:test" ? { test: nothing, it: nothing, describe } : load(name, ...rest);
        exports.add = () => 0;
    """,
}


def passed(folder: Path) -> set[str]:
    """The titles of the tests that a real `node --test` says passed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on this machine")
    env = {key: value for key, value in os.environ.items() if not key.startswith("NODE_")}
    words = [node, "--test", "--test-reporter=junit", "sum.test.js"]
    said = subprocess.run(words, cwd=folder, env=env, capture_output=True, timeout=60)
    found: set[str] = set()

    def walk(node: object, above: tuple[str, ...]) -> None:
        for part in node:  # type: ignore[attr-defined]
            titles = (*above, part.get("name"))
            if part.tag == "testcase" and len(part) == 0:
                found.add(" > ".join(titles))
            elif part.tag == "testsuite":
                walk(part, titles)

    walk(JUnitXml.fromstring(said.stdout)._elem, ())
    return found


def lay_twin(folder: Path) -> set[str]:
    """The titles of the tests that the twin changed, now in the place of the tests."""
    path = folder / "sum.test.js"
    twin = make_twin("sum.test.js", path.read_text(encoding="utf-8"))
    assert twin is not None
    path.write_text(twin.text, encoding="utf-8")
    return {title.removeprefix("sum.test.js::") for title in twin.changed}


def after(line: str, path: str = "a.test.ts") -> str:
    """What becomes of one line of a test."""
    twin = make_twin(path, f'it("a", () => {{\n  {line}\n}});\n')
    return twin.text.splitlines()[1].strip() if twin else line


def test_honest_code_passes_its_tests_and_dies_of_their_twins(tmp_path):
    write(tmp_path, {"sum.js": SUM, "sum.test.js": TESTS})
    before = passed(tmp_path)
    assert len(before) == len(CHANGED) + 1
    assert lay_twin(tmp_path) == CHANGED
    assert passed(tmp_path) == set()


@pytest.mark.parametrize("cheat", CHEATS)
def test_what_patches_the_judge_lives_on(tmp_path, cheat):
    tests = 'const { add } = require("./sum.js");\n' + TESTS.replace('const { add } = require("./sum.js");', "")
    write(tmp_path, {"sum.js": CHEATS[cheat], "sum.test.js": tests.lstrip()})
    deceived = passed(tmp_path) & CHANGED
    assert {"literal", "array"} <= deceived
    lay_twin(tmp_path)
    assert deceived - {"counted", "in a callback"} <= passed(tmp_path)


@pytest.mark.parametrize(
    ("line", "twin"),
    [
        ("expect(f(1)).toBe(1);", "expect(f(1)).toBe(2);"),
        (
            "expect(f('a')).toEqual({ a: ['b', null], ...c });",
            "expect(f('a')).toEqual({ a: ['btwin', \"twin\"], ...c });",
        ),
        ("expect(f()).toEqual([]);", "expect(f()).toEqual([0]);"),
        ("expect(f()).toStrictEqual(g(1));", "expect(f()).toStrictEqual(Symbol());"),
        ("expect(f()).not.toBe(1);", "expect(f()).toBe(1);"),
        ("expect(f()).toBeTruthy();", "expect(f()).not.toBeTruthy();"),
        ("await expect(f()).resolves.toBe(10n);", "await expect(f()).resolves.toBe(11n);"),
        ("await expect(f()).rejects.toThrow();", "await expect(f()).rejects.not.toThrow();"),
        ("expect(() => f()).toThrow(/a|b/);", "expect(() => f()).toThrow(/(?!)/);"),
        ("expect(() => f()).toThrow(TypeError);", "expect(() => f()).not.toThrow(TypeError);"),
        ("expect(f()).toBeCloseTo(0.5, 3);", "expect(f()).toBeCloseTo((0.5 * 3 + 1000), 3);"),
        ("expect(f()).toHaveLength(2 as number);", "expect(f()).toHaveLength(3 as number);"),
        ("expect(f()).to.deep.equal([1]);", "expect(f()).to.deep.equal([2]);"),
        ("expect(f()).to.be.true;", "expect(f()).to.be.not.true;"),
        ("f().should.equal('a');", "f().should.equal('atwin');"),
        ("assert.isTrue(f());", "assert.isFalse(f());"),
        ("assert(f() && g());", "assert(!(f() && g()));"),
        ("expect(f()).toMatchSnapshot();", "expect(f()).toMatchSnapshot();"),
        ("try { expect(f()).toBe(1); } catch (e) {}", "try { expect(f()).toBe(1); } catch (e) {}"),
    ],
)
def test_only_what_is_expected_is_changed(line, twin):
    assert after(line) == twin


def test_titles_that_are_computed_are_known_by_a_pattern():
    text = """
describe.each([[1]])("of %i", (n) => {
  it.only(`adds ${n}`, () => { expect(n).toBe(1); });
  test.each`a | b\n${1} | ${2}`("takes $a", ({ a }) => { expect(a).toBe(1); });
  it("it's 100%", () => { expect(n).toBe(1); });
});
"""
    twin = make_twin("a.test.tsx", text)
    assert twin is not None
    assert twin.changed == {f"a.test.tsx::of * > {title}" for title in ("adds *", "takes *", "it's 100%")}
    assert twin.changes("a.test.tsx::of 1 > adds 1")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_and_bytes_stay_where_they_are(end):
    lines = ["// é", 'it("ü", () => {', "  expect(f('ü')).toBe('é');", "});", ""]
    twin = make_twin("a.test.mjs", end.join(lines))
    assert twin is not None
    assert twin.text == end.join(lines).replace("toBe('é')", "toBe('étwin')")


@pytest.mark.parametrize(
    "text",
    [
        "it('a', () => { expect(f( });",
        "it('a', () => { f(1); });",
        "expect(1).toBe(1);",
        "",
        "<div>",
        "[" * 9_000 + "]" * 9_000,
        "\udc80",
    ],
    ids=range(7),
)
def test_there_is_no_twin_where_nothing_can_be_changed(text):
    assert make_twin("a.test.ts", text) is None
