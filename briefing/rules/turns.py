"""Who owes the next turn: messages of mail and chat as exchanges in which people take turns.

exchange  a mail thread (one, in however many inboxes it lies), a chat thread, or the open floor of a channel or direct
          conversation: what is written there outside of threads
run       what people from outside wrote since somebody of ours last answered
wait      a run in which something is asked

Chat messages that share a `thread` with no other message are the open floor of their `place`. An answer on the floor is
any later message of ours in that place, in a thread or not; an answer in a thread stands in that thread. The floor of a
direct conversation needs no sessions: what was asked stays asked until somebody of ours writes there again.

Whoever is not known to be outside or inside is not guessed at: such a message counts as an answer and asks nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from briefing.clients import Directory, domain_of
from briefing.facts import NOBODY, Message, Party, Person
from briefing.morning import Audience
from briefing.reading.closing import closes
from briefing.reading.text import folded
from briefing.rules.asks import asking, chases, refers, withdrawn

Side = Literal["ours", "theirs", "unknown"]

SAME_TURN = timedelta(minutes=30)
"""Messages of one person so close together are one turn: a "thanks" at once after a question does not take it back."""

NEW_TURN = timedelta(hours=1)
"""Who writes again after this asks again."""

MANY = 10
"""A mail to more people than this asks nobody in particular."""


@dataclass(frozen=True)
class Sides:
    """Whose side somebody is on."""

    directory: Directory
    audience: Audience = field(default_factory=Audience)
    _known: dict[Person, tuple[Side, str]] = field(default_factory=dict, repr=False, compare=False)
    """What was found of a person once: the same few write thousands of messages."""

    def of(self, message: Message) -> Side:
        """The author's side: as the vendor knows it, else by address."""
        if message.outside is not None:
            return "theirs" if message.outside else "ours"
        return self.of_person(message.author)

    def of_person(self, person: Person) -> Side:
        """A person's side by address; the reader is ours under every name."""
        return self._look(person)[0]

    def same(self, one: Person, other: Person) -> bool:
        """Whether two sources mean the same person: by address, else by the name the directory gives both."""
        if one.email and one.email.casefold() == other.email.casefold():
            return True
        return self._look(one)[1] == self._look(other)[1] != ""

    def known_as(self, person: Person) -> str:
        """The folded name the directory gives a person."""
        return self._look(person)[1]

    def _look(self, person: Person) -> tuple[Side, str]:
        if person not in self._known:
            outside = self.directory.outside(person)
            side: Side = "unknown" if outside is None else "theirs" if outside else "ours"
            if self.audience.is_me(person):
                side = "ours"
            self._known[person] = (side, folded(self.directory.name(person)))
        return self._known[person]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Messages in the order of time, automated ones left out."""

    messages: tuple[Message, ...]

    @property
    def first(self) -> Message:
        """What began it, as far as was read."""
        return self.messages[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Somebody from outside asked, and nobody of ours has answered in that exchange since."""

    ask: Message
    """The first unanswered message that asks."""

    sentence: str
    """What asks, in its own words; the subject where the text does not."""

    again: tuple[Message, ...] = ()
    """Later turns of the run that ask again or chase."""

    exchange: Exchange

    @property
    def last(self) -> datetime:
        """When it was last asked."""
        return self.again[-1].at if self.again else self.ask.at


def exchanges(messages: Iterable[Message], sides: Sides, until: datetime) -> list[Exchange]:
    """Exchanges of what was written by a moment, each message in one, in a fixed order."""
    human = [message for message in messages if not message.automated and message.at <= until]
    human.sort(key=lambda message: (message.at, message.ref.source, message.ref.id))
    found = _mail_threads([message for message in human if message.medium == "mail"])
    found += _chats([message for message in human if message.medium == "chat"], sides)
    return sorted(found, key=lambda exchange: (exchange.first.at, exchange.first.ref.source, exchange.first.ref.id))


def _mail_threads(mails: Sequence[Message]) -> list[Exchange]:
    """Threads by the source's own threading; those of two inboxes that hold the same mail are one."""
    root_of: dict[tuple[str, str], tuple[str, str]] = {}

    def root(key: tuple[str, str]) -> tuple[str, str]:
        while root_of.setdefault(key, key) != key:
            root_of[key] = root_of[root_of[key]]
            key = root_of[key]
        return key

    first_seen: dict[tuple[str, datetime, str], Message] = {}
    for mail in mails:
        same = first_seen.setdefault((mail.author.email.casefold(), mail.at, folded(mail.subject)), mail)
        one, other = root((mail.ref.source, mail.thread)), root((same.ref.source, same.thread))
        root_of[max(one, other)] = min(one, other)
    threads: Mapping[tuple[str, str], list[Message]] = defaultdict(list)
    for mail in first_seen.values():
        threads[root((mail.ref.source, mail.thread))].append(mail)
    return [Exchange(messages=tuple(thread)) for thread in threads.values()]


def _chats(chats: Sequence[Message], sides: Sides) -> list[Exchange]:
    """Threads of two and more messages; the rest is the floor of its place, with every message of ours there."""
    sizes = Counter((chat.ref.source, chat.thread) for chat in chats)
    found: Mapping[tuple[str, ...], list[Message]] = defaultdict(list)
    for chat in chats:
        thread = (chat.ref.source, "thread", chat.thread)
        floor = (chat.ref.source, "floor", chat.place) if chat.place else thread
        alone = sizes[chat.ref.source, chat.thread] == 1
        if not alone:
            found[thread].append(chat)
        if alone or (floor != thread and sides.of(chat) != "theirs"):
            found[floor].append(chat)
    return [Exchange(messages=tuple(messages)) for messages in found.values()]


def waiting(exchange: Exchange, sides: Sides, *, after: datetime | None = None) -> Wait | None:
    """Who waits in an exchange: what outside people asked since somebody of ours last answered.

    `after`: when somebody of ours answered in another place; only what was asked later still waits.
    """
    run: list[Message] = []
    for message in _since_our_turn(exchange, sides):
        if after is not None and message.at <= after:
            continue
        if _takes_back(message, run):
            run = []
        elif not _is_closer(message):
            run.append(message)
    asked = [(message, what) for message in run if (what := _asks(message, exchange, sides))]
    if not asked:
        return None
    ask, sentence = asked[0]
    return Wait(ask=ask, sentence=sentence, again=tuple(_again(ask, run, sides)), exchange=exchange)


def _since_our_turn(exchange: Exchange, sides: Sides) -> Sequence[Message]:
    """What outside people wrote since the last turn that was, or may have been, ours."""
    tail: list[Message] = []
    for message in reversed(exchange.messages):
        side = sides.of(message)
        if side == "unknown" or (side == "ours" and _answers(message, sides)):
            break
        if side == "theirs":
            tail.append(message)
    return tail[::-1]


def _is_closer(message: Message) -> bool:
    return message.closes or closes(message.excerpt)


def _takes_back(message: Message, run: Sequence[Message]) -> bool:
    """Whether a message of theirs ends the run: "never mind", a thanks, or a mark of ours that says done.

    A thanks at once after one's own question is thanks in advance.
    """
    if withdrawn(message.excerpt) and not asking(message.excerpt):
        return True
    if not _is_closer(message):
        return False
    in_advance = (
        run
        and closes(message.excerpt)
        and message.author == run[-1].author
        and message.at - run[-1].at <= SAME_TURN
    )  # fmt: skip
    return not in_advance


def _answers(message: Message, sides: Sides) -> bool:
    """Whether a message of ours is a turn towards outside: a mail among ourselves answers nobody."""
    if message.medium == "chat":
        return True
    people = (*message.to, *message.cc)
    return not people or any(sides.of_person(person) != "ours" for person in people)


def _asks(message: Message, exchange: Exchange, sides: Sides) -> str:
    """What a message asks of ours, in its own words; empty where it asks nothing or somebody else."""
    if not _is_for_us(message, sides):
        return ""
    if what := asking(message.excerpt):
        return what
    if chases(message.excerpt):
        return message.excerpt
    opens = message is exchange.first and not re.match(r"\s*(?:re|aw|fwd?|wg)\s*:", message.subject, re.IGNORECASE)
    return asking(message.subject) if opens and "?" in message.subject else ""


def _is_for_us(message: Message, sides: Sides) -> bool:
    """To against Cc: one of ours is a recipient among few, or is named or chased in copy.

    In chat everybody present is addressed, unless the only people mentioned are from outside.
    """
    if message.medium == "chat":
        return not message.mentions or any(sides.of_person(person) != "theirs" for person in message.mentions)
    if any(sides.of_person(person) == "ours" for person in message.to) and len(message.to) <= MANY:
        return True
    copied = [person for person in message.cc if sides.of_person(person) == "ours"]
    return bool(copied) and (chases(message.excerpt) or any(_is_named(one, message.excerpt, sides) for one in copied))


def _is_named(person: Person, text: str, sides: Sides) -> bool:
    first = sides.directory.name(person).split(" ")[0]
    return len(first) > 2 and "@" not in first and re.search(rf"\b{re.escape(first)}\b", text) is not None


def _again(ask: Message, run: Sequence[Message], sides: Sides) -> Iterable[Message]:
    """The message of each later turn that asks again or chases."""
    before, told = ask, True
    for message in run[run.index(ask) + 1 :]:
        if message.at - before.at >= NEW_TURN:
            told = False
        before = message
        if not told and _is_for_us(message, sides) and (asking(message.excerpt) or chases(message.excerpt)):
            told = True
            yield message


# --- the same matter in another place ------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W\d_]{4,}")
_COMMON = frozenset(
    "about after again also another anything been before best call chance could dear does done each email from give "
    "going good great have hello help here hope into just know like look looking made mail make more morning much need "
    "next only other over please question quick regards send share should some soon still sure take team thank thanks "
    "that their them then there these they thing this time today tomorrow update very want week well were what when "
    "where which will with would your yours monday tuesday wednesday thursday friday".split()
)


def subject_words(message: Message) -> frozenset[str]:
    """The words that say what a message is about."""
    text = f"{message.subject} {message.excerpt}".casefold()
    return frozenset(_WORD.findall(text)) - _COMMON


def are_similar(one: Message, other: Message) -> bool:
    """Whether two messages are about the same: two telling words in common, and half of the shorter one's."""
    if folded(_bare(one.subject)) and folded(_bare(one.subject)) == folded(_bare(other.subject)):
        return True
    ours, theirs = subject_words(one), subject_words(other)
    common = len(ours & theirs)
    return common >= 2 and common * 2 >= min(len(ours), len(theirs))


def _bare(subject: str) -> str:
    return re.sub(r"^(?:\s*(?:re|aw|fwd?|wg|sv|tr)\s*(?:\[\d+\])?\s*:)+", "", subject, flags=re.IGNORECASE)


Place = tuple[str, str]
"""Source and place of a chat message."""

Said = tuple[Message, Exchange]


class Elsewhere:
    """Answers in another place than the one of asking, over all exchanges of a morning.

    Messages of ours are kept by whom and where they may answer, so that each question looks at few of them.
    """

    def __init__(self, found: Sequence[Exchange], sides: Sides) -> None:
        self.found, self.sides = found, sides
        self._outside: dict[Place, set[Person]] = defaultdict(set)
        """Who from outside writes in a chat place."""
        self._to: dict[str, list[Said]] = defaultdict(list)
        """Mails to a person and chat messages that mention one, by each key of that person."""
        self._in: dict[Place, list[Said]] = defaultdict(list)
        self._by_party: dict[Party, list[Said]] = defaultdict(list)
        for exchange in found:
            for message in exchange.messages:
                self._keep(message, exchange)
        self._places: dict[str, set[Place]] = defaultdict(set)
        """Chat places by the keys and domains of those from outside who write there."""
        for place, people in self._outside.items():
            for person in people:
                for key in (*self._keys(person), f"d:{domain_of(person.email)}"):
                    self._places[key].add(place)

    def _keep(self, message: Message, exchange: Exchange) -> None:
        place = (message.ref.source, message.place)
        if self.sides.of(message) == "theirs":
            if message.medium == "chat":
                self._outside[place].add(message.author)
            return
        told = (*message.to, *message.cc) if message.medium == "mail" else message.mentions
        for key in {key for person in told for key in self._keys(person)}:
            self._to[key].append((message, exchange))
        if message.medium == "chat":
            self._in[place].append((message, exchange))
            if message.party != NOBODY:
                self._by_party[message.party].append((message, exchange))

    def _keys(self, person: Person) -> Iterator[str]:
        """Two persons that `Sides.same` takes for one share a key."""
        if person.email:
            yield f"e:{person.email.casefold()}"
        if name := self.sides.known_as(person):
            yield f"n:{name}"

    def _near(self, ask: Message) -> Iterator[Said]:
        """Messages of ours that may answer a question; some come more than once."""
        keys = list(self._keys(ask.author))
        for key in keys:
            yield from self._to.get(key, ())
        if ask.party != NOBODY:
            yield from self._by_party.get(ask.party, ())
        domain = domain_of(ask.author.email)
        for place in {place for key in (*keys, f"d:{domain}" if domain else "") for place in self._places.get(key, ())}:
            yield from self._in[place]

    def answered_at(self, wait: Wait) -> datetime | None:
        """When somebody of ours wrote to the asker in another place since, so that it may well be the answer.

        What was asked in chat: any mail to the asker. What was asked by mail: another mail to the asker on the
        subject. Both: a chat message that mentions the asker; and, where the asker or a colleague of theirs writes
        too, one on the subject or one that refers to what was asked.
        """
        return min(
            (
                message.at
                for message, exchange in self._near(wait.ask)
                if exchange is not wait.exchange and self._is_answer(message, wait.ask, exchange)
            ),
            default=None,
        )

    def still_waiting(self, exchange: Exchange) -> Wait | None:
        """Who waits in an exchange once answers in other places are taken off: what was asked after them is open."""
        wait = waiting(exchange, self.sides)
        while wait is not None and (at := self.answered_at(wait)) is not None:
            wait = waiting(exchange, self.sides, after=at)
        return wait

    def _is_answer(self, message: Message, ask: Message, exchange: Exchange) -> bool:
        if message.at <= ask.at or self.sides.of(message) == "theirs":
            return False
        if message.medium == "mail":
            to_asker = any(self.sides.same(person, ask.author) for person in (*message.to, *message.cc))
            return to_asker and (ask.medium == "chat" or are_similar(message, ask))
        if any(self.sides.same(person, ask.author) for person in message.mentions):
            return True
        if not self._is_present(message, ask):
            return False
        return refers(message.excerpt) or _on_subject(message, ask, exchange)

    def _is_present(self, message: Message, ask: Message) -> bool:
        """Whether the asker's side reads the place of a chat message."""
        if message.party != NOBODY and message.party == ask.party:
            return True
        domain = domain_of(ask.author.email)
        return any(
            self.sides.same(person, ask.author) or (domain and domain == domain_of(person.email))
            for person in self._outside.get((message.ref.source, message.place), ())
        )


def _on_subject(answer: Message, ask: Message, exchange: Exchange) -> bool:
    """Whether a chat message, or what it follows on, is about what was asked."""
    before = [message for message in exchange.messages if message.at <= answer.at and message.author == ask.author]
    return are_similar(answer, ask) or any(are_similar(message, ask) for message in before[-3:])


def one_matter(one: Wait, other: Wait, sides: Sides) -> bool:
    """Whether two waits are the same matter in two places: the same person, within three days, about the same."""
    near = abs(one.ask.at - other.ask.at) <= timedelta(days=3)
    return near and sides.same(one.ask.author, other.ask.author) and are_similar(one.ask, other.ask)
