"""Old threads with new life: what mentions the person, and threads the person wrote in, by Slack's search.

Search lags behind by minutes to hours and its days are not the person's, so it only finds threads to look into; what
is stated comes from the threads themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from briefing.connector import Window
from briefing.errors import SourceError
from briefing.reading.slackfacts import an_object, moment, text, word
from connectors.slack_calls import Calls
from connectors.slack_plan import Plan

MOST_PAGES, ROWS = 3, 100
REACH = timedelta(days=14)
"""How far back it looks: older threads were found in earlier mornings, or are no morning's matter."""


def find_threads(calls: Calls, plan: Plan, window: Window) -> None:
    """Put threads that the history may not show into the plan. Where search does not answer, that is a note."""
    if not plan.me.may("search:read"):
        return
    try:
        for query in (f"<@{plan.me.user}>", f"from:<@{plan.me.user}> is:thread"):
            _look(calls, plan, window, query)
    except SourceError as error:
        plan.notes.append(f"old threads were not searched for: {error}")


def _look(calls: Calls, plan: Plan, window: Window, query: str) -> None:
    for number in range(1, MOST_PAGES + 1):
        data = calls.call("search.messages", query=query, sort="timestamp", sort_dir="desc", count=ROWS, page=number)
        messages = an_object(data.data.get("messages"))
        matches = messages.get("matches")
        stamps = [stamp for row in matches if (stamp := _note(row, plan))] if isinstance(matches, list) else []
        pages = an_object(messages.get("paging")).get("pages")
        is_last = not isinstance(pages, int) or number >= pages
        if is_last or not stamps or any((at := moment(s)) and at < window.now - REACH for s in stamps):
            return


def _note(row: Any, plan: Plan) -> str:
    """Note the thread of one match; gives the match's time, empty where it has none."""
    match: Mapping[str, Any] = an_object(row)
    stamp, channel = word(match.get("ts")), word(an_object(match.get("channel")).get("id"))
    if moment(stamp) is None or not channel:
        return ""
    start = parse_qs(urlsplit(text(match.get("permalink"))).query).get("thread_ts", [""])[0]
    if moment(start) is not None:
        threads = plan.found_threads.setdefault(channel, {})
        threads[start] = max(stamp, threads.get(start, ""))
    return stamp
