"""What is quoted of a mention, and which of its words are named."""

from msgspec.structs import replace
from stage import MONDAY, Scene, crowd, mention, rules, sighting

from buzzwatch.app.explain.incident import explain
from buzzwatch.app.quotes import find_samples, read_samples, sample_of
from buzzwatch.ingest.scorer import load
from buzzwatch.ingest.scorer.protocol import Cause
from buzzwatch.model.input import Outcome
from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.store.batch import Batch, Heard
from buzzwatch.store.record import Record

NOON = MONDAY + 12 * HOUR


class Talker:
    """A scorer that gives the same reasons for everything, and keeps what it was asked."""

    name = "talker@1"

    def __init__(self, *causes):
        self.causes = causes
        self.asked = []

    def score(self, _text, _lang):
        return 0.9

    def knows(self, _lang):
        return True

    def why(self, text, lang):
        self.asked.append((text, lang))
        return self.causes


class Silent:
    """A scorer that cannot say why."""

    name = "silent@1"

    def score(self, _text, _lang):
        return 0.9


def test_the_three_words_that_spoke_most_for_negative_are_named():
    weights = {"nul": 3.0, "merci": -2.5, "l": 2.2, "😡": 2.0, "": 1.5, "plus jamais": 1.0, "ici": 0.5}
    scorer = Talker(*(Cause(words, weight) for words, weight in weights.items()))
    sample = sample_of(mention(NOON, "m", title="Titre", lang="fr-FR"), 0.9, scorer)
    assert [cause.words for cause in sample.why] == ["nul", "😡", "plus jamais"]
    ((text, lang),) = scorer.asked
    assert text.startswith("Titre\n")
    assert lang == "fr"


def test_words_are_one_short_printable_line():
    scorer = Talker(Cause("\x1b", 3), Cause("honte\n\u202e" + "x" * 500, 2))
    (cause,) = sample_of(mention(NOON, "m"), 0.9, scorer).why
    assert cause.words.startswith("honte x")
    assert len(cause.words) <= 30


def test_nothing_is_named_of_what_was_erased_of_what_is_hardly_negative_or_by_whom_cannot_say():
    angry = mention(NOON, "m", angry=True)
    scorer = Talker(Cause("nul", 1.0))
    assert sample_of(angry, 0.9, scorer).why
    assert not sample_of(replace(angry, deleted=True), 0.9, scorer).why
    assert not sample_of(angry, 0.49, scorer).why
    assert not sample_of(angry, 0.9, Silent()).why
    assert not sample_of(angry, 0.9, None).why


async def test_what_another_scorer_judged_is_not_explained_but_what_was_corrected_since_is(tmp_path):
    scorer = Talker(Cause("nul", 1.0))
    judges = {"mine": "talker@1", "corrected": "talker@1+acme.17", "theirs": "heavy@3", "other": "talker@10"}
    batch = Batch(seq=4, now=NOON)
    for seq, (name, judge) in enumerate(judges.items(), 1):
        heard = sighting(NOON, name, negativity=0.9, scorer=judge)
        batch.inputs.append((seq, heard))
        batch.heard.append(Heard(heard, mention(NOON, name, angry=True), seq))
    incident = shown(*(f"x:{name}" for name in (*judges, "unknown")))
    record = Record(tmp_path)
    await record.commit(batch)
    samples = await read_samples(record, incident, scorer)
    assert samples == record.write_now(lambda db: find_samples(db, incident, scorer))
    record.close()
    assert [(sample.mention, bool(sample.why)) for sample in samples] == [
        ("x:mine", True), ("x:corrected", True), ("x:theirs", False), ("x:other", False),
    ]  # fmt: skip


async def test_a_post_of_two_brands_is_as_negative_as_it_was_for_the_brand_of_the_incident(tmp_path):
    incident = shown("x:both")
    told = mention(NOON, "both", angry=True)
    ours = sighting(NOON, "both", negativity=0.9, scorer="talker@1")
    theirs = replace(ours, brand="aaa", negativity=0.2, scorer="talker@1+aaa.17")
    batch = Batch(seq=2, now=NOON, inputs=[(1, theirs), (2, ours)], heard=[Heard(theirs, told, 1)])
    record = Record(tmp_path)
    await record.commit(batch)
    (sample,) = await read_samples(record, incident, Talker(Cause("nul", 1.0)))
    subject = replace(incident.subject, brand="aaa")
    (other,) = await read_samples(record, replace(incident, subject=subject), Talker(Cause("nul", 1.0)))
    record.close()
    assert (sample.negativity, bool(sample.why)) == (0.9, True)
    assert (other.negativity, bool(other.why)) == (0.2, False)


async def test_an_incident_is_explained_with_its_posts_how_negative_each_is_and_by_which_words(tmp_path):
    said = {
        "angry": mention(NOON, "angry", text="acme \x1b[2J, une honte, scandale", lang="fr"),
        "calm": mention(NOON, "calm", text="vol acme de 18 h", lang="fr"),
        "gone": mention(NOON, "gone", text="acme, quelle honte", lang="fr"),
    }
    batch = Batch(seq=3, now=NOON)
    for seq, (name, told) in enumerate(said.items(), 1):
        negativity = 0.123 if name == "calm" else 0.9
        heard = sighting(NOON, name, negativity=negativity, scorer=load().name)
        batch.inputs.append((seq, heard))
        batch.heard.append(Heard(heard, told, seq))
    batch.erased.append(replace(said["gone"], text="", deleted=True))
    incident = shown("x:angry", "x:calm", "x:gone")
    batch.outcomes.append((NOON, Outcome(touched=(incident,))))
    record = Record(tmp_path)
    await record.commit(batch)
    lines = record.write_now(lambda db: explain(db, incident.id))
    record.close()
    first = lines.index("Posts shown")
    assert lines[first + 1] == "   90% negative  x:angry: “acme [2J, une honte, scandale”"
    assert lines[first + 2].startswith("       weighs most: ")
    assert {"une honte", "scandale"} <= set(lines[first + 2].partition(": ")[2].split(", "))
    assert lines[first + 3] == "   12% negative  x:calm: “vol acme de 18 h”"
    assert lines[first + 4] == "   90% negative  x:gone: its text was erased since"
    assert lines[first + 5] == ""


def shown(*mentions):
    """An incident that shows these."""
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 20, 10 * MINUTE), sighting(NOON + 11 * MINUTE, "end"))
    scene.run_to(NOON + 12 * MINUTE)
    return replace(scene.live[0], samples=mentions)
