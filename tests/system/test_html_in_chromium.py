"""The HTML page in a real browser, at phone and desktop width, light and dark: nothing cut, overlapping or too faint.

Pages stand in frames of their width on one outer page, whose script measures them and writes what is wrong into the
DOM; Chromium prints that DOM and ends. No driver, no network.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from briefing.document import Briefing
from briefing.render import render
from tests.generated_briefing import with_text
from tests.sample_briefing import MORNINGS, working_thursday

pytestmark = pytest.mark.system

WIDTHS = (320, 640)

MEASURE = r"""
const problems = [];
const luminance = (colour) => {
  const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element, view) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = view.getComputedStyle(at).backgroundColor;
    if (!/^rgba\(.*, 0\)$/.test(colour)) return colour;
  }
  return 'rgb(255, 255, 255)';
};
const told = (text) => text.trim().slice(0, 40);
for (const frame of document.querySelectorAll('iframe')) {
  const page = frame.contentDocument, view = frame.contentWindow, width = frame.clientWidth;
  const say = (what) => problems.push(frame.name + ': ' + what);
  if (page.documentElement.scrollWidth > width) say('scrolls to ' + page.documentElement.scrollWidth);
  for (const element of page.body.querySelectorAll('*')) {
    const box = element.getBoundingClientRect();
    if (box.right > width + 0.5 || box.left < -0.5) say(element.tagName + ' ends at ' + box.right + ': ' + told(element.textContent));
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth) say(element.tagName + ' is cut: ' + told(element.textContent));
  }
  const boxes = [];
  const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.textContent.trim()) continue;
    const range = page.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) if (box.width) boxes.push([box, node]);
    const style = view.getComputedStyle(node.parentElement);
    const pair = [luminance(style.color), luminance(ground(node.parentElement, view))].sort((a, b) => b - a);
    if ((pair[0] + 0.05) / (pair[1] + 0.05) < 4.5) say('too faint: ' + told(node.textContent));
    if (parseFloat(style.fontSize) < 12 && style.fontSize !== '1px') say('too small: ' + told(node.textContent));
  }
  boxes.sort((a, b) => a[0].top - b[0].top);
  for (let i = 0; i < boxes.length; i++) {
    for (let j = i + 1; j < boxes.length && boxes[j][0].top < boxes[i][0].bottom - 1.5; j++) {
      const [a, one] = boxes[i], [b, other] = boxes[j];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      if (one !== other && across > 1.5) say('overlap: ' + told(one.textContent) + ' / ' + told(other.textContent));
    }
  }
  if (!boxes.length) say('is empty');
}
document.getElementById('verdict').textContent = JSON.stringify({
  frames: document.querySelectorAll('iframe').length,
  dark: matchMedia('(prefers-color-scheme: dark)').matches,
  problems: problems,
});
"""


def measured(pages: Mapping[str, str], folder: Path, *, dark: bool) -> list[str]:
    """What is wrong with pages by name, each at every width."""
    chromium = shutil.which("chromium")
    assert chromium, "install chromium: make test-system does it where it may"
    frames = "".join(
        f'<iframe name="{name}, {width} px" style="border:0;width:{width}px;height:900px" srcdoc="{html.escape(page)}"></iframe>'
        for name, page in pages.items()
        for width in WIDTHS
    )
    outer = folder / "pages.html"
    outer.write_text(
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head><body>{frames}'
        f'<pre id="verdict"></pre><script>addEventListener("load", () => {{{MEASURE}}})</script></body></html>',
        encoding="utf-8",
    )
    run = subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            f"--user-data-dir={folder / 'profile'}", "--window-size=1400,900",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--dump-dom", outer.as_uri(),
        ],
        capture_output=True, text=True, encoding="utf-8", timeout=100, check=True,
    )  # fmt: skip
    found = re.search(r'<pre id="verdict">(.*?)</pre>', run.stdout, re.DOTALL)
    assert found, run.stderr[-2000:]
    verdict = json.loads(html.unescape(found[1]))
    assert verdict["frames"] == len(pages) * len(WIDTHS)
    assert verdict["dark"] is dark
    problems: list[str] = verdict["problems"]
    return problems


def crowded() -> Briefing:
    """Long names without spaces, wide scripts, long lists."""
    names = iter(range(10_000))
    long = (
        "Unbreakablenamewithoutanyspaces" * 3,
        "界" * 60,
        "R&D <Northern Region> [EMEA] 2026/27",
        "https://a.example/" + "x" * 90,
    )

    def stretched(text: str) -> str:
        return f"{text} {long[next(names) % len(long)]}" if next(names) % 3 == 0 else text

    usual = working_thursday()
    wide: Briefing = with_text(replace(usual, more_line=""), stretched)
    return wide


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    shown = {name: render(make(), "html") for name, make in MORNINGS.items()}
    shown["all"] = render(working_thursday(), "html", all_items=True)
    shown["crowded"] = render(crowded(), "html", all_items=True)
    return shown


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_is_cut_overlapping_or_too_faint(pages: dict[str, str], dark: bool, tmp_path: Path) -> None:
    assert measured(pages, tmp_path, dark=dark) == []


def test_a_mail_without_its_style_blocks_fits_too(pages: dict[str, str], tmp_path: Path) -> None:
    """Gmail's apps drop them for mail from another account: then only the inlined styles hold."""
    bare = {name: re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL) for name, page in pages.items()}
    assert measured(bare, tmp_path, dark=False) == []


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ('<p style="width:700px">wide</p>', "ends at"),
        ('<p style="white-space:nowrap">' + "long " * 80 + "</p>", "scrolls to"),
        ('<p style="overflow:hidden;white-space:nowrap">' + "long " * 80 + "</p>", "is cut"),
        ('<p style="margin:0">one</p><p style="margin:-12px 0 0 0">two</p>', "overlap"),
        ('<p style="color:#999999">faint</p>', "too faint"),
        ('<p style="font-size:9px">small</p>', "too small"),
        ("", "is empty"),
    ],
)
def test_the_measure_sees(page: str, said: str, tmp_path: Path) -> None:
    found = measured({"page": f"<!DOCTYPE html><html><body>{page}</body></html>"}, tmp_path, dark=False)
    assert any(said in problem for problem in found), found
