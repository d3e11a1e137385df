"""`[deliver.NAME]`, as far as it is checked when the file is read."""

from __future__ import annotations

import pytest

from briefing.config import parse
from briefing.errors import ConfigError


def test_every_problem_of_a_channel_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(
            {
                "workspace": {"domains": ["a.example"]},
                "clients": {"X": {"domains": ["x.example"]}},
                "deliver": {
                    "one": {"use": "email", "hots": "h", "host": "smtp:99", "password": "hunter2", "from": "nobody"},
                    "two": {"use": "emial"},
                    "three": {},
                    "four": {
                        "use": "email", "host": "smtp.example.com", "from": "b@a.example", "port": 2525,
                        "username": "u", "to": ["d@x.example", "q@b.example", "m@A.example"],
                    },
                    "five": {"use": "email", "host": "smtp.example.com", "from": "b@a.example", "tls": "none"},
                    "six": {"use": "file", "forms": []},
                    "a b": {"use": "stdout"},
                },
            }
        )  # fmt: skip
    assert caught.value.problems == (
        "deliver.one.host: write a host such as smtp.example.com; the port has a key of its own",
        "deliver.one.password: write a reference such as env:NAME or file:PATH, never the secret itself",
        'deliver.one.from: "nobody" is no mail address such as maya@agency.example',
        'deliver.one.hots: not a known key (did you mean "host"?)',
        'deliver.two.use: "emial" is none of email, gmail, slack, file, stdout (did you mean "email"?)',
        "deliver.three.use: is missing; write one of email, gmail, slack, file, stdout",
        "deliver.six.folder: is missing",
        "deliver.six.forms: name at least one form",
        'deliver.four.tls: port 2525 does not tell; write "tls", "starttls" or "none"',
        "deliver.four.password: give one of password, access_token and refresh_token with username",
        "deliver.four.to: d@x.example is a client's; the briefing never goes to a client",
        "deliver.four.to: q@b.example is neither in workspace.domains nor one of the audience's emails",
        'deliver.five.tls: "none" is for a mail server on this machine; a mail goes nowhere in plain text',
        "deliver.five.to: is missing, and the audience has no address",
        'deliver.a b: a channel is named with letters, digits, "-", "_" and "."',
    )


@pytest.mark.parametrize("text", ["soon", "", "-5h", "0m", "infd", "nanh", "1e300d"])
def test_an_age_that_is_none_is_told_before_any_run(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse({"max_age": text})
    assert caught.value.problems == (f'max_age: "{text}" is not an age; write one such as "30m", "2h" or "1d"',)


@pytest.mark.parametrize("deadline", [float("inf"), float("nan"), 3601.0])
def test_a_deadline_has_an_end(deadline: float) -> None:
    mail = {"use": "email", "host": "smtp.a.example", "from": "b@a.example", "to": ["m@a.example"]}
    slack = {"use": "slack", "token": "env:T", "to": "U012AB3CD"}
    with pytest.raises(ConfigError) as caught:
        parse(
            {
                "workspace": {"domains": ["a.example"]},
                "audience": [{"name": "M", "emails": ["m@a.example"], "logins": ["U012AB3CD"]}],
                "deliver": {"mail": {**mail, "deadline": deadline}, "chat": {**slack, "deadline": deadline}},
            }
        )
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "deliver.mail.deadline", "deliver.chat.deadline"
    ]  # fmt: skip
