"""Write what is generated in docs/: rules.md from the rules themselves, demo.svg from the demo briefing.

python tools/write_docs.py rules    docs/rules.md
python tools/write_docs.py picture  docs/demo.svg, a picture of the demo briefing of one fixed morning
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from briefing import words
from briefing.cli.lists import need_words
from briefing.rules import Rule, load_all

DOCS = Path(__file__).parent.parent / "docs"
MORNING = "2026-11-19"

HEAD = """# Rules

Written by `make docs` from the rules themselves. A rule runs on a source only where what it needs was read; "whole"
means that it says something is absent from the list, so the list must be complete and fresh. Thresholds are changed
under `[rules.NAME]`, for one client under `[rules.NAME.clients.CLIENT]`; prices under `[prices]`.
"""


def rules_page() -> str:
    """docs/rules.md."""
    return "\n".join([HEAD, *(section(rule) for rule in load_all().values())])


def section(rule: Rule) -> str:
    """One rule: what it says, what it needs, its thresholds, its price."""
    lines = [f"## {rule.name}", "", rule.doc, ""]
    lines.append(f"- Needs: {'; '.join(need_words(need) for need in rule.needs)}.")
    if len(rule.stages) > 1:
        lines.append(f"- Stages of its matter ({rule.matter}): {', '.join(rule.stages)}.")
    if rule.limits:
        lines.append("- Thresholds: " + ", ".join(f"`{name}` = {value}" for name, value in rule.limits.items()) + ".")
    lines.append(
        f"- House price {words.number(rule.price)}; {words.number(rule.share)} of a waiting stake goes per workday."
    )
    return "\n".join([*lines, ""])


FRAME = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: {char_height}px;
  line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect fill="#fbfbf9" stroke="#d8d8d2" stroke-width="1" x="0.5" y="0.5" width="{terminal_width}"
  height="{terminal_height}" rx="8"/>
<g transform="translate(9, 9)" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def picture() -> str:
    """docs/demo.svg: the first screen of the demo briefing, with fonts of the reader's own machine."""
    from io import StringIO

    from rich.console import Console
    from rich.terminal_theme import DEFAULT_TERMINAL_THEME

    from briefing.cli.demos import DemoOptions, read_and_compile, served
    from briefing.terminal import print_briefing

    now = datetime.fromisoformat(f"{MORNING}T06:00:00").replace(tzinfo=UTC)
    with served(DemoOptions(day=now.date()), now) as (_, workspace):
        compiled = read_and_compile(workspace, now)
    console = Console(record=True, width=92, file=StringIO(), force_terminal=True, color_system="truecolor")
    print_briefing(compiled.briefing, console)
    return console.export_svg(
        title="", code_format=FRAME, theme=DEFAULT_TERMINAL_THEME, unique_id="demo", font_aspect_ratio=0.6
    )


def main() -> None:
    """Write the file that is named."""
    what = sys.argv[1] if len(sys.argv) > 1 else "rules"
    name, text = ("demo.svg", picture()) if what == "picture" else ("rules.md", rules_page())
    (DOCS / name).write_text(text, encoding="utf-8")
    print(DOCS / name)


if __name__ == "__main__":
    main()
