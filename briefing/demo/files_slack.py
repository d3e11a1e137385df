"""The agency's Slack as its export ZIP: channels, users, and a file a day for every channel."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections import defaultdict
from datetime import date
from io import BytesIO
from typing import Any

from briefing.demo.conversations import CHANNELS
from briefing.demo.people import Company, Human
from briefing.demo.talk import Note
from briefing.demo.world import World

TEAM = "T0HARBOUR"
ZIP_TIME = (2020, 1, 1, 0, 0, 0)
"""Every entry's own time: the same export gives the same bytes."""


def slack_export(world: World, morning: date) -> bytes:
    """The last 30 days of the public channels, of those shared with clients, and of the reader's direct messages."""
    days: dict[tuple[str, str], list[Note]] = defaultdict(list)
    notes = [note for note in world.conversations.notes(morning) if note.medium == "slack"]
    for note in notes:
        days[channel_name(note.channel), f"{note.at:%Y-%m-%d}"].append(note)
    # A reply names the start of its thread also where that is too old to be in the export.
    starts = {note.id: note for talk in world.conversations.talks(morning) for note in talk.notes}
    replies: dict[str, list[Note]] = defaultdict(list)
    for note in notes:
        if note.reply_to in starts:
            replies[note.reply_to].append(note)
    users = _users(world)
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "channels.json", channels(world))
        _add(archive, "dms.json", direct_messages(world))
        _add(archive, "users.json", [user for _, user in sorted(users.items())])
        _add(archive, "integration_logs.json", [])
        for (channel, day), some in sorted(days.items()):
            _add(archive, f"{channel}/{day}.json", [_message(note, starts, replies[note.id]) for note in some])
    return packed.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: Any) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1).replace("/", "\\/")
    archive.writestr(zipfile.ZipInfo(name, ZIP_TIME), text, compress_type=zipfile.ZIP_DEFLATED, compresslevel=1)


def channel_name(channel: str) -> str:
    """The name of a channel: those shared with a client say so; the id of a direct conversation."""
    return channel if channel in CHANNELS or channel.startswith("D0") else f"client-{channel}"


def stamp(note: Note) -> str:
    """A Slack timestamp: seconds and six digits that make it unique."""
    return f"{int(note.at.timestamp())}.{zlib.crc32(note.id.encode()) % 1_000_000:06d}"


def channels(world: World) -> list[dict[str, Any]]:
    """Our own public channels, and those shared with clients."""
    staff = [human.slack for human in world.people.staff]
    found = [_channel(f"C0OWN{number:05d}", name, staff) for number, name in enumerate(CHANNELS)]
    for number, client in enumerate(world.people.clients):
        if client.channel:
            members = [*staff[:6], *(contact.slack for contact in client.contacts)]
            found.append(_channel(f"C0EXT{number:05d}", channel_name(client.channel), members))
    return found


def direct_messages(world: World) -> list[dict[str, Any]]:
    """The reader's direct conversations."""
    reader = world.people.reader
    with_whom = {note.channel: one.asker for one in world.conversations.requests for note in one.talk.notes if note.to
                 and note.medium == "slack"}  # fmt: skip
    return [
        {"id": id, "created": 1700000000, "members": [reader.slack, human.slack]}
        for id, human in sorted(with_whom.items())  # noqa: A001  (Slack's own word)
    ]


def _channel(id: str, name: str, members: list[str]) -> dict[str, Any]:
    return {
        "id": id, "name": name, "created": 1700000000, "creator": members[0], "is_archived": False,
        "is_general": name == "general", "members": members, "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }  # fmt: skip


def _users(world: World) -> dict[str, dict[str, Any]]:
    found = {human.slack: _user(human, TEAM) for human in world.people.staff}
    for client in world.people.clients:
        for contact in client.contacts if client.channel else ():
            found[contact.slack] = _user(contact, team_of(client))
    return found


def team_of(client: Company) -> str:
    """The id of a client's own Slack workspace."""
    return f"T0{client.id.replace('-', '')}X"


def _user(human: Human, team: str) -> dict[str, Any]:
    return {
        "id": human.slack, "team_id": team, "name": human.email.partition("@")[0], "deleted": False,
        "real_name": human.name, "is_bot": False, "is_restricted": False, "is_ultra_restricted": False,
        "profile": {"real_name": human.name, "display_name": human.first, "email": human.email, "team": team},
    }  # fmt: skip


def _message(note: Note, starts: dict[str, Note], replies: list[Note]) -> dict[str, Any]:
    message: dict[str, Any] = {"type": "message", "ts": stamp(note), "text": text_of(note)}
    if note.bot:
        return {**message, "subtype": "bot_message", "bot_id": note.author.slack, "username": note.author.name}
    author = note.author
    message |= {"user": author.slack, "user_profile": {"real_name": author.name, "display_name": author.first}}
    if note.reply_to in starts:
        parent = starts[note.reply_to]
        message |= {"thread_ts": stamp(parent), "parent_user_id": parent.author.slack}
    elif replies:
        message |= {
            "thread_ts": stamp(note), "reply_count": len(replies), "reply_users_count": len(replies),
            "latest_reply": stamp(replies[-1]),
            "replies": [{"user": reply.author.slack, "ts": stamp(reply)} for reply in replies],
        }  # fmt: skip
    if note.reactions:
        message["reactions"] = [{"name": name, "users": [who.slack], "count": 1} for name, who, _ in note.reactions]
    return message


def text_of(note: Note) -> str:
    """A note's words as Slack writes them, with a mark in place of each name that is mentioned."""
    text = note.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for human in note.mentions:
        text = text.replace(f"@{human.name}", f"<@{human.slack}>")
    return text
