"""What people type stays text: it breaks no document, and adds, replaces and hides no element."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.chat.wire import broken_xml, xml
from bot.errors import Refused
from tests.chat.deliveries import OPENID, message

ACCOUNT = "gh_d049d0472d74"
HEADER = {"ToUserName": ACCOUNT, "FromUserName": OPENID, "CreateTime": "1662522877"}

# Pieces of XML as a person would type them who wants to break a server.
PIECES = [
    "]]>", "<![CDATA[", "]]", ">", "<", "&", "&amp;", "&#xD800;", "&nbsp;", "<!--", "-->", "<?x", "?>",
    "<!DOCTYPE xml [<!ENTITY e 'x'>]>", "&e;", "</xml>", "<xml>", " ", "\n", "中", "\u0080", "\ufffd", "a",
    *(f"<{name}>" for name in ("Content", "MsgId", "FromUserName", "Event", "Encrypt", "MsgType", "b")),
    *(f"</{name}>" for name in ("Content", "MsgId", "FromUserName", "Event", "Encrypt", "MsgType", "b")),
    "]]></Content><MsgId>9</MsgId><Content><![CDATA[",
    "]]></Content><MsgId>9</MsgId></xml>",
    "]]><MsgId>9</MsgId><![CDATA[",
]  # fmt: skip
FORBIDDEN = [chr(code) for code in range(32) if code not in (9, 10)] + ["\ufffe", "\uffff"]
CHARACTERS = st.characters(blacklist_categories=("Cs",), blacklist_characters=FORBIDDEN)
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=40), st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
).filter(lambda text: "]]]]><![CDATA[>" not in text)

# The elements that people fill: the type or event, what WeChat writes before it, its name, and what follows.
PLACES = {
    "Content": ("text", "", "<MsgId>7</MsgId>"),
    "Content from an article": ("text", "", "<MsgId>7</MsgId><MsgDataId>x</MsgDataId><Idx>1</Idx>"),
    "Content of a menu": ("text", "", "<MsgId>7</MsgId><bizmsgmenuid>101</bizmsgmenuid>"),
    "Recognition": ("voice", "<MediaId><![CDATA[m]]></MediaId><MsgId>7</MsgId>", ""),
    "Recognition in the middle": ("voice", "<MediaId><![CDATA[m]]></MediaId>", "<MsgId>7</MsgId>"),
    "Label": ("location", "<Location_X>1</Location_X><Location_Y>2</Location_Y><Scale>15</Scale>",
              "<MsgId>7</MsgId>"),
    "Title": ("link", "", "<Description><![CDATA[d]]></Description><Url><![CDATA[u]]></Url><MsgId>7</MsgId>"),
    "Description": ("link", "<Title><![CDATA[t]]></Title>", "<Url><![CDATA[u]]></Url><MsgId>7</MsgId>"),
    "Url": ("link", "<Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description>",
            "<MsgId>7</MsgId>"),
    "Title of a file": ("file", "", "<Description>d</Description><FileKey>k</FileKey><MsgId>7</MsgId>"),
    "EventKey": ("event", "<Event><![CDATA[VIEW]]></Event>", "<MenuId>7</MenuId>"),
    "EventKey of a scan": ("event", "<Event><![CDATA[SCAN]]></Event>", "<Ticket><![CDATA[t]]></Ticket>"),
    "EventKey of a subscription": ("event", "<Event><![CDATA[subscribe]]></Event>", ""),
    "title": ("event", "<Event>submit_invoice_title</Event>", "<phone>1</phone><tax_no>2</tax_no>"),
    "attach": ("event", "<Event>submit_invoice_title</Event><title>1</title>", "<title_type>x</title_type>"),
    "SessionFrom": ("event", "<Event>user_enter_tempsession</Event>", ""),
    "Nickname": ("event", "<Event>new_event</Event>", "<Other>1</Other>"),
}  # fmt: skip
INSIDE = {
    "ScanResult": ("scancode_waitmsg", "ScanCodeInfo", "<ScanType><![CDATA[qrcode]]></ScanType>", ""),
    "Label": ("location_select", "SendLocationInfo", "<Scale><![CDATA[15]]></Scale>",
              "<Poiname><![CDATA[p]]></Poiname>"),
    "Poiname": ("location_select", "SendLocationInfo", "<Label><![CDATA[l]]></Label>", ""),
}  # fmt: skip


def document(place: str, text: str) -> str:
    msg_type, before, after = PLACES[place]
    name = place.partition(" ")[0]
    return message(msg_type, f"{before}<{name}><![CDATA[{text}]]></{name}>{after}", account=ACCOUNT)


def read(body: str | bytes) -> dict[str, object]:
    return xml.parse(body if isinstance(body, bytes) else body.encode())


@pytest.mark.parametrize("place", PLACES)
@given(text=TEXTS)
@example(text="a]]>b")
@example(text="]]></Content>")
@example(text="]]>&lt;<![CDATA[")
@example(text="]]></FromUserName><FromUserName><![CDATA[o")
@example(text="</Content></Content>")
@example(text="<a>" * 30)
@example(text="<a></a>" * 3000)
def test_any_text_is_read_as_it_was_typed_and_no_other_element_changes(place: str, text: str) -> None:
    name = place.partition(" ")[0]
    read_alone = read(document(place, "ordinary"))
    fields = read(document(place, text))
    assert fields.pop(name) == text
    assert fields == {key: value for key, value in read_alone.items() if key != name}
    assert HEADER.items() <= fields.items()


@pytest.mark.parametrize("place", INSIDE)
@given(text=TEXTS)
@example(text="a]]>b")
@example(text="]]></ScanResult></ScanCodeInfo><MsgId>9</MsgId><ScanCodeInfo><ScanResult><![CDATA[")
@example(text="]]></EventKey><ScanCodeInfo><ScanType>x</ScanType><ScanResult><![CDATA[y")
@example(text="]]></EventKey><SendLocationInfo><Label><![CDATA[y")
@example(text="]]></Poiname></SendLocationInfo><EventKey>k</EventKey><SendLocationInfo><Poiname><![CDATA[")
def test_a_text_inside_another_element_is_read_as_it_was_typed(place: str, text: str) -> None:
    event, outer, before, after = INSIDE[place]

    def fields_with(words: str) -> dict[str, object]:
        inner = f"{before}<{place}><![CDATA[{words}]]></{place}>{after}"
        key = "<EventKey><![CDATA[6]]></EventKey>"
        return read(
            message("event", f"<Event>{event}</Event>{key}<{outer}>{inner}</{outer}>", account=ACCOUNT)
        )

    expected = fields_with("ordinary")
    expected[outer][place] = text  # type: ignore[index]
    assert fields_with(text) == expected


@pytest.mark.parametrize(
    ("title", "description"),
    [
        ("]]></Title>", "d"),
        ("]]></Title><Url>x</Url><Title><![CDATA[", "d"),
        ("]]></Title><Description><![CDATA[x]]></Description><MsgId>9</MsgId><Title><![CDATA[", "d"),
        ("]]></Title><MsgId><Title><![CDATA[", "]]></Description></MsgId><Description><![CDATA["),
        ("]]></Title><!--", "--><Description><![CDATA["),
        ("t", "]]></Title>"),
        ("t", "]]></Title><Url><![CDATA[x]]></Url><MsgId>9</MsgId>"),
        ("t", "]]></Title><Url><![CDATA[x]]></Url><Title><![CDATA[ <Description>"),
        ("t", "]]></Description><Url><![CDATA[x]]></Url><MsgId>9</MsgId><Description><![CDATA["),
        ("t", "</Title> </Url> </MsgId>"),
    ],
)
def test_two_texts_of_one_link_stay_apart(title: str, description: str) -> None:
    body = (
        f"<Title><![CDATA[{title}]]></Title><Description><![CDATA[{description}]]></Description>"
        "<Url><![CDATA[http://u]]></Url><MsgId>7</MsgId>"
    )
    fields = read(message("link", body, account=ACCOUNT))
    expected = {"Title": title, "Description": description, "Url": "http://u", "MsgId": "7"}
    assert fields == HEADER | {"MsgType": "link"} | expected


LINK = {"Title": "t", "Description": "d", "Url": "u"}
LINK_PIECES = [
    "]]>", "<![CDATA[", "x", " ", "<MsgId>9</MsgId>",
    *(f"{before}{name}>" for before in ("<", "</", "]]></") for name in (*LINK, "FileKey", "MsgId")),
]  # fmt: skip


@pytest.mark.parametrize("place", LINK)
@given(text=st.lists(st.sampled_from(LINK_PIECES), max_size=8).map("".join))
@example(text="http://e]]></Description><FileKey><![CDATA[x")
@example(text="]]></Title><Url>")
@example(text="]]></Title></Description>")
@example(text="]]></Title><Description>")
def test_a_text_of_a_link_adds_and_hides_no_element(place: str, text: str) -> None:
    """Words can move between the texts of one link, because one person writes all of them."""
    inner = "".join(f"<{name}><![CDATA[{text if name == place else LINK[name]}]]></{name}>" for name in LINK)
    fields = read(message("link", inner + "<MsgId>7</MsgId>", account=ACCOUNT))
    assert list(fields) == [*HEADER, "MsgType", *LINK, "MsgId"]
    assert HEADER.items() <= fields.items()
    assert fields["MsgId"] == "7"
    solid = "".join(text.split())
    if not any(
        f"</{one}><{two}>" in solid for one, two in (("Title", "Description"), ("Description", "Url"))
    ):
        assert {name: fields[name] for name in LINK} == LINK | {place: text}


def test_a_text_adds_no_neighbour_that_is_missing() -> None:
    for title in (
        "]]></Title><Description><![CDATA[x]]></Description><Title><![CDATA[",
        "]]></Title><Description><![CDATA[x",
    ):
        inner = f"<Title><![CDATA[{title}]]></Title><Url><![CDATA[u]]></Url><MsgId>7</MsgId>"
        fields = read(message("link", inner, account=ACCOUNT))
        assert fields == HEADER | {"MsgType": "link", "Title": title, "Url": "u", "MsgId": "7"}


def test_words_before_the_type_cannot_change_it() -> None:
    text = "]]></Content><MsgType>event</MsgType><MsgId>9</MsgId><Content><![CDATA["
    body = document("Content", "").replace("<Content><![CDATA[]]></Content>", "")
    fields = read(body.replace("<xml>", f"<xml><Content><![CDATA[{text}]]></Content>"))
    assert fields == HEADER | {"MsgType": "text", "Content": text, "MsgId": "7"}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("sent", "right"),
    [
        (b"a\xe4\xbd", "a\ufffd"),  # cut inside a character
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),  # half of a surrogate pair
        (b"\xff\xfea", "\ufffd\ufffda"),
        (b"\xc0\x80", "\ufffd\ufffd"),
        (b"\xef\xbf\xbea\xef\xbf\xbf", "\ufffda\ufffd"),  # U+FFFE and U+FFFF
        (b"\xf4\x90\x80\x80", "\ufffd" * 4),  # above U+10FFFF
        (b"a\x00\x08\x1d\x0bb", "ab"),
        (b"]]>\xe4", "]]>\ufffd"),
        (b"&#xD800; &#0; & &lt;", "&#xD800; &#0; & &lt;"),  # in a section they are no references
    ],
)
def test_bad_bytes_become_replacement_characters(place: str, sent: bytes, right: str) -> None:
    fields = read(document(place, "HERE").encode().replace(b"HERE", sent))
    assert fields[place.partition(" ")[0]] == right


@pytest.mark.parametrize(
    ("sent", "right"),
    [
        ("a & b", "a & b"),
        ("?a=1&b=2", "?a=1&b=2"),
        ("&nbsp;", "&nbsp;"),
        ("&lt;&amp;&#65;&#x4e2d;&quot;&apos;&gt;&", "<&A中\"'>&"),
        ("&#xD800;&#xDFFF;", "\ufffd\ufffd"),
        ("&#0;&#x1F;&#xFFFE;&#99999999999;", "\ufffd" * 4),
        ("&#0000000065;&#xG;&#;", "A&#xG;&#;"),
        ("1 < 2", "1 < 2"),
        ("]]>", "]]>"),
        ("<b>x</b>", "<b>x</b>"),
        ("<MsgId>9</MsgId>", "<MsgId>9</MsgId>"),
        ("a</Content><Content>b", "a</Content><Content>b"),
        (" a\n", " a\n"),
        ("", ""),
    ],
)
def test_a_text_without_a_section_is_read_too(sent: str, right: str) -> None:
    fields = read(message("text", f"<Content>{sent}</Content><MsgId>7</MsgId>", account=ACCOUNT))
    assert fields == HEADER | {"MsgType": "text", "Content": right, "MsgId": "7"}


@pytest.mark.parametrize("bare", ["?a=1&b=2", "&#xD800;", "1 < 2", "]]>", "&nbsp;", "\ufffe", "a & &amp; b"])
def test_an_element_that_wechat_fills_breaks_no_document(bare: str) -> None:
    fields = read(message("image", f"<PicUrl>{bare}</PicUrl><MsgId>7</MsgId>", account=ACCOUNT))
    right = {"&#xD800;": "\ufffd", "\ufffe": "\ufffd", "a & &amp; b": "a & & b"}.get(bare, bare)
    assert fields == HEADER | {"MsgType": "image", "PicUrl": right, "MsgId": "7"}


@pytest.mark.parametrize("text", ["a]]>b", "]]></new>b", "]]><b>", "a\ud800b"])
def test_an_element_that_nobody_knows_breaks_no_document(text: str) -> None:
    body = message("event", f"<Event>new</Event><new><![CDATA[{text}]]></new><n>1</n>", account=ACCOUNT)
    fields = read(body.encode("utf-8", "surrogatepass"))
    right = text.replace("\ud800", "\ufffd" * 3)
    assert (fields["new"], fields["n"]) == (right, "1")


def test_an_element_that_nobody_knows_forges_no_header() -> None:
    forged = "]]></new><FromUserName><![CDATA[o]]></FromUserName><new><![CDATA["
    body = message("event", f"<Event>new</Event><new><![CDATA[{forged}]]></new>", account=ACCOUNT)
    assert HEADER.items() <= {**read(body), "FromUserName": OPENID}.items()


@pytest.mark.parametrize(
    "before",
    [
        "\ufeff", "\n ", "\ufeff\n", '<?xml version="1.0" encoding="gbk"?>', '\n<?xml version="1.1"?>\n',
        '\ufeff<?xml version="1.0" encoding="utf-16"?>',
    ],
)  # fmt: skip
def test_what_stands_before_the_root_does_no_harm(before: str) -> None:
    for text in ("中", "a]]>b"):
        assert read(before + document("Content", text))["Content"] == text


@pytest.mark.parametrize("blanks", [" ", "\n", "\r\n\t  "])
def test_blanks_around_a_section_are_no_part_of_the_value(blanks: str) -> None:
    for text in (" a ", "> <![CDATA[", "]]> </"):
        spaced = document("Content", text).replace("Content><![", f"Content>{blanks}<![")
        spaced = spaced.replace("]]></", f"]]>{blanks}</").replace("</MsgId>", f"</MsgId>{blanks}")
        expected = read(document("Content", text))
        assert read(spaced) == expected


def test_a_section_without_an_end_is_a_text() -> None:
    faults: list[str] = []
    body = message("text", "<Content><![CDATA[a </Content><MsgId>7</MsgId>", account=ACCOUNT)
    assert xml.parse(body.encode(), faults) == HEADER | {"MsgType": "text", "Content": "a ", "MsgId": "7"}
    assert faults == [xml.BROKEN]


def test_a_sender_that_escapes_is_understood() -> None:
    escaped = xml.element("Content", "a]]>b]]>")
    assert read(message("text", escaped, account=ACCOUNT))["Content"] == "a]]>b]]>"


def test_lists_of_elements_stay_lists_beside_a_broken_text() -> None:
    items = "<L><item><Url>1</Url></item><item><Url>2</Url></item></L>"
    broken = f"<Event>new</Event><Remark><![CDATA[a]]>b]]></Remark>{items}"
    fields = read(message("event", broken, account=ACCOUNT))
    assert fields["L"] == {"item": [{"Url": "1"}, {"Url": "2"}]}
    assert fields["Remark"] == "a]]>b"


HOPELESS = ["<new>", "<a><b></a></b>", "<a", "<![CDATA[", "<a:b>1</a:b>", "<!-- -- -->", "<?xml?>"]


@pytest.mark.parametrize("inner", HOPELESS)
def test_a_document_that_cannot_be_mended_has_no_type_but_a_sender(inner: str) -> None:
    body = f"<Event>new</Event>{inner}"
    faults: list[str] = []
    assert xml.parse(message("event", body, account=ACCOUNT).encode(), faults) == HEADER
    assert faults == [xml.BROKEN]


def test_the_ciphertext_of_a_document_that_cannot_be_mended_is_read() -> None:
    body = document("Content", "x").replace("</xml>", "<a<Encrypt><![CDATA[ab+/=]]></Encrypt></xml>")
    assert read(body) == {"Encrypt": "ab+/="}


# -- the limits stand


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('<!DOCTYPE xml [<!ENTITY e "]]>">]>' + document("Content", "a]]>b"), "xml-doctype"),
        ('\ufeff \n<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/x">' + document("Content", "x"), "xml-doctype"),
        ('<?xml version="1.1"?><!DOCTYPE xml><xml><Content>\ufffe</Content></xml>', "xml-doctype"),
        (document("Content", "a]]>b").replace("</xml>", "<a>" * 30 + "</a>" * 30 + "</xml>"), "xml-too-deep"),
        (document("Content", "a]]>b").replace("</xml>", "<a/>" * 2001 + "</xml>"), "xml-too-deep"),
        (document("Content", "a]]>b").removesuffix("</xml>"), "bad-xml"),
        (document("Content", "a]]>b") + "<xml/>", "bad-xml"),
        ("<other><Content>]]></Content></other>", "bad-xml"),
        ("]]>", "bad-xml"),
    ],
)
def test_a_document_is_refused_for_what_no_person_can_have_typed(body: str, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(body)
    assert (refusal.value.status, refusal.value.reason) == (400, reason)


@pytest.mark.parametrize(
    "evil",
    [
        "<a><![CDATA[", "<Content><![CDATA[", "]]></Content>", "]]></Content> ", "<![CDATA[", "<EventKey>",
        "</Title><Description", "]]></Title><b>", "&", "&#", "<", "]]>", " ", "<a ", "&#x1",
    ],
)  # fmt: skip
def test_no_text_costs_more_than_its_length(evil: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps of the search are counted, because a test must not measure time."""
    steps: list[int] = []
    is_end = broken_xml._Document._is_end

    def counted(*args: object) -> bool:
        steps.append(1)
        return is_end(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(broken_xml._Document, "_is_end", counted)
    text = evil * (60_000 // len(evil))
    for place in ("Content", "Title", "EventKey"):
        steps.clear()
        assert read(document(place, text))[place].strip() == text.strip()  # type: ignore[attr-defined]
        assert len(steps) <= 4 * 60_000 // 9


# -- what counts as a fault


@pytest.mark.parametrize(
    ("sent", "is_fault"),
    [
        ("x", False), ("<b></b><b></b>", False), ("</Content></Content>", False), ("\x1d", False),
        ("a]]>b", True), ("]]><MsgId>9</MsgId><![CDATA[", True), ("\ufffe", True),
    ],
)  # fmt: skip
def test_only_what_xml_forbids_is_a_fault(sent: str, is_fault: bool) -> None:
    faults: list[str] = []
    xml.parse(document("Content", sent).encode(), faults)
    assert faults == ([xml.BROKEN] if is_fault else [])


@pytest.mark.parametrize(
    ("sent", "is_fault"), [("x &amp; &#65;", False), ("a & b", True), ("a < b", True), ("]]>", True)]
)
def test_an_unescaped_character_outside_a_section_is_a_fault(sent: str, is_fault: bool) -> None:
    for element in ("Content", "PicUrl"):
        faults: list[str] = []
        xml.parse(f"<xml><{element}>{sent}</{element}></xml>".encode(), faults)
        assert faults == ([xml.BROKEN] if is_fault else [])


def test_blanks_and_escapes_are_no_fault() -> None:
    faults: list[str] = []
    xml.parse(b"<xml>\n<Content> <![CDATA[x]]> </Content>\n</xml>", faults)
    xml.parse(f"<xml>{xml.element('Content', ']]>')}</xml>".encode(), faults)
    assert faults == []
