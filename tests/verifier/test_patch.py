"""Patches that cannot be used are refused before anything runs, each with one sentence."""

from __future__ import annotations

import subprocess
import time
import tracemalloc

import pytest
from conftest import CART, FILES, HALF, RIGHT, git, write

from mcp_router.errors import BaseMismatch, PatchRefused
from mcp_router.verifier.changes import Tree, changes_between
from mcp_router.verifier.patch import apply, check, patched_tree


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
    "cut off in a header": (b"diff --git a/x b/x\nindex 1111111..2222222 100644\n--- a/x\n", "cut off"),
    "cut off before the hunks": (b"--- a/x\n+++ b/x\n", "cut off"),
    "a new file without its lines": (b"diff --git a/x b/x\nnew file mode 100644\nindex 0000000..2222222\n", "cut off"),
    "cut off in the head of a hunk": (b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n@@ -9,2 +\n", "well-formed"),
    "more lines than its head counts": (b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+c\n", "line counts"),
    "fewer lines than its head counts": (b"--- a/x\n+++ b/x\n@@ -1 +1,3 @@\n-a\n+b\n+c\n", "cut off"),
    "a line of a hunk that looks like a header": (b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n--- c\n d\n", "line counts"),
    "a drive": (b"--- /dev/null\n+++ C:\\x\n@@ -0,0 +1 @@\n+x\n", "absolute"),
    "git's files between invisible letters": (added(".g\u200cit/config"), "git's own"),
    "git's files as a stream": (added(".git::$INDEX_ALLOCATION/config"), "git's own"),
    "git's files with backslashes": (added("a\\.git\\config"), "git's own"),
    "a link that was": (
        b"diff --git a/l b/l\ndeleted file mode 120000\nindex 1111111..0000000\n--- a/l\n+++ /dev/null\n@@ -1 +0,0 @@\n"
        b"-x\n\\ No newline at end of file\n",
        "symbolic link",
    ),
    "binary": (b"diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n", "binary"),
    "git binary": (b"diff --git a/x b/x\nindex 1..2 100644\nGIT binary patch\nliteral 0\nHcmV?d00001\n\n", "binary"),
    "a path that is not UTF-8": (b"--- /dev/null\n+++ b/a\xff\n@@ -0,0 +1 @@\n+x\n", "UTF-8"),
    "NUL": (added("x", line="a\0b"), "binary"),
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


def test_a_large_patch_is_refused_at_once_and_read_only_once():
    patch = b"+" * 50_000_000
    tracemalloc.start()
    began = time.monotonic()
    with pytest.raises(PatchRefused, match="20 MB"):
        check(patch)
    taken, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 0.5
    assert peak < 1_000_000


def tree_after(case, patch: bytes) -> Tree:
    """What a patch makes of the last commit, checked as a verdict checks it."""
    check(patch)
    made = patched_tree(case.root, "HEAD", patch)
    changes_between(case.root, git(case.root, "rev-parse", "HEAD^{tree}").decode().strip(), made)
    return Tree(case.root, made)


def test_a_patch_for_another_base_is_told_from_one_that_fits_none(bench):
    case = bench()
    patch = case.patch({"shop/cart.py": RIGHT})
    bare = patch[patch.index(b"--- a/") :]
    write(case.root, {"shop/cart.py": "def other(): ...\n"})
    git(case.root, "commit", "-qam", "other")
    with pytest.raises(BaseMismatch, match=r"another base: it starts from another shop/cart\.py"):
        tree_after(case, patch)
    with pytest.raises(BaseMismatch, match="another base: it applies to commit"):
        tree_after(case, bare)
    for neither in (
        bare.replace(b"prices", b"pieces"),
        case.patch({"shop/cart.py": "X = 1\n"}).replace(b"-def", b"-fed"),
    ):
        with pytest.raises(PatchRefused, match="does not apply to this base") as refused:
            tree_after(case, neither)
        assert not isinstance(refused.value, BaseMismatch)


def test_an_added_file_that_is_there_already_is_refused(bench):
    with pytest.raises(PatchRefused, match="already exists"):
        tree_after(bench(), added("shop/cart.py"))


def plain_diff(case, before: str, after: str) -> bytes:
    """What `diff -u` prints, times after the names."""
    write(case.root, {"old/shop/cart.py": before, "new/shop/cart.py": after})
    return subprocess.run(["diff", "-ru", "old", "new"], cwd=case.root, capture_output=True).stdout


def test_patches_of_other_makers_are_taken(bench):
    case = bench()
    patch = case.patch({"shop/cart.py": RIGHT})
    plain = plain_diff(case, CART, RIGHT)
    assert b"\t20" in plain
    forms = {
        "diff -ru of two folders": plain,
        "diff -u of one file": plain.replace(b"old/shop", b"shop").replace(b"new/shop", b"shop"),
        "beside its backup": plain.replace(b"old/shop/cart.py", b"shop/cart.py.orig").replace(b"new/shop", b"shop"),
        "from here": plain.replace(b"old/", b"./").replace(b"new/", b"./"),
        "no prefix": patch.replace(b"a/shop", b"shop").replace(b"b/shop", b"shop"),
        "other prefixes": patch.replace(b"a/shop", b"i/shop").replace(b"b/shop", b"w/shop"),
        "a message before": b"From 1 Mon Sep 17\nFrom: A <a@example.invalid>\nSubject: [PATCH] x\n\n--- Why\n---\n"
        b" shop/cart.py | 2 +-\n\n" + patch + b"-- \n2.39.5\n\n",
        "names in quotes": patch.replace(b"a/shop/cart.py", b'"a/shop/c\\141rt.py"').replace(
            b"b/shop/cart.py", b'"b/shop/cart.py"'
        ),
        "CRLF": patch.replace(b"\n", b"\r\n"),
        "blank context lines stripped": patch.replace(b"\n \n", b"\n\n"),
        "no ids": b"\n".join(line for line in patch.split(b"\n") if not line.startswith(b"index ")),
    }
    for name, form in forms.items():
        assert tree_after(case, form).text("shop/cart.py") == RIGHT.lstrip("\n"), name


def test_new_files_without_prefixes_land_where_they_belong(bench):
    case = bench()
    patch = case.patch({"shop/new.py": "X = 1\n", "shop/my cart.py": "Y = 1\n"})
    for form in (patch, patch.replace(b"a/shop", b"shop").replace(b"b/shop", b"shop")):
        if b"a/shop" in form:
            assert tree_after(case, form).text("shop/my cart.py") == "Y = 1\n"
        else:
            form = form[form.index(b"diff --git shop/new.py") :]
        assert tree_after(case, form).text("shop/new.py") == "X = 1\n"


def test_names_that_are_hard_to_read_are_read(bench):
    files = {"x b/y b.py": "X = 1\n", "größe.py": "X = 1\n", 'a"b.py': "X = 1\n", "-n.py": "X = 1\n"}
    case = bench(FILES | files)
    after = tree_after(case, case.patch(dict.fromkeys(files, "X = 2\n")))
    assert after.texts(list(files)) == dict.fromkeys(files, "X = 2\n")


def test_sources_in_other_encodings_are_changed_as_they_are(bench):
    case = bench()
    (case.root / "shop/latin.py").write_bytes(
        "# -*- coding: latin-1 -*-\nNAME = 'Müller'\nOTHER = 1\n".encode("latin-1")
    )
    git(case.root, "add", "-A")
    git(case.root, "commit", "-qm", "latin")
    (case.root / "shop/latin.py").write_bytes(
        "# -*- coding: latin-1 -*-\nNAME = 'Möller'\nOTHER = 1\n".encode("latin-1")
    )
    patch = git(case.root, "diff")
    git(case.root, "checkout", "-q", ".")
    assert b"M\xf6ller" in patch
    made = tree_after(case, patch)
    assert git(case.root, "cat-file", "blob", f"{made.id}:shop/latin.py").decode("latin-1").count("Möller") == 1


def test_moves_copies_modes_and_series_are_taken(bench):
    case = bench()
    git(case.root, "mv", "shop/cart.py", "shop/basket.py")
    (case.root / "shop/basket.py").chmod(0o755)
    write(case.root, {"shop/basket.py": RIGHT, "shop/copy.py": CART})
    git(case.root, "add", "-A")
    moved = git(case.root, "diff", "--cached", "-M", "-C", "--find-copies-harder")
    assert b"rename to" in moved
    assert b"copy to" in moved
    assert b"new mode 100755" in moved
    assert set(tree_after(case, moved).names()) == {*FILES, "shop/basket.py", "shop/copy.py"} - {"shop/cart.py"}
    git(case.root, "commit", "-qm", "one")
    write(case.root, {"shop/basket.py": HALF})
    git(case.root, "commit", "-qam", "two")
    series = git(case.root, "format-patch", "--stdout", "HEAD~2")
    git(case.root, "reset", "-q", "--hard", "HEAD~2")
    assert series.count(b"b/shop/basket.py") > 1
    assert tree_after(case, series).text("shop/basket.py") == HALF.lstrip("\n")


def test_an_end_without_a_line_end_is_kept(bench):
    case = bench(FILES | {"a.txt": "one"})
    patch = case.patch({"a.txt": "one\ntwo"})
    assert patch.count(b"\\ No newline") == 2
    for form in (patch, patch.rstrip(b"\n")):
        assert tree_after(case, form).text("a.txt") == "one\ntwo"


def test_the_whitespace_settings_of_a_repository_make_no_patch_fit(bench):
    case = bench()
    patch = case.patch({"shop/cart.py": RIGHT}).replace(b"    return sum", b"  return  sum")
    for key, value in (("apply.ignoreWhitespace", "change"), ("apply.whitespace", "fix")):
        git(case.root, "config", key, value)
    with pytest.raises(PatchRefused, match="does not apply"):
        tree_after(case, patch)


LINK = b"diff --git a/link b/link\n--- a/link\n+++ b/link\n@@ -1 +1 @@\n-shop\n\\ No newline at end of file\n+/etc\n"
REFUSED_BY_TREE = {
    "through a link": (added("link/evil.py"), "through a symbolic link"),
    "a link changed without saying its mode": (LINK + b"\\ No newline at end of file\n", "symbolic link"),
    "a link made a file": (
        b"diff --git a/link b/link\ndeleted file mode 120000\n--- a/link\n+++ /dev/null\n@@ -1 +0,0 @@\n-shop\n"
        b"\\ No newline at end of file\n" + added("link"),
        "symbolic link",
    ),
    "a file that differs in case": (added("Shop/cart.py"), "differ only in case"),
    "a folder that differs in case": (added("SHOP/other.py"), "differ only in case"),
    "two of the patch that differ in case": (added("A.py") + added("a.py"), "differ only in case"),
    "two that differ in how an accent is written": (added("é.py") + added("e\u0301.py"), "differ only in case"),
    "a submodule changed without saying its mode": (
        b"diff --git a/sub b/sub\n--- a/sub\n+++ b/sub\n@@ -1 +1 @@\n-Subproject commit "
        + b"1" * 40
        + b"\n+Subproject commit "
        + b"2" * 40
        + b"\n",
        "submodule",
    ),
    "nothing": (
        b"--- a/shop/cart.py\n+++ b/shop/cart.py\n@@ -2 +2 @@\n-    return sum(prices)\n+    return sum(prices)\n",
        "does not apply|changes nothing",
    ),
}


@pytest.mark.parametrize(("patch", "word"), REFUSED_BY_TREE.values(), ids=REFUSED_BY_TREE)
def test_what_a_patch_hides_is_seen_in_the_tree(bench, patch, word):
    case = bench()
    (case.root / "link").symlink_to("shop")
    git(case.root, "add", "-A")
    git(case.root, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    git(case.root, "config", "diff.ignoreSubmodules", "all")
    git(case.root, "commit", "-qm", "link")
    with pytest.raises(PatchRefused, match=word) as refused:
        tree_after(case, patch)
    assert "\n" not in str(refused.value)


def test_names_that_differ_in_case_already_are_no_fault_of_a_patch(bench):
    case = bench(FILES | {"Docs/a.md": "x\n", "docs/b.md": "x\n"})
    assert "docs/c.md" in tree_after(case, case.patch({"docs/c.md": "x\n"})).names()
    assert "Shop.py" in tree_after(case, case.patch({"Shop.py": "X = 1\n"})).names()
    moved = case.patch({"docs/b.md": None, "docs/B.md": "x\n"})
    assert "docs/B.md" in tree_after(case, moved).names()


def test_a_patch_of_very_many_files_takes_seconds(bench):
    case = bench()
    patch = b"".join(added(f"d{n % 100}/f{n}.py") for n in range(20_000))
    began = time.monotonic()
    assert len(tree_after(case, patch).names()) == 20_000 + len(FILES)
    taken = time.monotonic() - began
    print(f"20,000 files read, applied and listed in {taken:.1f} s")
    assert taken < 30


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
