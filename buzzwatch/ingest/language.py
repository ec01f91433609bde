"""The language of a text by its commonest words: a vote, cheap enough for every mention."""

from collections.abc import Iterable

from buzzwatch.ingest.normalise import spoken

UNKNOWN = "und"

_CODE_LENGTHS = (2, 3)
_NO_LANGUAGE = frozenset({"und", "zxx", "mul", "mis", "qam", "qct", "qht", "qme", "qst", "art"})
"""Codes by which platforms say that they do not know, or that there are no words."""

# Folded, as `normalise.words` gives them: "c est", "don t". Words that several languages share vote for each of them.
_COMMON = {
    "en": """the and to of is in it you that for on with was this are be have my at not so what but just they your
        from we our their his her she he who how why when where there been has had were will would can could
        should do does did don doesn didn isn wasn won t m re ve ll an as or by if all out up about get got more
        than then them these those its im dont after before still never ever again very too no yes now here some
        any only because while time today please thanks thank hi hello going want like back over""",
    "fr": """le la les un une des du de et est en que qui dans pour pas sur au aux avec ce cette ces c j l d n s qu je
        tu il elle on nous vous ils elles mon ma mes ton ta tes son sa ses notre votre leur leurs mais ou donc ni
        car plus moins tres trop bien tout tous toute toutes fait faire suis es sont etes etait ont ai as avons
        avez sera ete etre avoir meme encore toujours jamais rien aucun aucune sans sous chez entre depuis
        pendant apres avant comme si quand comment pourquoi parce merci bonjour y a va vais ca cela quel quelle
        deja aussi peut faut ici""",
    "de": """der die das und ist nicht ich du er sie es wir ihr ein eine einen einem einer zu mit auf von den dem des
        im in an fur aus bei nach wie so auch nur noch schon aber oder wenn dass was wer wo warum hat habe haben
        hast bin bist sind war waren wird werden kann konnen muss mein meine dein sein seine uns euch mir mich
        dir dich am um zum zur uber unter vor sich man kein keine keinen jetzt heute mehr immer wieder sehr doch
        mal ja nein danke""",
    "es": """el la los las un una unos unas de del y en que no es por con para se lo su sus al como mas pero este esta
        esto estos estas eso ese esa si ya muy mi mis tu tus te me le les nos hay ha han he era son ser estar
        estoy son fue porque cuando donde quien todo todos todas nada algo siempre nunca tambien solo sin sobre
        desde hasta entre hoy ahora gracias hola bien yo ella ellos nosotros usted ustedes pues asi aqui tiene
        tengo hacer""",
    "it": """il lo la i gli le un uno una di del della dei delle degli dal dalla nel nella sul sulla al alla ai alle e
        che non per con si ma come piu anche questo questa questi queste quello quella sono sei siamo ho hai ha
        abbiamo hanno era stato mi ti ci vi se perche quando dove chi cosa tutto tutti tutte niente sempre mai
        solo ancora gia oggi ora grazie ciao bene io tu lui lei noi voi loro mio mia tuo suo sua nostro da su tra
        fra poi quindi fare essere""",
    "pt": """o a os as um uma uns umas de do da dos das e em no na nos nas que nao para por pelo pela se mais mas como
        ao aos eu voce voces ele ela eles elas nos meu minha meus seu sua seus isso este esta esse essa isto tem
        tenho ter foi ser estou sou sao era ja muito muita bem so tambem quando onde quem porque tudo todos todas
        nada sempre nunca sem sobre ate entre hoje agora obrigado obrigada ola gente pra pro to vai vou ta ne""",
}
_LANGUAGES = tuple(_COMMON)
_VOTES: dict[str, tuple[int, ...]] = {}
for _place, _listed in enumerate(_COMMON.values()):
    for _word in dict.fromkeys(_listed.split()):
        _VOTES[_word] = (*_VOTES.get(_word, ()), _place)
COMMON = frozenset(_VOTES)
"""The commonest words of these languages: they tell the language, and hardly anything else."""
_ENOUGH = 2


def vote(said: list[str], hint: str | None = None) -> str:
    """The language of a text as a lower-case code, "und" when unsure.

    `said` are its folded words (`normalise.spoken`). `hint` is what the source says ("fr-FR"); it is believed where it
    names a language. The vote itself knows English, French, German, Spanish, Italian and Portuguese.
    """
    return _primary(hint) or _elect(said)


def language_of(text: str, hint: str | None = None) -> str:
    """`vote` for a text as its author wrote it, whose words nobody needs afterwards."""
    return _primary(hint) or _elect(spoken(text))


def is_code(hint: str) -> bool:
    """Whether it names a language, as `vote` believes it."""
    return bool(_primary(hint))


def _primary(tag: str | None) -> str:
    """The language of a tag such as "pt_BR"; empty if it names none."""
    if not tag:
        return ""
    code = tag.replace("_", "-").partition("-")[0].lower()
    is_code = len(code) in _CODE_LENGTHS and code.isascii() and code.isalpha()
    return code if is_code and code not in _NO_LANGUAGE else ""


def _elect(words: Iterable[str]) -> str:
    tally = [0] * len(_LANGUAGES)
    for places in map(_VOTES.get, words):
        if places:
            for place in places:
                tally[place] += 1
    most = max(tally)
    return _LANGUAGES[tally.index(most)] if most >= _ENOUGH and tally.count(most) == 1 else UNKNOWN
