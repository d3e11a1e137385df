"""A briefing as Markdown, HTML for mail, plain text or JSON.

Layout stands in templates alone; what is on the page stands in `briefing.page`. Templates are looked up in the user's
folder, then in the wheel (`briefing/templates`), then in the checkout (`templates/` beside the package). A user's
template that fails costs its own layout, never the briefing: ours is shown and says so.

Everything inserted is escaped by the form's environment, not by the template: HTML by autoescape, Markdown by
`finalize`. A template that forgets a filter is as safe as one that does not.
"""

from __future__ import annotations

import binascii
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from briefing import layout
from briefing.document import Briefing, to_json
from briefing.errors import UsageError
from briefing.page import LONGEST, Page, Section, cleaned, page, shortened

if TYPE_CHECKING:
    from jinja2 import Environment

NAMES = {"md": "briefing.md.j2", "html": "briefing.html.j2", "text": "briefing.txt.j2"}

HTML_LIMIT = 80_000
"""Bytes of the HTML part as quoted-printable. Gmail cuts a mail at about 102 KB, in the middle of a tag if need be."""

LONGEST_LABEL = 14
"""Cells of a label in plain text; a longer one stands on a line of its own."""

LIMITS = (
    (200, LONGEST), (60, LONGEST), (40, LONGEST), (25, LONGEST), (15, LONGEST),
    (10, 500), (5, 300), (2, 120), (2, 60), (1, 30),
)  # fmt: skip
"""What is tried in turn until a page fits: entries per list, characters per text."""


def render(
    briefing: Briefing, form: str, *, all_items: bool = False, width: int = 78, templates: Path | None = None
) -> str:
    """The page as `md`, `html`, `text` or `json`: the same bytes for the same briefing.

    `width` is for plain text, in columns. `templates` is the user's folder. Raises UsageError for another form.
    """
    if form == "json":
        return to_json(cleaned(briefing))
    if form not in NAMES:
        raise UsageError(f'there is no form "{form}"', advice=f"forms are {', '.join((*NAMES, 'json'))}")
    if templates is not None and any((templates / name).is_file() for name in _names_in(templates)):
        try:
            return _laid_out(briefing, form, all_items, width, templates, "")
        except Exception as error:  # noqa: BLE001  (a user's template may raise anything Python can)
            return _laid_out(briefing, form, all_items, width, None, _complaint(NAMES[form], error))
    return _laid_out(briefing, form, all_items, width, None, "")


def _names_in(folder: Path) -> list[str]:
    return [str(found.relative_to(folder)) for found in sorted(folder.rglob("*.j2"))] if folder.is_dir() else []


def _complaint(name: str, error: Exception) -> str:
    line = getattr(error, "lineno", None) or _line_of(error)
    where = f", line {line}" if line else ""
    return f"Your template {getattr(error, 'name', None) or name} failed{where}: {error}. This is the built-in layout."


def _line_of(error: Exception) -> int | None:
    """The line of the template that raised: Jinja rewrites the traceback to it."""
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".j2"):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _laid_out(
    briefing: Briefing, form: str, all_items: bool, width: int, templates: Path | None, notice: str
) -> str:  # fmt: skip
    one = page(briefing, all_items=all_items, notice=notice)
    environment = _environment(form, templates)
    if form == "html":
        return _html(one, environment)
    text = environment.get_template(NAMES[form]).render(page=one, columns=width, **_text_functions(form, width))
    return re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n"


# --- environments --------------------------------------------------------------------------------------------------


@cache
def _environment(form: str, templates: Path | None) -> Environment:
    import jinja2

    ours = jinja2.FunctionLoader(_built_in)
    loaders = [jinja2.FileSystemLoader(templates), ours] if templates is not None else [ours]
    finalize: Any = {"html": _unbroken, "md": markdown}.get(form)
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        # By the name: Jinja's own list looks at the last suffix only and misses `.html.j2`.
        autoescape=lambda name: name is not None and ".html" in name,  # noqa: S701  (Markdown, text: by finalize)
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=finalize,
    )
    environment.filters.update(code=code, target=target)
    return environment


def _built_in(name: str) -> tuple[str, str, None] | None:
    """A template of ours: from the wheel, else from the checkout beside the package."""
    for folder in (files("briefing") / "templates", Path(__file__).parent.parent / "templates"):
        found = folder.joinpath(*name.split("/"))
        if found.is_file():
            return found.read_text("utf-8"), name, None
    return None


# --- Markdown ------------------------------------------------------------------------------------------------------


class Ready(str):
    """Text that is already written for its form."""

    __slots__ = ()


def markdown(value: object) -> object:
    r"""A value as Markdown text: nothing in it makes markup, a link, a list, a heading or a table cell.

    Full stops, brackets and signs are left alone where they mean nothing, so that the file reads well as it is.

    >>> print(markdown("# *a|b* <script> 19 % (Tuesday)"))
    \# \*a\|b\* \<script\> 19 % (Tuesday)
    """
    if not isinstance(value, str) or isinstance(value, Ready):
        return value
    text = re.sub(r"[\\`*_\[\]<>|~]|&(?=#?\w+;)|!(?=\[)", r"\\\g<0>", value)
    text = re.sub(r"^(?=#{1,6}(\s|$)|[+-](\s|$)|[=-]+\s*$)", r"\\", text)
    text = re.sub(r"^(\d{1,9})([.)])(?=\s|$)", r"\1\\\2", text)
    # GitHub makes links of bare addresses; what a source wrote is text.
    text = re.sub(r"(?i)\b(https?|ftp)://", r"\1:\\//", text)
    return Ready(re.sub(r"(?i)\bwww\.|(?<=\w)@(?=\w)", lambda found: found[0][:-1] + "\\" + found[0][-1], text))


def code(text: str) -> Ready:
    """What to type, in Markdown."""
    return Ready(f"`{text.replace('`', chr(39))}`")


def target(url: str) -> Ready:
    """A link's address in Markdown; `safe_url` has encoded what could end it."""
    return Ready(f"<{url}>")


# --- plain text ----------------------------------------------------------------------------------------------------


def _text_functions(form: str, columns: int) -> dict[str, Any]:
    """What the plain text's template lays out with; `indent` is the column its first line begins in."""
    if form != "text":
        return {}

    def under(lines: list[str], indent: int) -> str:
        return f"\n{' ' * indent}".join(lines)

    return {
        "left": lambda text, cells: layout.left(str(text), cells),
        "fill": lambda text, indent=0, used=0: under(layout.wrap(text, columns - indent, first=used), indent),
        "flow": lambda texts, indent=0: under(layout.wrap_sentences(filter(None, texts), columns - indent), indent),
        "entry": lambda text, item, indent: under(layout.entry(text, item, columns - indent), indent),
        "heading": lambda section: "\n".join(layout.heading(section.name, section.summary, columns)),
        "label_width": label_width,
        "ads": lambda section: "\n".join(
            layout.ads_table(section.ads, section.ads_day, section.ads_before, columns)
        ),
    }  # fmt: skip


def label_width(section: Section) -> int:
    """Cells that the labels of a section take, with the space behind them; 0 without labels."""
    widest = max((layout.width(row.label) for row in section.rows), default=0)
    return widest and min(widest, LONGEST_LABEL) + 1


# --- HTML ----------------------------------------------------------------------------------------------------------


def _unbroken(value: object) -> object:
    """A number and its percent sign stay on one line; `white-space` is not known to every mail reader."""
    return re.sub(r"(?<=\d) (?=%)", "\N{NO-BREAK SPACE}", value) if type(value) is str else value


def encoded_size(html: str) -> int:
    """Bytes as quoted-printable with CRLF, as a mail carries it."""
    return len(binascii.b2a_qp(html.replace("\n", "\r\n").encode()))


def _html(one: Page, environment: Environment) -> str:
    """The page for mail, all styles inlined, shortened until it fits."""
    template = environment.get_template(NAMES["html"])
    html = ""
    for limits in (None, *LIMITS):
        plain = template.render(page=shortened(one, *limits) if limits else one)
        # Inlining adds more than the style block that it takes away: what is too large before is too large after.
        if len(plain) <= 2 * HTML_LIMIT or limits == LIMITS[-1]:
            html = _inlined(plain)
            if encoded_size(html) <= HTML_LIMIT:
                break
    return html


@cache
def _inliner() -> Any:
    import css_inline

    # Rules for phones and dark mode stand in blocks marked `data-css-inline="keep"`, which stay where they are;
    # `keep_at_rules` would move them before the character set, out of the 1,024 bytes where a browser looks for it.
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, minify_css=True)


def _inlined(html: str) -> str:
    inlined = _inliner().inline(re.sub(r"\n\s*\n+", "\n", html))
    return str(inlined).strip() + "\n"
