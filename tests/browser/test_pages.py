"""Every page, in a real browser: it fits, can be read, needs no script, and what is hostile in it stays text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import DESKTOP, HOME, PHONE
from tests.browser.world import HANDLER, MARKUP
from tests.ledger import USD

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

    from tests.browser.world import World

    Open = Callable[..., Page]

# The contrast of every text with what lies behind it, as WCAG 2.2 computes it; returns what is too faint.
FAINT = """() => {
  const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
                         return .2126 * r + .7152 * g + .0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
                          if (c.length === 3 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  return [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility()
      && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())).flatMap((e) => {
    const style = getComputedStyle(e);
    const [a, b] = [light(rgb(style.color).slice(0, 3)), light(behind(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const size = parseFloat(style.fontSize);
    return ratio < (size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5)
      ? [`${e.tagName} ${e.className} ${ratio.toFixed(2)} ${e.textContent.trim().slice(0, 30)}`] : [];
  });
}"""

FOUND = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const ids = all("[id]").map((e) => e.id);
  return {
    width: document.documentElement.scrollWidth,
    lang: document.documentElement.lang,
    headings: all("h1").length,
    landmarks: all("body > header, body > main, body > footer").length,
    unnamed: all("a,button,input,svg[role=img],progress,nav").filter((e) =>
      !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).map((e) => e.outerHTML),
    twice: ids.filter((id, i) => ids.indexOf(id) !== i),
    hit: window.hit ?? null,
    injected: all("img[onerror], main b, main script, [href^='javascript:'], [onclick]").length,
    inline: all("[style], style, script:not([src])").length,
    kept: localStorage.length + sessionStorage.length + document.cookie.length,
    split: all("td").filter((e) => [...e.childNodes].filter((n) => n.nodeType === 1 || n.data.trim()).length > 1)
      .length,
    ground: getComputedStyle(document.body).backgroundColor,
  };
}"""


@pytest.fixture(scope="module")
def visits(chromium: Browser, site: str, paths: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Every page as a phone shows it, looked at once in the light and once in the dark."""
    context = chromium.new_context(base_url=site, viewport=PHONE)
    page, seen = context.new_page(), {}
    for name, path in paths.items():
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        answer = page.goto(path)
        assert answer is not None
        seen[name] = {
            **page.evaluate(FOUND),
            "bytes": len(answer.body()),
            "policy": answer.headers["content-security-policy"],
            "faint": page.evaluate(FAINT),
        }
        page.emulate_media(color_scheme="dark")
        dark = page.evaluate(FOUND)
        seen[name].update(dark_faint=page.evaluate(FAINT), dark_ground=dark["ground"], asked=asked)
        page.emulate_media(color_scheme="light")
    seen["front"]["cookies"] = context.cookies()
    context.close()
    return seen


def test_no_page_is_wider_than_a_phone(visits: dict[str, Any]) -> None:
    assert {name: v["width"] for name, v in visits.items() if v["width"] != PHONE["width"]} == {}


def test_a_phone_shows_each_cell_as_one_thing(visits: dict[str, Any]) -> None:
    # A cell is a label and what it says, side by side: a second thing would be torn from the first.
    assert {name: v["split"] for name, v in visits.items() if v["split"]} == {}


def test_every_page_weighs_little(visits: dict[str, Any], open_page: Open, world: World) -> None:
    assert {name: v["bytes"] for name, v in visits.items() if v["bytes"] > 50_000} == {}
    sizes = {}
    page = open_page()
    page.on("response", lambda r: sizes.__setitem__(r.url, len(r.body())))
    page.goto(f"/contribution/{world.receipts['entry']}", wait_until="networkidle")
    assert sum(sizes.values()) < 80_000, sizes


def test_every_text_stands_out_in_light_and_dark(visits: dict[str, Any]) -> None:
    assert {name: v["faint"] for name, v in visits.items() if v["faint"]} == {}
    assert {name: v["dark_faint"] for name, v in visits.items() if v["dark_faint"]} == {}
    for v in visits.values():
        light, dark = (sum(map(int, re.findall(r"\d+", v[ground]))) for ground in ("ground", "dark_ground"))
        assert dark < 200
        assert light > 600


def test_faint_text_would_be_found(open_page: Open) -> None:
    page = open_page("/")
    page.evaluate("document.querySelector('h1').style.color = '#bbb'")
    assert len(page.evaluate(FAINT)) == 1


def test_every_page_can_be_found_through_by_ear(visits: dict[str, Any]) -> None:
    for name, v in visits.items():
        assert (v["lang"], v["headings"], v["landmarks"]) == ("en", 1, 3), name
        assert v["unnamed"] == v["twice"] == [], name


def test_hostile_words_stay_words(visits: dict[str, Any], open_page: Open, world: World) -> None:
    for name, v in visits.items():
        assert (v["hit"], v["injected"]) == (None, 0), name
    page = open_page(f"/pool/{world.pools['hostile']}")
    assert MARKUP in page.inner_text("h1")
    assert HANDLER in page.inner_text("main")
    # The override ends where the hostile name ends: what stands after it reads from left to right.
    assert page.locator("h1 > bdi").count() == 1


def test_the_policy_forbids_what_is_inline(visits: dict[str, Any]) -> None:
    for name, v in visits.items():
        assert "unsafe" not in v["policy"], name
        assert "default-src 'none'" in v["policy"], name
        assert ("http:" in v["policy"]) == name.startswith("receipt"), name
        assert v["inline"] == 0, name


def test_nothing_is_asked_elsewhere_and_nothing_is_kept(visits: dict[str, Any]) -> None:
    for name, v in visits.items():
        assert v["asked"], name
        assert [url for url in v["asked"] if not url.startswith(HOME + "/")] == [], name
        assert v["kept"] == 0, name
    assert visits["front"]["cookies"] == []


def test_without_javascript_all_but_the_check_works(paths: dict[str, str], open_page: Open, world: World) -> None:
    page = open_page(java_script_enabled=False)
    for name in ("front", "pool meals", "contributions", "receipt partly", "batch"):
        page.goto(paths[name])
        assert page.locator("button[data-copy]:visible, #live-state:visible, #verify-go:visible").count() == 0, name
    page.goto(f"/contribution/{world.receipts['partly']}")
    assert "The check needs JavaScript" in page.inner_text("#verify")
    page.click("#verify noscript a")
    assert page.url == f"{HOME}/check"
    page.fill("#q", world.receipts["entry"])
    page.click(".search button")
    assert page.url == f"{HOME}/contribution/{world.receipts['entry']}"


def test_the_keyboard_reaches_everything(open_page: Open, world: World) -> None:
    page = open_page(f"/contribution/{world.receipts['entry']}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")
        if page.evaluate("document.activeElement.id") == "verify-go":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict.good")


def test_the_front_page_adds_up(open_page: Open) -> None:
    page = open_page("/")
    given, out, held, back = (
        float(text.split()[0].replace(",", "")) for text in page.locator(".totals dd").all_inner_texts()
    )
    assert given == pytest.approx(out + held + back)
    # The clinic's: 20 and 10 that match it, 2 and 1 that matches it; two milestones of 10.
    assert (given, out) == (323.250001 + 28, 85 + 20)
    assert page.locator(".pool").count() == 9
    assert page.locator("#moves li").count() == 10


def test_a_pool_says_its_state_in_words(open_page: Open, world: World) -> None:
    page = open_page()
    for name, words in {
        "meals": ["2 of 3 must agree", "A warm lunch", "unchanged since", "Kitchen book, November", "✗ no", "Upendo"],
        "water": ["The description was altered", "Being checked", "An answer is due by"],
        "hostile": ["The proof is not on this server", "Not accepted", "No checker has answered yet"],
        "done": ["Finished", "Paid to Upendo Cooks", "The whole plan of 8.00"],
        "empty": ["Collecting", "Nothing is paid out before 200.00", "No gift has come in yet", "open-ended"],
        "stopped": ["This pool was stopped. What was not spent comes back", "given up", "13.00 MUSD can be taken back",
                    "3.00 MUSD of milestone 1 was not spent, and Upendo Cooks gave it back", "Gone back",
                    "The pool stopped before it. Nothing is paid for this milestone any more", "no longer",
                    "The plan needed"],
        "clinic": ["A payout round: 5 payments to people in need", "2 of 5 payments handed over: 4.00 MUSD of 10.00",
                   "At most 4.00 MUSD for one person", "1 bill paid with vouchers", "People paid 1.00 MUSD themselves",
                   "7.00 MUSD is left", "adds 50% to each gift, at most 5.00 MUSD", "8.00 MUSD every 7 days"],
        "doubted": ["Too many givers doubt", "1 objection from givers of 7.00 MUSD together. Above 4.40 MUSD all",
                    "The same proof, once more", "No checker has answered yet"],
        "late": ["Stopped", "A time limit was missed", "belongs to its givers", "missing on this server",
                 "No proof of the work came by", "Nothing is paid for this milestone any more"],
    }.items():  # fmt: skip
        page.goto(f"/pool/{world.pools[name]}")
        text = page.inner_text("main").replace("\N{NO-BREAK SPACE}", " ")
        assert [w for w in words if w not in text] == [], name
        assert "Three wells" not in text


def test_a_receipt_says_what_it_became(open_page: Open, world: World) -> None:
    page = open_page()
    for name, words in {
        "partly": ["0.50 MUSD of your 5.00 MUSD is at work; 4.50 MUSD is still waiting", "milestone 1", "Upendo Cooks"],
        "direct": ["All of it is at work", "the giver's own wallet", "the very first"],
        "anonymous": ["an anonymous giver", "a batch of 42 gifts, at position 2"],
        "matched": ["a sponsor who matches other gifts"],
        "collected": ["the giver's standing order 1"],
        "handed on": [
            "Reached people in need\n7.00 MUSD",
            "Ready for people, not fetched yet\n13.00 MUSD",
            "Fees\n0.00 MUSD",
            "Together, your whole gift\n20.00 MUSD",
            "4.00 MUSD of it was handed to people, in 2 payments: 2.00 MUSD on",
            "3.00 MUSD of it paid bills for people, with 1 voucher: 3.00 MUSD on",
            "Who these people are is on no ledger",
        ],
        "spent": ["All of it is at work", "Paid for work that was proved\n15.00 MUSD"],
        "code": [
            "2.00 MUSD of your 9.00 MUSD",
            "How to get 7.00 MUSD back",
            "receipt code",
            "Please do it before",
            "Or wait.",
        ],
        "no code": ["This gift has no receipt code", "can take it from"],
        "refunded": ["All of it came back", "went back to its giver"],
        "single": ["All of it is still held safely", "a batch of 1 gift, at position 1"],
    }.items():
        page.goto(f"/contribution/{world.receipts[name]}")
        text = page.inner_text("main").replace("\N{NO-BREAK SPACE}", " ")
        assert [w for w in words if w not in text] == [], name


def test_the_picture_of_a_gift_is_named_by_the_words_beside_it(open_page: Open, world: World) -> None:
    page = open_page(f"/contribution/{world.receipts['handed on']}")
    looks = page.eval_on_selector_all(
        "svg.line > rect:not(.cut)", "all => all.map(r => [r.className.baseVal, r.width.baseVal.value])"
    )
    assert looks == [["people", 200], ["way", 300], ["people", 150], ["way", 350]]
    fills = page.eval_on_selector_all("svg.line > rect:not(.cut)", "all => all.map(r => getComputedStyle(r).fill)")
    assert fills[0] == fills[2] != fills[1] == fills[3]
    assert "#stripes" in fills[1]
    described = page.get_attribute("svg.line", "aria-describedby")
    assert "Reached people in need" in page.inner_text(f"#{described}")
    assert "says the same in words" in (page.get_attribute("svg.line", "aria-label") or "")


def test_who_paid_a_milestone_is_one_step_from_it(open_page: Open, world: World) -> None:
    page = open_page(f"/pool/{world.pools['meals']}", viewport=PHONE)
    page.click("#milestone-1 >> text=Which gifts paid this")
    assert page.inner_text("h1") == "Which gifts paid milestone 1"
    amounts: list[int] = []
    while True:
        cells = page.locator("td.num").all_inner_texts()
        amounts += [round(float(cell.split()[0]) * USD) for cell in cells]
        if page.locator("text=Next gifts").count() == 0:
            break
        page.click("text=Next gifts")
    assert sum(amounts) == 60 * USD
    page.goto(f"/pool/{world.pools['empty']}/milestones/0/contributions")
    assert "Nothing is paid for this milestone yet" in page.inner_text("main")
    for nowhere in (
        "/pool/1/milestones/9/contributions",
        "/pool/99/milestones/0/contributions",
        "/pool/1/milestones/x/contributions",
    ):
        assert page.goto(nowhere).status == 404  # type: ignore[union-attr]


def test_a_giver_sees_its_standing_orders(open_page: Open, world: World) -> None:
    page = open_page(f"/donor/{world.ledger.donors[3]}")
    assert "Some of it can be taken back" in page.inner_text(".note")
    assert "7.00" in page.inner_text(".note li")
    page.goto(f"/donor/{world.ledger.donors[1]}")
    assert page.locator(".note").count() == 0
    text = page.inner_text("main").replace("\N{NO-BREAK SPACE}", " ")
    assert "2.00 MUSD every week" in text
    assert "to Clinic for all" in text
    assert "9 times at most, never more than 18.00 MUSD together" in text
    assert "1 collection: 2.00 MUSD" in text
    page.click(f"a[href='/contribution/{world.receipts['collected']}'] >> nth=0")
    assert "standing order 1" in page.inner_text("main")


def test_nobody_in_need_can_be_found(open_page: Open, world: World) -> None:
    page = open_page()
    receiver = world.ledger.w3.eth.accounts[16].lower()
    for path in (f"/pool/{world.pools['clinic']}", "/"):
        page.goto(path)
        assert receiver[2:] not in page.content().lower()
    page.goto(f"/search?q={receiver}")
    assert "Nothing found" in page.inner_text("main")


def test_the_list_of_gifts_can_be_walked_and_narrowed(open_page: Open, world: World) -> None:
    page = open_page("/pool/1/contributions", viewport=DESKTOP)
    seen = page.locator("tbody tr").count()
    page.click("[rel=next]")
    assert seen + page.locator("tbody tr").count() == 44
    page.goto("/pool/1/contributions")
    page.click("summary")
    page.fill("[name=min_amount]", "6.5")
    page.click(".filters button")
    rows = page.locator("tbody tr td:first-child").all_inner_texts()
    assert {row.split()[0] for row in rows} == {"7.00", "20.00"}
    page.fill("[name=donor]", world.ledger.donors[0])
    page.click(".filters button")
    assert page.locator("tbody tr").count() == 1
    page.fill("[name=max_amount]", "19")
    page.click(".filters button")
    assert "No gift fits" in page.inner_text("main")


def test_a_wrong_field_is_told_beside_it(open_page: Open) -> None:
    page = open_page()
    answer = page.goto("/pool/1/contributions?donor=me&since=2026-13-01&min_amount=5&max_amount=0.0000001&gateway=0x1")
    assert answer is not None
    assert answer.status == 422
    for name in ("donor", "since", "max_amount", "gateway"):
        field = page.locator(f"[name={name}]")
        assert field.get_attribute("aria-invalid") == "true"
        assert page.inner_text(f"#{field.get_attribute('aria-describedby')}")
    assert page.input_value("[name=donor]") == "me"
    assert page.goto("/pool/1/contributions?min_amount=5&max_amount=4").status == 422  # type: ignore[union-attr]
    assert page.goto("/pool/1/contributions?cursor=zzz").status == 422  # type: ignore[union-attr]
    page.goto("/?cursor=zzz")
    assert "start again at its beginning" in page.inner_text("main")


NOWHERE = [
    "/pool/99", "/pool/one", "/pool/99999999999999999999", "/pool/<script>window.hit=1<%2Fscript>", "/contribution/1-1",
    "/contribution/1", "/batch/0x1", "/donor/0x" + "0" * 40, "/ngo/0x" + "1" * 40, "/nowhere",
]  # fmt: skip


def test_what_is_not_there_is_told(open_page: Open) -> None:
    page = open_page()
    for path in NOWHERE:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 404, path
        assert "Looked for" in page.inner_text("main"), path
        assert page.evaluate("window.hit") is None


def test_search_leads_on(open_page: Open, world: World) -> None:
    page = open_page("/search?q=")
    assert "What you can search for" in page.inner_text("main")
    page.goto(f"/search?q={world.batch}")
    assert page.url.endswith(f"/batch/{world.batch}")
    page.goto("/search?q=MEALS kis")
    assert page.url.endswith(f"/pool/{world.pools['meals']}")
    page.goto("/search?q=nothing-of-the-kind")
    assert "Nothing found" in page.inner_text("main")
    page.goto(f"/search?q={world.ledger.donors[0]}")
    assert "donor" in page.url or page.locator(".hits li").count() > 1


def test_a_hash_can_be_copied(open_page: Open, world: World) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/batch/{world.batch}")
    page.click(f"button[data-copy='{world.batch}']")
    page.wait_for_selector("button >> text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == world.batch


def test_a_printed_receipt_shows_whole_hashes(open_page: Open, world: World) -> None:
    page = open_page(f"/contribution/{world.receipts['entry']}")
    page.emulate_media(media="print")
    assert not page.is_visible(".search")
    shown = page.evaluate(f"getComputedStyle(document.querySelector('[title=\"{world.batch}\"]'), '::after').content")
    assert world.batch in shown
