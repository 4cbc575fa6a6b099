"""The matchrule of a conditional menu: check it, compare it, describe it (docs/protocol.md §5.3)."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.menu.known_keys import fault, unknown_keys

PLATFORMS = {1: "iOS", 2: "Android", 3: "other systems"}
_CONDITIONS = ("tag_id", "client_platform_type")
_OLD_NAMES = {"group_id": "tag_id"}  # menu/get returns tag_id under its old name
_PRIVATE = ("sex", "country", "province", "city", "language")

Rule = dict[str, Any]


def rule_faults(rule: Any) -> Iterator[str]:
    """Yield a fault for each broken limit of a matchrule that was written by hand."""
    if not isinstance(rule, Mapping):
        yield 'matchrule must be a dict such as {"tag_id": "100"}, ' + f"not {rule!r}"
        return
    misspelt = list(unknown_keys(rule, _CONDITIONS, (*_OLD_NAMES, *_PRIVATE)))
    for key, near in misspelt:
        yield "matchrule: " + fault(key, near, _CONDITIONS)
    given = [name for name, value in rule.items() if not _is_empty(value)]
    for name in _PRIVATE:
        if name in given:
            yield f"matchrule: WeChat accepts no condition on {name} any more (65320); use a tag_id instead"
    for name in (*_CONDITIONS, *_OLD_NAMES):
        if name in given and _number(rule[name]) is None:
            yield f"matchrule: {name} must be a number, not {rule[name]!r}"
    platform = rule.get("client_platform_type")
    if _number(platform) is not None and not _is_empty(platform) and _number(platform) not in PLATFORMS:
        meanings = ", ".join(f"{number} ({system})" for number, system in PLATFORMS.items())
        yield f"matchrule: client_platform_type must be one of {meanings}, not {platform!r}"
    if "tag_id" in given and "group_id" in given and _number(rule["tag_id"]) != _number(rule["group_id"]):
        yield "matchrule: group_id is the old name of tag_id; keep one of them"
    if not given and not misspelt:
        yield "matchrule is empty: it needs tag_id or client_platform_type (65304)"


def conditions(rule: Mapping[str, Any]) -> Rule:
    """Return a matchrule without empty conditions, with today's names, and with numbers as int."""
    kept: Rule = {}
    for name, value in rule.items():
        if not _is_empty(value):
            number = _number(value)
            kept[_OLD_NAMES.get(name, name)] = value if number is None else number
    return kept


def private_conditions(rule: Rule) -> list[str]:
    """Return the conditions of an old menu that WeChat accepts no more. No follower matches them today."""
    return [name for name in _PRIVATE if name in rule]


def are_disjoint(one: Rule, other: Rule) -> bool:
    """Return True if no follower can match both rules. Of a follower's tags, only the last one counts."""
    return any(name in other and other[name] != one[name] for name in _CONDITIONS if name in one)


def describe_rule(rule: Rule) -> str:
    """Return the rule in words for the operator: `tag_id 100, client_platform_type 1 (iOS)`."""
    parts = []
    for name, value in rule.items():
        meaning = f" ({PLATFORMS[value]})" if name == "client_platform_type" and value in PLATFORMS else ""
        parts.append(f"{name} {value}{meaning}")
    return ", ".join(parts)


def _is_empty(value: Any) -> bool:
    return value is None or str(value) in ("", "0")


def _number(value: Any) -> int | None:
    text = "" if isinstance(value, bool) else str(value)
    return int(text) if text.isascii() and text.isdigit() else None
