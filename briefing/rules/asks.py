"""Whether a text asks something of its reader: hand rules for business mail and chat in English.

The cues are those of good triage tools: a question mark, cue words, an imperative opening; less what only sounds like
it (rhetorical tails, polite closings, "please find attached"). Where in doubt the answer is no.
"""

from __future__ import annotations

import re


def _any_of(*cues: str, start: str = "") -> re.Pattern[str]:
    return re.compile(f"{start}(?:{'|'.join(cues)})", re.IGNORECASE)


URL_OR_CODE = re.compile(r"```.*?(?:```|$)|`[^`]*`|\b(?:https?://|www\.|mailto:)\S+", re.DOTALL | re.IGNORECASE)
SENTENCE = re.compile(r"[^\s.!?\n;](?:[^.!?\n;]|[.](?=[^\s.!?]))*[.!?]*")
"""Up to its end mark; a full stop within a word (`acme.example`, `2.5`) ends nothing."""

_GREETING = (
    r"(?:(?:hi|hello|hey|dear|(?:good )?(?:morning|afternoon)|thanks|thank you|ok|great)\b[^,:!]{0,30}[,:!]\s*)?"
)
_NAME = r"(?:[A-Z][\w.-]+(?: and [A-Z][\w.-]+)?\s*[,:]\s*|@\S+\s+)?"
_LEAD = r"(?:(?:and|also|so|but|then|just|kindly|quick one|ps)\b[,:]?\s+)*"
_START = rf"^\W*{_GREETING}{_NAME}{_LEAD}"
_DAY = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri)(?:day)?|today|tonight|tomorrow|eod|cob|noon|"
    r"end of (?:day|week|month)|(?:next|this) week)"
)

REQUEST = _any_of(
    r"(?<!to )\b(?:please|pls|plz|lmk)\b",
    r"\blet (?:me|us) know\b",
    r"\bget back to (?:me|us)\b",
    r"\b(?:can|could|would|will) (?:you|we|someone|anyone|i)\b",
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
    r"\b(?:your|the) (?:thoughts|eta|approval|sign[- ]?off|feedback|confirmation) (?:on|by|for|asap)\b",
    rf"\bneed(?:ed)? (?:\w+ ){{0,3}}(?:by|before) {_DAY}\b",
)
OPENING = _any_of(
    r"(?:can|could|would|will|do|does|did|is|are|should|shall|may) "
    r"(?:you|we|i|it|this|that|they|there|the|anyone|someone|everything)\b",
    r"(?:have|has) (?:you|we|it|they|anyone|someone)\b",
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
    r"(?:have a look|take a look|look (?:at|into))\b",
    start=_START,
)
NO_REQUEST = _any_of(
    r"please (?:do not|don'?t) (?:reply|respond)",
    r"\bto ensure\b",
    r"please (?:find|see|note|ignore|disregard|be aware|be advised|excuse|accept)",
    r"feel free|don'?t hesitate|do not hesitate",
    r"\bif (?:any|some)thing\b",
    r"\ball (?:that )?(?:i|we) need\b",
    r"\bno (?:reply|answer|action|response) (?:is )?(?:needed|required|necessary)\b|\bnothing to do\b",
    r"if (?:you|there|anyone)(?:'s| is| are| do| should| have| has| need| want| would like|'d like)?[^.!?]{0,25}"
    r"(?:any(?:thing)?|further|more|other|question|trouble|problem|concern|unsubscribe|receive)\b",
    r"unsubscribe|click (?:here|below|the)",
    r"^\W*(?:fyi|for your information|no need|no rush|no action)\b",
    r"\b(?:can|could) (?:we|i) (?:also )?(?:just )?say\b",
    r"\b(?:as|so|so that) (?:you|we|i) (?:can|could|will)\b",
    r"\b(?:which|that|what|where|when|if|and|then|how|who) (?:you|we|i) (?:can|could|will|would)\b",
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
    r"^\W*\?+\W*$",
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


def asking(text: str) -> str:
    """The first sentence that asks something of its reader; empty where none does.

    >>> asking("Morning! The draft looks fine. Can you send the booking link?")
    'Can you send the booking link?'
    >>> asking("Please find the signed form attached. Let me know if you have any questions.")
    ''
    """
    return next((sentence for sentence in sentences(text) if is_request(sentence)), "")


def sentences(text: str) -> list[str]:
    """Sentences without links and code, in order."""
    return [found.group().strip() for found in SENTENCE.finditer(URL_OR_CODE.sub(" ", text))]


def is_request(sentence: str) -> bool:
    """Whether one sentence asks for something, by its end, its cue words or its opening."""
    sentence = _plain(sentence)
    if sentence.rstrip(" '\")").endswith("?"):
        return not RHETORICAL.search(sentence)
    if NO_REQUEST.search(sentence):
        return False
    return any(cue.search(sentence) for cue in (REQUEST, OPENING, IMPERATIVE))


def chases(text: str) -> bool:
    """Whether somebody asks again: "any update", "just following up", a lone question mark."""
    return bool(CHASE.search(_plain(URL_OR_CODE.sub(" ", text))))


def withdrawn(text: str) -> bool:
    """Whether somebody takes back what was asked: "never mind", "found it"."""
    return bool(WITHDRAWN.search(_plain(text)))


def refers(text: str) -> bool:
    """Whether somebody answers here what was asked elsewhere: "about your mail", "as you asked"."""
    return bool(REFERS.search(_plain(text)))


def _plain(text: str) -> str:
    return text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
