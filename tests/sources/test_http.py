import asyncio
import gzip
import json
import socket
import struct
import zlib
from io import BytesIO

import aiohttp
import pytest

from buzzwatch.clock import VirtualClock
from buzzwatch.gate.guesses import MOST_MISSES
from buzzwatch.model.instant import MINUTE
from buzzwatch.model.receipt import Receipt, Refusal
from buzzwatch.sources.http import LARGEST_BODY, Http, Listen

MENTION = b'{"id": "x:1", "text": "Acme, jamais", "created_at": "2026-01-02T03:04:05Z"}'
JSON = {"Content-Type": "application/json"}
GZIP = JSON | {"Content-Encoding": "gzip"}
TOKEN = "open-sésame"
REFUSAL = Refusal(4, "text is missing")


@pytest.fixture
async def client():
    async with aiohttp.ClientSession(headers=JSON, timeout=aiohttp.ClientTimeout(30)) as session:
        yield session


@pytest.fixture
async def serve(start, intake):
    """Start a source on a free port; returns the address to post to."""

    async def serve_one(*tokens):
        source = Http("push", Listen.at("127.0.0.1:0", *tokens))
        start(source, VirtualClock(0))
        await intake.until_connected()
        return f"http://127.0.0.1:{source.port}/mentions"

    return serve_one


async def refusal(response):
    return response.status, (await response.json())["error"]


@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson", "application/json; charset=utf-8"])
async def test_a_body_passes_untouched(serve, client, intake, media_type):
    body = MENTION + b"\n" + MENTION + b"\n"
    async with client.post(await serve(), data=body, headers={"Content-Type": media_type}) as response:
        assert response.status == 200
    assert intake.payloads == [body]


async def test_a_gzip_body_is_inflated(serve, client, intake):
    async with client.post(await serve(), data=gzip.compress(MENTION), headers=GZIP) as response:
        assert response.status == 200
    assert intake.payloads == [MENTION]


async def test_a_body_in_many_pieces_is_put_together(serve, client, intake):
    async def pieces():
        for piece in (MENTION[:9], MENTION[9:30], MENTION[30:]):
            yield piece
            await asyncio.sleep(0)

    async with client.post(await serve(), data=pieces()) as response:
        assert response.status == 200
    assert intake.payloads == [MENTION]


async def test_the_answer_tells_what_became_of_each(serve, client, intake):
    intake.at_once = Receipt(accepted=5, known=2, mended=1, ignored=3, erased=4, refused=(REFUSAL,))
    async with client.post(await serve(), data=MENTION) as response:
        assert response.status == 200
        assert await response.json() == {
            "accepted": 5,
            "known": 2,
            "mended": 1,
            "ignored": 3,
            "erased": 4,
            "refused": [{"position": 4, "reason": "text is missing"}],
        }


@pytest.mark.parametrize(
    ("receipt", "status"),
    [
        (Receipt(refused=(REFUSAL,)), 400),
        (Receipt(known=1, refused=(REFUSAL,)), 200),
        (Receipt(ignored=1, refused=(REFUSAL,)), 200),
        (Receipt(erased=1, refused=(REFUSAL,)), 200),
        (Receipt(), 200),
    ],
)
async def test_only_a_body_of_which_nothing_was_good_is_a_bad_request(serve, client, intake, receipt, status):
    intake.at_once = receipt
    async with client.post(await serve(), data=MENTION) as response:
        assert response.status == status
        assert len((await response.json())["refused"]) == len(receipt.refused)


async def test_the_answer_waits_for_the_commit(serve, client, intake):
    intake.at_once = None
    posting = asyncio.create_task(client.post(await serve(), data=MENTION))
    await intake.until(lambda: intake.waiting == 1)
    assert not posting.done()
    intake.complete()
    async with await posting as response:
        assert response.status == 200


async def test_bodies_reach_the_intake_in_the_order_of_one_sender(serve, client, intake):
    url = await serve()
    for number in range(20):
        async with client.post(url, data=b"%d" % number) as response:
            assert response.status == 200
    assert intake.payloads == [b"%d" % number for number in range(20)]


async def test_what_is_not_committed_before_a_stop_is_to_be_sent_again(serve, client, intake):
    intake.at_once = None
    posting = asyncio.create_task(client.post(await serve(), data=MENTION))
    await intake.until(lambda: intake.waiting == 1)
    intake.receipts[0].cancel()
    async with await posting as response:
        assert await refusal(response) == (503, "stopping: send it again")
        assert int(response.headers["Retry-After"]) > 0


async def test_a_stop_still_answers_what_is_committed_meanwhile(start, client, intake):
    intake.at_once = None
    source = Http("push", Listen.at("127.0.0.1:0"))
    task = start(source, VirtualClock(0))
    await intake.until_connected()
    posting = asyncio.create_task(client.post(f"http://127.0.0.1:{source.port}/mentions", data=MENTION))
    await intake.until(lambda: intake.waiting == 1)
    task.cancel()
    await asyncio.sleep(0)
    intake.complete()
    async with await posting as response:
        assert response.status == 200
    await asyncio.wait({task})


# Who may send


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer open-sesame", f"Basic {TOKEN}", "Bearer \udcff", TOKEN, f"Bearer {TOKEN}x"]
)
async def test_a_sender_without_the_token_is_refused(serve, intake, header):
    # Written by hand: clients do not send header bytes that are no text.
    lines = [b"POST /mentions HTTP/1.1", b"Host: x", b"Content-Type: application/json", b"Content-Length: 2"]
    if header is not None:
        lines.append(b"Authorization: " + header.encode(errors="surrogateescape"))
    url = aiohttp.client.URL(await serve(TOKEN))
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"\r\n".join([*lines, b"", b"{}"]))
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"WWW-Authenticate: Bearer" in answer
    assert intake.payloads == []


async def test_a_broken_header_is_refused_and_not_repeated(serve, intake, caplog):
    url = aiohttp.client.URL(await serve(TOKEN))
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"POST /mentions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sesame\0\r\n\r\n")
    assert b"400 Bad Request" in await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert (intake.payloads, caplog.text) == ([], "")


async def test_a_sender_with_the_token_is_heard(serve, client, intake):
    url = await serve(TOKEN)
    async with client.post(url, data=MENTION, headers={"Authorization": f"bearer {TOKEN}"}) as response:
        assert response.status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "mq.example"])
def test_other_machines_need_a_token(host):
    with pytest.raises(ValueError, match="set a token"):
        Listen(host=host, port=8787)
    assert Listen(host=host, port=8787, tokens=(TOKEN,)).tokens == (TOKEN,)


@pytest.mark.parametrize(
    ("address", "host", "port"), [("127.0.0.1:8787", "127.0.0.1", 8787), ("[::1]:1", "::1", 1), (":0", "", 0)]
)
def test_an_address_is_host_and_port(address, host, port):
    listen = Listen.at(address)
    assert (listen.host, listen.port) == (host, port)


@pytest.mark.parametrize("address", ["8787", "localhost", "localhost:http", "localhost:70000", "localhost:-1"])
def test_an_address_without_a_port_is_refused_with_its_text(address):
    with pytest.raises(ValueError, match="port"):
        Listen.at(address)


def test_the_token_is_not_shown():
    assert TOKEN not in repr(Listen.at("127.0.0.1:0", TOKEN))


async def test_while_a_token_is_replaced_both_are_good(serve, client):
    url = await serve(TOKEN, "the-next-one")
    for token in (TOKEN, "the-next-one"):
        async with client.post(url, data=MENTION, headers={"Authorization": f"Bearer {token}"}) as response:
            assert response.status == 200


async def posted_from(client, url, address, token):
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
    async with client.post(url, data=MENTION, headers=headers) as response:
        return response.status


async def test_who_guesses_tokens_must_wait_and_is_refused_even_with_the_right_one(serve, client, intake):
    url = await serve(TOKEN)
    answers = [await posted_from(client, url, "203.0.113.7", f"guess-{n}") for n in range(MOST_MISSES + 1)]
    assert answers == [401] * MOST_MISSES + [429]
    assert await posted_from(client, url, "203.0.113.7", TOKEN) == 429
    assert await posted_from(client, url, "198.51.100.4", TOKEN) == 200
    assert intake.payloads == [MENTION]


async def test_guesses_from_the_address_of_a_right_sender_do_not_lock_it_out(serve, client):
    url = await serve(TOKEN)
    assert await posted_from(client, url, "203.0.113.7", TOKEN) == 200
    for number in range(2 * MOST_MISSES):
        assert await posted_from(client, url, "203.0.113.7", f"guess-{number}") == 401
    assert await posted_from(client, url, "203.0.113.7", TOKEN) == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 403),
        ({"Host": "rebound.evil.example"}, 421),
        ({"Host": "rebound.evil.example:8787"}, 421),
        ({"Host": "192.0.2.7:8787"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "localhost:8787"}, 200),
        ({"Host": "[::1]:8787"}, 200),
        ({"Host": "127.9.9.9"}, 200),
    ],
)
async def test_without_a_token_a_page_in_a_browser_cannot_send(serve, client, intake, headers, status):
    async with client.post(await serve(), data=MENTION, headers=headers) as response:
        assert response.status == status
    assert intake.payloads == [MENTION] * (status == 200)


# What may be sent


async def test_another_method_is_told_which_one_is_allowed(serve, client):
    async with client.get(await serve()) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
        JSON | {"Content-Encoding": "br"},
        JSON | {"Content-Encoding": "gzip, gzip"},
    ],
)
async def test_another_kind_of_body_is_refused(serve, client, intake, headers):
    async with client.post(await serve(), data=MENTION, headers=headers) as response:
        status, why = await refusal(response)
    assert status == 415
    assert "send" in why
    assert intake.payloads == []


@pytest.mark.parametrize("body", [b"", b" \n\r\n"])
async def test_an_empty_body_is_refused(serve, client, intake, body):
    async with client.post(await serve(), data=body) as response:
        assert (await refusal(response))[0] == 400
    assert intake.payloads == []


async def test_a_body_at_the_limit_is_taken(serve, client, intake):
    async with client.post(await serve(), data=BytesIO(b"x" * LARGEST_BODY)) as response:
        assert response.status == 200


async def test_a_body_over_the_limit_is_refused_by_its_announced_length(serve, client, intake):
    async with client.post(await serve(), data=BytesIO(b"x" * (LARGEST_BODY + 1))) as response:
        assert (await refusal(response))[0] == 413
    assert intake.payloads == []


async def test_a_body_over_the_limit_that_announces_nothing_is_refused_while_read(serve, client, intake):
    async def pieces():
        for _ in range(LARGEST_BODY // 100_000 + 1):
            yield b"x" * 100_000

    async with client.post(await serve(), data=pieces()) as response:
        assert (await refusal(response))[0] == 413
    assert intake.payloads == []


async def test_a_gzip_bomb_is_refused(serve, client, intake):
    bomb = gzip.compress(bytes(1_000_000_000), 1)
    assert len(bomb) < LARGEST_BODY
    async with client.post(await serve(), data=BytesIO(bomb), headers=GZIP) as response:
        assert (await refusal(response))[0] == 413
    assert intake.payloads == []


async def test_an_inflated_body_at_the_limit_is_taken(serve, client, intake):
    async with client.post(await serve(), data=gzip.compress(b"x" * LARGEST_BODY), headers=GZIP) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "body",
    [MENTION, gzip.compress(MENTION)[:-9], gzip.compress(MENTION) + b"x", gzip.compress(MENTION) * 2, b"",
     zlib.compress(MENTION)],
    ids=["plain", "cut", "more", "twice", "nothing", "zlib"],
)  # fmt: skip
async def test_broken_gzip_is_refused(serve, client, intake, body):
    async with client.post(await serve(), data=body, headers=GZIP) as response:
        assert (await refusal(response))[0] == 400
    assert intake.payloads == []


async def test_a_sender_that_goes_away_in_the_middle_harms_nobody(serve, client, intake):
    url = aiohttp.client.URL(await serve())
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        b"POST /mentions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with client.post(url, data=MENTION) as response:
        assert response.status == 200
    assert intake.payloads == [MENTION]


async def test_a_sender_whose_connection_breaks_is_no_fault_of_ours(serve, client, intake, root_log):
    url = aiohttp.client.URL(await serve())
    _, writer = await asyncio.open_connection(url.host, url.port)
    head = b"POST /mentions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    writer.write(head)
    await writer.drain()
    async with client.post(url, data=MENTION):
        pass
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    async with client.post(url, data=MENTION) as response:
        assert response.status == 200
    assert "Traceback" not in root_log.getvalue()


# When we are behind


async def test_a_full_intake_says_when_to_come_again(serve, client, intake):
    intake.high_water = 0
    async with client.post(await serve(), data=MENTION) as response:
        assert (await refusal(response))[0] == 503
        assert int(response.headers["Retry-After"]) > 0
    assert intake.payloads == []


async def test_slow_senders_cannot_fill_the_memory(serve, client, intake):
    url = aiohttp.client.URL(await serve())
    head = b"POST /mentions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    slow = [await asyncio.open_connection(url.host, url.port) for _ in range(8)]
    for _, writer in slow:
        writer.write(head.replace(b"Host", b"Expect: 100-continue\r\nHost"))
    for reader, _ in slow:
        await reader.readuntil(b"100 Continue\r\n\r\n")
    async with client.post(url, data=MENTION) as response:
        assert response.status == 503
    for reader, writer in slow:
        writer.write(b"12345678")
        assert b"200 OK" in await reader.readline()
        writer.close()
        await writer.wait_closed()
    async with client.post(url, data=MENTION) as response:
        assert response.status == 200


async def test_a_body_that_does_not_arrive_is_not_waited_for(serve, intake, monkeypatch):
    monkeypatch.setattr("buzzwatch.sources.door._READ_WITHIN", 0.0)
    url = aiohttp.client.URL(await serve())
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        b"POST /mentions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    )
    assert b"408 Request Timeout" in await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert intake.payloads == []


# The address


async def test_an_address_in_use_is_reported_and_taken_once_it_is_free(start, client, intake):
    clock = VirtualClock(0)
    occupant = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    address = f"127.0.0.1:{occupant.sockets[0].getsockname()[1]}"
    async with occupant:
        start(Http("push", Listen.at(address)), clock)
        assert address in await intake.until_deaf()
    await clock.advance(MINUTE)
    await intake.until_connected()
    async with client.post(f"http://{address}/mentions", data=MENTION) as response:
        assert response.status == 200
        assert json.loads(await response.text())["accepted"] == 1
