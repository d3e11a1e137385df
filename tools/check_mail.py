"""The demo's mail as other people's tools see it: `make check-mail`.

    python tools/check_mail.py --caniemail FOLDER --node FOLDER [--pictures FOLDER] [--page briefing.json]

The mail is the one that `briefing run` would send for the demo agency, or for the page given as JSON. Looked at are its
size as it travels; each element, attribute, selector, property and unit in it against caniemail's data for Gmail,
Outlook and Apple Mail (`--caniemail`: a checkout of github.com/hteumeuleu/caniemail); the HTML by html-validate and in
Chromium by axe-core, light and dark, at 320 and 640 px (`--node`: a folder with `npm install html-validate axe-core`).
`--pictures` writes what Chromium shows, light, dark and forced dark, with the images off.

What is found and not wanted otherwise stands with its reason in tools/accepted_mail.toml. Exit code 1 where anything
else is found, or an entry there is no longer needed. Neither the data nor the pictures belong into the repository.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from briefing.deliver.edition import edition_of
from briefing.deliver.mail import Envelope, address, message
from briefing.document import ByMail, from_json
from briefing.render import HTML_LIMIT

ACCEPTED = Path(__file__).with_name("accepted_mail.toml")
MORNING = date(2026, 11, 19)
CLIENTS = {"gmail": "Gmail", "outlook": "Outlook", "apple-mail": "Apple Mail"}
WIDTHS = (320, 640)
LOOKS = {
    "light": ["--blink-settings=preferredColorScheme=1,imagesEnabled=false"],
    "dark": ["--blink-settings=preferredColorScheme=0,imagesEnabled=false"],
    "forced dark": [
        "--blink-settings=preferredColorScheme=1,imagesEnabled=false", "--enable-features=WebContentsForceDark",
    ],
}  # fmt: skip
CHROMIUM = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
)  # fmt: skip
SAME = {
    **dict.fromkeys(("html-td", "html-th", "html-tr", "html-tbody"), "html-table"),
    **dict.fromkeys(("css-border-top", "css-border-color"), "css-border"),
    **{f"css-{name}-{side}": f"css-{name}" for name in ("margin", "padding") for side in ("top", "right", "bottom")},
    "css-at-media-max-width": "css-at-media", "css-display-inline-block": "css-display",
    "css-font-family": "css-font", "html-meta": "html-meta-color-scheme",
}  # fmt: skip
"""What caniemail has under another name."""

NO_QUESTION = frozenset({
    "html-html", "html-head", "html-title", "html-a", "html-br", "html-href", "html-class", "html-content", "html-name",
    "html-charset", "html-border", "html-colspan", "html-scope", "html-aria-roledescription", "html-data-css-inline",
    "css-color", "css-pseudo-class-root", "css-mso-line-height-rule", "css-mso-table-lspace", "css-mso-table-rspace",
    "css--ms-text-size-adjust", "css--webkit-text-size-adjust",
})  # fmt: skip
"""What caniemail has no data on and nobody drops, or was made for one client only."""

AXE = """
axe.run(document, {resultTypes: ['violations', 'incomplete']}).then((found) => {
  const told = found.violations.map((one) => [one.id, one.impact, one.nodes.length, one.nodes[0].html.slice(0, 120)]);
  document.body.innerHTML = '<pre id="verdict"></pre>';
  document.getElementById('verdict').textContent = JSON.stringify({found: told, passes: found.passes.length});
});
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a tool objects to."""

    tool: str
    rule: str
    told: str
    places: tuple[str, ...] = ()
    """Clients that do not do it."""


# --- the mail -------------------------------------------------------------------------------------------------------


def demo_page(folder: Path) -> str:
    """The demo agency's page as JSON."""
    program = Path(sys.executable).with_name("briefing")
    command = [str(program), "demo", "--date", MORNING.isoformat(), "--out", str(folder)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603  (our own program)
    return (folder / "briefing.json").read_text(encoding="utf-8")


def mail_of(page: str) -> bytes:
    """The mail that a run would send, with the links that answer, which a demo's page has not."""
    briefing = from_json(page)
    how = briefing.by_mail or ByMail(address="maya@harbourlane.example", until=briefing.date + timedelta(days=1))
    briefing = replace(briefing, by_mail=how)
    envelope = Envelope(
        channel="mail", sender=address("Morning briefing <briefing@harbourlane.example>"),
        to=(address("maya@harbourlane.example"),),
    )  # fmt: skip
    return message(edition_of(briefing, briefing.compiled_at), envelope)


def parts(mail: bytes) -> dict[str, EmailMessage]:
    """Its two forms."""
    found = message_from_bytes(mail, policy=SMTP)
    return {part.get_content_type(): part for part in found.walk() if not part.is_multipart()}


# --- caniemail ------------------------------------------------------------------------------------------------------


class Used(HTMLParser):
    """What a page is made of, in caniemail's names: `html-table`, `css-border-radius`, `css-at-media`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: dict[str, int] = {}
        self._in_style = False
        self.feed(re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL))

    def _add(self, *names: str) -> None:
        for name in names:
            self.names[name] = self.names.get(name, 0) + 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element with its attributes."""
        self._in_style = tag == "style"
        heading = re.fullmatch(r"h[1-6]", tag)
        self._add("html-h1-h6" if heading else f"html-{tag}")
        for name, value in attrs:
            if name == "style":
                self._declarations(value or "")
            elif name == "href" and (value or "").startswith("mailto:"):
                self._add("html-mailto-links")
            else:
                self._add(f"html-{name}")

    def handle_endtag(self, tag: str) -> None:
        """The end of a style sheet, if it is one."""
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        """A style sheet."""
        if not self._in_style:
            return
        for at in re.findall(r"@([\w-]+)([^{]*)", data):
            self._add(f"css-at-{at[0]}", *(f"css-at-{at[0]}-{one}" for one in re.findall(r"\(([\w-]+)", at[1])))
        for selector, block in re.findall(r"([^{}@]+)\{([^{}]*)\}", data):
            kinds = {r"\.\w": "class", r"\[": "attribute", r"\w\s+\S": "descendant", r",": "grouping"}
            self._add(*(f"css-selector-{kind}" for mark, kind in kinds.items() if re.search(mark, selector.strip())))
            self._add(*(f"css-pseudo-class-{one}" for one in re.findall(r":([\w-]+)", selector)))
            self._declarations(block)

    def _declarations(self, text: str) -> None:
        for declaration in text.split(";"):
            name, colon, value = (one.strip().lower() for one in declaration.partition(":"))
            if not colon:
                continue
            self._add(
                f"css-{name}", *(f"css-unit-{unit}" for unit in set(re.findall(r"\d(px|em|rem|vh|vw|pt)\b", value)))
            )
            self._add(*["css-unit-percent"] * ("%" in value), *["css-important"] * ("!important" in value))
            if name == "display":
                self._add(f"css-display-{value}")


@dataclass(slots=True)
class Feature:
    """What caniemail knows of one feature: the newest answer of each client and platform."""

    answers: dict[str, str] = field(default_factory=dict)


def features(folder: Path) -> dict[str, Feature]:
    """The data by name. Raises OSError where it is not there."""
    found = {path.stem: _feature(path.read_text(encoding="utf-8")) for path in (folder / "_features").glob("*.md")}
    if len(found) < 200:
        msg = f"{folder} holds {len(found)} features of caniemail; check out github.com/hteumeuleu/caniemail there"
        raise OSError(msg)
    return found


def _feature(text: str) -> Feature:
    """Read the `stats` of a feature: clients, platforms, versions in order of time, an answer each."""
    made, at = Feature(), list[str]()
    for line in text[text.find("stats:") :].splitlines():
        if opened := re.match(r'\s*"?([\w-]+)"?\s*:\s*\{', line):
            at.append(opened[1])
        elif answer := re.match(r'\s*"[^"]+"\s*:\s*"(\w)', line):
            if len(at) == 3 and at[1] in CLIENTS:
                made.answers[f"{CLIENTS[at[1]]} {at[2]}"] = answer[1]
        elif at and line.strip().startswith("}"):
            at.pop()
            if not at:
                break
    return made


def unsupported(page: str, known: Mapping[str, Feature]) -> tuple[list[Finding], list[str]]:
    """What a client does not do, or in part; and what the data say nothing of."""
    used = {SAME.get(name, name) for name in Used(page).names}
    found = []
    for name in sorted(used & known.keys()):
        faults = {where: answer for where, answer in known[name].answers.items() if answer in "na"}
        clients = sorted(f"{where} ({'no' if answer == 'n' else 'in part'})" for where, answer in faults.items())
        if clients:
            found.append(Finding(tool="caniemail", rule=name, told=", ".join(clients), places=tuple(faults)))
    return found, sorted(used - known.keys())


# --- html-validate, axe-core ----------------------------------------------------------------------------------------


def invalid(page: Path, node: Path) -> list[Finding]:
    """What html-validate says, with its recommended rules; one finding for each rule."""
    config = page.with_name(".htmlvalidate.json")
    config.write_text(json.dumps({"root": True, "extends": ["html-validate:recommended"]}))
    command = [str(node / "node_modules/.bin/html-validate"), "--config", str(config), "--formatter", "json", str(page)]
    answer = page.with_name("html-validate.json")
    with answer.open("wb") as target:  # into a pipe it writes the first 64 KB only
        subprocess.run(command, stdout=target, check=False)  # noqa: S603  (named by the caller)
    rules: dict[str, list[str]] = {}
    for one in json.loads(answer.read_text(encoding="utf-8")):
        for told in one["messages"]:
            rules.setdefault(told["ruleId"], []).append(f"{told['message']} (line {told['line']})")
    return [Finding(tool="html-validate", rule=rule, told=_first(told)) for rule, told in sorted(rules.items())]


def _first(told: Sequence[str]) -> str:
    return f"{told[0]}, {len(told)} times" if len(told) > 1 else told[0]


def inaccessible(page: Path, node: Path, folder: Path) -> Iterator[Finding]:
    """What axe-core says in Chromium, in light and dark, at each width."""
    axe = (node / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    text = page.read_text(encoding="utf-8")
    tested = page.with_name("axe.html")
    tested.write_text(text.replace("</body>", f"<script>{axe}</script><script>{AXE}</script></body>"), encoding="utf-8")
    for look in ("light", "dark"):
        for width in WIDTHS:
            shown = [
                *CHROMIUM, *LOOKS[look], f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900",
                "--virtual-time-budget=60000", "--dump-dom", tested.as_uri(),
            ]  # fmt: skip
            done = subprocess.run(shown, capture_output=True, text=True, check=True, timeout=300)  # noqa: S603
            verdict = re.search(r'<pre id="verdict">(.*?)</pre>', done.stdout, re.DOTALL)
            if verdict is None:
                raise SystemExit(f"axe-core did not answer: {done.stderr[-500:]}")
            plain = json.loads(html.unescape(verdict[1]))
            for rule, impact, count, example in plain["found"]:
                yield Finding(tool="axe", rule=rule, told=f"{impact}, {look}, {width} px, {count} times: {example}")
            print(f"axe, {look}, {width} px: {plain['passes']} rules passed, {len(plain['found'])} did not")


def pictures(page: Path, folder: Path) -> None:
    """What a reader sees, images off."""
    folder.mkdir(parents=True, exist_ok=True)
    for look, settings in LOOKS.items():
        for width in WIDTHS:
            target = folder / f"{look.replace(' ', '-')}-{width}.png"
            command = [
                *CHROMIUM, *settings, f"--window-size={width},4200",
                f"--screenshot={target}", page.as_uri(),
            ]  # fmt: skip
            subprocess.run(command, capture_output=True, check=True, timeout=300)  # noqa: S603


# --- the verdict ----------------------------------------------------------------------------------------------------


def judged(found: Sequence[Finding], accepted: Mapping[str, Mapping[str, Any]], tools: set[str]) -> int:
    """Print what is not accepted, and what is accepted in vain. How many."""
    count, met = 0, set[tuple[str, str]]()
    for one in found:
        entry = accepted.get(one.tool, {}).get(one.rule)
        met.add((one.tool, one.rule))
        if entry is None or not all(place.startswith(tuple(entry["where"])) for place in one.places):
            count += 1
            print(f"NOT ACCEPTED {one.tool} {one.rule}: {one.told}")
    for tool in sorted(tools):
        for rule in sorted(accepted.get(tool, {})):
            if (tool, rule) not in met:
                count += 1
                print(f"ACCEPTED IN VAIN {tool} {rule}")
    return count


def main() -> int:
    """Check, and say what was found."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--caniemail", "--node", "--pictures", "--page"):
        asked.add_argument(name, type=Path)
    given = asked.parse_args()
    accepted = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        mail = mail_of(given.page.read_text(encoding="utf-8") if given.page else demo_page(folder / "demo"))
        found = parts(mail)
        sizes = {kind: len(part.as_bytes()) for kind, part in found.items()}
        print(f"mail {len(mail):,} bytes: " + ", ".join(f"{kind} {size:,} as encoded" for kind, size in sizes.items()))
        page = folder / "mail.html"
        page.write_text(found["text/html"].get_content(), encoding="utf-8")
        problems, tools = list[Finding](), set[str]()
        if sizes["text/html"] > HTML_LIMIT:
            problems.append(Finding(tool="size", rule="size", told=f"{sizes['text/html']:,} bytes"))
        if given.caniemail:
            faults, unknown = unsupported(page.read_text(encoding="utf-8"), features(given.caniemail))
            new = sorted(set(unknown) - NO_QUESTION)
            problems += [*faults, *(Finding(tool="caniemail", rule=name, told="no data, and new here") for name in new)]
            tools.add("caniemail")
            print(f"caniemail: {len(faults)} of the features used not everywhere, no data on {len(unknown)}")
        if given.node:
            problems += [*invalid(page, given.node), *inaccessible(page, given.node, folder)]
            tools |= {"html-validate", "axe"}
        if given.pictures:
            pictures(page, given.pictures)
        count = judged(problems, accepted, tools)
    print("nothing beyond the accepted list" if not count else f"{count} to look at")
    return min(count, 1)


if __name__ == "__main__":
    sys.exit(main())
