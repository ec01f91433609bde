"""Files that are wrong, each in its own way: where the fault stands, what is said of it, and how it is mended."""

# ruff: noqa: E501 - what is said in one language stands beside the other

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

GOOD = """brand: acme
name: Acme Airlines
match: {any: [acme]}
themes: {safety: [smoke]}
voices: {press: ["x:@herald"]}
rules:
  - name: bad-buzz
    when: {negativity: {unusual: true}}
    severity: critical
    notify: oncall
"""
ONCALL = """people:
  ines: {name: Inès, reach: {sms: console}}
rota:
  comms: {people: [ines], starts: 2026-11-23, hand_over: monday 09:00}
routes:
  oncall: {steps: [{after: 0m, tell: "rota:comms"}]}
  crisis-room: {copy: [console]}
"""
HEAD = "brand: acme\nmatch:\n  any: [acme]\n"
RULE = HEAD + "rules:\n  - name: one\n    severity: watch\n    "
QUIET = "when: {quiet: {over: 6h}}\n"
MERGE = "two versions of this file were merged", "keep one of the two versions"
MERGE_FR = "deux versions du fichier ont été fusionnées", "gardez une des deux versions"


class Wrong(NamedTuple):
    """What is written instead of a good `acme.yaml`, or of another file, and what must be said of it."""

    name: str
    text: str | bytes | Callable[[Path], None]
    place: str
    """Line and column; "" for the whole file."""
    english: tuple[str, str]
    french: tuple[str, str]
    file: str = "acme.yaml"

    def write(self, folder: Path) -> None:
        """Put it in a folder where good files are."""
        path = folder / self.file
        if callable(self.text):
            path.unlink(missing_ok=True)
            self.text(path)
        else:
            path.write_bytes(self.text.encode() if isinstance(self.text, str) else self.text)

    @property
    def where(self) -> str:
        """As a fault begins."""
        return f"{self.file}:{self.place}: " if self.place else f"{self.file}: "


def write_good(folder: Path) -> None:
    """A set of files that is right."""
    folder.mkdir(exist_ok=True)
    (folder / "acme.yaml").write_text(GOOD)
    (folder / "oncall.yaml").write_text(ONCALL)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # its address may not be long
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(path.name)
    finally:
        os.chdir(here)


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


LAUGHS = "a: &a [1, 1, 1, 1]\n" + "".join(
    f"{x}: &{x} [{', '.join([f'*{y}'] * 9)}]\n" for y, x in zip("abcdef", "bcdefg", strict=True)
)

WRONG = [
    # -- how it is laid out
    Wrong("tabs for indentation", "brand: acme\nmatch:\n\tany: [acme]\n", "3:1",
        ("a tab stands here", "use spaces"), ("une tabulation", "mettez des espaces")),
    Wrong("a tab below spaces", RULE.rstrip() + "\n\tseverity: watch\n", "7:1",
        ("a tab stands here", "use spaces"), ("une tabulation", "mettez des espaces")),
    Wrong("a tab after a colon", "brand:\tacme\n", "1:7",
        ("a tab stands here", "use spaces"), ("une tabulation", "mettez des espaces")),
    Wrong("a non-breaking space as indentation", "brand: acme\nmatch:\n\u00a0\u00a0any: [acme]\n", "3:1",
        ("not the usual one (U+00A0)", "type the spaces of this line again"),
        ("n'est pas l'espace ordinaire (U+00A0)", "retapez les espaces")),
    Wrong("a non-breaking space among usual ones", RULE + "when:\n    \u00a0 quiet: {over: 6h}\n", "8:5",
        ("not the usual one (U+00A0)", "type the spaces"), ("n'est pas l'espace ordinaire", "retapez les espaces")),
    Wrong("a key too far to the right", "brand: acme\n  name: Acme\n", "2:3",
        ("begins too far to the right", "under `brand`"), ("commence trop à droite", "juste sous `brand`")),
    Wrong("a key of a rule too far to the right", RULE.replace("    severity", "      severity"), "6:7",
        ("begins too far to the right", "under `name`"), ("commence trop à droite", "juste sous `name`")),
    Wrong("a key between two levels", "brand: acme\nmatch:\n    any: [acme]\n  near: [air]\n", "4:3",
        ("begins where no line around it does", "column 1 or 5"), ("sous aucune", "colonne 1 ou 5")),
    Wrong("a key left of its rule", RULE + QUIET.rstrip() + "\n   notify: console\n", "8:4",
        ("begins where no line around it does", "column 1 or 5"), ("sous aucune", "colonne 1 ou 5")),
    Wrong("a dash forgotten", RULE + QUIET + "  name: two\n", "8:3",
        ("a dash is missing here", "`- name: …`"), ("il manque un tiret", "`- name: …`")),
    Wrong("a dash without a space", HEAD + "rules:\n  -name: one\n   severity: watch\n", "5:4",
        ("no space after the dash", "`- name: …`"), ("une espace après le tiret", "`- name: …`")),
    Wrong("rules without any dash", HEAD + "rules:\n  name: one\n  severity: watch\n", "5:3",
        ("expected a list, found a mapping", "begin each of its entries with a dash"),
        ("il faut ici une liste, et non un bloc", "commencez chaque élément par un tiret")),
    Wrong("a dash where none belongs", HEAD + "  - acme\n", "4:3",
        ("a list begins here", "the line above"), ("une liste commence ici", "la ligne du dessus")),
    Wrong("a list where a mapping belongs", "brand: acme\nmatch: [acme]\n", "2:8",
        ("expected a mapping (`key: value`), found a list", "write a mapping"),
        ("il faut ici un bloc `clé: valeur`, et non une liste", "écrivez un bloc")),
    Wrong("a text where a mapping belongs", "brand: acme\nmatch: acme\n", "2:8",
        ("expected a mapping (`key: value`), found `acme`", "write a mapping"), ("et non `acme`", "écrivez un bloc")),
    Wrong("a text where a list belongs", "brand: acme\nmatch: {any: acme}\n", "2:14",
        ("expected a list, found `acme`", "put it in brackets: [acme]"), ("une liste", "entre crochets : [acme]")),
    # -- colons, quotes and brackets
    Wrong("a colon forgotten at the beginning", "brand acme\nmatch:\n  any: [acme]\n", "1:1",
        ("a colon is missing after `brand`", "`brand: …`"), ("les deux-points après `brand`", "`brand: …`")),
    Wrong("a colon forgotten before a block", "brand: acme\nmatch\n  any: [acme]\n", "2:1",
        ("a colon is missing after `match`", "`match: …`"), ("les deux-points après `match`", "`match: …`")),
    Wrong("a colon without a space", "brand: acme\nname:Acme\nmatch: {any: [acme]}\n", "2:5",
        ("no space after the colon", "`name: Acme`"), ("une espace après les deux-points", "`name: Acme`")),
    Wrong("a colon in a text", HEAD + "name: Acme: the airline\n", "4:11",
        ("must stand in quotes", '"Acme: the airline"'), ("doit être entre guillemets", '"Acme: the airline"')),
    Wrong("double quotes never closed", HEAD + 'name: "Acme\nrole: ours\n', "4:7",
        ("never closed", "close the quotes"), ("jamais fermés", "fermez les guillemets")),
    Wrong("single quotes never closed", HEAD + "name: 'Acme\nrole: ours\n", "4:7",
        ("never closed", "close the quotes"), ("jamais fermés", "fermez les guillemets")),
    Wrong("an apostrophe within single quotes", HEAD + "name: 'L'Acme'\n", "4:10",
        ("something follows the quotes", "put all of it in quotes"), ("du texte après les guillemets", "tout entre")),
    Wrong("a word after the quotes", HEAD + 'name: "Acme" Air\n', "4:14",
        ("something follows the quotes", "put all of it in quotes"), ("du texte après les guillemets", "tout entre")),
    Wrong("typographic quotes around a colon", HEAD + "name: “Acme: Air”\n", "4:7",
        ("not the quotes that YAML knows", 'write " before'), ("ne connaît pas ces guillemets", 'écrivez " avant')),
    Wrong("a bracket never closed", "brand: acme\nmatch:\n  any: [acme\nname: Acme\nrole: ours\n", "3:8",
        ("this [ is never closed", "close it with ]"), ("ce [ n'est jamais fermé", "fermez-le par ]")),
    Wrong("a brace never closed", RULE + "when: {quiet: {over: 6h}\n", "7:11",
        ("this { is never closed", "close it with }"), ("ce { n'est jamais fermé", "fermez-le par }")),
    Wrong("a bracket too many", HEAD + 'official: ["x:@a"]]\n', "4:19",
        ("one ] too many", "remove it"), ("un ] de trop", "supprimez-le")),
    Wrong("a comma forgotten", HEAD + "themes: {a: [b] c: [d]}\n", "4:17",
        ("a comma or a closing bracket is missing", "check the brackets"), ("il manque une virgule", "vérifiez")),
    Wrong("a handle without quotes", "brand: acme\nmatch:\n  any: [acme, @acme_fr]\n", "3:15",
        ("a text cannot begin with @", '"@acme_fr"'), ("ne peut pas commencer par @", '"@acme_fr"')),
    Wrong("a hashtag without quotes", "brand: acme\nmatch:\n  any: [#acme]\n", "3:8",
        ("this [ is never closed", "close it with ]"), ("ce [ n'est jamais fermé", "fermez-le par ]")),
    Wrong("a text that begins with a brace", RULE + "says: {brand} is in trouble\n", "7:19",
        ("something follows the bracket", "put all of it in quotes"), ("du texte après l'accolade", "entre guillemets")),
    Wrong("a backslash in double quotes", HEAD + 'name: "Acme\\Air"\n', "4:13",
        ("a backslash in double quotes", "single quotes"), ("une barre oblique inverse", "apostrophes")),
    Wrong("an escape of no character", HEAD + 'name: "\\UFFFFFFFF"\n', "4:8",
        ("a backslash in double quotes", "single quotes"), ("une barre oblique inverse", "apostrophes")),
    Wrong("text on the line of a bar", HEAD + "name: | Acme\n", "4:9",
        ("the text begins on the next line", "put the text in quotes"), ("à la ligne suivante", "entre guillemets")),
    # -- what YAML can and these files cannot
    Wrong("two documents", HEAD + "---\n" + HEAD, "4:1",
        ("a second document begins here", "one document in a file"), ("un second document", "un seul document")),
    Wrong("a directive", "%YAML 3.0\n---\n" + HEAD, "1:1",
        ("a line that begins with %", "remove this line"), ("une ligne qui commence par %", "supprimez cette")),
    Wrong("a tag of Python", HEAD + "name: !!python/object:os.system x\n", "4:7",
        ("the tag `!!python/object:os.system` means nothing", "remove it"), ("n'a pas de sens ici", "supprimez-le")),
    Wrong("a text that begins with an exclamation mark", HEAD + "name: !important\n", "4:7",
        ("the tag `!important` means nothing", "put the text in quotes"), ("`!important`", "entre guillemets")),
    Wrong("a text that begins with a star", HEAD + "name: *acme\n", "4:7",
        ("the alias `*acme` repeats nothing", "write the values out"), ("ne renvoie à rien", "en entier")),
    Wrong("an alias of itself", "brand: acme\nmatch: &m {any: [*m]}\n", "2:18",
        ("stands inside what it repeats", "write the values out"), ("dans ce qu'il répète", "en entier")),
    Wrong("an anchor bomb", LAUGHS, "5:24",
        ("more than 20,000 values", "split it"), ("plus de 20,000 valeurs", "répartissez-le")),
    Wrong("deep nesting", "brand: " + "[" * 300, "1:48",
        ("nested more than 40 deep", "write it flatter"), ("plus de 40 niveaux", "moins de niveaux")),
    Wrong("a key that is a list", HEAD + "[a]: b\n", "4:1",
        ("a key must be a word", "`key: value`"), ("une clé doit être un mot", "`clé: valeur`")),
    Wrong("a key written twice", HEAD + "name: a\nname: b\n", "5:1",
        ("`name` is written twice, first on line 4", "keep one"), ("deux fois, d'abord à la ligne 4", "n'en gardez")),
    Wrong("a rule's key written twice", RULE + QUIET + "    severity: critical\n", "8:5",
        ("`severity` is written twice, first on line 6", "keep one"), ("`severity` est écrit deux fois", "n'en gardez")),
    # -- what lies in the file
    Wrong("an empty file", "", "1:1",
        ("expected a mapping (`key: value`), found nothing", "write a value"), ("et non rien", "écrivez une valeur")),
    Wrong("comments alone", "# brand: acme\n", "1:1",
        ("found nothing", "write a value"), ("et non rien", "écrivez une valeur")),
    Wrong("plain words", "Bonjour, voici nos règles.\n", "1:1",
        ("expected a mapping (`key: value`), found `Bonjour, voici", "write a mapping"), ("et non `Bonjour", "écrivez")),
    Wrong("a binary file", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "1:1",
        ("not UTF-8 text (byte 0x89)", "save the file as UTF-8"), ("pas du texte UTF-8 (octet 0x89)", "en UTF-8")),
    Wrong("UTF-16", "brand: acme\n".encode("utf-16"), "1:1",
        ("not UTF-8 text (byte 0xff)", "save the file as UTF-8"), ("octet 0xff", "enregistrez le fichier en UTF-8")),
    Wrong("UTF-16 without a mark", "brand: acme\n".encode("utf-16-le"), "1:2",
        ("a character stands here that no text holds (U+0000)", "plain UTF-8"), ("qu'aucun texte ne contient", "UTF-8")),
    Wrong("Latin-1", "brand: acme\nname: Café\n".encode("latin-1"), "2:10",
        ("not UTF-8 text (byte 0xe9)", "save the file as UTF-8"), ("octet 0xe9", "enregistrez le fichier en UTF-8")),
    Wrong("Latin-1 after letters of several bytes", "name: éé".encode() + b"\xe9\n", "1:9",
        ("not UTF-8 text (byte 0xe9)", "save the file as UTF-8"), ("octet 0xe9", "enregistrez le fichier en UTF-8")),
    Wrong("a NUL byte", HEAD + "name: Ac\0me\n", "4:9",
        ("no text holds (U+0000)", "remove it"), ("qu'aucun texte ne contient (U+0000)", "supprimez-le")),
    Wrong("escape sequences of a terminal", HEAD + "name: \x1b]0;gotcha\x07\x1b[2J\n", "4:7",
        ("no text holds (U+001B)", "remove it"), ("qu'aucun texte ne contient (U+001B)", "supprimez-le")),
    Wrong("a text turned round", HEAD + "“\u202enam: x\n", "4:1",
        ("unknown key `“\N{REPLACEMENT CHARACTER}nam`", "did you mean `name`?"), ("clé inconnue", "`name`")),
    Wrong("ten megabytes", b"# a comment\n" * 870_000, "",
        ("larger than 1,000,000 bytes", "split it"), ("plus de 1,000,000 octets", "répartissez-le")),
    Wrong("a very long line", HEAD + "name: " + "x" * 100_000 + "\n", "4:7",
        ("longer than 300 characters", "shorten it"), ("plus de 300 caractères", "raccourcissez")),
    Wrong("a very long key", HEAD + "k" * 5_000 + ": x\n", "4:1",
        ("a colon is missing after `kkkk", "`kkkk"), ("il manque les deux-points après `kkkk", "`kkkk")),
    Wrong("marks of a merge", HEAD + "<<<<<<< HEAD\nname: A\n=======\nname: B\n>>>>>>> main\n", "4:1", MERGE, MERGE_FR),
    Wrong("marks of a merge in a list",
        "brand: acme\nmatch:\n  any:\n<<<<<<< HEAD\n    - acme\n=======\n    - acmo\n>>>>>>> x\n", "4:1", MERGE, MERGE_FR),
    Wrong("a mark of a merge left over", HEAD + "name: A\n=======\n", "5:1", MERGE, MERGE_FR),
    Wrong("half of a word saved", HEAD + "rules:\n  - name: one\n    sev", "6:5",
        ("a colon is missing after `sev`", "`sev: …`"), ("il manque les deux-points après `sev`", "`sev: …`")),
    Wrong("half of a rule saved", HEAD + "rules:\n  - name: one\n    when: {vol", "6:11",
        ("this { is never closed", "close it with }"), ("ce { n'est jamais fermé", "fermez-le par }")),
    Wrong("half of a file saved", HEAD + "rules:\n  - name: one\n    severity: watch\n    when:\n", "7:5",
        ("expected a mapping (`key: value`), found nothing", "write a value"), ("et non rien", "écrivez une valeur")),
    Wrong("Windows' ends of lines", HEAD.replace("\n", "\r\n") + "\r\ntimezon: x\r\n", "5:1",
        ("unknown key `timezon`", "did you mean `timezone`?"), ("clé inconnue : `timezon`", "écrire `timezone` ?")),
    Wrong("Windows' ends of lines, far in", "brand: acme\r\nmatch: {any: [acme], naer: []}\r\n", "2:22",
        ("unknown key `naer`", "did you mean `near`?"), ("clé inconnue : `naer`", "écrire `near` ?")),
    Wrong("a mark of the order of bytes", "\ufeffbrand: acme\nmatch: {any: [acme], naer: []}\n", "2:22",
        ("unknown key `naer`", "did you mean `near`?"), ("clé inconnue : `naer`", "écrire `near` ?")),
    Wrong("a fault after wide and combining letters", "{brand: acme, name: 東京e\u0301😀, naer: []}\n", "1:28",
        ("unknown key `naer`", "did you mean `name`?"), ("clé inconnue : `naer`", "vouliez-vous écrire")),
    # -- what is no file
    Wrong("a directory", Path.mkdir, "", ("not a regular file", "move it"), ("pas un fichier ordinaire", "déplacez-le")),
    Wrong("a link to nowhere", _link("nowhere"), "",
        ("cannot be read: No such file", "check its path"), ("illisible : ce fichier ou ce dossier n'existe pas", "vérifiez son chemin")),
    Wrong("a link to itself", _link("acme.yaml"), "",
        ("cannot be read: Too many levels", "check its path"), ("illisible : Too many levels", "vérifiez son chemin")),
    Wrong("a pipe", os.mkfifo, "", ("not a regular file", "move it"), ("pas un fichier ordinaire", "déplacez-le")),
    Wrong("a socket", _socket, "", ("not a regular file", "move it"), ("pas un fichier ordinaire", "déplacez-le")),
    Wrong("a device", _link("/dev/zero"), "", ("not a regular file", "move it"), ("fichier ordinaire", "déplacez-le")),
    Wrong("a file that gives no bytes", _link("/proc/self/mem"), "",
        ("cannot be read: Input/output error", "permissions"), ("illisible : Input/output", "droits d'accès")),
    # -- keys and values
    Wrong("an unknown key", HEAD + "timezon: Europe/Paris\n", "4:1",
        ("unknown key `timezon`", "did you mean `timezone`?"), ("clé inconnue : `timezon`", "écrire `timezone` ?")),
    Wrong("a key of another level", RULE + QUIET + "    volume: {unusual: true}\n", "8:5",
        ("unknown key `volume`", "valid here: name, says, when"), ("clé inconnue : `volume`", "possibles ici")),
    Wrong("a condition without when", RULE + "negativity: {unusual: true}\n", "7:5",
        ("unknown key `negativity`", "valid here"), ("clé inconnue : `negativity`", "possibles ici")),
    Wrong("when inside a condition", RULE + "when: {negativity: {when: {unusual: true}}}\n", "7:25",
        ("unknown key `when`", "valid here: unusual"), ("clé inconnue : `when`", "possibles ici : unusual")),
    Wrong("French keys", HEAD + "règles:\n  - nom: un\n", "4:1",
        ("unknown key `règles`", "did you mean `rules`?"), ("clé inconnue : `règles`", "écrire `rules` ?")),
    Wrong("a French key of a condition", RULE + "when: {négativité: {seuil: 5}}\n", "7:12",
        ("unknown key `négativité`", "did you mean `negativity`?"), ("clé inconnue", "écrire `negativity` ?")),
    Wrong("a French threshold", RULE + "when: {negativity: {seuil: 5}}\n", "7:25",
        ("unknown key `seuil`", "did you mean `at_least`?"), ("clé inconnue : `seuil`", "écrire `at_least` ?")),
    Wrong("a French severity", RULE.replace("watch", "critique") + QUIET, "6:15",
        ("`critique` is not valid here", "did you mean `critical`?"), ("`critique`", "écrire `critical` ?")),
    Wrong("minutes in words", RULE + "when: {quiet: {over: 10 min}}\n", "7:26",
        ("`10 min` is not a length of time", "write 10m"), ("`10 min` n'est pas une durée", "écrivez 10m")),
    Wrong("hours and minutes", RULE + "when: {quiet: {over: 1h30}}\n", "7:26",
        ("`1h30` is not a length of time", "write 90m"), ("`1h30` n'est pas une durée", "écrivez 90m")),
    Wrong("no unit", RULE + "when: {volume: {at_least: 5, over: 15}}\n", "7:40",
        ("`15` is not a length of time", "a number and s, m, h or d"), ("`15` n'est pas une durée", "un nombre suivi")),
    Wrong("a window that is not watched", RULE + "when: {volume: {at_least: 5, over: 20m}}\n", "7:40",
        ("`20m` is not a window", "nearest: 15m or 30m"), ("pas une période suivie", "les plus proches : 15m ou 30m")),
    Wrong("a time where none belongs", HEAD + "timezone: 22:00\n", "4:11",
        ("`22:00` is not a time zone", "did you mean `Europe/Paris`?"), ("pas un fuseau horaire", "`Europe/Paris` ?")),
    Wrong("a time in the place of a duration", RULE + "when: {quiet: {over: 06:00}}\n", "7:26",
        ("`06:00` is not a length of time", "a number and s, m, h or d"), ("n'est pas une durée", "un nombre suivi")),
    Wrong("no for false", RULE + "when: {thread: {answered: no, mentions: 5}}\n", "7:31",
        ("expected true or false, found `no`", "write false"), ("il faut ici true ou false", "écrivez false")),
    Wrong("oui for true", RULE + "when: {volume: {unusual: oui}}\n", "7:30",
        ("expected true or false, found `oui`", "write true"), ("il faut ici true ou false", "écrivez true")),
    Wrong("true for a name", "brand: true\nmatch: {any: [acme]}\n", "1:8",
        ("expected text, found `true`", '"true"'), ("il faut ici un texte, et non `true`", 'guillemets : "true"')),
    Wrong("a number for a name", "brand: 1664\nmatch: {any: [a]}\n", "1:8",
        ("expected text, found `1664`", '"1664"'), ("il faut ici un texte, et non `1664`", 'guillemets : "1664"')),
    Wrong("a budget in French", RULE + QUIET + "    budget: 1 par mois\n", "8:13",
        ("is not a budget of false alarms", "write 1 per month"), ("un budget de fausses alertes", "écrivez 1 per month")),
    Wrong("a budget with a stroke", RULE + QUIET + "    budget: 2/week\n", "8:13",
        ("is not a budget of false alarms", "write 2 per week"), ("un budget de fausses alertes", "écrivez 2 per week")),
    Wrong("a share with a non-breaking space", RULE + "when: {negativity: {share: 40\u00a0%}}\n", "7:32",
        ("`40␣%` is not a share", "write 40%"), ("n'est pas un pourcentage", "écrivez 40%")),
    Wrong("a share above all", RULE + "when: {thread: {negative_share: 140%}}\n", "7:37",
        ("`140%` is not a share", "write 1% to 100%"), ("n'est pas un pourcentage", "de 1% à 100%")),
    Wrong("times in French", RULE + "when: {volume: {times: 3 fois}}\n", "7:28",
        ("`3 fois` is not a ratio", "write 3x"), ("`3 fois` n'est pas un multiple", "écrivez 3x")),
    Wrong("a number in groups", RULE + "when: {mention: {followers: 100 000}}\n", "7:33",
        ("expected a whole number, found `100 000`", "write 100000"), ("un nombre entier", "écrivez 100000")),
    Wrong("a person where a route belongs", RULE + QUIET + "    notify: ines\n", "8:13",
        ("`ines` is a person, and a route belongs here", "routes are: oncall, crisis-room"),
        ("`ines` est une personne, or il faut ici une route", "les routes sont : oncall, crisis-room")),
    Wrong("a rota where a route belongs", RULE + QUIET + "    notify: comms\n", "8:13",
        ("`comms` is a rota, and a route belongs here", "routes are:"), ("un planning de `rota`", "les routes sont")),
    Wrong("a route that is not there", RULE + QUIET + "    notify: crisisroom\n", "8:13",
        ("is not a route of oncall.yaml", "did you mean `crisis-room`?"), ("n'est pas une route", "`crisis-room` ?")),
    Wrong("a theme where a voice belongs", RULE + "when: {mention: {voice: safety}}\nthemes: {safety: [a]}\nvoices: "
        '{press: ["x:@a"]}\n', "7:29",
        ("`safety` is a theme, and a group of voices", "voices are: press"), ("est un thème", "les groupes sont : press")),
    Wrong("a voice where a theme belongs", RULE + "when: {mention: {theme: press}}\nthemes: {safety: [a]}\nvoices: "
        '{press: ["x:@a"]}\n', "7:29",
        ("`press` is a group of voices, and a theme", "themes are: safety"), ("un groupe de", "les thèmes sont : safety")),
    # -- other files
    Wrong("a rota where a person belongs", ONCALL.replace('"rota:comms"', "comms"), "6:38",
        ("`comms` is a rota", "write `rota:comms`"), ("`comms` est un planning", "écrivez `rota:comms`"), "oncall.yaml"),
    Wrong("a route where a person belongs", ONCALL + "help: [oncall]\n", "8:8",
        ("`oncall` is a route, and a person belongs here", "people are: ines"), ("est une route", "les personnes sont"),
        "oncall.yaml"),
    Wrong("a person where a route belongs, in oncall.yaml", ONCALL + 'digest: {at: "08:30", to: ines}\n', "8:27",
        ("`ines` is a person, and a route belongs here", "routes are: oncall"), ("une personne", "les routes sont"),
        "oncall.yaml"),
    Wrong("an hour in French", ONCALL + "night: {from: 22h, until: 7h30}\n", "8:15",
        ("`22h` is not a time of day", 'write "22:00"'), ("`22h` n'est pas une heure", 'écrivez "22:00"'), "oncall.yaml"),
    Wrong("a weekday in French", ONCALL.replace("monday 09:00", "lundi 9h"), "4:58",
        ("is not a time of the week", "write monday 09:00"), ("un jour de semaine", "écrivez monday 09:00"), "oncall.yaml"),
    Wrong("a day in French", ONCALL.replace("2026-11-23", "23/11/2026"), "4:35",
        ("is not a day", "write 2026-11-23"), ("n'est pas une date", "écrivez 2026-11-23"), "oncall.yaml"),
    Wrong("a telephone number where quotes are missing", ONCALL.replace("console}}", "0612345678}}"), "2:35",
        ("expected text, found this", "put it in quotes"), ("un texte, et non ceci", "entre guillemets"), "oncall.yaml"),
    Wrong("a campaign that ends before it begins",
        "campaigns:\n  - {from: 2026-12-03 09:00, until: 2026-12-01 09:00, expect: 3x, why: Soldes}\n", "2:37",
        ("`until` is not after `from`", "check the two dates"), ("`until` n'est pas après", "les deux dates"), "calendar.yaml"),
    Wrong("a date with a stroke",
        "campaigns:\n  - {from: 01/12/2026 9h, until: 2026-12-03 09:00, expect: 3x, why: Soldes}\n", "2:12",
        ("is not a local time", 'write "2026-12-01 09:00"'), ("pas une date avec une heure", '"2026-12-01 09:00"'),
        "calendar.yaml"),
    Wrong("two calendars", "campaigns: []\n", "", ("calendar.yaml is there as well", "keep one"), ("existe aussi", "un"),
        "calendar.yml"),
]  # fmt: skip
