"""Masks texts: names and ids word by word, sentences of AWS where they name something."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from controller.recording.masks import Masks

IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TOKEN = re.compile(
    rf"(?P<network>{IPV4}/\d\d?(?![\d.]))"
    rf"|(?P<ipv4>(?<![\w.]){IPV4}(?![\w.]))"
    r"|(?P<mac>(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})"
    r"|(?P<ipv6>(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:]))"
    rf"|(?P<uuid>{UUID.pattern})"
    r"|(?P<key>(?<!\w)A[A-Z]{3}[A-Z0-9]{12,}(?!\w))"
    r"|(?P<word>[^\s/:,;=@\"'(){}<>|?&#\[\]]+)"
)
RESOURCE = re.compile(
    r"(vpc|vpc-cidr-assoc|subnet|subnet-cidr-assoc|sg|sgr|eni|eni-attach|ela-attach|eipalloc"
    r"|eipassoc|igw|rtb|rtbassoc|acl|aclassoc|vpce|nat|i|pl|tgw|dopt)-([0-9a-f]{8}|[0-9a-f]{17})"
)
AWS_HOST = re.compile(
    r"(?:[^.]+\.)+(?:amazonaws\.com|amazonaws\.com\.cn|lambda-url\.[a-z0-9-]+\.on\.aws)"
)
HOST = re.compile(r"(?:[A-Za-z0-9-]+\.)+(?:[a-z]{2,})")
PLACE = re.compile(
    r"(?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-gov|-isob?)?"
    r"-(?:north|south|east|west|central)(?:east|west)?-\d[a-z]?|[a-z]{3,4}\d-az\d"
    r"|ELBSecurityPolicy-[\w-]+"
)
"""A region (us-east-1), a zone (us-east-1a), a zone's id (use1-az1), a TLS policy of AWS's own."""
BY_AWS = "ELB "
"""How AWS describes the network interface of a load balancer; its name and id follow."""
NUMBER = re.compile(r"[+-]?\d{1,9}(?:\.\d{1,9}){0,2}|\d{1,5}-\d{1,5}|\$LATEST")
HASH = re.compile(r"[0-9a-f]{16,}|\d{10,}")
ACCOUNT = re.compile(r"\d{12}")
QUOTED = re.compile(r"(?<!\w)('|\")([^'\"]*)(\1)|(arn:[^\s,'\")]+)")
PLAIN = re.compile(r"[A-Za-z]+(?:'(?:s|t|ve|re|ll))?\.?|\d{1,5}[.%s]?|[-.*!]+")
"""What a sentence of AWS consists of, besides what it names."""
ENDS = re.compile(r"(?:'s)?[.,:;!?]*$")
"""What may follow a name in a sentence."""


class Texts:
    """Masks texts with `masks`; `words` are those that may be as they are."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks

    def text(self, text: str, words: Collection[str], *, own: bool = False) -> str:
        """
        A name, an ARN, an id, a path, a host: every word that is not AWS's is masked.

        `own`: somebody's own words, in which a number is none of AWS's either.
        """
        if text in words:
            return text
        if " " in text and not text.startswith(
            BY_AWS
        ):  # somebody's own description: its words are no names to look out for
            return self._masks.of("description", text)
        return TOKEN.sub(lambda match: self._token(match, words, own=own), text)

    def sentence(self, text: str, words: Collection[str]) -> str:
        """A message of AWS: what it quotes, ids, hosts, and names that were given before."""
        parts, end = [], 0
        for match in QUOTED.finditer(text):
            parts.append(self._plain(text[end : match.start()], words))
            inner = match[2] if match[4] is None else match[4]
            parts += [match[1] or "", self.text(inner, words), match[3] or ""]
            end = match.end()
        return "".join([*parts, self._plain(text[end:], words)])

    def _plain(self, text: str, words: Collection[str]) -> str:
        return re.sub(r"[^\s()]+", lambda match: self._spoken(match[0], words), text)

    def _spoken(self, word: str, words: Collection[str]) -> str:
        bare = ENDS.sub("", word)
        known = None if bare in words else self._masks.known_name(bare)
        if known:
            return known + word[len(bare) :]
        return word if PLAIN.fullmatch(word.rstrip(",:;")) else self.text(word, words)

    def _token(self, match: re.Match[str], words: Collection[str], *, own: bool) -> str:
        kind, token = str(match.lastgroup), match[0]
        if own and NUMBER.fullmatch(token):
            return self._masks.of("name", token)
        try:
            return self._word(token, words) if kind == "word" else self._masks.of(kind, token)
        except ValueError:  # only looks like an address: 999.1.1.1
            return self._masks.of("name", token)

    def _word(self, word: str, words: Collection[str]) -> str:
        if word in words:
            return word
        if ACCOUNT.fullmatch(word):
            return self._masks.of("account", word)
        if HASH.fullmatch(word):
            return self._masks.of("hash", word)
        if NUMBER.fullmatch(word) or PLACE.fullmatch(word):
            return word
        if resource := RESOURCE.fullmatch(word):
            return self._masks.resource(*resource.groups())
        if AWS_HOST.fullmatch(word):
            return ".".join(self._word(label, words) for label in word.split("."))
        return (
            self._masks.of("host", word) if HOST.fullmatch(word) else self._masks.of("name", word)
        )


@lru_cache(maxsize=1 << 16)
def tokens(text: str) -> tuple[str, ...]:
    """
    Words and what is between them, in turn; joined they are the text again.

    Labels of a host are words of their own; an address is one.
    """
    found, end = [], 0
    for match in TOKEN.finditer(text):
        found.append(text[end : match.start()])
        is_word = match.lastgroup == "word"
        found += re.split(r"(\.)", match[0]) if is_word else [match[0]]
        end = match.end()
    return (*found, text[end:])
