"""Every error that this project raises on purpose. Each message names the field at fault and the fix.

AcrouterError
├── BadInput          an argument, a file or a configuration value is wrong; nothing was done
├── RepositoryError   the folder cannot be worked in: not a repository, bare, mid-merge
├── PatchRefused      the patch cannot be used as it stands
│   └── BaseMismatch  it was made for another base: no fault of who wrote it
├── CheckUnavailable  the checks could not be started; says how to name the right command
├── BudgetExceeded    a hard cap would be broken by the next call
├── ProviderError     a model's provider did not answer as its protocol says
├── MemoryDamaged     the journal cannot be read or written safely
└── Cancelled         the work was stopped from outside
"""


class AcrouterError(Exception):
    """Base of all; its text is one sentence fit for a user or a model."""


class BadInput(AcrouterError):
    """An argument, a file or a configuration value is wrong."""


class RepositoryError(AcrouterError):
    """The folder cannot be worked in."""


class PatchRefused(AcrouterError):
    """The patch cannot be used as it stands."""


class BaseMismatch(PatchRefused):
    """The patch is sound and was made for another base."""


class CheckUnavailable(AcrouterError):
    """The checks could not be started."""


class BudgetExceeded(AcrouterError):
    """The next call could break a hard cap."""


class ProviderError(AcrouterError):
    """A model's provider failed; `kind` is auth, rate_limit, server, timeout, garbage, refused or unreachable."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class MemoryDamaged(AcrouterError):
    """The journal cannot be read or written safely."""


class Cancelled(AcrouterError):
    """The work was stopped from outside."""
