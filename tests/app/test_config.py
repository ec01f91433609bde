"""`buzzwatch.yaml` and the secrets it names."""

import re
from pathlib import Path

import pytest

from buzzwatch.app.config import AddressError, Config, load, unreachable, url_of
from buzzwatch.app.ears.adapters import make_source, make_sources
from buzzwatch.app.origins.source import Source
from buzzwatch.app.secret import SecretError, Secrets
from buzzwatch.model.brand import Person
from buzzwatch.model.instant import DAY, MINUTE
from buzzwatch.rules.faults import RuleFaults

ROOT = Path(__file__).parents[2]
FULL = """
state: /var/lib/buzzwatch
rules: /etc/buzzwatch/rules
sources:
  broker: {mqtt: {url: "mqtts://mq.example", topics: ["mentions/#", "a/+/b"], user: buzz, password: "${cred:mqtt}"}}
  push:   {http: {listen: "0.0.0.0:8787", token: "${cred:intake}"}}
channels:
  slack-crise: "${cred:slack}"
  mail-com: "mailto://user:${cred:smtp}@mail.example?to=com@acme.example"
mail: "mailtos://buzz:${env:SMTP}@mail.example?from=buzz@acme.example"
web: {listen: "127.0.0.1:8788", public_url: "https://bw.acme.fr/"}
"""


def config(tmp_path: Path, text: str = FULL, environment=None) -> Config:
    path = tmp_path / "buzzwatch.yaml"
    path.write_text(text)
    return load(path, environment or {})


def faults_of(tmp_path: Path, text: str) -> str:
    with pytest.raises(RuleFaults) as refused:
        config(tmp_path, text)
    return str(refused.value)


def test_a_full_file_is_read(tmp_path):
    read = config(tmp_path)
    broker, push = read.sources["broker"].mqtt, read.sources["push"].http
    assert (read.state, read.rules) == (Path("/var/lib/buzzwatch"), Path("/etc/buzzwatch/rules"))
    assert (broker.host, broker.port, broker.tls, broker.session_expiry) == ("mq.example", 8883, True, 7 * DAY)
    assert (broker.user, broker.password, broker.client_id) == ("buzz", "${cred:mqtt}", None)
    assert broker.topics == ("mentions/#", "a/+/b")
    assert push.listen == "0.0.0.0:8787"
    assert read.web.base_url == "https://bw.acme.fr"
    assert read.warnings == []


def test_all_of_bluesky_needs_nothing_but_its_name(tmp_path):
    read = config(tmp_path, "sources: {sky: {bluesky: {}}}")
    sky = read.sources["sky"].bluesky
    assert (sky.hosts, sky.wire, sky.profiles, sky.allow) == ((), "v1", True, ())
    assert read.warnings == []
    assert make_sources(read, Secrets({}))["sky"].name == "sky"


def test_a_jetstream_of_our_own_is_written_as_an_address(tmp_path):
    text = "sources: {sky: {bluesky: {hosts: [jet.example, 'ws://10.0.0.7:6008'], allow: [jet.example]}}}"
    read = config(tmp_path, text)
    sky = read.sources["sky"].bluesky
    assert sky.hosts == ("wss://jet.example", "ws://10.0.0.7:6008")
    assert read.warnings == ["source sky: what ws://10.0.0.7:6008 sends can be changed on its way; use wss://"]


def test_the_sources_that_the_example_shows_as_comments_can_be_uncommented(tmp_path):
    head, part, rest = re.split(r"(?<=\n)(?=  # bluesky:|channels:)", (ROOT / "buzzwatch.yaml").read_text("utf-8"))
    path = tmp_path / "buzzwatch.yaml"
    path.write_text(head + re.sub(r"^  # ", "  ", part, flags=re.MULTILINE) + rest, "utf-8")
    assert {source.kind for source in load(path, {}).sources.values()} == set(Source.kinds)


def test_the_example_works_with_no_preparation():
    read = load(ROOT / "buzzwatch.yaml", {})
    assert (read.state, read.rules) == (ROOT / "state", ROOT / "rules")
    assert list(read.sources) == ["push"]
    assert read.warnings == ["source push: every user of this machine can send mentions; add `token`"]
    assert Secrets({}).lacking(read.texts) == []


def test_the_state_directory_of_the_service_is_the_default(tmp_path):
    text = "sources: {push: {http: {}}}"
    assert config(tmp_path, text).state == tmp_path / "state"
    assert config(tmp_path, text, {"STATE_DIRECTORY": "/var/lib/bw:/x"}).state == Path("/var/lib/bw")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "buzzwatch.yaml:1:1: expected a mapping"),
        ("sources: {}", "buzzwatch.yaml:1:10: nothing is written here"),
        (
            "sources: {a: {}}",
            "buzzwatch.yaml:1:14: a source is of exactly one kind; write one, such as `mqtt` or `http`",
        ),
        ("sources: {a: {htpp: {}}}", "buzzwatch.yaml:1:15: unknown key `htpp`; did you mean `http`?"),
        ("sources: {a: {http: {listen: 8787}}}", 'expected text, found `8787`; put it in quotes: "8787"'),
        ('sources: {a: {http: {listen: "localhost"}}}', "`localhost` is not an address to listen on"),
        ('sources: {a: {http: {listen: "localhost:99999"}}}', "`localhost:99999` is not an address to listen on"),
        (
            'sources: {a: {http: {listen: "0.0.0.0:1"}}}',
            "1:21: `0.0.0.0:1` can be reached from other machines without a token; add `token`",
        ),
        ("sources: {a: {mqtt: {url: mqtt://h}}}", "`topics` is missing; add `topics: [mentions/#]`"),
        ("sources: {a: {mqtt: {url: http://h, topics: [a]}}}", "not the address of a broker; write mqtt://host:1883"),
        ("sources: {a: {mqtt: {url: mqtt://h:x, topics: [a]}}}", "not the address of a broker"),
        ("sources: {a: {mqtt: {url: mqtt://u:p@h, topics: [a]}}}", "write them under `user` and `password`"),
        ("sources: {a: {mqtt: {url: mqtt://h, topics: [a#]}}}", "`a#` is not a topic filter"),
        ("sources: {a: {mqtt: {url: mqtt://h, topics: [a/b+]}}}", "`a/b+` is not a topic filter"),
        ("sources: {a: {mastodon: {url: 'https://m.example'}}}", "`token` is missing; add `token: ${"),
        ("sources: {a: {mastodon: {url: m.example, token: t}}}", "not the address of an instance; write https://"),
        ("sources: {a: {mastodon: {url: 'https://u@m.example', token: t}}}", "not the address of an instance"),
        ("sources: {a: {mastodon: {url: 'https://m.example/x', token: t}}}", "not the address of an instance"),
        (
            "sources: {a: {mastodon: {url: 'https://m.example', token: t, streams: [user]}}}",
            "`user` is not a stream; write `public`",
        ),
        ("sources: {a: {feed: {}}}", "1:21: there is no feed to ask; write `urls`, `google_news` or `youtube`"),
        ("sources: {a: {feed: {urls: [ftp://h/x]}}}", "this is not the address of a feed; write it from https:// on"),
        ("sources: {a: {feed: {urls: ['http://[h']}}}", "this is not the address of a feed"),
        ("sources: {a: {feed: {urls: [https://u:p@h/]}}}", "write the whole address as a placeholder"),
        ("sources: {a: {feed: {urls: [https://h/], every: 2d}}}", "asked more rarely than once a day tell too late"),
        ("sources: {a: {feed: {urls: [https://h/], every: 10s}}}", "`10s` is too short"),
        ("sources: {a: {feed: {youtube: ['@acme']}}}", "`@acme` is not the id of a channel; write the 24 signs"),
        (
            "sources: {a: {feed: {google_news: [{query: a, language: fra}]}}}",
            "`fra` is not a language; write two small",
        ),
        ("sources: {a: {feed: {google_news: [{query: a, country: fr}]}}}", "`fr` is not a country; write two capital"),
        (
            "sources: {a: {bluesky: {hosts: [http://h]}}}",
            "`http://h` is not the address of a Jetstream; write a host name",
        ),
        ("sources: {a: {bluesky: {hosts: [wss://u:p@h]}}}", "is not the address of a Jetstream"),
        ("sources: {a: {bluesky: {hosts: [h/subscribe]}}}", "`h/subscribe` is not the address of a Jetstream"),
        ("sources: {a: {bluesky: {hosts: ['h:x']}}}", "`h:x` is not the address of a Jetstream"),
        ("sources: {a: {bluesky: {wire: v3}}}", "v1"),
        (
            "sources: {a: {mqtt: {url: mqtt://h, topics: [a], version: 4}}}",
            "`4` is not valid here; valid here: 5, 3.1.1",
        ),
        (
            "sources: {a: {mqtt: {url: mqtt://h, topics: [a], version: 3.1.1, session_expiry: 1d}}}",
            "1:82: MQTT 3.1.1 has no session expiry; leave `session_expiry` out",
        ),
        (
            "sources: {a: {mqtt: {url: mqtt://h, topics: [a, $share/g/a], version: 3.1.1}}}",
            "1:49: MQTT 3.1.1 has no shared subscriptions; leave `version` out",
        ),
        (
            "sources: {a: {mqtt: {url: mqtt://h, topics: [$share/g]}}}",
            "`$share/g` is not a shared subscription; write $share/group/topic",
        ),
        ("sources: {a: {x: {token: t}}}", "`posts_a_day` is missing; add `posts_a_day: 5000`"),
        ("sources: {a: {x: {token: t, posts_a_day: 5, posts_a_month: 4}}}", "fewer posts a month than a day"),
        ("sources: {a: {x: {token: t, posts_a_day: 5, url: ftp://x}}}", "not the address of the API of X"),
        ("sources: {a: {x: {token: t, posts_a_day: 5, url: 'https://${env:X}'}}}", "not the address of the API of X"),
        ("sources: {a: {x: {token: t, posts_a_day: 5, url: 'https://x:0'}}}", "not the address of the API of X"),
        ("sources: {a: {http: {}}}\nkeep: {mentions: 3d}", "2:18: `3d` is too short; write 7d to 99y, or forever"),
        ("sources: {a: {http: {}}}\nchannels: {a: slack}", "2:15: this is not an address of a channel"),
        ("sources: {a: {http: {}}}\nchannels: {a: {}}", "2:15: a channel is of exactly one kind; write an Apprise URL"),
        ("sources: {a: {http: {}}}\nchannels: {a: 5}", "2:15: expected text"),
        (
            "sources: {a: {http: {}}}\nchannels: {a: {slack: {channel: C012}}}",
            "2:23: `token` is missing; add `token: ${",
        ),
        (
            "sources: {a: {http: {}}}\nchannels: {a: {slack: {token: t, channel: '#crise'}}}",
            "2:43: this is not the id of a Slack channel; copy it from the channel's details",
        ),
        ("sources: {a: {http: {}}}\nslack: {}", "2:8: this lets no answer in; add `app_token`"),
        ("sources: {a: {http: {}}}\nmail: smtp://h", "2:7: this is not a mail server"),
        ('sources: {a: {http: {token: "${cred:a/b}"}}}', "a placeholder that nothing fills in; write ${cred:name}"),
        ('sources: {a: {http: {token: "${vault:a}"}}}', "a placeholder that nothing fills in"),
        ("sources: {a: {http: {}}}\nscorer: camembert", "2:9: expected a mapping"),
        ("sources: {a: {http: {}}}\nscorer: {}", "`use` is missing"),
        ("sources: {a: {http: {}}}\nscorer: {use: a, timeout: 15s}", "`15s` is too long; write 1s to 10s"),
        ("sources: {a: {http: {}}}\nscorer: {use: a, batch: 0}", "2:25: "),
        ("state: 5\nsources: {a: {http: {}}}", "1:8: `5` is not a path"),
    ],
)
def test_a_wrong_file_is_told_where_and_how_to_mend_it(tmp_path, text, fault):
    assert fault in faults_of(tmp_path, text)


def test_no_fault_shows_a_value_that_may_be_secret(tmp_path):
    text = """
sources:
  a: {mqtt: {url: "mqtts://u:sekrit1@h", topics: [], password: 1234567, pasword: sekrit2}}
  b: {http: {token: sekrit3, listen: x, tokn: [sekrit4]}}
channels: {a: sekrit5, b: "${cre:sekrit6}", c: {d: sekrit7}, e: {slack: {token: [sekrit9], channel: sekrit0}}}
slack: {app_token: [sekrit9], signing: sekrit0}
mail: smtp://sekrit8
"""
    said = faults_of(tmp_path, text)
    assert said.count("buzzwatch.yaml:") == 14
    assert "sekrit" not in said
    assert "1234567" not in said


def test_a_broken_file_shows_no_value_either(tmp_path):
    said = faults_of(tmp_path, 'mail: "mailto://user:sekrit@h": x\nchannels: {a: sekrit')
    assert "must stand in quotes; put it in quotes\n" in said
    assert "sekrit" not in said


def test_printing_a_configuration_shows_no_secret(tmp_path):
    text = FULL.replace("${cred:mqtt}", "sekrit1").replace("${cred:intake}", "sekrit2")
    text = text.replace("${cred:slack}", "slack://sekrit3").replace("${env:SMTP}", "sekrit4")
    assert "sekrit" not in repr(config(tmp_path, text))
    assert "sekrit" not in str(config(tmp_path, text))


def test_feeds_are_written_by_address_search_and_channel(tmp_path):
    channel = "UC" + "x" * 22
    text = f"""
sources:
  press:
    feed:
      urls: ["https://paper.example/rss?key=sekrit", "${{cred:feed}}"]
      google_news: [{{query: "acme airlines"}}, {{query: acme, language: en, country: GB}}]
      youtube: [{channel}]
      every: 5m
"""
    read = config(tmp_path, text)
    feed = read.sources["press"].feed
    assert "sekrit" not in repr(read)
    assert feed.every == 5 * MINUTE
    assert feed.addresses == [
        ("https://paper.example/rss?key=sekrit", "https://paper.example/rss"),
        ("${cred:feed}", "${cred:feed}"),
        (
            "https://news.google.com/rss/search?q=acme+airlines+when%3A1d&hl=fr&gl=FR&ceid=FR%3Afr",
            "Google News “acme airlines”",
        ),
        ("https://news.google.com/rss/search?q=acme+when%3A1d&hl=en-GB&gl=GB&ceid=GB%3Aen", "Google News “acme”"),
        (f"https://www.youtube.com/feeds/videos.xml?channel_id={channel}", f"YouTube {channel}"),
    ]
    (tmp_path / "feed").write_text("https://paper.example/sekrit/rss")
    made = make_source("press", read.sources["press"], Secrets({"CREDENTIALS_DIRECTORY": str(tmp_path)}))
    assert made.name == "press"


def test_a_password_in_the_clear_is_warned_of(tmp_path):
    read = config(tmp_path, FULL.replace("mqtts://", "mqtt://"))
    assert read.sources["broker"].mqtt.port == 1883
    assert read.warnings == ["source broker: the password crosses the network in the clear; use mqtts://"]


def test_a_placeholder_alone_is_filled_in_as_it_is_and_encoded_inside_a_url(tmp_path):
    (tmp_path / "slack").write_text("https://hooks.example/a?b\n")
    (tmp_path / "smtp").write_text("p@ss/w:rd\n")
    secrets = Secrets({"CREDENTIALS_DIRECTORY": str(tmp_path), "SMTP": "é"})
    assert secrets.resolve("${cred:slack}") == "https://hooks.example/a?b"
    assert secrets.resolve("mailto://u:${cred:smtp}@h?x=${env:SMTP}") == "mailto://u:p%40ss%2Fw%3Ard@h?x=%C3%A9"
    assert secrets.resolve("plain $HOME") == "plain $HOME"


def test_a_secret_that_is_not_there_is_named_with_its_remedy(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff")
    (tmp_path / "large").write_bytes(b"x" * 65_537)
    inside = Secrets({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    lacking = inside.lacking(["${cred:a} ${cred:a}", "${env:B}", "${cred:binary}", "${cred:large}"])
    assert list(map(str, lacking)) == [
        "${cred:a} cannot be read (No such file or directory): add LoadCredential=a:… to the service",
        "${env:B} is not set: set the environment variable B",
        "${cred:binary} cannot be read: it is not UTF-8 text",
        "${cred:large} cannot be read: it is larger than 65,536 bytes",
    ]
    with pytest.raises(SecretError, match=r"there are no credentials outside systemd; use \$\{env:"):
        Secrets({}).resolve("${cred:a}")


def test_a_plain_e_mail_address_goes_through_the_mail_server(tmp_path):
    secrets = Secrets({"SMTP": "a&b"})
    assert url_of("ines@acme.example", config(tmp_path), secrets) == (
        "mailtos://buzz:a%26b@mail.example?from=buzz@acme.example&to=ines@acme.example"
    )
    assert url_of("console", config(tmp_path), secrets) == "console"


def test_who_cannot_be_reached_is_named_without_the_address(tmp_path):
    people = [
        Person("ines", "Inès", "fr", {"email": "ines@acme.example", "sms": "+33612345678"}),
        Person("karim", "Karim", "fr", {"push": "${env:PUSH}", "tv": "console"}),
    ]
    read = config(tmp_path, "sources: {a: {http: {}}}\nchannels: {slack: '${env:SLACK}'}")
    assert list(map(str, unreachable(people, read, Secrets({"PUSH": "json://h"})))) == [
        "channel slack cannot be reached: ${env:SLACK} is not set: set the environment variable SLACK",
        (
            "ines by email cannot be reached: "
            "it is a plain e-mail address, and no mail server is known: add `mail` to buzzwatch.yaml"
        ),
        "ines by sms cannot be reached: it is neither an Apprise URL nor an e-mail address: see `reach` in oncall.yaml",
    ]


def test_a_file_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(RuleFaults, match=r"buzzwatch.yaml: "):
        load(tmp_path / "buzzwatch.yaml", {})
    with pytest.raises(AddressError):
        url_of("nobody", config(tmp_path), Secrets({}))


def test_a_slack_channel_whose_token_is_missing_is_told_and_what_it_holds_is_not_shown(tmp_path):
    text = (
        "sources: {a: {http: {}}}\nslack: {app_token: '${env:APP}'}\n"
        "channels: {crise: {slack: {token: '${env:BOT}', channel: C0123456789}}}"
    )
    read = config(tmp_path, text)
    assert "${env" not in repr(read)
    assert list(map(str, unreachable([], read, Secrets({})))) == [
        "channel crise cannot be reached: ${env:BOT} is not set: set the environment variable BOT",
        "no answer comes from Slack: ${env:APP} is not set: set the environment variable APP",
    ]
    assert unreachable([], read, Secrets({"BOT": "xoxb", "APP": "xapp"})) == []
    assert list(map(str, Secrets({}).lacking(read.texts))) == [
        "${env:BOT} is not set: set the environment variable BOT",
        "${env:APP} is not set: set the environment variable APP",
    ]


def test_an_instance_is_heard_with_its_token_over_tls_alone(tmp_path):
    text = 'sources: {m: {mastodon: {url: "http://m.example", token: "${cred:mastodon}", streams: ["hashtag:acme"]}}}'
    read = config(tmp_path, text)
    assert read.warnings == ["source m: the token crosses the network in the clear; use https://"]
    assert config(tmp_path, text.replace("http://m.example", "http://127.0.0.1:3000")).warnings == []
    assert "cred" not in repr(read.sources["m"].mastodon)
