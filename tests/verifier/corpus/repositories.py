"""The small repositories that the patches apply to. In each, total() ignores its discount and a test says so."""

from __future__ import annotations

WRONG_BODY = "return sum(prices)"
RIGHT_BODY = "return max(0, sum(prices) - discount)"


def cart(body: str = RIGHT_BODY, top: str = "", end: str = "", label: str = "return name.strip()") -> str:
    """The source under test: `body` is that of total(), several lines allowed."""
    lines = "\n    ".join(body.strip("\n").split("\n"))
    return f"""{top}def total(prices, discount=0):
    {lines}


def label(name):
    {label}


def receipt(prices):
    return "\\n".join(f"{{price}} EUR" for price in prices)
{end}"""


TESTS = """from pathlib import Path

from shop.cart import label, receipt, total


def test_total(prices):
    assert total(prices) == 3


def test_label():
    assert label(" a ") == "a"


def test_receipt(prices):
    golden = Path(__file__).parent / "golden" / "receipt.txt"
    assert receipt(prices) == golden.read_text().strip()


def test_discount():
    assert total([10], discount=2) == 8


def test_discount_of_nothing():
    assert total([], discount=2) == 0
"""
CONFTEST = """import pytest


@pytest.fixture
def prices():
    return [1, 2]
"""
PYPROJECT = """[project]
name = "shop"
version = "1.0"
dependencies = ["attrs>=23"]

[tool.pytest.ini_options]
testpaths = ["tests"]
"""
MAKEFILE = """build:
\techo build

test:
\tpytest -q
"""
CI = "on: push\njobs:\n  test:\n    steps:\n      - run: pytest\n"

FLAT: dict[str, str] = {
    "shop/__init__.py": "",
    "shop/cart.py": cart(WRONG_BODY),
    "shop/rates.json": '{"EUR": 1, "USD": 2}\n',
    "shop/old.py": "def legacy():\n    return 1\n",
    "tests/conftest.py": CONFTEST,
    "tests/test_cart.py": TESTS,
    "tests/test_old.py": "from shop.old import legacy\n\n\ndef test_legacy():\n    assert legacy() == 1\n",
    "tests/golden/receipt.txt": "1 EUR\n2 EUR\n",
    "pyproject.toml": PYPROJECT,
    "Makefile": MAKEFILE,
    ".github/workflows/ci.yml": CI,
    "README.md": "# Shop\n",
    ".gitignore": "dist/\n",
}
CHECKED: dict[str, str] = {**FLAT, "mypy.ini": "[mypy]\nstrict = true\n"}
"""The same with a type checker, which takes its time."""
SRC: dict[str, str] = {
    "src/shop/__init__.py": "",
    "src/shop/cart.py": cart(WRONG_BODY),
    "tests/test_cart.py": TESTS.replace("(prices):", "():")
    .replace("total(prices) == 3", "total([1, 2]) == 3")
    .replace("receipt(prices) == golden.read_text().strip()", 'receipt([1, 2]) == "1 EUR\\n2 EUR"')
    .replace('    golden = Path(__file__).parent / "golden" / "receipt.txt"\n', "")
    .replace("from pathlib import Path\n\n", ""),
    "pytest.ini": "[pytest]\npythonpath = src\n",
    "setup.cfg": "[metadata]\nname = shop\nversion = 1.0\n",
    "tox.ini": "[tox]\nenvlist = py311\n\n[testenv]\ncommands = pytest {posargs}\n",
}
UNITTEST: dict[str, str] = {
    "shop/__init__.py": "",
    "shop/cart.py": cart(WRONG_BODY),
    "tests/__init__.py": "",
    "tests/test_cart.py": """import unittest

from shop.cart import label, total


class CartTest(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([1, 2]), 3)

    def test_label(self):
        self.assertEqual(label(" a "), "a")

    def test_discount(self):
        self.assertEqual(total([10], discount=2), 8)

    def test_discount_of_nothing(self):
        self.assertEqual(total([], discount=2), 0)


if __name__ == "__main__":
    unittest.main()
""",
}
JS_WRONG = "return prices.reduce((sum, price) => sum + price, 0);"
JS_RIGHT = "return Math.max(0, prices.reduce((sum, price) => sum + price, 0) - discount);"


def js_cart(body: str = JS_RIGHT, top: str = "", end: str = "") -> str:
    """The JavaScript source under test."""
    return f"""{top}function total(prices, discount = 0) {{
  {body}
}}

function label(name) {{
  return name.trim();
}}

module.exports = {{ total, label }};
{end}"""


PACKAGE = """{
  "name": "shop",
  "version": "1.0.0",
  "scripts": {"build": "true", "test": "node --test"}
}
"""
NODE: dict[str, str] = {
    "package.json": PACKAGE,
    "lib/cart.js": js_cart(JS_WRONG),
    "test/cart.test.js": """const test = require("node:test");
const assert = require("node:assert");
const { total, label } = require("../lib/cart.js");

test("total", () => assert.strictEqual(total([1, 2]), 3));
test("label", () => assert.strictEqual(label(" a "), "a"));
test("discount", () => assert.equal(total([10], 2), 8));
test("discount of nothing", () => assert.equal(total([], 2), 0));
""",
    ".github/workflows/ci.yml": CI,
}
MAKE: dict[str, str] = {
    "price.py": cart(WRONG_BODY),
    "selfcheck.py": """from price import label, total

assert total([1, 2]) == 3
assert label(" a ") == "a"
assert total([10], discount=2) == 8
print("all good")
""",
    "run.sh": "set -e\npython3 selfcheck.py\n",
    "Makefile": "PYTHON = python3\n\nbuild:\n\techo build\n\ntest: build\n\tsh run.sh\n\t$(PYTHON) selfcheck.py\n",
    "README.md": "# Price\n",
}
REPOSITORIES: dict[str, dict[str, str]] = {
    "flat": FLAT,
    "checked": CHECKED,
    "src": SRC,
    "unittest": UNITTEST,
    "node": NODE,
    "make": MAKE,
}
SOURCE = {
    "flat": "shop/cart.py",
    "checked": "shop/cart.py",
    "src": "src/shop/cart.py",
    "unittest": "shop/cart.py",
    "node": "lib/cart.js",
    "make": "price.py",
}
"""The file that the task is about."""
