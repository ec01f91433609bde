"""Texts of a file or of a pipe judged by the daemon's scorer, one answer a line: to try it on one's own."""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from buzzwatch.ingest.decode import MAX_TEXT, MAX_TITLE, RefusalError, read_item
from buzzwatch.ingest.language import language_of
from buzzwatch.ingest.scorer.protocol import Cause, Explaining, Scorer
from buzzwatch.notify.quoting import clean
from buzzwatch.sources.file import Chunk

MOST_CAUSES = 10
LONGEST_SHOWN = 200
LONGEST_WORDS = 30
_BAR = 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_encode_lines = msgspec.json.Encoder().encode_lines
_REQUIRED = 'such as {"id": "1", "text": "…"}, and "lang" where it is known'
_LANGUAGES = {
    "de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian", "pt": "Portuguese",
    "und": "language unknown",
}  # fmt: skip


class Question(Struct, frozen=True, gc=False):
    """One text to judge. A mention is one too; what else it tells is passed over."""

    id: Annotated[str, Meta(min_length=1, max_length=500)] | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    text: str
    lang: Annotated[str, Meta(max_length=35)] | None = None
    title: str | None = None
    deleted: bool = False

    @property
    def whole(self) -> str:
        """What the daemon would read of it: the title and the text, each within its bound."""
        text = self.text if len(self.text) <= MAX_TEXT else self.text[:MAX_TEXT]
        return f"{self.title[:MAX_TITLE]}\n{text}" if self.title else text


class Answer(Struct, frozen=True, gc=False, omit_defaults=True):
    """What the scorer says of one text. `fallback`: it was not fitted to that language, and guesses."""

    id: str | int
    negativity: float
    lang: str
    scorer: str
    fallback: bool = False
    why: tuple[Cause, ...] | UnsetType = UNSET
    """The heaviest first, ten at most; unset where nobody asked or the scorer cannot say."""


class Judge:
    """Answers questions with one scorer; says why as well if it `explains` and the scorer can.

    `lang` is the language of texts that do not tell theirs, None to guess it.
    """

    def __init__(self, scorer: Scorer, *, lang: str | None = None, explains: bool = False) -> None:
        self._scorer = scorer
        self._lang = lang
        self._knower = scorer if isinstance(scorer, Explaining) else None
        self._explainer = self._knower if explains else None

    def answer(self, question: Question) -> Answer:
        """As the daemon would judge it; what its author took back is not read."""
        text = "" if question.deleted else question.whole
        lang = language_of(text, question.lang or self._lang)
        return Answer(
            question.id,
            0.0 if question.deleted else round(self._scorer.score(text, lang), 6),
            lang,
            self._scorer.name,
            fallback=self._knower is not None and not self._knower.knows(lang),
            why=_heaviest(self._explainer.why(text, lang)) if self._explainer else UNSET,
        )

    def as_lines(self, questions: list[Question]) -> bytes:
        """One JSON object a line."""
        return _encode_lines(map(self.answer, questions))

    def as_text(self, questions: list[Question]) -> bytes:
        """For a person at a terminal."""
        lines = (line for question in questions for line in in_words(question, self.answer(question)))
        return "".join(f"{line}\n" for line in lines).encode()


def _heaviest(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    shown = (Cause(clean(cause.words, LONGEST_WORDS), round(cause.weight, 3)) for cause in causes)
    return tuple(cause for cause in shown if cause.words and cause.weight)[:MOST_CAUSES]


def read_questions(
    chunks: Iterable[Chunk], refuse: Callable[[int, str], None], progress: Callable[[float], None]
) -> Iterator[list[Question]]:
    """The questions of a file, by chunks; `refuse` hears of what is none, with its line (of an array: its item)."""
    decoder = msgspec.json.Decoder(Question)
    for chunk in chunks:
        questions = []
        for number, item in enumerate(_items(chunk), chunk.first_line):
            if line := item.strip():
                try:
                    questions.append(read_item(line, decoder, _REQUIRED)[0])
                except RefusalError as refusal:
                    refuse(number, str(refusal))
        yield questions
        if chunk.fraction is not None:
            progress(chunk.fraction)


def one_text(text: str) -> list[Question]:
    """A text as a shell hands it over: bytes that are no UTF-8 become question marks."""
    return [Question("text", text.encode("utf-8", "replace").decode())]


def _items(chunk: Chunk) -> list[bytes]:
    if chunk.is_array:
        return [bytes(item) for item in msgspec.json.decode(chunk.payload, type=list[msgspec.Raw])]
    return [line.removeprefix(_BYTE_ORDER_MARK) for line in chunk.payload.split(b"\n")]  # files put one behind another


def in_words(question: Question, answer: Answer) -> Iterator[str]:
    """Lines for a person; what others wrote is one printable line of them."""
    yield f"{clean(str(answer.id), LONGEST_WORDS)}: “{clean(question.whole, LONGEST_SHOWN)}”"
    yield f"  {answer.negativity:.0%} negative · {_language(answer.lang)} · {answer.scorer}"
    if answer.fallback:
        yield f"  a rough guess: {answer.scorer} was not fitted to this language"
    if answer.why is UNSET:
        yield f"  {answer.scorer} cannot say why"
    elif answer.why:
        yield "  what weighed most (▲ more negative, ▼ less):"
        yield from _bars(answer.why)
    else:
        yield "  no word of it weighs anything"


def _language(code: str) -> str:
    return _LANGUAGES.get(code, f"language {code}")


def _bars(causes: tuple[Cause, ...]) -> Iterator[str]:
    heaviest = max(abs(cause.weight) for cause in causes)
    width = max(len(cause.words) for cause in causes)
    for cause in causes:
        length = max(1, round(_BAR * abs(cause.weight) / heaviest))
        yield f"  {'▲' if cause.weight > 0 else '▼'} {cause.words:{width}}  {'█' * length}"
