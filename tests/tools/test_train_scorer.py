import importlib.util
import json
from math import log
from pathlib import Path

import pytest

from buzzwatch.ingest.scorer.linear import LinearScorer
from buzzwatch.ingest.scorer.shipped import read, unpack

TOOL = Path(__file__).parents[2] / "tools" / "train_scorer.py"
COMPLAINTS = {
    "fr": ("le colis est perdu", "train en retard", "une panne encore", "personne ne répond"),
    "en": ("my bag is lost", "train delayed again", "the app crashes", "nobody answers"),
    "de": ("mein Koffer ist weg", "Zug verspätet", "die App stürzt ab", "niemand antwortet"),
    "es": ("mi maleta se perdió", "tren con retraso", "la app falla", "nadie responde"),
    "it": ("la valigia è persa", "treno in ritardo", "la app si blocca", "nessuno risponde"),
    "pt": ("minha mala sumiu", "trem atrasado", "o app trava", "ninguém responde"),
    "ar": ("حقيبتي ضاعت", "القطار تأخر", "التطبيق معطل", "لا أحد يجيب"),
}
PRAISE = {
    "fr": ("le colis est là", "train à l'heure", "tout fonctionne", "réponse rapide"),
    "en": ("my bag is here", "train on time", "the app works", "quick answer"),
    "de": ("mein Koffer ist da", "Zug pünktlich", "die App läuft", "schnelle Antwort"),
    "es": ("mi maleta llegó", "tren puntual", "la app funciona", "respuesta rápida"),
    "it": ("la valigia è arrivata", "treno puntuale", "la app funziona", "risposta rapida"),
    "pt": ("minha mala chegou", "trem no horário", "o app funciona", "resposta rápida"),
    "ar": ("حقيبتي وصلت", "القطار في موعده", "التطبيق يعمل", "رد سريع"),
}


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("train_scorer", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def texts(tmp_path):
    rows = [
        {"text": f"{said} {number}", "lang": lang, "label": label}
        for label, listed in (("negative", COMPLAINTS), ("positive", PRAISE))
        for lang, sentences in listed.items()
        for said in sentences
        for number in ("lundi", "mardi", "mercredi", "jeudi")
    ]
    file = tmp_path / "texts.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def test_the_same_texts_give_the_same_bytes(tool, texts, tmp_path, monkeypatch, capsys):
    made = []
    for name in ("once.model", "again.model"):
        files = [str(texts), "--out", str(tmp_path / name), "--check", str(texts)]
        monkeypatch.setattr("sys.argv", ["train_scorer.py", *files])
        tool.main()
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    printed = capsys.readouterr().out
    assert printed.count("texts.jsonl") == 2
    scorer = LinearScorer(unpack(made[0]))
    assert scorer.score("le colis est perdu jeudi", "fr") > 0.5 > scorer.score("le colis est là jeudi", "fr")


def test_every_language_has_weights_of_its_own_in_the_shipped_table():
    blocks = {lang: fitted.block for lang, fitted in read().languages.items()}
    assert blocks.pop("any") == 0
    assert sorted(blocks.values()) == [1, 2, 3, 4, 5, 6, 7]


def test_the_scorer_says_what_the_fit_said_but_for_rounding(tool, texts):
    """What the tool lays out for a text is what the scorer weighs in it."""
    rows = tool.read(texts)
    lexicons = tool.read_lexicons(tool.LISTS)
    langs = tool.np.array([row["lang"] for row in rows])
    ears = {lang: tool.Ear(frozenset(), lexicon.roles, lambda _: 0.0) for lang, lexicon in lexicons.items()}
    laid = tool.lay_out([ears[row["lang"]].hear(row["text"]) for row in rows], langs, lexicons)
    negative = tool.np.array([row["label"] == "negative" for row in rows])
    coefficients = tool.solve(laid, negative, tool.np.ones(len(rows)))
    scorer = LinearScorer(tool.ship(coefficients, dict.fromkeys((*COMPLAINTS, "any"), (1.0, 0.0)), lexicons))
    for row, logit in zip(rows, laid @ coefficients, strict=True):
        scored = scorer.score(row["text"], row["lang"])
        assert log(scored / (1 - scored)) == pytest.approx(logit, abs=0.02)


def test_lists_that_contradict_themselves_say_nothing(tool):
    assert tool.agreed([("péché", "-2"), ("pêche", "1"), ("nul", "-3"), ("NUL", "-2")]) == {"nul": -2.0}


def test_words_that_mostly_say_nothing_are_struck_out(tool):
    lexicons = tool.read_lexicons(tool.LISTS)
    assert "vol" not in lexicons["fr"].valences
    assert lexicons["fr"].valences["vol annule"] < 0
