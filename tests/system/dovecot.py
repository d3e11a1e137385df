"""A Dovecot of one's own for a test: other ports, other folders, no right it does not need; TLS with its own authority.

Mail lies in Maildirs under `mail/USER`, so tests put files there and take them away as a delivery or another mail
program would.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from briefing.reading.headers import read_date, read_headers, split

PASSWORD = 'Maya\u00e4s "word" \\ 7'
USER = "maya@harbourlane.example"

CONF = """\
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
instance_name = briefing-{ports[0]}
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{base}/server.pem
ssl_key = <{base}/server.key
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
auth_username_format = %u
mail_location = maildir:{base}/mail/%u:INDEX={base}/index/%u
mail_max_userip_connections = {connections}
first_valid_uid = 1
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
{extra}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {base}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/home/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {ports[0]}
  }}
  inet_listener imaps {{
    port = {ports[1]}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Trash {{
    special_use = \\Trash
  }}
  mailbox Drafts {{
    special_use = \\Drafts
  }}
}}
"""


@dataclass
class Dovecot:
    """A running server."""

    base: Path
    port: int
    tls_port: int
    count: int = field(default=0)

    @property
    def authority(self) -> Path:
        """What its certificate is checked against."""
        return self.base / "server.pem"

    @property
    def log(self) -> str:
        """What it complains about."""
        path = self.base / "dovecot.log"
        return path.read_text() if path.exists() else ""

    def maildir(self, folder: str = "") -> Path:
        """A folder's Maildir: `Clients.Juniper`, the inbox by default; made when asked for."""
        path = self.base / "mail" / USER / (f".{folder}" if folder else "")
        for part in ("cur", "new", "tmp"):
            (path / part).mkdir(parents=True, exist_ok=True)
        return path

    def put(
        self, mails: Iterable[bytes], folder: str = "", *, flags: str = "S", at: datetime | None = None
    ) -> list[Path]:
        """Deliver mails; `at` is when they arrived, else when they were written."""
        where = self.maildir(folder) / "cur"
        found = []
        for mail in mails:
            self.count += 1
            seconds = int((at or written(mail)).timestamp())
            path = where / f"{seconds}.M{self.count:06d}.briefing:2,{flags}"
            path.write_bytes(mail)
            os.utime(path, (seconds, seconds))
            found.append(path)
        self.own()
        return found

    def own(self) -> None:
        """Mail belongs to an ordinary user, never to root."""
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "mail:mail", str(self.base / "mail")], check=True)

    def flags(self) -> list[str]:
        """The flags of every mail, as they stand in its file's name, and whether it lies in `new`."""
        return sorted(str(path.relative_to(self.base)) for path in (self.base / "mail").rglob("*.briefing*"))


def written(mail: bytes) -> datetime:
    """A mail's own date."""
    found = read_date(read_headers(split(mail)[0]).text("date"), UTC)
    assert found is not None
    return found


@contextmanager
def dovecot(
    *,
    mechanisms: str = "plain login",
    separator: str = ".",
    prefix: str = "",
    connections: int = 20,
    extra: str = "",
    subject: str = "IP:127.0.0.1",
) -> Iterator[Dovecot]:
    """A server that listens, for as long as the block lasts."""
    base = Path(tempfile.mkdtemp(prefix="briefing-imap-", dir="/tmp"))  # short: its sockets have long names
    base.chmod(0o755)
    root = os.geteuid() == 0
    me = pwd.getpwuid(os.geteuid()).pw_name
    ports = free_ports(2)
    (base / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
    certificate(base / "server.key", base / "server.pem", name=subject)
    conf = CONF.format(
        base=base, ports=ports, mechanisms=mechanisms, separator=separator, prefix=prefix, connections=connections,
        extra=extra, internal="dovecot" if root else me, login="dovenull" if root else me,
        group="dovecot" if root else me, uid="mail" if root else me, gid="mail" if root else me,
    )  # fmt: skip
    (base / "dovecot.conf").write_text(conf, encoding="utf-8")
    for name in ("mail", "index", "home"):
        (base / name).mkdir()
        if root:
            shutil.chown(base / name, "mail", "mail")
    process = subprocess.Popen(
        [shutil.which("dovecot") or "/usr/sbin/dovecot", "-F", "-c", str(base / "dovecot.conf")],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    server = Dovecot(base, *ports)
    try:
        listening(ports, process, base / "dovecot.log")
        yield server
    finally:
        process.terminate()
        process.wait(10)
        assert process.stderr is not None
        process.stderr.close()
        shutil.rmtree(base, ignore_errors=True)


def listening(ports: Iterable[int], process: subprocess.Popen[bytes], log: Path, *, seconds: float = 20) -> None:
    """Wait until a server takes connections on its ports."""
    until = time.monotonic() + seconds
    for port in ports:
        while True:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            said = log.read_text() if log.exists() else ""
            assert process.poll() is None, f"the server ended: {said}"
            assert time.monotonic() < until, f"the server does not listen on {port}: {said}"


def free_ports(count: int) -> tuple[int, ...]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in sockets)
    finally:
        for one in sockets:
            one.close()


def certificate(key: Path, pem: Path, *, name: str = "IP:127.0.0.1") -> None:
    """A key and a certificate that is its own authority."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=briefing test",
         "-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", str(pem)],
        check=True, capture_output=True,
    )  # fmt: skip
