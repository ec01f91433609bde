"""The calendar: right entries in instants, wrong ones with their places."""

from datetime import UTC, datetime

import pytest

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.campaign import Campaign
from buzzwatch.model.instant import HOUR, MINUTE, instant_of
from buzzwatch.rules.changes import changes
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.rules.ruleset import load

FILES = {
    "acme.yaml": "brand: acme\ntimezone: Europe/Paris\nmatch: {any: [acme]}\n",
    "zephyr.yaml": "brand: zephyr\ntimezone: Europe/London\nmatch: {any: [zephyr]}\n",
    "rival.yaml": "brand: rival\nrole: competitor\nmatch: {any: [rival]}\n",
}


def entry(since: str, until: str, more: str = "") -> str:
    return f'  - {{from: "{since}", until: "{until}", expect: 5x, why: Soldes{more}}}\n'


def calendar(*entries: str) -> dict[str, str]:
    return FILES | {"calendar.yaml": "campaigns:\n" + "".join(entries)}


def faults(*entries: str) -> list[str]:
    with pytest.raises(RuleFaults) as refused:
        load(calendar(*entries))
    return [str(fault).split("\n")[0] for fault in refused.value.faults]


def at(*moment: int) -> int:
    return instant_of(datetime(*moment, tzinfo=UTC))


def test_an_entry_is_of_the_brands_it_names_or_of_all_that_are_ours_in_their_own_hours():
    december = entry("2026-12-01 09:00", "2026-12-03 23:00")
    summer = entry("2026-07-01 09:00", "2026-07-02 09:00", ", brand: [rival, acme]")
    brands = load(calendar(december, summer)).brands
    sales = [Campaign(at(2026, 12, 1, 9 - zone), at(2026, 12, 3, 23 - zone), 5.0, "Soldes") for zone in (0, 1)]
    assert brands["zephyr"].campaigns == (sales[0],)
    assert brands["acme"].campaigns == (Campaign(at(2026, 7, 1, 7), at(2026, 7, 2, 7), 5.0, "Soldes"), sales[1])
    assert brands["rival"].campaigns == (Campaign(at(2026, 7, 1, 9), at(2026, 7, 2, 9), 5.0, "Soldes"),)


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        ("2026-03-28 12:00", "2026-03-29 12:00", 23),
        ("2026-10-24 12:00", "2026-10-25 12:00", 25),
        ("2026-10-25 02:30", "2026-10-25 02:45", 1.25),
        ("2026-03-29 02:30", "2026-03-29 04:00", 0.5),
    ],
)
def test_hours_that_the_clocks_skip_or_repeat_are_counted_as_they_are(since: str, until: str, hours: float):
    (campaign,) = load(calendar(entry(since, until))).brands["acme"].campaigns
    assert campaign.until - campaign.since == hours * HOUR
    assert campaign.since % MINUTE == 0


def test_entries_that_touch_do_not_overlap_even_where_an_hour_comes_twice():
    first, second = entry("2026-10-25 00:00", "2026-10-25 02:30"), entry("2026-10-25 02:30", "2026-10-25 06:00")
    campaigns = load(calendar(second, first)).brands["acme"].campaigns
    assert campaigns[0].until == campaigns[1].since


def test_wrong_entries_are_listed_with_their_places():
    assert faults(
        entry("2026-12-01 09:00", "2026-12-03 23:00", ", brand: acmee"),
        entry("2026-12-05", "2026-12-32 23:00"),
        entry("2026-12-09 09:00", "2026-12-08 23:00"),
        entry("2026-01-01 09:00", "2026-12-08 23:00"),
        entry("tomorrow", "2026-12-08 23:00").replace("5x", "0.01x").replace("why", "wy"),
        entry("2026-12-09 09:00", "2026-12-09 10:00").replace("5x", "5"),
    ) == [
        "calendar.yaml:2:91: no brand `acmee` is described here; did you mean `acme`?",
        'calendar.yaml:3:12: `2026-12-05` has no hour; write "2026-12-05 00:00"',
        "calendar.yaml:3:33: `2026-12-32 23:00` is in no calendar; check the day and the hour",
        "calendar.yaml:4:39: `until` is not after `from`; check the two dates",
        "calendar.yaml:5:5: longer than 92 days; what lasts is learnt as usual by itself",
        'calendar.yaml:6:12: `tomorrow` is not a local time; write the day and the hour, such as "2026-12-01 09:00"',
        "calendar.yaml:6:59: `0.01x` is too small; write 0.05x to 50x",
        "calendar.yaml:6:66: unknown key `wy`; did you mean `why`?",
        "calendar.yaml:7:67: `5` is not a ratio; write 5x",
    ]  # fmt: skip


def test_two_entries_of_one_brand_at_a_time_are_a_fault_of_the_later_one():
    general, own = entry("2026-12-01 09:00", "2026-12-03 23:00"), entry("2026-12-03 22:00", "2026-12-04 23:00")
    other = own.replace("}", ", brand: rival}")
    assert faults(own.replace("}", ", brand: [acme, zephyr]}"), other, general) == [
        "calendar.yaml:4:5: for `acme` this overlaps the entry on line 2; let one of them end where the other begins"
    ]
    within = entry("2026-12-01 10:00", "2026-12-01 11:00")
    assert len(faults(general, within, entry("2026-12-02 10:00", "2026-12-02 11:00"))) == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "calendar.yaml:1:1: expected a mapping (`key: value`), found nothing; write a value, or remove the key"),
        ("campain: []", "calendar.yaml:1:1: unknown key `campain`; did you mean `campaigns`?"),
        ("campaigns: [1]", "calendar.yaml:1:13: expected a mapping (`key: value`), found `1`; write a mapping (`key: value`)"),  # noqa: E501 - as it is printed
    ],
)  # fmt: skip
def test_a_calendar_of_another_shape_is_refused(text: str, fault: str):
    with pytest.raises(RuleFaults) as refused:
        load(FILES | {"calendar.yaml": text})
    assert fault in [str(each).split("\n")[0] for each in refused.value.faults]


def test_faults_of_brands_and_of_the_calendar_are_listed_together():
    with pytest.raises(RuleFaults) as refused:
        load(calendar("  - {}\n") | {"acme.yaml": "brand: acme\nsecter: a\nmatch: {any: [acme]}\n", "calendar.yml": ""})
    places = [str(each).split(": ")[0] for each in refused.value.faults]
    assert places == ["acme.yaml:2:1", *["calendar.yaml:2:5"] * 4, "calendar.yml", "calendar.yml:1:1"]


def test_a_changed_calendar_is_another_rule_set_and_told_to_who_edited_it():
    edited = calendar(entry("2026-12-01 09:00", "2026-12-03 23:00", ", brand: acme"))
    old, new = compile_rules(FILES), compile_rules(edited)
    assert old.digest != new.digest
    assert changes(old, new)["en"] == ("calendar: `campaigns` 0 → 1 entries",)


def test_a_thousand_entries_are_accepted_and_more_refused():
    def written(number: int) -> list[str]:
        return [
            entry(f"20{10 + day // 300}-{day // 25 % 12 + 1:02}-{day % 25 + 1:02} 09:00",
                  f"20{10 + day // 300}-{day // 25 % 12 + 1:02}-{day % 25 + 1:02} 10:00")
            for day in range(number)
        ]  # fmt: skip

    assert len(load(calendar(*written(1_000))).brands["acme"].campaigns) == 1_000
    assert faults(*written(1_001)) == ["calendar.yaml:2:3: longer than 1000 entries; shorten it"]


def test_brands_of_one_sector_know_each_other_however_it_is_written():
    files = {
        f"b{number}.yaml": f"brand: b{number}\nmatch: {{any: [b{number}]}}\n{sector}"
        for number, sector in enumerate(['sector: " Air  lines"', "sector: air lines", "sector: telecom", "", ""])
    }
    brands = load(files).brands
    assert [brands[f"b{number}"].peers for number in range(5)] == [("b0", "b1"), ("b0", "b1"), ("b2",), (), ()]
