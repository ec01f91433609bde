from buzzwatch.detect.samples import Candidate, Samples


def candidate(mention, milli=900, *, followers=-1, minute=10, thread="t", author=0):
    return Candidate(milli, followers, minute, mention, thread, author)


def filled(*candidates):
    samples = Samples()
    for each in candidates:
        samples.add(each)
    return samples


def test_the_angriest_are_shown_first_and_the_most_followed_of_the_equally_angry():
    samples = filled(
        candidate("a", 700), candidate("b", 950), candidate("c", 910, followers=50_000), candidate("d", 600)
    )
    assert samples.pick(0, 20, angry=True, thread=None) == ("c", "b", "a")


def test_calm_mentions_are_shown_for_volume_alone():
    samples = filled(candidate("a", 100, followers=9), candidate("b", 900))
    assert samples.pick(0, 20, angry=True, thread=None) == ("b",)
    assert samples.pick(0, 20, angry=False, thread=None) == ("a", "b")


def test_three_authors_are_preferred_to_three_posts_of_one():
    samples = filled(*(candidate(f"a{n}", 990, author=1) for n in range(3)), candidate("b", 800, author=2))
    assert samples.pick(0, 20, angry=True, thread=None) == ("a0", "b", "a1")


def test_only_the_asked_minutes_and_conversation_are_shown():
    samples = filled(candidate("old", minute=1), candidate("here"), candidate("there", thread="u"))
    assert samples.pick(5, 20, angry=True, thread="t") == ("here",)


def test_calm_chatter_does_not_push_out_the_angry_ones():
    samples = filled(candidate("angry"), *(candidate(f"calm{n}", 100) for n in range(500)))
    assert samples.pick(0, 20, angry=True, thread=None) == ("angry",)


def test_a_dump_comes_back_the_same():
    samples = filled(*(candidate(f"a{n}", author=n) for n in range(40)))
    twin = Samples.load(samples.dump())
    for each in (samples, twin):
        each.add(candidate("new", 999, followers=5))
    assert twin.dump() == samples.dump()
    assert twin.pick(0, 20, angry=True, thread=None)[0] == "new"
