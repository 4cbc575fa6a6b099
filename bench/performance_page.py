"""Write the table and the chart of `bench.callback` into docs/performance.md."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from bench.peer_servers import FLOOR

OURS = tuple(
    f"ours, {store}{where}{log}"
    for store in ("SQLite", "Redis")
    for where in ("", ", inline")
    for log in ("", ", no log lines")
)
_DOCS = Path(__file__).parents[1] / "docs"
_BEGIN, _END = "<!-- bench.callback: begin -->", "<!-- bench.callback: end -->"
_ROW, _LEFT, _WIDTH = 26, 250, 420


@dataclass(frozen=True)
class Measured:
    """The figures of one server in one mode.

    `rate` is messages per second, `least` and `most` the rates of the slowest and the fastest round. `cpu` is
    microseconds per message. `p50` and `p99` are milliseconds at full load, `half_p99` at `half_rate`, which
    is about half of the rate.
    """

    rate: float
    cpu: float
    p50: float
    p99: float
    half_rate: float
    half_p99: float
    least: float
    most: float


Table = dict[tuple[str, str], Measured]  # by server and mode


def write_page(table: Table, heading: str) -> None:
    """Replace the text between the two markers in docs/performance.md, and replace docs/performance.svg."""
    page = _DOCS / "performance.md"
    text = page.read_text(encoding="utf-8")
    before, after = text[: text.index(_BEGIN)], text[text.index(_END) :]
    page.write_text(f"{before}{_BEGIN}\n{_markdown(table, heading)}\n{after}", encoding="utf-8")
    (_DOCS / "performance.svg").write_text(_chart(table), encoding="utf-8")


def ratios(table: Table, mode: str) -> list[str]:
    """Return one line for each store of ours: its rate and its CPU compared with the peers."""
    rivals = {name: one for (name, of), one in table.items() if of == mode and name not in (*OURS, FLOOR)}
    if not rivals:
        return []
    fastest = max(rivals, key=lambda name: rivals[name].rate)
    lines = []
    for name in OURS:
        ours = table.get((name, mode))
        if ours is None:
            continue
        line = f"{mode} mode, {name}: {ours.rate / rivals[fastest].rate:.2f} times the rate of {fastest}"
        for rival, one in rivals.items():
            if rival.startswith("WeRoBot"):
                line += f", {ours.cpu / one.cpu:.2f} times the CPU of {rival}"
        lines.append(line)
    return lines


def _markdown(table: Table, heading: str) -> str:
    lines = [
        heading,
        "",
        "| server | mode | messages/s (rounds) | CPU per message | p50 | p99 | p99 at half the load |",
        "|---|---|---|---|---|---|---|",
    ]
    for (name, mode), one in sorted(table.items(), key=lambda item: (item[0][1], -item[1].rate)):
        # wrk pauses for whole milliseconds. The pauses that the floor needs are shorter.
        half = "" if name == FLOOR else f"{one.half_p99:.1f} ms at {one.half_rate:,.0f}/s"
        lines.append(
            f"| {name} | {mode} | {one.rate:,.0f} ({one.least:,.0f} to {one.most:,.0f}) | {one.cpu:.0f} us "
            f"| {one.p50:.1f} ms | {one.p99:.1f} ms | {half} |"
        )
    modes = sorted({mode for _, mode in table})
    return "\n".join([*lines, "", *(f"- {line}" for mode in modes for line in ratios(table, mode))])


def _chart(table: Table) -> str:
    """Return an SVG with a bar for each server: messages per second in safe mode, the fastest first."""
    rows = sorted(
        ((name, one.rate) for (name, mode), one in table.items() if mode == "safe" and name != FLOOR),
        key=lambda row: -row[1],
    )
    most = max((rate for _, rate in rows), default=1)
    bars = []
    for number, (name, rate) in enumerate(rows):
        y, width = 30 + number * _ROW, rate / most * _WIDTH
        colour = "#07c160" if name.startswith("ours") else "#9aa4ad"
        bars.append(
            f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{_LEFT}" y="{y}" width="{width:.0f}" height="18" fill="{colour}"/>'
            f'<text x="{_LEFT + width + 6:.0f}" y="{y + 14}">{rate:,.0f}</text>'
        )
    height = 40 + len(rows) * _ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 70}" height="{height}" '
        f'font-family="sans-serif" font-size="13" fill="#8a94a0">'
        f'<text x="{_LEFT}" y="18">messages per second, safe mode, text echo</text>{"".join(bars)}</svg>\n'
    )
