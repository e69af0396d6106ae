"""Deliveries, checked by other programs: the verifier of Standard Webhooks (PyPI `standardwebhooks`), a mail server (PyPI `aiosmtpd`) and
Python's own reader of mail.

usage: deliveries.py WANGLOU DATA_FOLDER

Adds endpoints to a copy of the data folder, sends what happened to its alerts to receivers on loopback, one that works, one that
hangs until the test ends, one that fails, and checks every message that arrived. Ends with status 1 and a reason when something is not as promised.
"""

import email
import email.policy
import http.server
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import warnings

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Receiver(http.server.BaseHTTPRequestHandler):
    messages = []
    release = threading.Event()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.messages.append((self.path, dict(self.headers.items()), body))
        if self.path == "/hangs":
            self.release.wait(60)
        self.send_response(500 if self.path == "/fails" else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Postbox:
    """Takes every mail and keeps it."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.rcpt_tos, envelope.content))
        return "250 taken"


def protected_ways(program, data, scratch):
    """Mail goes by TLS and by STARTTLS, with a password, to a server whose authority is named; to one of an unknown authority nothing goes."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(scratch / "house.pem"))

    def known(server, session, envelope, mechanism, given):
        return AuthResult(success=(given.login, given.password) == (b"watch", b"a password of this test"))

    warnings.simplefilter("ignore")  # that a password goes without STARTTLS: TLS is there from the first byte
    ways = {
        "tls": {"ssl_context": context, "auth_require_tls": False},
        "starttls": {"tls_context": context, "require_starttls": True},
    }
    for security, way in ways.items():
        postbox, port = Postbox(), free_port()
        server = Controller(postbox, hostname="127.0.0.1", port=port, authenticator=known, auth_required=True, **way)
        server.start()
        try:
            for authority_line, arrives in [(f'authority = "{scratch}/house.pem"\n', True), ("", False)]:
                settings = scratch / f"{security}.toml"
                settings.write_text(
                    f'[mail]\nserver = "127.0.0.1"\nport = {port}\nsecurity = "{security}"\nfrom = "watch@example.org"\n'
                    f'user = "watch"\npassword = "a password of this test"\n{authority_line}',
                    encoding="utf-8",
                )
                name = f"{security}-{'known' if arrives else 'unknown'}"
                deliver = ["deliver", "--config", str(settings)]
                run(program, data, *deliver, "add", "--to", "duty@example.org", name)
                before = len(postbox.mails)
                run(program, data, *deliver, "test", name, may_fail=True)
                run(program, data, *deliver, "send")
                health = {line["endpoint"]: line for line in map(json.loads, run(program, data, "deliver", "list").splitlines())}
                if (len(postbox.mails) > before, health[name]["last"]["status"] == 250) != (arrives, arrives):
                    sys.exit(f"{name}: {len(postbox.mails) - before} mails, {health[name]}")
                run(program, data, "deliver", "pause", name)
        finally:
            server.stop()
    print("mail went by TLS and by STARTTLS, and to no server of an unknown authority")


def mail_is_read(program, data, scratch, events):
    """What happened comes as mail, once for each event; a reader of mail shows it as it was written."""
    postbox = Postbox()
    port = free_port()
    server = Controller(postbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        settings = scratch / "mail.toml"
        settings.write_text(f'[mail]\nserver = "127.0.0.1"\nport = {port}\nsecurity = "none"\nfrom = "望楼 <watch@example.org>"\n', encoding="utf-8")
        deliver = ["deliver", "--config", str(settings)]
        run(program, data, *deliver, "add", "--after", "0", "--to", "duty@example.org", "duty")
        run(program, data, *deliver, "test", "duty")
        for _ in range(50):
            if " 0 messages arrived" in run(program, data, *deliver, "send"):
                break
        mails = [email.message_from_bytes(content, policy=email.policy.default) for _, content in postbox.mails]
        if len(mails) != events + 1 or any(to != ["duty@example.org"] for to, _ in postbox.mails):
            sys.exit(f"{len(mails)} mails for {events} events and a test")
        if len({mail["Message-ID"] for mail in mails}) != len(mails):
            sys.exit("a mail came twice")
        for mail in mails:
            text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
            subject, test = mail["Subject"], mail["X-Wanglou-Kind"] == "test"
            if mail.defects or not subject.startswith("[望楼][测试]" if test else "[望楼]["):
                sys.exit(f"{subject!r}: {mail.defects}")
            if not test and (f"/alerts/{mail['X-Wanglou-Alert']}" not in text or f"/alerts/{mail['X-Wanglou-Alert']}" not in html):
                sys.exit(f"{subject!r} leads nowhere: {text}")
        print(f"{len(mails)} mails read, e.g. {mails[-1]['Subject']}")
    finally:
        server.stop()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def run(program, data, *arguments, may_fail=False):
    done = subprocess.run([program, "--data", str(data), *arguments], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0 and not may_fail:
        sys.exit(f"{arguments}: {done.stderr}")
    return done.stdout.strip()


def main():
    program, scratch = sys.argv[1], pathlib.Path(tempfile.mkdtemp())
    data = scratch / "data"
    shutil.copytree(sys.argv[2], data)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}"
    try:
        add = ["deliver", "add", "--after", "0", "--allow-loopback", "--url"]
        secret = run(program, data, *add, f"{home}/works", "works")
        run(program, data, *add, f"{home}/hangs", "hangs")
        run(program, data, *add, f"{home}/fails", "fails")
        for _ in range(50):
            told = run(program, data, "deliver", "send")
            if " 0 messages arrived" in told:
                break
        arrived = [(headers, body) for path, headers, body in Receiver.messages if path == "/works"]
        health = {line["endpoint"]: line for line in map(json.loads, run(program, data, "deliver", "list").splitlines())}
        if not arrived or len(arrived) != health["works"]["delivered"] or health["works"]["waiting"]:
            sys.exit(f"{len(arrived)} messages arrived; {health['works']}")
        ids = [headers["webhook-id"] for headers, _ in arrived]
        if len(set(ids)) != len(ids):
            sys.exit("a message arrived twice")
        verifier = Webhook(secret)
        for headers, body in arrived:
            told = verifier.verify(body, headers)
            if not told["type"].startswith("alert."):
                sys.exit(f"an odd message: {told}")
        try:
            verifier.verify(arrived[0][1] + b" ", arrived[0][0])
            sys.exit("a changed message was accepted")
        except WebhookVerificationError:
            pass
        for name in ("hangs", "fails"):
            if health[name]["delivered"] or not health[name]["waiting"] or health[name]["last"]["trouble"] is None:
                sys.exit(f"{name}: {health[name]}")
        print(f"{len(arrived)} messages verified; a receiver that hangs and one that fails wait: "
              f"{health['hangs']['last']['trouble']}, {health['fails']['last']['trouble']}")
        mail_is_read(program, data, scratch, len(arrived))
        protected_ways(program, data, scratch)
        lines = run(program, data, "audit", "verify")
        print(f"audit log: {lines}")
    finally:
        Receiver.release.set()
        server.shutdown()
        shutil.rmtree(scratch, ignore_errors=True)


main()
