"""Expressions to put into `not_us`, from posts that people marked as not about the brand."""

from brands import brand

from buzzwatch.ingest.strike import FEWEST_OTHERS, Text, suggest

ACME = brand("acme", "acme", "@acme_fr", official=["x:@acme_fr"])
OURS = [Text(f"mon vol Acme numéro {n} est en retard") for n in range(200)]


def found(marked, others=OURS, of=ACME):
    return [each.expression for each in suggest(of, marked, others).suggestions]


def test_the_words_around_our_name_that_only_others_say_are_suggested_without_elided_articles():
    starts = ("l’", "chez ", "de l'", "la société ", "vive l’", "avec ")
    assert found([Text(f"{start}Acme Corporation n° {n}") for n, start in enumerate(starts)]) == ["acme corporation"]


def test_words_before_our_name_are_suggested_as_well():
    marked = [
        Text(f"{word} une Ford Acme de 19{n}0") for n, word in enumerate(("vends", "cherche", "oh", "quelle", "ma"))
    ]
    assert found(marked)[0] == "ford acme"


def test_a_hashtag_or_a_handle_of_somebody_else_is_suggested_whole():
    marked = [Text(f"jeu {n} {w} #AcmeTennis") for n, w in enumerate("abcde")]
    marked += [Text(f"merci {w} @Acme numéro {n}") for n, w in enumerate("abcde")]
    assert sorted(found(marked)) == ["#acmetennis", "@acme"]


def test_a_handle_that_the_rule_file_spells_out_and_a_hashtag_of_our_name_are_never_suggested():
    marked = [Text(f"jeu {n} {w} @acme_fr #acme {w * 3}") for n, w in enumerate("abcdef")]
    assert found(marked) == []


def test_what_would_strike_out_good_posts_is_not_suggested():
    marked = [Text(f"vol Acme {w} annulé, dit {w}") for w in ("a1", "b2", "c3", "d4", "e5", "f6")]
    assert found(marked) == []
    corporation = [Text(f"Acme Corporation {w}") for w in ("a1", "b2", "c3", "d4", "e5", "f6")]
    assert found(corporation, [*OURS, Text("Acme Corporation me rembourse")]) == ["acme corporation"]
    assert found(corporation, [*OURS, Text("Acme Corporation me rembourse", ours=True)]) == []
    assert found(corporation, [*OURS, *(Text(f"Acme Corporation rembourse {n}") for n in range(5))]) == []


def test_what_would_go_by_mistake_is_told_and_a_post_that_names_us_elsewhere_stays():
    marked = [Text(f"Acme Corporation {w}") for w in ("a1", "b2", "c3", "d4", "e5", "f6")]
    mistaken, saved = Text("Acme Corporation me rembourse"), Text("Acme Corporation n'est pas Acme")
    (each,) = suggest(ACME, marked, [*OURS, mistaken, saved]).suggestions
    assert (len(each.struck), each.mistaken) == (6, (mistaken,))


def test_on_too_little_evidence_nothing_is_suggested():
    marked = [Text(f"Acme Corporation {w}") for w in ("a1", "b2", "c3", "d4", "e5", "f6")]
    assert suggest(ACME, marked[:4], OURS).is_too_little
    assert suggest(ACME, marked, OURS[: FEWEST_OTHERS - 1]).is_too_little
    assert not suggest(ACME, marked, OURS).is_too_little


def test_copies_of_one_text_are_no_more_evidence_than_one():
    marked = [Text("Acme Corporation embauche", copy=7)] * 30
    assert suggest(ACME, marked, OURS).marked == 1


def test_what_is_struck_out_already_is_no_evidence():
    struck = brand("acme", "acme", not_us=["acme corporation"])
    marked = [Text(f"Acme Corporation {w}") for w in ("a1", "b2", "c3", "d4", "e5", "f6")]
    assert suggest(struck, marked, OURS).marked == 0
