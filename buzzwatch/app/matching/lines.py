"""What a brand's names found, in lines for a terminal."""

from collections import Counter
from collections.abc import Iterator

from buzzwatch.app.matching.found import Found, Sampled, Tally
from buzzwatch.app.matching.words import WORDS, Words
from buzzwatch.ingest.strike import FEWEST_MARKED, FEWEST_OTHERS, Suggestion
from buzzwatch.notify.figures import Figures
from buzzwatch.notify.phrases import phrases_of
from buzzwatch.notify.quoting import clean, quote

_LONGEST = 200
_LONGEST_ROOT = 120
_MOST = 12


def tell_found(found: Found, language: str, where: str = "") -> Iterator[str]:
    """Lines for a person at a terminal, in the hours of the brand."""
    words, figures = WORDS[language], phrases_of(language).figures
    brand, now, before = found.brand, found.now, found.before
    since, until = (figures.stamp(at, brand.zone) for at in (found.since, found.until))
    usual = figures.number(before.posts)
    yield words.heard.format(brand=brand.name, n=figures.number(now.posts), since=since, until=until, usual=usual)
    if not now.posts:
        yield f"  {words.no_posts}"
    else:
        shares = ["-" if tally.share is None else figures.share(tally.share) for tally in (now, before)]
        yield "  " + words.negative.format(share=shares[0], before=shares[1])
        yield from _tables(now, before, words, figures)
        yield from _around(found, words, figures)
        if found.other_rules:
            stays, gone = figures.number(found.stays), figures.number(found.gone)
            yield ""
            yield words.under_rules.format(where=where, stays=stays, gone=gone)
            yield f"  {words.floor}"
        yield from ("", words.sample.format(n=len(found.sample)))
        for sampled in found.sample:
            yield from _sampled(sampled, found, words, figures)
    yield from _suggestions(found, words, figures)


def _tables(now: Tally, before: Tally, words: Words, figures: Figures) -> Iterator[str]:
    tables: tuple[tuple[str, Counter[str], Counter[str], dict[str, str]], ...] = (
        (words.by_way, now.ways, before.ways, words.ways),
        (words.by_word, now.words, before.words, {}),
        (words.by_language, now.languages, before.languages, words.languages),
        (words.by_source, now.sources, before.sources, {}),
    )
    for title, counted, usual, names in tables:
        if counted:
            yield from ("", title)
            yield from _table(counted, usual, names, words, figures)


def _table(
    counted: Counter[str], usual: Counter[str], names: dict[str, str], words: Words, figures: Figures
) -> Iterator[str]:
    shown = sorted(counted, key=lambda each: (-counted[each], each))[:_MOST]
    told = {each: names.get(each) or clean(each, _LONGEST) for each in shown}
    width = max(map(len, told.values()))
    for each in shown:
        numbers = words.before.format(n=figures.number(counted[each]), before=figures.number(usual[each]))
        yield f"  {told[each]:{width}}  {numbers}"
    if len(counted) > len(shown):
        yield f" {words.more.format(n=len(counted) - len(shown))}"


def _around(found: Found, words: Words, figures: Figures) -> Iterator[str]:
    if found.around is None:
        yield from ("", words.around_too_few)
    elif found.around:
        yield from ("", words.around)
        for word, held, usual in found.around:
            numbers = words.before.format(n=figures.number(held), before=figures.number(usual))
            yield f"  {clean(word, _LONGEST)}  {numbers}"


def _sampled(sampled: Sampled, found: Found, words: Words, figures: Figures) -> Iterator[str]:
    post = sampled.post
    text = "" if post.mention is None else quote(post.mention.whole, _LONGEST)
    names = ", ".join(dict.fromkeys(hit.words for hit in post.hits))
    how = words.ways.get(post.way, post.way) + (f" ({names})" if names else "")
    fate = f"{words.gone if sampled.gone else words.stays} · " if found.other_rules else ""
    share, mention = figures.share(post.sighting.negativity), clean(post.sighting.mention, _LONGEST)
    yield f"  {fate}{how} · {share} · {mention}"
    yield f"    {text or words.erased}"
    if post.way == "thread":
        root = sampled.root
        told = (
            words.root_unknown if root is None else words.erased if root.deleted else quote(root.whole, _LONGEST_ROOT)
        )
        yield f"    ↳ {told if root is None else words.root.format(text=told)}"


def _suggestions(found: Found, words: Words, figures: Figures) -> Iterator[str]:
    suggested = found.suggested
    if not suggested.marked and not found.hang:
        return
    yield from ("", words.suggestions)
    if found.hang:
        yield "  " + words.hang.format(n=figures.number(found.hang))
    if suggested.marked < FEWEST_MARKED:
        yield "  " + words.too_few_marks.format(n=suggested.marked, least=FEWEST_MARKED)
    elif suggested.others < FEWEST_OTHERS:
        yield "  " + words.too_few_others.format(n=suggested.others, least=FEWEST_OTHERS)
    else:
        yield from _suggested(found, words, figures)


def _suggested(found: Found, words: Words, figures: Figures) -> Iterator[str]:
    suggested = found.suggested
    for each in suggested.suggestions:
        yield "  " + _in_words(words.suggestion, each, found, figures)
        yield f"    ✂ {quote(each.struck[0].text, _LONGEST_ROOT)}"
        if each.mistaken:
            yield "    " + words.mistaken.format(text=quote(each.mistaken[0].text, _LONGEST_ROOT))
    for each in suggested.doubted:
        yield "  " + _in_words(words.doubted, each, found, figures)
        yield f"    {quote(each.mistaken[0].text, _LONGEST_ROOT)}"
    if suggested.suggestions:
        yield f"  {words.paste}"
        known = (*found.brand.match.not_us, *(each.expression for each in suggested.suggestions))
        yield "match:"
        yield f"  not_us: [{', '.join(map(_as_yaml, known))}]"
    elif not suggested.doubted:
        yield "  " + words.no_suggestion.format(n=suggested.marked)


def _in_words(phrase: str, each: Suggestion, found: Found, figures: Figures) -> str:
    return phrase.format(
        expression=clean(each.expression, _LONGEST),
        struck=figures.number(len(each.struck)),
        marked=figures.number(found.suggested.marked),
        mistaken=figures.number(len(each.mistaken)),
        others=figures.number(found.suggested.others),
    )


def _as_yaml(expression: str) -> str:
    """Between quotes, in which a backslash or a quote is written twice over."""
    plain = clean(expression, _LONGEST).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
