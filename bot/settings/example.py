"""Make the text of `config.example.py`: every setting with its help line and its default."""

from bot.settings.table import rows


def example(table: type) -> str:
    """Return the text of `config.example.py` for `table`. It is valid Python that sets every default."""
    lines = [
        '"""Every setting. Copy this file to config.py and fill in the required ones.',
        "",
        "Each can also come from the environment as BOT_<NAME>, which wins over this file.",
        '"""',
        "",
    ]
    for row in rows(table):
        need = "required: " if row.is_required else ""
        lines.append(f"# {need}{row.help}")
        default = f'"{row.default}"' if isinstance(row.default, str) else repr(row.default)
        lines.append(f"{row.name} = {default}")
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"
