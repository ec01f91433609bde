"""What a person can mend, and is therefore told in words: the errors that commands print without a traceback."""

from buzzwatch.app.control import NoDaemonError
from buzzwatch.app.explain.asking import QuestionError
from buzzwatch.app.scorer_process import ScorerError
from buzzwatch.app.secret import SecretError
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.sources.file import FileFaultError
from buzzwatch.store.database import StateError
from buzzwatch.store.persons import PersonError
from buzzwatch.web import CannotListenError

EXPECTED = (
    RuleFaults,
    SecretError,
    StateError,
    FileFaultError,
    NoDaemonError,
    CannotListenError,
    ScorerError,
    QuestionError,
    PersonError,
)
