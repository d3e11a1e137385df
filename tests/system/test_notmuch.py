"""Our conversations against notmuch's, over the agency's mail and over a folder made to be hard.

Compared is the partition itself: each mail with the set of mails it shares a conversation with. notmuch joins by
Message-ID, In-Reply-To and References as we do; where mails have none of the three we also join by subject and people,
which notmuch does not, so mails without ids are compared by themselves (`test_what_notmuch_cannot_join`).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from briefing.connector import Window
from briefing.demo.files_mail import mailboxes
from briefing.demo.world import World
from briefing.facts import Message
from briefing.reading.headers import read_date, read_headers, split
from briefing.reading.mail import identity
from connectors.mailbox import Mailbox
from tests.connectors.reading import ZONE

pytestmark = pytest.mark.system

MORNING = date(2026, 11, 19)
NOW = datetime(2026, 11, 19, 7, tzinfo=ZONE)
START = datetime(2026, 10, 1, tzinfo=UTC)
Partition = Mapping[str, frozenset[str]]
"""Each mail by its name, with the mails of its conversation."""


def maildir(folder: Path, mails: Sequence[bytes]) -> Path:
    """A Maildir of mails; each gets a header of ours by which both sides tell it."""
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number, raw in enumerate(mails):
        (folder / "cur" / f"{1_790_000_000 + number}.{number:06d}.x:2,S").write_bytes(raw)
    return folder


def partition(groups: Mapping[str, Sequence[str]]) -> Partition:
    return {one: frozenset(group) for group in groups.values() for one in group}


def by_notmuch(folder: Path, home: Path) -> Partition:
    """What notmuch finds: threads of Message-IDs (a mail without one has an id that notmuch makes of its contents)."""
    config = home / "notmuch-config"
    home.mkdir(exist_ok=True)
    config.write_text(
        f"[database]\npath={folder}\n[user]\nname=T\nprimary_email=t@x.example\n[new]\ntags=\n[search]\n[maildir]\nsynchronize_flags=false\n"
    )
    env = {"PATH": os.environ["PATH"], "NOTMUCH_CONFIG": str(config), "HOME": str(home), "LANG": "C.UTF-8"}
    subprocess.run(["notmuch", "new", "--quiet"], env=env, check=True, capture_output=True)
    command = ["notmuch", "show", "--format=json", "--body=false", "--entire-thread=true", "--exclude=false", "*"]
    threads = json.loads(subprocess.run(command, env=env, check=True, capture_output=True).stdout)
    return partition({str(number): list(_ids(thread)) for number, thread in enumerate(threads)})


def _ids(nested: Any) -> Iterator[str]:
    """The Message-IDs in a thread as notmuch nests it: a list of mails, each with a list of answers."""
    if isinstance(nested, dict):
        yield str(nested["id"])
    elif isinstance(nested, list):
        for inner in nested:
            yield from _ids(inner)


def by_us(folder: Path) -> Partition:
    """What the mailbox connector states."""
    window = Window(now=NOW, since=NOW - timedelta(days=3_000), until=NOW, zone=ZONE)
    (stream,) = Mailbox(source="m", path=str(folder), owner="maya.lindqvist@harbourlane.example").streams(window)
    groups = defaultdict(list)
    for fact in stream.read(window, None):
        if isinstance(fact, Message):
            groups[fact.thread].append(fact.ref.id)
    return partition(groups)


def agreement(ours: Partition, theirs: Partition) -> tuple[float, float]:
    """Share of mails with the very same conversation on both sides; and how far the counts are apart."""
    shared = ours.keys() & theirs.keys()
    assert len(shared) > 0.98 * max(len(ours), len(theirs))
    same = sum(ours[one] & shared == theirs[one] & shared for one in shared)
    counts = [len({side[one] & shared for one in shared}) for side in (ours, theirs)]
    return same / len(shared), abs(counts[0] - counts[1]) / counts[1]


def mails_in(box: bytes) -> list[bytes]:
    return [one.rstrip(b"\n") + b"\n" for one in re.split(rb"^From \S+ \w{3} \w{3} .*\n", box, flags=re.MULTILINE)[1:]]


def test_the_agencys_mail(tmp_path: Path) -> None:
    """Three seeds: about 1,250 mails each."""
    for seed in (1, 7, 23):
        boxes = mailboxes(World(seed, MORNING), MORNING)
        folder = maildir(tmp_path / str(seed), [mail for box in boxes.values() for mail in mails_in(box)])
        same, apart = agreement(by_us(folder), by_notmuch(folder, tmp_path / f"home{seed}"))
        assert (same, apart) == (1.0, 0.0)


def hard(seed: int, count: int) -> list[bytes]:
    """Mails as clients and gateways break them: long chains, references cut in the middle, folded or without brackets,
    In-Reply-To with words around it, roots that nobody has, the same mail delivered twice, answers before what they
    answer, and threads that a late mail joins.
    """
    draw = Random(seed)
    chains: list[list[str]] = []
    mails: list[bytes] = []
    for number in range(count):
        at = START + timedelta(minutes=17 * number + draw.randrange(-500, 500))
        own = f"{number}.{draw.randrange(10**6)}@{draw.choice(['a', 'b-c', 'mail.d'])}.example"
        lines = [
            f"From: {draw.choice(['Ann', 'Bo'])} <p{draw.randrange(9)}@x{draw.randrange(5)}.example>", "To: maya@harbourlane.example",
            f"Subject: {draw.choice(['', 'Re: ', 'AW: '])}{draw.choice(['Report', 'Launch', 'Invoice'])}",
            f"Date: {format_datetime(at)}", f"Message-ID: <{own}>",
        ]  # fmt: skip
        if chains and draw.random() < 0.75:
            chain = chains[0] if draw.random() < 0.1 else draw.choice(chains[-30:])  # one grows long
            lines += _links(draw, chain)
            chain.append(own)
        elif draw.random() < 0.1:
            chains.append([own])
            lines.append(f"References: <unknown-root-{draw.randrange(count // 20 + 1)}@gone.example>")
        else:
            chains.append([own])
        if len(chains) > 3 and draw.random() < 0.01:
            one, other = draw.sample(chains, 2)
            lines.append(f"X-Joined: yes\nReferences: <{one[-1]}> <{other[-1]}>")
        raw = ("\n".join(dict.fromkeys(lines)) + f"\n\nWords of {number}.\n").encode()
        mails.append(raw)
        if draw.random() < 0.03:
            mails.append(
                raw.replace(b"\n\n", b"\nReceived: from elsewhere.example; Thu, 1 Oct 2026 10:00:00 +0000\n\n", 1)
            )
    draw.shuffle(mails)
    return mails


def _links(draw: Random, chain: Sequence[str]) -> list[str]:
    """How an answer names what it answers."""
    last = chain[-1]
    many = list(chain) if len(chain) <= 12 or draw.random() < 0.3 else [*chain[:2], *chain[-4:]]
    references = {
        "whole": " ".join(f"<{one}>" for one in many),
        "folded": "\n ".join(f"<{one}>" for one in many),
        "tight": "".join(f"<{one}>" for one in many),
        "last only": f"<{last}>",
        "with words": "Your message of Monday " + " ".join(f"<{one}>" for one in many),
        "cut": " ".join(f"<{one}>" for one in many)[-900:],
    }
    reply = {
        "plain": f"<{last}>", "with words": f'Message from Ann of "Mon, 5 Oct 2026" <{last}>',
        "folded": f"\n <{last}>", "after a date": f"<{last}> (Ann's message of Monday)",
    }  # fmt: skip
    luck = draw.random()
    found = []
    if luck < 0.8:
        found.append(f"References: {references[draw.choice(sorted(references))]}")
    if luck > 0.3:
        found.append(f"In-Reply-To: {reply[draw.choice(sorted(reply))]}")
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_folder_made_to_be_hard(tmp_path: Path, seed: int) -> None:
    """Within 2 %, mail by mail and in number."""
    folder = maildir(tmp_path / "mail", hard(seed, 2_500))
    same, apart = agreement(by_us(folder), by_notmuch(folder, tmp_path / "home"))
    assert same >= 0.98
    assert apart <= 0.02


def test_what_notmuch_cannot_join(tmp_path: Path) -> None:
    """Sent mail without any id: two of one talk are one conversation to us, and two to notmuch."""
    mails = [
        f"From: a@x.example\nTo: maya@harbourlane.example\nSubject: {subject}\nDate: {format_datetime(START + timedelta(hours=n))}\n\nWords {n}.\n".encode()
        for n, subject in enumerate(("Scope", "Re: Scope", "Other"))
    ]
    folder = maildir(tmp_path / "mail", mails)
    assert len(set(by_us(folder).values())) == 2
    assert len(set(by_notmuch(folder, tmp_path / "home").values())) == 3
    headers = read_headers(split(mails[0])[0])
    when = read_date(headers.text("date"), UTC)
    assert when is not None
    assert identity(headers, when).startswith("no-id-")
