"""Whether words ask nothing further: a short thanks, an agreement. For mail and chat alike."""

from __future__ import annotations

import re

MOST_WORDS = 6
"""A longer thanks mostly says something more; an agreement may be half as long."""

_THANKS = frozenset(
    "thanks thank thx ty cheers brilliant lovely awesome excellent danke dank vielen herzlichen merci bedankt "
    "dankjewel gracias grazie obrigado obrigada tack".split()
)
_AGREES = re.compile(
    r"^(?:great|perfect|super|noted|ok|okay|okey|got it|understood|np|sure|will do|sorted|sounds (?:good|great|fine)|"
    r"agreed|all good|parfait|top|prima|alles klar|passt|verstanden|perfecto|perfetto|entendu|d'accord|akkoord)\b"
)
_EMOJI = frozenset("👍👌🙏🙌🎉✅😊🙂😀😃❤💯👏✨☺🤝🥳")
_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|hallo|liebe|lieber|bonjour|hoi|beste)\s+[\w.'-]+\s*[,!]?\s+", re.IGNORECASE
)
_SIGN_OFF = re.compile(
    r"(?:^|(?<=[.!,;\n ]))(?:kind regards|best regards|warm regards|regards|best wishes|all the best|best|cheers|br|"
    r"viele grüße|liebe grüße|beste grüße|mit freundlichen grüßen|mfg|lg|vg|cordialement|bien à vous|groeten|groetjes|"
    r"met vriendelijke groet|saludos|cordiali saluti)\b[,.!]?(?:\s*\n|\s*$|,\s).*$",
    re.IGNORECASE | re.DOTALL,
)
_ASKS = re.compile(
    r"\?|\b(?:please|pls|can|could|would|when|where|what|why|who|how|which|need|needs|still|waiting|advance|but|however|"
    r"although|except|send|share|call|until|asap|urgent|not|no|never|also|another|remind|chase|bitte|aber|noch|wann|warum|"
    r"nicht|kein|keine|kannst|können|könnten|voraus|mais|quand|pas|avance|avant|graag|maar|wanneer|niet|alvast|pero|cuando|"
    r"antemano|ma|quando)\b|n't\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w'-]*")


def closes(text: str) -> bool:
    r"""Whether the newest words are a short thanks or agreement without a question.

    >>> closes("Thanks Ines, perfect!\n\nBest,\nDana")
    True
    >>> closes("Thanks, when is it live?"), closes("Thanks in advance"), closes("Ok but not Tuesday")
    (False, False, False)
    """
    text = text.strip().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    if len(text) > 400 or _ASKS.search(text):
        return False
    text = _GREETING.sub("", text, count=1)
    body = (_SIGN_OFF.sub("", text).strip() or text).lower()
    words = _WORD.findall(body)
    if not words:
        return any(c in _EMOJI for c in body)
    if any(word in _THANKS for word in words):
        return len(words) <= MOST_WORDS
    return len(words) <= MOST_WORDS // 2 and bool(_AGREES.match(" ".join(words)))
