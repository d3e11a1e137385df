"""One short direct message of the bot to one colleague. Posted once and never again by itself; nothing is edited."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence

from briefing.deliver import Begin, NotAllowed, Outcome
from briefing.deliver.slack import BASE_URL, EVENT
from briefing.deliver.slack_api import BLOCKS, Api, InDoubt, Later, Refused


class SlackNote:
    """A way to one person of the bot's workspace."""

    kind = "Slack"

    def __init__(
        self, user: str, token: str, *, base_url: str = BASE_URL, deadline: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.deadline, self.recipients = deadline, (f"@{user}",)
        self._user, self._token, self._base_url, self._sleep = user, token, base_url, sleep

    def hand_in(self, body: bytes, recipients: Sequence[str], begin: Begin) -> Mapping[str, Outcome]:
        """Post it. Nothing can arrive before `begin` was asked."""
        api = Api(self._token, base_url=self._base_url, sleep=self._sleep, longest=self.deadline / 2)
        try:
            outcome = self._posted(api, body, lambda: begin(recipients))
        except Refused as error:
            outcome = Outcome(result="refused", detail=str(error))
        except Later as error:
            outcome = Outcome(result="deferred", detail=str(error))
        except InDoubt as error:
            outcome = Outcome(result="uncertain", detail=str(error))
        finally:
            api.close()
        return dict.fromkeys(recipients, outcome)

    def _posted(self, api: Api, body: bytes, begin: Callable[[], bool]) -> Outcome:
        message = json.loads(body)["messages"][0]
        opened = api.call("conversations.open", users=self._user).data.get("channel")
        conversation = opened.get("id") if isinstance(opened, Mapping) else None
        if not isinstance(conversation, str) or not conversation:
            raise Later("Slack opens no direct message")
        if not begin():
            raise NotAllowed
        # With metadata, like every message of the bot: without it an edition's channel could not tell its own posts.
        marked = {"event_type": EVENT, "event_payload": {"note": hashlib.sha256(body).hexdigest()[:20]}}
        told = {
            "channel": conversation, "mrkdwn": False, "parse": "none", "link_names": False, "unfurl_links": False,
            "unfurl_media": False, "metadata": marked,
        }  # fmt: skip
        try:
            api.call("chat.postMessage", text=message["text"], blocks=message["blocks"], **told)
        except Refused as error:
            if error.code not in BLOCKS:
                raise
            api.call("chat.postMessage", text=message["plain"][0], **told)
            return Outcome(result="sent", detail=f"as text, for Slack refused its blocks ({error.code})")
        return Outcome(result="sent")
