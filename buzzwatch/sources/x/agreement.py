"""Our rules at X: made, kept and taken away as the brands ask; rules of others are never touched."""

from collections import Counter
from collections.abc import Mapping

from buzzwatch.model.brand import Brand
from buzzwatch.sources.x.api import Api, Stored
from buzzwatch.sources.x.rules import Rule, rules


class Agreement:
    """Brings X's rules and ours together. A rule of ours bears the tag `buzzwatch:<source>:<brand>:<n>`."""

    def __init__(self, source: str, most: int, longest: int) -> None:
        self._prefix = f"buzzwatch:{source}:"
        self._most = most
        self._longest = longest
        self._agreed: list[Rule] | None = None
        self.note = ""
        """What is not heard though it should be, for people."""

    async def reach(self, api: Api, brands: Mapping[str, Brand]) -> int:
        """Make X's rules ours; how many there are. Asks nothing where it would change nothing. Raises `XError`."""
        wanted = list({rule.value: rule for rule in rules(brands, self._longest)}.values())
        if wanted == self._agreed:
            return min(len(wanted), self._most)
        kept = wanted[: self._most]
        refused = await self._bring_about(api, kept)
        self._agreed = wanted
        self.note = "; ".join([*self._left_out(wanted), *refused])
        return len(kept)

    def forget(self) -> None:
        """Ask X anew the next time: somebody else may have changed what it has."""
        self._agreed = None

    def brand_of(self, tag: str) -> str | None:
        """The brand of one of our rules."""
        return tag.removeprefix(self._prefix).rpartition(":")[0] if tag.startswith(self._prefix) else None

    async def _bring_about(self, api: Api, wanted: list[Rule]) -> list[str]:
        stored = await api.rules()
        values, there = {rule.value for rule in wanted}, {each.value for each in stored}
        stale = [each.id for each in stored if self._is_ours(each) and each.value not in values]
        missing = [added for added in self._tagged(wanted) if added["value"] not in there]
        crowded = len(stored) + len(missing) > self._most
        if crowded:  # else the new ones first, so that nothing goes unheard in between
            await api.delete_rules(stale)
        refused = await api.add_rules(missing)
        if not crowded:
            await api.delete_rules(stale)
        brand_of = {added["value"]: self.brand_of(added["tag"]) for added in missing}
        return [f"X does not take a rule of {brand_of.get(each.value) or 'a brand'}: {each.why}" for each in refused]

    def _is_ours(self, stored: Stored) -> bool:
        return stored.tag.startswith(self._prefix)

    def _tagged(self, wanted: list[Rule]) -> list[dict[str, str]]:
        counts: Counter[str] = Counter()
        tagged = []
        for rule in wanted:
            counts[rule.brand] += 1
            tagged.append({"value": rule.value, "tag": f"{self._prefix}{rule.brand}:{counts[rule.brand]}"})
        return tagged

    def _left_out(self, wanted: list[Rule]) -> list[str]:
        brands = sorted({rule.brand for rule in wanted[self._most :]})
        if not brands:
            return []
        return [f"{len(wanted)} rules are needed and {self._most} allowed: not all of {', '.join(brands)} is heard"]
