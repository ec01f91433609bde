"""Which proxy is whose."""

import pytest
from yarl import URL

from buzzwatch.proxies import proxies, proxy_for, unusable

HTTPS, HTTP = "http://proxy.acme.example:3128", "http://other.acme.example:8080"
BOTH = {"HTTPS_PROXY": HTTPS, "HTTP_PROXY": HTTP}


@pytest.mark.parametrize(
    ("address", "proxy"),
    [
        ("https://paper.example/rss", HTTPS),
        ("wss://stream.example/subscribe", HTTPS),
        ("http://paper.example/rss", HTTP),
        ("ws://stream.example/", HTTP),
        ("mqtts://broker.example", None),
    ],
)
def test_a_websocket_goes_the_way_of_its_scheme(address, proxy):
    assert proxy_for(URL(address), BOTH) == (None if proxy is None else URL(proxy))


@pytest.mark.parametrize(
    ("excepted", "host", "port"),
    [
        ("paper.example", "paper.example", 443),
        (".paper.example", "paper.example", 443),
        ("paper.example", "WWW.Paper.Example.", 443),
        ("*.paper.example", "www.paper.example", 443),
        ("a.example, paper.example:8443", "paper.example", 8443),
        ("a.example paper.example", "paper.example", 443),
        ("10.0.0.0/8", "10.2.3.4", 443),
        ("10.2.3.4", "10.2.3.4", 443),
        ("fd00::/8", "[fd12::1]", 443),
        ("[fd12::1]:8443", "[fd12::1]", 8443),
        ("::1", "[::1]", 443),
        ("*", "paper.example", 443),
    ],
)
def test_what_no_proxy_names_is_reached_straight(excepted, host, port):
    assert proxy_for(URL(f"https://{host}:{port}/"), BOTH | {"NO_PROXY": excepted}) is None


@pytest.mark.parametrize(
    ("excepted", "host"),
    [
        ("paper.example", "newspaper.example"),
        ("paper.example:8443", "paper.example"),
        ("www.paper.example", "paper.example"),
        ("10.0.0.0/8", "11.2.3.4"),
        ("10.0.0.0/8", "10.example"),
        ("10.0.0.0/99", "10.2.3.4"),
        ("::/0", "10.2.3.4"),
        (", ,.,:,[,]", "paper.example"),
        ("", "paper.example"),
    ],
)
def test_nothing_else_is(excepted, host):
    assert proxy_for(URL(f"https://{host}/"), BOTH | {"NO_PROXY": excepted}) == URL(HTTPS)


def test_small_letters_go_first_and_an_empty_one_is_none():
    assert proxy_for(URL("https://a.example"), {"https_proxy": HTTP, "HTTPS_PROXY": HTTPS}) == URL(HTTP)
    assert proxy_for(URL("https://a.example"), {"https_proxy": " "}) is None


def test_a_proxy_without_a_scheme_is_one_of_http():
    assert proxy_for(URL("https://a.example"), {"https_proxy": "proxy.acme.example:3128"}) == URL(HTTPS)


def test_users_and_passwords_are_kept_to_the_proxy():
    secret = {"HTTPS_PROXY": "http://buzz:p%40ss@proxy.acme.example:3128"}
    assert proxy_for(URL("https://a.example"), secret).password == "p@ss"
    assert proxies(secret) == [URL(HTTPS)]


@pytest.mark.parametrize("written", ["socks5://p.example:1080", "https://p.example:443", "http://[::1", "http://"])
def test_what_is_no_proxy_of_http_is_told_and_not_used(written):
    assert unusable({"HTTPS_PROXY": written}) == ["HTTPS_PROXY"]
    assert proxy_for(URL("https://a.example"), {"HTTPS_PROXY": written}) is None
