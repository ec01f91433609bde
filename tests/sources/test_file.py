import gzip
import json
import os
import sys
import threading

import pytest

from buzzwatch.ingest.decode import MAX_PAYLOAD
from buzzwatch.sources.file import FileFaultError, read


def lines(count):
    return [b'{"id": "%d", "text": "%s"}\n' % (number, b"x" * 600) for number in range(count)]


def write(tmp_path, content, name="mentions.jsonl"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def until_fault(path):
    """The chunks that came, and the text of the fault that ended them."""
    chunks = []
    try:
        for chunk in read(path):
            chunks.append(chunk)  # noqa: PERF402 - what came before the fault must stay
    except FileFaultError as fault:
        return chunks, str(fault)
    pytest.fail("read to its end")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_lines_come_whole_in_order_and_numbered(tmp_path, pack):
    content = b"".join(lines(2000))
    chunks = list(read(write(tmp_path, pack(content))))
    assert b"".join(chunk.payload for chunk in chunks) == content
    assert all(chunk.payload.endswith(b"\n") for chunk in chunks)
    firsts = [json.loads(chunk.payload.split(b"\n")[0]) for chunk in chunks]
    assert [chunk.first_line for chunk in chunks] == [int(first["id"]) + 1 for first in firsts]
    assert len(chunks) >= 10


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_progress_rises_to_the_end(tmp_path, pack):
    fractions = [chunk.fraction for chunk in read(write(tmp_path, pack(b"".join(lines(2000)))))]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] <= 1
    assert fractions[-1] == 1


def test_gzip_is_known_by_its_content_not_its_name(tmp_path):
    content = b"".join(lines(3))
    [chunk] = read(write(tmp_path, gzip.compress(content), "mentions.json"))
    assert chunk.payload == content


def test_several_gzip_streams_in_a_row_are_one_file(tmp_path):
    first, second = lines(2)
    chunks = read(write(tmp_path, gzip.compress(first) + gzip.compress(second)))
    assert b"".join(chunk.payload for chunk in chunks) == first + second


def test_a_last_line_without_line_end_is_read(tmp_path):
    chunks = read(write(tmp_path, b'{"id": "1"}\n{"id": "2"}'))
    assert b"".join(chunk.payload for chunk in chunks) == b'{"id": "1"}\n{"id": "2"}'


def test_an_empty_file_has_no_chunks(tmp_path):
    assert list(read(write(tmp_path, b""))) == []


@pytest.mark.parametrize("head", [b"[", b"\n  [", b"\xef\xbb\xbf["], ids=["bare", "indented", "marked"])
def test_an_array_is_cut_into_smaller_ones_with_its_items_untouched(tmp_path, head):
    content = head + b",\n".join(line.strip() for line in lines(250)) + b"\n]\n"
    chunks = list(read(write(tmp_path, content)))
    assert [chunk.first_line for chunk in chunks] == [1, 101, 201]
    assert [item["id"] for chunk in chunks for item in json.loads(chunk.payload)] == [str(n) for n in range(250)]
    assert [chunk.fraction for chunk in chunks] == [0.4, 0.8, 1.0]


def test_standard_input_is_read_as_it_comes_without_knowing_its_end(monkeypatch):
    out, into = os.pipe()
    content = b"".join(lines(500))

    def feed():
        with os.fdopen(into, "wb") as pipe:
            pipe.write(content)

    feeder = threading.Thread(target=feed)
    with os.fdopen(out) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        feeder.start()
        chunks = list(read("-"))
        feeder.join()
    assert b"".join(chunk.payload for chunk in chunks) == content
    assert {chunk.fraction for chunk in chunks} == {None}


def test_a_cut_off_gzip_gives_what_came_before_and_names_the_line(tmp_path):
    whole = lines(2000)
    packed = gzip.compress(b"".join(os.urandom(300).hex().encode() + b"\n" for _ in whole))
    chunks, fault = until_fault(write(tmp_path, packed[: len(packed) // 2], "cut.gz"))
    read_lines = sum(chunk.payload.count(b"\n") for chunk in chunks)
    assert 900 < read_lines < 1100
    assert f"cut.gz, line {read_lines + 1}: " in fault


def test_a_corrupt_gzip_gives_what_came_before_and_names_the_line(tmp_path):
    packed = bytearray(gzip.compress(b"".join(os.urandom(300).hex().encode() + b"\n" for _ in range(2000))))
    packed[len(packed) // 2 :] = bytes(len(packed) // 2)
    chunks, fault = until_fault(write(tmp_path, packed, "torn.gz"))
    assert chunks
    assert "torn.gz, line " in fault


@pytest.mark.parametrize("length", [100_000, MAX_PAYLOAD - 1, MAX_PAYLOAD + 100_000, 2 * MAX_PAYLOAD])
def test_a_long_line_is_given_alone_and_never_much_more_than_can_be_taken_of_it(tmp_path, length):
    chunks = list(read(write(tmp_path, b"{}\n{}\n" + b"x" * length + b"\n{}\n" * 2)))
    assert [(chunk.first_line, chunk.payload) for chunk in chunks[:1]] == [(1, b"{}\n{}\n")]
    (long,) = [chunk for chunk in chunks if b"x" in chunk.payload]
    assert (long.first_line, long.payload.count(b"\n")) == (3, 1)
    assert min(length, MAX_PAYLOAD) < len(long.payload) <= min(length + 1, MAX_PAYLOAD + 200_000)
    assert chunks[-1].payload.endswith(b"{}\n\n{}\n")
    assert chunks[-1].first_line == 4


def test_the_end_of_a_long_line_may_be_missing(tmp_path):
    chunks = list(read(write(tmp_path, b"{}\n" + b"x" * 3 * MAX_PAYLOAD)))
    assert MAX_PAYLOAD < len(chunks[-1].payload) <= MAX_PAYLOAD + 200_000


@pytest.mark.parametrize("content", [b'[{"id": "1"}', b'[{"id": "1"} {"id": "2"}]', b"[" * 100_000])
def test_a_broken_array_is_a_fault(tmp_path, content):
    chunks, fault = until_fault(write(tmp_path, content, "broken.json"))
    assert chunks == []
    assert "broken.json" in fault


def test_a_file_that_is_not_there_is_named(tmp_path):
    _, fault = until_fault(tmp_path / "nowhere.jsonl")
    assert "nowhere.jsonl: cannot be opened (No such file or directory)" in fault


def test_a_folder_is_no_file(tmp_path):
    _, fault = until_fault(tmp_path)
    assert "Is a directory" in fault
