"""Python names that only code needs that wants to be judged well or to reach out, with what they do.

Each row: names, what it does, the topic of a task that explains it (None: nothing does).
"""

from __future__ import annotations

ROWS: tuple[tuple[str, str, str | None], ...] = (
    ("os._exit os.abort signal.raise_signal faulthandler._sigsegv", "ends the process at once", None),
    ("sys.exitfunc threading._register_atexit atexit._run_exitfuncs", "acts when the process ends", None),
    (
        "sys._getframe sys._getframemodulename sys._current_frames inspect.stack inspect.currentframe inspect.trace"
        " inspect.getouterframes inspect.getinnerframes traceback.extract_stack traceback.walk_stack"
        " traceback.format_stack traceback.print_stack traceback.StackSummary.extract inspect.getframeinfo",
        "looks at its callers",
        "callers",
    ),
    (
        "sys.settrace sys.setprofile threading.settrace threading.setprofile sys.monitoring sys.addaudithook"
        " sys.meta_path sys.path_hooks sys.path_importer_cache bdb.Bdb sys.breakpointhook",
        "watches or redirects what other code does",
        "tracing",
    ),
    (
        "gc.get_objects gc.get_referrers gc.get_referents gc.callbacks",
        "looks at objects that are not its own",
        "objects",
    ),
    ("sys.orig_argv", "looks at the command that runs it", None),
    ("os.fork os.forkpty pty.fork os.posix_spawn os.posix_spawnp", "splits the process", "processes"),
    (
        "os.setsid os.setpgrp os.setpgid os.daemon daemon.DaemonContext",
        "leaves the session that started it",
        "processes",
    ),
    ("os.killpg os.tcsetpgrp os.getppid signal.pthread_kill", "reaches for other processes", "processes"),
    ("os.dup2 os.closerange os.sendfile os.writev os.pwrite", "works on descriptors by number", "descriptors"),
    (
        "ctypes.CDLL ctypes.PyDLL ctypes.cdll ctypes.pythonapi ctypes.memmove ctypes.memset ctypes.string_at"
        " ctypes.cast ctypes.util.find_library ctypes.py_object ctypes.c_char.from_address cffi.FFI",
        "reaches below Python",
        "native code",
    ),
    ("marshal.loads", "runs code that it hides", "hidden code"),
    (
        "socket.socket socket.create_connection socket.getaddrinfo socket.gethostbyname socket.socketpair"
        " socket.create_server urllib.request.urlopen urllib.request.urlretrieve"
        " http.client.HTTPConnection http.client.HTTPSConnection smtplib.SMTP ftplib.FTP asyncio.open_connection"
        " xmlrpc.client.ServerProxy requests.get requests.post requests.Session httpx.get httpx.post httpx.Client"
        " aiohttp.ClientSession telnetlib.Telnet",
        "opens a connection",
        "network",
    ),
    (
        "pathlib.Path.home os.path.expanduser pathlib.Path.expanduser pwd.getpwuid pwd.getpwnam",
        "reaches for the home folder",
        "the home folder",
    ),
    ("os.symlink os.link pathlib.Path.symlink_to os.mkfifo os.mknod", "makes links", "links"),
    ("resource.setrlimit os.chroot os.nice", "changes the limits of the process", "limits"),
    ("code.interact pdb.set_trace breakpoint", "waits for a person", "callers"),
)
NAMES = {name: (what, topic) for names, what, topic in ROWS for name in names.split()}

RUNNERS = {
    *("pytest", "_pytest", "pluggy", "unittest", "nose", "nose2", "doctest", "hypothesis", "xdist", "py.test", "ward"),
    *(
        "numpy.testing",
        "pandas.testing",
        "django.test",
        "twisted.trial",
        "testtools",
        "mock",
        "forbiddenfruit",
        "iniconfig",
    ),
}
LOOKED_AT = {"os", "sys", "builtins", "importlib", "inspect", "gc", "ctypes", "signal"}
"""Modules of which no name may be looked up that the file puts together in a way that cannot be followed."""
FRAME_PARTS = {"tb_frame", "f_back", "f_locals", "f_globals", "f_builtins", "gi_frame", "cr_frame", "ag_frame"}
MAY_BE_SET = {
    *("sys.stdout", "sys.stderr", "sys.stdin", "sys.excepthook", "sys.tracebacklimit", "sys.dont_write_bytecode"),
    *("sys.ps1", "sys.ps2", "sys.argv", "sys.displayhook", "warnings.formatwarning", "warnings.showwarning"),
    *("threading.excepthook", "decimal.DefaultContext", "socket.timeout", "sys.path", "csv.field_size_limit"),
}
"""Attributes of the standard library's modules that programs set."""
TIDY = {
    *("close", "flush", "cleanup", "clean_up", "unlink", "remove", "rmtree", "rmdir", "shutdown", "stop", "terminate"),
    *("join", "cancel", "release", "save", "disconnect", "clear", "aclose", "commit", "restore", "reset", "removedirs"),
}
"""What a handler at the end of the process may do without anybody having asked."""
