"""Patches that cannot be used are refused before anything runs, each with one sentence."""

from __future__ import annotations

import pytest
from conftest import CART, HALF, RIGHT, write

from mcp_router.errors import PatchRefused
from mcp_router.verifier.patch import apply, check


def added(name: str, mode: str = "100644", line: str = "x") -> bytes:
    return (
        f"diff --git a/{name} b/{name}\nnew file mode {mode}\n--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+{line}\n"
    ).encode()


REFUSED = {
    "empty": (b"", "empty"),
    "blank": (b"\n \n", "empty"),
    "garbage": (b"I have fixed the bug.\n", "no change"),
    "bytes": (bytes(range(1, 256)) * 3, "no change"),
    "cut off": (b"--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b\n", "cut off"),
    "a hunk without a file": (b"@@ -1 +1 @@\n-a\n+b\n", "well-formed"),
    "leaves the tree": (added("../x"), "leaves"),
    "leaves it inside": (added("a/../../x"), "leaves"),
    "absolute": (b"--- /dev/null\n+++ /etc/x\n@@ -0,0 +1 @@\n+x\n", "absolute"),
    "git's files": (added(".git/hooks/pre-commit"), "git's own"),
    "git's files in capitals": (added("sub/.GIT/config"), "git's own"),
    "git's files by short name": (added("git~1/config"), "git's own"),
    "git's files with a dot": (added(".git./config"), "git's own"),
    "git's files quoted": (b'diff --git "a/.g\\151t/x" "b/.g\\151t/x"\nnew file mode 100644\n', "git's own"),
    "git's files by a rename": (
        b"diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to .git/x\n",
        "git's own",
    ),
    "a link": (added("link", "120000", "/etc/passwd"), "symbolic link"),
    "a submodule": (added("sub", "160000", "Subproject commit " + "0" * 40), "submodule"),
    "binary": (b"diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n", "binary"),
    "git binary": (b"diff --git a/x b/x\nindex 1..2 100644\nGIT binary patch\nliteral 0\nHcmV?d00001\n\n", "binary"),
    "a path that is not UTF-8": (b"--- /dev/null\n+++ b/a\xff\n@@ -0,0 +1 @@\n+x\n", "UTF-8"),
    "too large": (added("x", line="y" * 20_000_001), "20 MB"),
}


@pytest.mark.parametrize(("patch", "word"), REFUSED.values(), ids=REFUSED)
def test_unusable_patches_are_refused(patch, word):
    with pytest.raises(PatchRefused, match=word) as refused:
        check(patch)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_a_refusal_is_a_verdict_and_changes_nothing(bench):
    case = bench()
    for patch in (b"", b"garbage", added("../x"), added("shop/cart.py"), b"--- a/no\n+++ b/no\n@@ -1 +1 @@\n-a\n+b\n"):
        found = case.verify(patch)
        assert (found.verdict, found.score, found.strength) == ("refused", 0.0, 1.0)


def test_a_patch_against_another_base_is_refused(bench):
    case = bench()
    patch = case.patch({"shop/cart.py": RIGHT})
    write(case.root, {"shop/cart.py": "def other(): ...\n"})
    found = case.verify(patch)
    assert found.verdict == "refused"
    assert "does not apply to this base" in found.reasons[0]


def test_usable_patches_are_taken(bench):
    case = bench()
    for patch in (
        case.patch({"shop/cart.py": RIGHT}),
        case.patch({"shop/cart.py": RIGHT}).rstrip(b"\n"),
        b"Here is the fix:\n\n" + case.patch({"shop/cart.py": RIGHT, "a b é.py": "X = 1\n"}),
        case.patch({"shop/cart.py": None, "shop/new.py": CART}),
    ):
        check(patch)


def test_application_is_whole_or_not_at_all(bench):
    case = bench()
    good, bad = case.patch({"shop/cart.py": RIGHT}), b"--- a/no\n+++ b/no\n@@ -1 +1 @@\n-a\n+b\n"
    with pytest.raises(PatchRefused):
        apply(case.root, good + bad)
    assert (case.root / "shop/cart.py").read_text() == CART.lstrip("\n")
    apply(case.root, good)
    assert (case.root / "shop/cart.py").read_text() == RIGHT.lstrip("\n")
    with pytest.raises(PatchRefused, match="does not apply"):
        apply(case.root, case.patch({"shop/cart.py": HALF}).replace(b"discount)", b"nothing)"))
