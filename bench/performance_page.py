"""Writes the table and the chart of `bench.callback` into docs/performance.md."""

from html import escape
from pathlib import Path

from bench.load import Figures

_DOCS = Path(__file__).parents[1] / "docs"
_BEGIN, _END = "<!-- bench.callback: begin -->", "<!-- bench.callback: end -->"
_ROW, _LEFT, _WIDTH = 26, 190, 420

Table = dict[tuple[str, str], Figures]


def write_page(table: Table, heading: str) -> None:
    """Replace what stands between the markers of docs/performance.md, and docs/performance.svg."""
    page = _DOCS / "performance.md"
    text = page.read_text(encoding="utf-8")
    before, after = text[: text.index(_BEGIN)], text[text.index(_END) :]
    page.write_text(f"{before}{_BEGIN}\n{_markdown(table, heading)}\n{after}", encoding="utf-8")
    (_DOCS / "performance.svg").write_text(_chart(table), encoding="utf-8")


def _markdown(table: Table, heading: str) -> str:
    lines = [
        heading,
        "",
        "| server | mode | messages/s | CPU per message | p50 | p99 |",
        "|---|---|---|---|---|---|",
    ]
    for (name, mode), figures in sorted(table.items(), key=lambda item: (item[0][1], -item[1].rate)):
        lines.append(
            f"| {name} | {mode} | {figures.rate:,.0f} | {figures.cpu:.0f} us | {figures.p50:.1f} ms "
            f"| {figures.p99:.1f} ms |"
        )
    return "\n".join(lines)


def _chart(table: Table) -> str:
    """Bars of messages per second in safe mode, the fastest first."""
    rows = sorted(
        ((name, figures.rate) for (name, mode), figures in table.items() if mode == "safe"),
        key=lambda row: -row[1],
    )
    rows = [row for row in rows if not row[0].startswith("a bare")]
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
        f'font-family="sans-serif" font-size="13" fill="#667">'
        f'<text x="{_LEFT}" y="18">messages per second, safe mode, text echo</text>{"".join(bars)}</svg>\n'
    )
