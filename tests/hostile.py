"""What a client's name, a subject or an ad's title may hold: one list for every form and every channel."""

from __future__ import annotations

import re

MARKUP = [
    "<script>alert(1)</script>", '<img src="https://evil.example/x.png">', "[/red]", "[/]", "[link=https://evil.example]x",
    "a|b", "*stars*", "_under_", "# not a heading", "1. not a list", "- not a list", "> not a quote", "```", "~~gone~~",
    "[our portal](https://evil.example)", "![](https://evil.example/x.png)", "javascript:alert(1)", "https://evil.example/a",
    "www.evil.example", "boss@evil.example", "&lt;b&gt; &amp; &#60;", "{{ 7 * 7 }}", "{% raw %}", '"><b>',
    "\\", "`code`", "[x]: https://evil.example", "<https://evil.example>", "=====", "---", "</td></tr></table>", "--></style>",
]  # fmt: skip
CONTROLS = [
    "line\nbreak", "carriage\rreturn", "tab\there", "\x1b[31mred\x1b[0m", "\x1b]52;c;aGk=\x07", "\x1b]8;;https://evil.example\x07x",
    "\x9b2J", "\u202egnp.exe", "\ud800 lone", "\N{ZERO WIDTH JOINER}\N{BOM}", "null\0byte", "\u2028line\u2029paragraph\x85next",
]  # fmt: skip
PINGS = [
    "<!channel>",
    "<!here|here>",
    "<!subteam^S0OPS001>",
    "<@U0MAYA001>",
    "<https://evil.example|our portal>",
    "@here",
    "@everyone",
]
HEADERS = [
    "Acme\r\nBcc: everyone@evil.example",
    "Acme\r\n\r\nbody",
    "=?utf-8?q?=0D=0ABcc:_everyone@evil.example?=",
    "--=_boundary",
    "\r\n.\r\nQUIT\r\n",
]
NAMES = ["../../etc/passwd", "C:\\con", "$(touch owned)", "; rm -rf ~", "=HYPERLINK(1)"]
LONG = ["A" * 300, "漢字" * 80, "👩‍👩‍👧" * 20]
"""Beyond the limits of names; a page full of them is shortened."""

HOSTILE = [*MARKUP, *CONTROLS, *PINGS, *HEADERS, *NAMES]

TOGETHER = [" ".join(some) for some in (CONTROLS, PINGS, HEADERS, NAMES)]
"""What may stand anywhere in a text, to be shown at once; most of the markup has to begin one."""

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""What may stand in no form but the line break; of the terminal's own escapes see there."""
