"""The text of `config.example.py`."""

import dataclasses


def example(table: type) -> str:
    """The text of `config.example.py`, made from `table`."""
    lines = [
        '"""Every setting. Copy this file to config.py and fill in the required ones.',
        "",
        "Each can also come from the environment as BOT_<NAME>, which wins over this file.",
        '"""',
        "",
    ]
    for row in dataclasses.fields(table):
        need = "required: " if row.metadata["required"] else ""
        lines.append(f"# {need}{row.metadata['help']}")
        default = f'"{row.default}"' if isinstance(row.default, str) else repr(row.default)
        lines.append(f"{row.name.upper()} = {default}")
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"
