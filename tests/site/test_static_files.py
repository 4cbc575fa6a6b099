"""Static files that change while the bot runs, as by `git pull` before the restart."""

from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import web

from bot.site.static_files import StaticFiles


def get(app: Any, path: str) -> tuple[str, dict[str, str], bytes]:
    environ: dict[str, Any] = {"PATH_INFO": path}
    setup_testing_defaults(environ)
    begun: list[Any] = []
    answer = app(environ, lambda status, headers, _=None: begun.extend((status, dict(headers))))
    body = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    return begun[0], begun[1], body


def test_a_file_is_served_as_it_is_now(tmp_path: Path) -> None:
    file = tmp_path / "点.svg"
    file.write_text("short")
    app = StaticFiles(web.application((), {}).wsgifunc(), max_age=60)
    app.add_files(str(tmp_path), prefix="static/")
    path = "/static/点.svg".encode().decode("latin-1")
    for text in ("short", "longer by far", "x"):
        file.write_text(text)
        status, headers, body = get(app, path)
        assert (status, headers["Content-Length"], body) == ("200 OK", str(len(text)), text.encode())
    file.unlink()
    assert get(app, path)[0] == "404 Not Found"
    file.write_text("again")
    assert get(app, path)[2] == b"again"
