"""Runs pytest as `python -m pytest` does and tells over the channel what was collected and what came of each test.

Arguments: the repository's path, the path of the tree that is judged, how many tests at a time ("-" for as the
repository says), then pytest's own.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mcp_router.verifier.runners.bootstrap import open_channel, put_tree_on_path, take_tree_off_path


def main() -> int:
    """Run pytest on the arguments; returns its exit code."""
    lived, judged, parallel = sys.argv[1:4]
    before = take_tree_off_path(judged)

    import importlib
    import importlib.util
    import os

    import _pytest.config
    import pytest

    for plugin in getattr(_pytest.config, "default_plugins", ()):
        importlib.import_module("_pytest." + plugin)
    send = open_channel()
    put_tree_on_path(before, lived, judged)
    sys.argv = [pytest.__file__, *sys.argv[4:]]
    loads_plugins = not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    if parallel != "-" and loads_plugins and importlib.util.find_spec("xdist"):
        sys.argv += ["-n", parallel]
    status = int(pytest.main(plugins=[reporter(send, judged + os.sep)]))
    send({"end": status})
    return status


def reporter(send: "Callable[[dict[str, object]], None]", root: str) -> object:
    """A plugin that sends each result as it is known; with xdist it lives in the process that gathers them."""
    import os

    import pytest

    def failure(report: "Any") -> "dict[str, str]":
        crash = getattr(report.longrepr, "reprcrash", None)
        if crash is None:
            return {"message": str(report.longrepr)[:2000]}
        told = {"message": str(crash.message)[:2000]}
        entries = getattr(getattr(report.longrepr, "reprtraceback", None), "reprentries", ())
        for place in (*(getattr(entry, "reprfileloc", None) for entry in entries), crash):
            path = str(getattr(place, "path", os.sep))
            inside = path[len(root) :] if path.startswith(root) else path
            if not inside.startswith((os.sep, os.pardir)):
                told["where"] = f"{inside}:{place.lineno}"
        return told

    class Reporter:
        gathered = False

        def pytest_configure(self, config: "Any") -> None:
            # Too little coverage is no failed test, and a run of a few tests never has enough.
            for options in (config.option, getattr(config, "known_args_namespace", config.option)):
                if hasattr(options, "cov_fail_under"):
                    options.cov_fail_under = 0

        @pytest.hookimpl(tryfirst=True)
        def pytest_collection(self) -> None:
            send({"began": True})

        @pytest.hookimpl(trylast=True)
        def pytest_collection_finish(self, session: "Any") -> None:
            send({"collected": [str(item.nodeid) for item in session.items]})

        @pytest.hookimpl(optionalhook=True)
        def pytest_xdist_node_collection_finished(self, ids: "Any") -> None:
            if not self.gathered:
                self.gathered = True
                send({"collected": [str(test) for test in ids]})

        def pytest_collectreport(self, report: "Any") -> None:
            if report.outcome == "failed":
                send({"file": str(report.nodeid), "outcome": "error", "message": str(report.longrepr)[-4000:]})
            elif report.outcome == "skipped":
                send({"file": str(report.nodeid), "outcome": "skipped"})

        def pytest_runtest_logreport(self, report: "Any") -> None:
            outcome, when = report.outcome, report.when
            if outcome == "rerun":
                return
            if hasattr(report, "context"):
                when = "subtest"
            if outcome == "passed" and when != "call":
                return
            if outcome == "skipped" and hasattr(report, "wasxfail"):
                outcome = "xfailed"
            told = failure(report) if outcome == "failed" else {}
            send({"id": str(report.nodeid), "when": when, "outcome": outcome, "seconds": report.duration, **told})

    return Reporter()


if __name__ == "__main__":
    sys.exit(main())
