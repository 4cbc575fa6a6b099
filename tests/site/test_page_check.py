"""Mistakes in PAGES are said at start, by the name of the entry, and not found by visitors."""

from pathlib import Path
from typing import Any

import pytest

from bot import Page
from bot.site.page_check import has_page, page_faults
from bot.site.templates import Templates
from tests.launch import ROOT


class Orders(Page):
    def GET(self) -> str:
        return self.render("home")


class Lost(Page):
    def GET(self) -> str:
        return self.render("home") if self.url else self.render("orders", visitor=None)


class Mute:
    def get(self) -> str:
        return ""


def faults(*pages: Any) -> list[str]:
    return list(page_faults(pages, Templates([ROOT / "templates"], "zh", {})))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (("orders", Orders), ["'orders'", "begins with /"]),
        (("/orders", "Orders"), ["'/orders'", "'Orders'", "without quotes"]),
        (("/orders", Orders(None)), ["'/orders'", "no class"]),  # type: ignore[arg-type]
        (("/orders", Mute), ["'/orders'", "Mute", "GET"]),
        (("/orders/(", Orders), ["'/orders/('", "regular expression"]),
        (Orders, ["entry 1", "(path, class)"]),
        (("/orders", Lost), ["'/orders'", "Lost", "orders.html"]),
    ],
    ids=["no slash", "class in quotes", "object", "no GET", "broken pattern", "no pair", "no template"],
)
def test_a_mistake_in_pages_names_its_entry_and_the_way_out(entry: Any, words: list[str]) -> None:
    (fault,) = faults(entry)
    assert all(word in fault for word in ["PAGES", *words]), fault


def test_a_template_of_another_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "orders.html").write_text("<p>x</p>")
    templates = Templates([tmp_path, ROOT / "templates"], "zh", {})
    assert not list(page_faults([("/orders", Lost)], templates))


@pytest.mark.parametrize(
    ("link", "is_there"),
    [
        ("/orders/7?tab=1#end", True),
        ("/orders/", False),
        ("/orders/7/more", False),
        ("/%E5%BA%97", True),
        ("/店", True),
        ("/static/leaflet.html", True),
        ("/", False),
    ],
)
def test_a_link_is_one_of_the_pages_or_none(link: str, is_there: bool) -> None:
    assert has_page([(r"/orders/(\d+)", Orders), ("/店", Orders)], link) is is_there
