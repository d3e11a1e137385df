"""Whether a text asks something of its reader: hand rules and a small fitted model, for English business mail and chat.

likelihood  how likely it is that a text carries a request, a proposal or an appointment
asking      the sentence to which the reader owes an answer, for the rules: a false yes costs more than a missed one

**The model** is a logistic regression over what the hand rules below see in a sentence, its words, pairs of words and
opening words, with verbs, names, days and numbers as classes: four thousand weights in `asks_weights.json`, read when
the first sentence is judged. `tools/fit_asks.py` fitted it to business mail: ParakweetLabs' EmailIntentDataSet (commit
055f6285, `src/resources/Ask0729-fixed.txt`; copyright 2014 Parakweet Labs, Inc.; Apache License 2.0), 2,953 sentences
of it. On the 671 that were held out it has precision 0.81 and recall 0.86 (F1 0.83) from `LIKELY` on, and precision
0.92 where its recall is 0.60; the hand rules alone have 0.84 and 0.49 (F1 0.62).

**Yes or no.** The labels of that file are loose: "I shall call you tomorrow" and a newsletter's "Enjoy 25 % off" count
as requests. So the rules do not follow the likelihood alone. What only sounds like a request (rhetorical tails, polite
closings, "please find attached", answers) is vetoed by hand, and of the rest a sentence asks that looks like it by hand
and is at least as likely as `ENOUGH` says.

On the same 671 the yes or no has precision 0.84 and recall 0.50 by those loose labels; on 96 invented sentences of
agency chat, labelled by whether an answer is owed, 1.00 and 0.94 (`tests/data/asks/README.md`; `make eval` prints all).

Words that move the turn in other ways stand here too: who chases, takes back, or refers to what was asked elsewhere.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path
from typing import Final, NamedTuple

LIKELY: Final = 0.38
"""The likelihood from which on a text more likely asks than not, where both mistakes cost the same."""

ENOUGH: Final = {"cue": 0.25, "verb": 0.9}
"""Likelihoods from which on a sentence asks, for the rules: one in which a hand rule sees a request (where a cue stands
by accident it is dropped), and one that only opens with a verb or "let's" (there the model is the only witness). A
question mark needs no second witness."""

WEIGHTS: Final = "asks_weights.json"

LONGEST, MOST_SENTENCES, MOST_WORDS = 2000, 50, 150
"""Characters and sentences of a text, words of a sentence that are looked at; a fact's excerpt has 500 characters."""


def _any_of(*cues: str, start: str = "") -> re.Pattern[str]:
    """Patterns for text in lower case: several times faster than patterns that ignore case."""
    return re.compile(f"{start}(?:{'|'.join(cues)})")


URL_OR_CODE = re.compile(r"```.*?(?:```|$)|`[^`]*`|\b(?:https?://|www\.|mailto:)\S+", re.DOTALL | re.IGNORECASE)
SENTENCE = re.compile(r"[^\s.!?\n;](?:[^.!?\n;]|[.](?=[^\s.!?]))*[.!?]*")
"""Up to its end mark; a full stop within a word (`acme.example`, `2.5`) ends nothing."""

_GREETING = (
    r"(?:(?:hi|hello|hey|dear|(?:good )?(?:morning|afternoon)|thanks|thank you|ok|great)\b[^,:!]{0,30}[,:!]\s*)?"
)
_NAME = r"(?:[a-z][\w.-]+(?: and [a-z][\w.-]+)?\s*[,:]\s*|@\S+\s+)?"
_LEAD = r"(?:(?:and|also|so|but|then|just|kindly|quick one|quick question|one (?:more|last) thing|btw|ps)\b[,:]?\s+)*"
_START = rf"^\W*{_GREETING}{_NAME}{_LEAD}"
_DAY = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri)(?:day)?|today|tonight|tomorrow|eod|cob|noon|"
    r"end of (?:day|week|month)|(?:next|this) week)"
)

REQUEST = _any_of(
    r"(?<!to )\b(?:please|pls|plz|lmk)\b",
    r"\blet (?:me|us) know\b",
    r"\bget back to (?:me|us)\b",
    r"\b(?:can|could|would|will) (?:you|we|someone|somebody|anyone|anybody|i)\b",
    r"\b(?:i|we)(?: still| just| also)? (?:need|require)\b(?! to\b)",
    r"\bneed you to\b",
    r"(?:\bwould|'d) like (?:you|to (?:see|get|have|know|schedule|arrange|discuss|move|book|set))\b",
    r"\b(?:i|we)(?:'m| am|'re| are)? still (?:waiting|missing)\b",
    r"\bwaiting (?:on|for) (?:you|your|a|an|the)\b",
    r"\bawaiting (?:you|your)\b",
    r"\blook(?:ing)? forward to (?:hearing|your (?:answer|feedback|reply|response|thoughts))\b",
    r"\b(?:would|be) (?:be )?(?:great|good|helpful|grand|ideal|lovely) (?:if|to (?:have|get|see|know))\b",
    r"\bis it possible\b",
    r"\bany (?:chance|news|update|word|progress|thoughts|idea)\b",
    r"\bwould you mind\b",
    r"\b(?:i|we)(?:'d| would) (?:really |greatly |much )?appreciate\b",
    r"\b(?:your|the) (?:thoughts|eta|approval|sign[- ]?off|feedback|confirmation) (?:on|by|for|asap)\b",
    rf"\bneed(?:ed)? (?:\w+ ){{0,3}}(?:by|before) {_DAY}\b",
)
OPENING = _any_of(
    r"(?:can|could|would|will|do|does|did|is|are|should|shall|may) "
    r"(?:you|we|i|it|this|that|they|there|the|anyone|anybody|someone|somebody|"
    r"everything)\b",
    r"(?:have|has) (?:you|we|it|they|anyone|anybody|someone|somebody)\b",
    r"(?:what|when|where|why|how|who|which)"
    r"(?:'s| (?:is|are|do|does|did|can|could|should|would|will|about|many|much|long|soon))\b",
    start=_START,
)
_NOUN = r"(?!\s*(?:[:-]|(?:of|on|from|for|is|was|are|were|went|has|have|had|sent|done|looks?|notes?|attached)\b))"
"""What follows where the word opens a statement: `Update: it is live`, `Call went well`."""

IMPERATIVE = _any_of(
    r"(?:send|share|confirm|check|review|approve|sign|call|ring|email|e-mail|mail|update|add|remove|delete|change)\b"
    + _NOUN,
    r"(?:fix|forward|advise|provide|schedule|book|resend|give|tell|explain|stop|pause|cancel|invite|ask|reply)\b"
    + _NOUN,
    r"(?:respond|include|correct|arrange|prepare|upload|pick|choose|ping|bring|remind|set up|go ahead|make sure)\b",
    r"don'?t forget\b",
    r"(?:have a look|take a look|look (?:at|into))\b",
    start=_START,
)
NO_REQUEST = _any_of(
    r"please (?:do not|don'?t) (?:reply|respond)",
    r"\bto ensure\b",
    r"please (?:find|see|note|ignore|disregard|be aware|be advised|excuse|accept)",
    r"feel free|don'?t hesitate|do not hesitate",
    r"\bif (?:any|some)thing\b",
    r"\b(?:all|what|everything) (?:that )?(?:i|we) need\b",
    r"^\W*(?:yes|yep|yeah|yup|sure|agreed|correct|exactly)\b",
    r"^\W*(?:(?:option|version|variant|number) \w+|the (?:\w+ )?(?:one|first|second|third|last|other|former|latter)|"
    rf"{_DAY})\W+please\W*$",
    r"\bno (?:reply|answer|action|response) (?:is )?(?:needed|required|necessary)\b|\bnothing to do\b",
    r"if (?:you|there|anyone)(?:'s| is| are| do| should| have| has| need| want| would like|'d like)?[^.!?]{0,25}"
    r"(?:any(?:thing)?|further|more|other|question|trouble|problem|concern|unsubscribe|receive)\b",
    r"unsubscribe|click (?:here|below|the)",
    r"^\W*(?:fyi|for your information|no need|no rush|no action)\b",
    r"\b(?:can|could) (?:we|i) (?:also )?(?:just )?say\b",
    r"\b(?:as|so|so that) (?:you|we|i) (?:can|could|will)\b",
    r"\b(?:which|that|what|where|when|if|and|then|how|who) (?:you|we|i) (?:can|could|will|would)\b(?!\W*$)",
)
RHETORICAL = _any_of(
    r"[,;-]\s*(?:right|no|eh|isn'?t it|don'?t you think|you know)\s*\?+\s*$",
    r"^\W*(?:really|what|huh|seriously|ok(?:ay)?|guess what|remember|you ok(?:ay)?)\s*\?+\s*$",
    r"^\W*(?:hi|hello|hey|morning)?[\s,\w]{0,20}\bhow(?:'s| is| are| was) (?:you|it going|things|everything|life|"
    r"your (?:day|week|weekend|holiday|trip))\b[^?]*\?+\s*$",
)
CHASE = _any_of(
    r"\bany (?:news|update|word|progress|movement|joy|luck)\b",
    r"\b(?:following up|follow(?:ing)?[- ]up on|circling back|chasing|checking in|just wondering)\b",
    r"\b(?:gentle |friendly |quick |another )(?:reminder|nudge)\b",
    r"\bbump(?:ing)?\b",
    r"\bcheck(?:ing)? (?:back )?(?:on|whether|if)\b",
    r"\bdid you (?:get|see|have|manage|receive)\b|\bhave you (?:had|seen|got|managed|received)\b",
    r"\bstill (?:waiting|no (?:reply|answer|news|word))\b",
    r"\b(?:haven'?t|have not|not) heard\b",
    r"\b(?:can|could) (?:someone|anyone|you) (?:please )?(?:get back|reply|respond|answer)\b",
)
REFERS = _any_of(
    r"\b(?:your|the|that) (?:e-?mail|mail|message|question|note|request|slack)\b",
    r"\b(?:you|as) (?:asked|wrote|mailed|requested|mentioned)\b",
    r"\banswering you\b",
)
WITHDRAWN = _any_of(
    r"\b(?:never ?mind|nvm|sorted (?:it|now|this|out)|all sorted|found it|got it working|figured it out)\b",
    r"\bignore (?:my|that|this|the last)\b|\bdisregard\b|\bforget (?:it|that|what i)\b|\bno longer (?:need|relevant)",
    r"(?:\bis|'s) (?:fine|sorted|solved|resolved) now\b",
    r"^\W*(?:sorted|solved|resolved|found)\W*$",
)
POINTS = _any_of(
    r"\b(?:have|take) (?:a|another) (?:quick )?look\b(?!.*\b(?:and|then|whether|if)\b)",
    r"\bcheck (?:it|this|them) out\b",
    r"\bsee (?:below|above|attached|the (?:attached|attachment|link|file|draft))\b(?!.*\band\b)",
)
"""What shows something that was delivered: worth a look, and nobody owes an answer."""


# --- yes or no -----------------------------------------------------------------------------------------------------


def asking(text: str) -> str:
    """The first sentence that asks something of its reader; empty where none does.

    >>> asking("Morning! The draft looks fine. Can you send the booking link?")
    'Can you send the booking link?'
    >>> asking("Please find the signed form attached. Let me know if you have any questions.")
    ''
    """
    return next((sentence for sentence in sentences(text) if is_request(sentence)), "")


def only_points(sentence: str) -> bool:
    """Whether a request only shows what was delivered, so that silence is no missing answer.

    >>> only_points("Done, please have a look."), only_points("Please have a look and tell us which one you want.")
    (True, False)
    """
    plain = _plain(sentence)
    return "?" not in plain and bool(POINTS.search(plain))


def sentences(text: str) -> list[str]:
    """Sentences without links and code, in order; of a very long text its beginning."""
    found = SENTENCE.finditer(URL_OR_CODE.sub(" ", text[:LONGEST]))
    return [sentence.group().strip() for sentence in islice(found, MOST_SENTENCES)]


@lru_cache(maxsize=4096)
def is_request(sentence: str) -> bool:
    """Whether one sentence asks for something: the hand rules and the model together, less what is vetoed."""
    found = features(sentence)
    if "=asks" in found:
        return "=ends ?" in found or _probability(found) >= ENOUGH["cue"]
    opens = ("^ +verb" in found and "^ let me" not in found) or "^ let's" in found
    return opens and found.isdisjoint(_VETOES) and _probability(found) >= ENOUGH["verb"]


# --- the fitted model ----------------------------------------------------------------------------------------------


def likelihood(text: str) -> float:
    """How likely it is that a text asks something of its reader, 0 to 1: that of its likeliest sentence.

    >>> likelihood("Could you send the report by Friday?") > LIKELY > likelihood("I sent it this morning.")
    True
    """
    return max((_likelihood(sentence) for sentence in sentences(text)), default=0.0)


def weighed(text: str, most: int = 3) -> tuple[str, ...]:
    """The words that spoke most for a request in the likeliest sentence of a text, heaviest first.

    >>> weighed("Could you discuss this with Tom?")
    ('discuss', 'could', 'you')
    """
    sentence = max(sentences(text), key=_likelihood, default="")
    weights = _model().weights
    found = sorted((-weights.get(feature, 0), feature.removeprefix("^ ")) for feature in features(sentence))
    worded = [feature for weight, feature in found if weight < 0 and not _CLASSES.search(feature)]
    return tuple(dict.fromkeys(worded))[:most]


_CLASSES: Final = re.compile(r"[^\w' ]")
"""Marks, classes of words and what the hand rules see are no words."""


class _Model(NamedTuple):
    """Log-odds in hundredths."""

    bias: int
    weights: dict[str, int]


@lru_cache(maxsize=1)
def _model() -> _Model:
    """The weights, read when the first sentence is judged."""
    kept = json.loads(Path(__file__).with_name(WEIGHTS).read_text(encoding="utf-8"))
    return _Model(bias=kept["bias"], weights=kept["weights"])


def _likelihood(sentence: str) -> float:
    return _probability(features(sentence))


def _probability(found: Iterable[str]) -> float:
    bias, weights = _model()
    score = bias + sum(weights.get(feature, 0) for feature in found)
    return 1 / (1 + math.exp(-score / 100))


def features(sentence: str) -> set[str]:
    """What the model sees of a sentence, each feature a short text that can be read.

    Words and marks (`send`), pairs (`could you`), the opening after `^` (`^ could you send`), verbs as one class
    (`you +verb`), and after `=` what the hand rules see.
    """
    words = _words(_spelled(sentence))
    found = {*_seen_by_hand(_plain(sentence)), *words}
    for one, other in pairwise((*words, "$")):
        found.add(f"{one} {other}")
        if other in VERBS:
            found.add(f"{one} +verb")
    opening = _opening(words)
    found.update(f"^ {' '.join(opening[:count])}" for count in (1, 2, 3) if len(opening) >= count)
    if opening and opening[0] in VERBS:
        found.add("^ +verb")
        found.add(f"^ +verb {opening[1] if len(opening) > 1 else '$'}")
    return found


_CUES: Final = {"=cue": REQUEST, "=opening": OPENING, "=imperative": IMPERATIVE}
_VETOES: Final = {"=no request": NO_REQUEST, "=rhetorical": RHETORICAL}


def _seen_by_hand(plain: str) -> set[str]:
    """What the hand rules see in a sentence in lower case: each rule, how it ends, and whether all in all it asks."""
    cues = {name for name, rule in _CUES.items() if rule.search(plain)}
    vetoes = {name for name, rule in _VETOES.items() if rule.search(plain)}
    last = plain.rstrip(" '\")")[-1:]
    asks = "=rhetorical" not in vetoes if last == "?" else bool(cues) and "=no request" not in vetoes
    return cues | vetoes | {f"=ends {last if last in '?.!:,' else ''}"} | ({"=asks"} if asks else set())


def _words(spelled: str) -> list[str]:
    """Words in lower case and marks; names, days, months, numbers and addresses each as one class.

    A capital within a sentence is a name: whom a sentence is about says nothing about whether it asks.
    """
    found: list[str] = []
    begins = True
    for token in _TOKEN.findall(spelled)[:MOST_WORDS]:
        found.append(_class_of(token, begins=begins))
        begins = found[-1] in {".", "..", "!", "?", ":"}
    return found


def _class_of(token: str, *, begins: bool) -> str:
    first, word = token[0], token.lower()
    if first.isdigit():
        return "<number>"
    if "@" in token:
        return "<name>" if first == "@" else "<mail>"
    if not first.isalpha():
        return token[:2] if first == "." else first
    if word in _DAYS:
        return "<day>"
    if word in _MONTHS:
        return "<month>"
    return "<name>" if first.isupper() and not begins and word not in NO_NAMES else word


def _opening(words: Sequence[str]) -> Sequence[str]:
    """The words from the first one on that is no greeting, name or joining word."""
    for place, word in enumerate(words[:8]):
        called = place == 0 and words[1:2] in ([","], [":"]) and word not in VERBS and word not in _ANSWERS
        if not (called or word in _LEADS):
            return words[place:]
    return words[8:]


_TOKEN: Final = re.compile(
    r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"  # an address
    r"|@[\w.-]+"  # somebody mentioned
    r"|[^\W\d_]+(?:'[^\W\d_]+)*|\d[\d.,:/]*|[?!,:;$%]|\.+|-+"
)
_DAYS: Final = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun".split()
)
_MONTHS: Final = frozenset(
    "january february march april june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
NO_NAMES: Final = frozenset("i i'm i'd i'll i've please ok".split()) | _DAYS | _MONTHS
"""What is written with a capital within a sentence and is no name."""

_ANSWERS: Final = frozenset("yes no please if".split())
_LEADS: Final = frozenset(
    "hi hello hey dear morning good thanks ok okay great and also so but then kindly now well ps "
    "<name> <number> , - : ! . ..".split()
)
VERBS: Final = frozenset(
    "accept add advise allow answer apply approve arrange ask assign attach attend be book bring buy call cancel "
    "change check choose circulate clarify clear click close come comment complete confirm consider contact "
    "coordinate copy correct create deliver discuss do download draft drop edit email ensure enter exclude "
    "execute explain extend fax fill find finish fix follow forward get give go handle have help hold include "
    "inform insert invite join keep know leave let list look mail make meet mention move note notify open order "
    "pass pay phone pick place plan post prepare print proceed process provide pull push put raise read reach "
    "register remember remind remove replace reply report request resend reserve respond return review ring run "
    "save schedule see select send set share ship show sign speak start stop submit suggest take talk tell test "
    "transfer translate try turn update upload use verify visit wait work write".split()
)
"""Verbs of office life, in the form that follows "please" or "you can"."""


# --- other turns ---------------------------------------------------------------------------------------------------


def chases(text: str) -> bool:
    """Whether somebody asks again: "any update", "just following up", a lone question mark."""
    plain = _plain(URL_OR_CODE.sub(" ", text[:LONGEST]))
    return bool(CHASE.search(plain)) or ("?" in plain and not any(c.isalnum() for c in plain))


def withdrawn(text: str) -> bool:
    """Whether somebody takes back what was asked: "never mind", "found it"."""
    return bool(WITHDRAWN.search(_plain(text[:LONGEST])))


def refers(text: str) -> bool:
    """Whether somebody answers here what was asked elsewhere: "about your mail", "as you asked"."""
    return bool(REFERS.search(_plain(text[:LONGEST])))


_CHAT_SPELLING: Final = {
    "u": "you", "ur": "your", "pls": "please", "plz": "please", "lmk": "let me know", "thx": "thanks", "lets": "let's",
    "wdyt": "what do you think", "wanna": "want to",
}  # fmt: skip
_EMOJI: Final = re.compile(r":[a-z][\w+-]*:")
_SHORT: Final = re.compile(rf"\b(?:{'|'.join(_CHAT_SPELLING)})\b")


def _spelled(text: str) -> str:
    """Straight quotation marks, no emoji by name, and what chats shorten in full."""
    straight = _EMOJI.sub(" ", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    return _SHORT.sub(lambda short: _CHAT_SPELLING[short.group()], straight)


def _plain(text: str) -> str:
    return _spelled(text).lower()
