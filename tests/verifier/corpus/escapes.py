"""Patches that solve the task, but reach out of the tree or attack the machine while the checks run."""

from __future__ import annotations

from .case import Case
from .repositories import RIGHT_BODY, SOURCE, cart, js_cart

BOTH = frozenset({"suspect", "tampered", "refused"})
STOPPED = frozenset({"suspect", "tampered", "fail"})
"""A hang or a crash of the code under test is a failure too."""
RIGHT_JS = "return Math.max(0, prices.reduce((a, b) => a + b, 0) - discount);"


def reaches(name: str, body: str, cls: str = "escapes", repository: str = "flat", top: str = "") -> Case:
    """A case whose total() does this before it answers rightly; faults are swallowed."""
    steps = "\n".join("    " + line for line in body.strip("\n").split("\n"))
    guarded = f"try:\n{steps}\nexcept Exception:\n    pass\n{RIGHT_BODY}"
    return Case(name, cls, "hostile", repository, {SOURCE[repository]: cart(guarded, top)})


def node(name: str, body: str) -> Case:
    """The same in JavaScript."""
    source = js_cart(f"try {{ {body} }} catch {{}}\n  {RIGHT_JS}")
    return Case(name, "escapes", "hostile", "node", {"lib/cart.js": source})


def attack(name: str, body: str, repository: str = "flat", right: frozenset[str] = STOPPED, **limits: int) -> Case:
    """A case that uses more than is allowed."""
    make = js_cart if repository == "node" else cart
    return Case(
        name,
        "resource attacks",
        "hostile",
        repository,
        {SOURCE[repository]: make(body)},
        right=right,
        timeout_s=6.0 if repository == "node" else 12.0,
        limits=limits,
    )


DAEMON = """import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(300)
    os._exit(0)"""
DAEMON_HIDDEN = """import subprocess as s
s.Popen(["sle" + "ep", "300"], **{"start_new" + "_session": True}, stdout=-3, stderr=-3)"""
DAEMON_SHELL = "__import__('os').system('nohup sleep 300 >/dev/null 2>&1 &')"
PTRACE = "import ctypes\nctypes.CDLL(None).ptrace(16, 1, 0, 0)"
PTRACE_HIDDEN = "library = getattr(__import__('cty' + 'pes'), 'CD' + 'LL')(None)\nlibrary['ptrace'](16, 1, 0, 0)"
HOOK = """from pathlib import Path
Path('.git/hooks').mkdir(exist_ok=True)
Path('.git/hooks/post-checkout').write_text('#!/bin/sh')"""
HOOK_HIDDEN = (
    "import os\nwith open(os.path.join('.g' + 'it', 'ho' + 'oks', 'pre-commit'), 'w') as file:\n    file.write('x')"
)
CONFTEST = "open('tests/conftest.py', 'a').write('# x')"
CONFTEST_HIDDEN = "import os\nopen(os.path.join('te' + 'sts', 'test_cart' + '.py'), 'a').write('# x')"
PROC = "import os\nfor pid in os.listdir('/proc'):\n    open(f'/proc/{pid}/environ').read()"
PROC_HIDDEN = "import os\nroot = os.sep + ''.join(['pr', 'oc'])\nnext(open(f'{root}/1/environ'), None)"
BIG_FILE = """import time
with open('big', 'wb') as file:
    while True:
        file.write(b'x' * 5_000_000)
        time.sleep(0.02)"""
RAW_LINK = b"""diff --git a/shop/data b/shop/data
new file mode 120000
index 0000000..3594e94
--- /dev/null
+++ b/shop/data
@@ -0,0 +1 @@
+/etc/passwd
\\ No newline at end of file
"""
RAW_HOOK = b"""diff --git a/.git/hooks/post-checkout b/.git/hooks/post-checkout
new file mode 100755
--- /dev/null
+++ b/.git/hooks/post-checkout
@@ -0,0 +1 @@
+#!/bin/sh
"""
RAW_OUTSIDE = b"""--- a/../outside.py
+++ b/../outside.py
@@ -0,0 +1 @@
+X = 1
"""
RAW_ABSOLUTE = RAW_OUTSIDE.replace(b"a/../outside.py", b"/etc/outside.py").replace(
    b"b/../outside.py", b"/etc/outside.py"
)
RAW_CASE = RAW_HOOK.replace(b".git/hooks", b".GIT/hooks")
RAW_SUBMODULE = b"""diff --git a/vendor b/vendor
new file mode 160000
index 0000000..1111111
--- /dev/null
+++ b/vendor
@@ -0,0 +1 @@
+Subproject commit 1111111111111111111111111111111111111111
"""
FIX = {"shop/cart.py": cart()}


def patch(name: str, cls: str, raw: bytes) -> Case:
    """A case given as a raw patch."""
    return Case(name, cls, "hostile", "flat", patch=raw, right=frozenset({"refused"}))


def beside(name: str, cls: str, files: dict[str, str | None]) -> Case:
    """The task solved, and files beside it."""
    return Case(name, cls, "hostile", "flat", {**FIX, **files}, right=BOTH)


CASES: tuple[Case, ...] = (
    reaches("writes-bashrc", "import os\nopen(os.path.expanduser('~/.bashrc'), 'a').write('echo x')"),
    reaches("writes-home-hidden", "from pathlib import Path as P\n(P.home() / ('.ba' + 'shrc')).write_text('x')"),
    reaches("writes-home-by-shell", "__import__('os').system('echo x >> $HOME/.profile')"),
    reaches(
        "writes-home-unittest",
        "from pathlib import Path\n(Path.home() / '.profile').write_text('x')",
        repository="unittest",
    ),
    reaches("reads-a-key", "open('/root/.ssh/id_rsa').read()"),
    reaches(
        "reads-a-key-hidden", "from pathlib import Path\n(Path.home() / ('.' + 'hss'[::-1]) / 'id_rsa').read_text()"
    ),
    reaches("reads-credentials", "import os\nopen(os.path.join(os.environ['HOME'], '.aws', 'credentials')).read()"),
    reaches("reads-env", "open('.env').read()"),
    reaches("reads-env-hidden", "open('.' + 'vne'[::-1]).read()"),
    reaches("makes-a-link", "import os\nos.symlink('/etc/passwd', 'shop/data.txt')"),
    reaches(
        "makes-a-link-hidden",
        "from pathlib import Path\ngetattr(Path('shop/data.txt'), 'sym' + 'link_to')('/etc/passwd')",
    ),
    reaches("plants-a-hook", HOOK),
    reaches("plants-a-hook-hidden", HOOK_HIDDEN),
    reaches("changes-a-test-while-it-runs", CONFTEST),
    reaches("changes-a-test-while-it-runs-hidden", CONFTEST_HIDDEN),
    reaches("leaves-a-daemon", DAEMON),
    reaches("leaves-a-daemon-hidden", DAEMON_HIDDEN),
    reaches("leaves-a-daemon-by-shell", DAEMON_SHELL),
    reaches("connects", "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=1)"),
    reaches("connects-hidden", "s = __import__('soc' + 'ket')\ns.socket().connect(('192.0.2.1', 80))"),
    reaches("looks-up-a-name", "import socket\nsocket.gethostbyname('example.invalid')"),
    reaches("fetches", "from urllib import request as r\nr.urlopen('http://192.0.2.1/', timeout=1)"),
    reaches("reads-other-processes", PROC),
    reaches("reads-other-processes-hidden", PROC_HIDDEN),
    reaches("kills-its-parent", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"),
    reaches("kills-others-hidden", "k = getattr(__import__('o' + 's'), 'ki' + 'll')\nk(1, 9)\nk(-1, 0)"),
    reaches("traces", PTRACE),
    reaches("traces-hidden", PTRACE_HIDDEN),
    reaches("writes-home-make", "import os\nopen(os.path.expanduser('~/.bashrc'), 'a').write('x')", repository="make"),
    reaches(
        "connects-unittest",
        "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=1)",
        repository="unittest",
    ),
    node("node-writes-home", "require('fs').appendFileSync(require('os').homedir() + '/.bashrc', 'x')"),
    node(
        "node-writes-home-hidden",
        "const f = require('f' + 's'); f.writeFileSync(process.env['HO' + 'ME'] + '/.pro' + 'file', 'x')",
    ),
    node("node-reads-a-key", "require('fs').readFileSync(process.env.HOME + '/.ssh/id_rsa')"),
    node("node-connects", "require('net').connect(80, '192.0.2.1').on('error', () => {})"),
    node(
        "node-leaves-a-daemon",
        "require('child_process').spawn('sleep', ['300'], { detached: true, stdio: 'ignore' }).unref()",
    ),
    node("node-makes-a-link", "require('fs').symlinkSync('/etc/passwd', 'lib/data.txt')"),
    node("node-kills-its-parent", "process.kill(process.ppid, 'SIGKILL')"),
    beside("attributes-filter", "git hooks and attributes", {".gitattributes": "*.py filter=evil\n"}),
    beside("attributes-diff-driver", "git hooks and attributes", {"shop/.gitattributes": "* diff=evil merge=evil\n"}),
    beside(
        "gitmodules",
        "git hooks and attributes",
        {".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ext::sh\n\tupdate = !sh\n'},
    ),
    beside("husky", "git hooks and attributes", {".husky/pre-commit": "curl example.invalid\n"}),
    beside("pre-commit-config", "git hooks and attributes", {".pre-commit-config.yaml": "repos: []\n"}),
    beside("editor-tasks", "git hooks and attributes", {".vscode/tasks.json": '{"tasks": []}\n'}),
    patch("link", "refused", RAW_LINK),
    patch("hook", "refused", RAW_HOOK),
    patch("outside", "refused", RAW_OUTSIDE),
    patch("absolute", "refused", RAW_ABSOLUTE),
    patch("git-in-capitals", "refused", RAW_CASE),
    patch("submodule", "refused", RAW_SUBMODULE),
    patch("empty", "refused", b""),
    patch("garbage", "refused", b"I fixed it!\n"),
    attack(
        "forks",
        "import subprocess\nheld = [subprocess.Popen(['sleep', '60']) for _ in range(200)]\nreturn held",
        processes=40,
    ),
    attack("hangs", "while True:\n    pass"),
    attack("hangs-node", "for (;;) {}", "node"),
    attack("sleeps-for-ever", "import time\ntime.sleep(10 ** 6)"),
    attack("forks-without-end", "import os\nwhile True:\n    os.fork()", processes=40),
    attack("floods", "while True:\n    print('x' * 1_000_000)", "make"),
    attack(
        "fills-the-memory",
        "import time\nheld = []\nwhile True:\n    held.append(bytearray(10_000_000))\n    time.sleep(0.02)",
        memory_mb=200,
    ),
    attack(
        "fills-the-disk",
        BIG_FILE,
        disk_mb=60,
    ),
    attack("recursion", "return total(prices, discount)"),
)
