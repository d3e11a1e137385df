"""What can go wrong on the wire of an IMAP server: each is an act of `briefing.demo.server.imap.Fault`."""

from __future__ import annotations

import socket

from briefing.demo.server.imap import Act, Talk


def hang(talk: Talk, command: str) -> None:
    """No answer."""
    talk.stopping.wait(30)


def drip(talk: Talk, command: str) -> None:
    """Signs of life for ever, and no answer."""
    while not talk.stopping.wait(0.02):
        talk.wfile.write(b"*")


def drip_lines(talk: Talk, command: str) -> None:
    """The same, in whole lines."""
    while not talk.stopping.wait(0.02):
        talk.say("* OK still here")


def cut(talk: Talk, command: str) -> None:
    """The connection ends in the middle of a line."""
    talk.wfile.write(b"* 1 FET")


def cut_literal(talk: Talk, command: str) -> None:
    """The connection ends in the middle of a text."""
    talk.wfile.write(b"* 1 FETCH (UID 1 BODY[] {500}\r\nFrom: a@")


def reset(talk: Talk, command: str) -> None:
    """The connection is cut hard."""
    talk.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def says(text: str) -> Act:
    """Some words in place of the answer; `TAG` is the command's."""

    def act(talk: Talk, command: str) -> None:
        tag = getattr(talk, "tag", "*")
        talk.wfile.write(text.replace("TAG", tag).replace("\n", "\r\n").encode() + b"\r\n")
        talk.stopping.wait(2)

    return act


def flood(megabytes: int, line: bytes = b"* 1 EXISTS\r\n") -> Act:
    """More than anybody takes."""

    def act(talk: Talk, command: str) -> None:
        block = line * (65_536 // len(line) + 1)
        for _ in range(megabytes * 16):
            talk.wfile.write(block)

    return act


def huge_literal(size: int) -> Act:
    """A text of a size that nobody takes, and many of its bytes."""

    def act(talk: Talk, command: str) -> None:
        talk.wfile.write(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % size)
        for _ in range(1000):
            talk.wfile.write(b"x" * 65_536)

    return act
