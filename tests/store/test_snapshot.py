from buzzwatch.store.snapshot import KEPT, forget_snapshot, read_instant, read_snapshot, read_snapshots, write_snapshot


def test_the_newest_snapshot_comes_first_and_only_a_few_are_kept(tmp_path):
    for seq in range(1, 6):
        write_snapshot(tmp_path, seq, {"seq": seq, "bytes": b"\x00\xff"})
    assert [seq for seq, _ in read_snapshots(tmp_path, until=99)] == [5, 4][:KEPT]
    assert next(read_snapshots(tmp_path, until=99))[1] == {"seq": 5, "bytes": b"\x00\xff"}


def test_a_bad_snapshot_means_the_one_before_it(tmp_path):
    write_snapshot(tmp_path, 1, {"seq": 1})
    newest = write_snapshot(tmp_path, 2, {"seq": 2})
    for damage in (b"", newest.read_bytes()[:-1], b"x" + newest.read_bytes(), newest.read_bytes()[:-1] + b"\x7f"):
        newest.write_bytes(damage)
        assert [seq for seq, _ in read_snapshots(tmp_path, until=99)] == [1]


def test_the_instant_of_a_snapshot_is_known_only_where_it_is_whole(tmp_path):
    path = write_snapshot(tmp_path, 2, {"seq": 2, "now": 1_796_000_000_000, "more": {"a": [1, b"x"]}})
    assert read_instant(tmp_path, 2) == 1_796_000_000_000
    assert read_instant(tmp_path, 1) is None
    whole = path.read_bytes()
    for damage in (b"", whole[:-1], b"x" + whole, whole[:-1] + b"\x7f"):
        path.write_bytes(damage)
        assert read_instant(tmp_path, 2) is None


def test_a_snapshot_ahead_of_the_journal_is_not_used(tmp_path):
    write_snapshot(tmp_path, 1, {"seq": 1})
    write_snapshot(tmp_path, 2, {"seq": 2})
    assert [seq for seq, _ in read_snapshots(tmp_path, until=1)] == [1]


def test_a_half_written_snapshot_is_not_seen(tmp_path):
    (tmp_path / "snapshot.part").write_bytes(b"half")
    assert list(read_snapshots(tmp_path, until=99)) == []


def test_a_snapshot_that_is_spared_outlives_the_newer_ones(tmp_path):
    for seq in range(1, 7):
        write_snapshot(tmp_path, seq, {"seq": seq}, spared={2})
    assert [seq for seq, _ in read_snapshots(tmp_path, until=99)] == [6, 5, 2]
    forget_snapshot(tmp_path, 2)
    forget_snapshot(tmp_path, 5)
    assert [seq for seq, _ in read_snapshots(tmp_path, until=99)] == [6, 5], "the newest are not thrown away"
    assert (read_snapshot(tmp_path, 5), read_snapshot(tmp_path, 2)) == ({"seq": 5}, None)
