"""Signing in by an OpenID provider that is not ours (PyPI `oidc-provider-mock`), as a browser does it.

usage: signin.py WANGLOU

Starts the provider and `wanglou run` on loopback with an empty data folder, walks from the sign-in page over the provider's page and back, and
ends both. Ends with status 1 and a reason when something is not as promised.
"""

import logging
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from urllib.parse import parse_qs, urlsplit

warnings.simplefilter("ignore")  # of the libraries below about themselves

import oidc_provider_mock  # noqa: E402
import requests  # noqa: E402

START_SECONDS_MAX = 60


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def expect(found, meant, what):
    if found != meant:
        sys.exit(f"{what}: {found!r} instead of {meant!r}")


def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        sys.exit(f"{arguments}: {done.stderr}")
    return done.stdout


def leave(home, browser, path="/status"):
    """From a page that needs sign-in to the provider's page; the address of that."""
    page = browser.get(home + path, timeout=30)
    expect(urlsplit(page.url).path, "/signin", "where a page that needs sign-in leads")
    if "统一身份认证登录" not in page.text:
        sys.exit("the sign-in page does not show the provider")
    away = browser.get(f"{home}/signin/provider?next={path}", allow_redirects=False, timeout=30)
    expect(away.status_code, 303, "leaving for the provider")
    return away.headers["location"]


def come_back(browser, address, answer):
    """Answers the provider's form and follows it back."""
    sent = browser.post(address, data=answer, allow_redirects=False, timeout=30)
    expect(sent.status_code, 302, "what the provider answers")
    return browser.get(sent.headers["location"], timeout=30), sent.headers["location"]


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    program, scratch = sys.argv[1], pathlib.Path(tempfile.mkdtemp())
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    people = [oidc_provider_mock.User(sub=sub, claims={"preferred_username": name}) for sub, name in [("1", "zhang"), ("2", "zhang"), ("3", "li")]]
    with oidc_provider_mock.run_server_in_thread(require_nonce=True, user_claims=people) as server:
        issuer = f"http://localhost:{server.server_port}"
        settings = scratch / "wanglou.toml"
        settings.write_text(
            f'data = "{scratch}/data"\nport = {port}\nhome = "{home}"\n'
            f'[signin]\nissuer = "{issuer}"\nclient_id = "wanglou"\nclient_secret = "a-secret-of-this-test"\n',
            encoding="utf-8",
        )
        run(program, "--data", f"{scratch}/data", "user", "add", "zhang", "--party", "某市中心", "--role", "centre", "--provider")
        log = open(scratch / "log", "wb")
        service = subprocess.Popen([program, "run", "--config", str(settings)], stdout=log, stderr=log)
        try:
            for _ in range(START_SECONDS_MAX * 10):
                try:
                    requests.get(home + "/healthz", timeout=30)
                    break
                except requests.ConnectionError:
                    time.sleep(0.1)
            # Whoever comes first under the name is nobody here until an administrator has linked the person.
            first = requests.Session()
            page, _ = come_back(first, leave(home, first), {"sub": "1"})
            expect((page.status_code, "编号“1”" in page.text), (403, True), f"not linked: {page.text[:2000]}")
            run(program, "--data", f"{scratch}/data", "user", "provider", "zhang", "--issuer", issuer, "--subject", "1")
            browser = requests.Session()
            page, address = come_back(browser, leave(home, browser), {"sub": "1"})
            expect((page.status_code, urlsplit(page.url).path), (200, "/status"), "coming back")
            if "zhang" not in page.text:
                sys.exit("the page does not say who has signed in")
            again = requests.Session().get(address, timeout=30)
            expect(again.status_code, 403, "another browser with the same address")
            # The same name, given to somebody else over there; a name that is not known here; somebody who says no.
            for answer, told in [({"sub": "2"}, "没有用户与此人"), ({"sub": "3"}, "没有用户与此人"), ({"action": "deny"}, "已取消")]:
                other = requests.Session()
                page, _ = come_back(other, leave(home, other), answer)
                expect((page.status_code, told in page.text), (403, True), f"{answer}: {page.text[:2000]}")
                expect(other.get(home + "/api/v1/alerts", timeout=30).status_code, 401, f"{answer}: no session")
            challenge = parse_qs(urlsplit(leave(home, requests.Session())).query)
            expect(challenge["code_challenge_method"], ["S256"], "PKCE")
            written = (scratch / "log").read_bytes() + b"".join(file.read_bytes() for file in (scratch / "data").glob("*.sqlite*"))
            code = parse_qs(urlsplit(address).query)["code"][0]
            for secret in ["a-secret-of-this-test", code, browser.cookies["wanglou_session"]]:
                if secret.encode() in written:
                    sys.exit("a secret stands in the log or the store")
            expect(run(program, "--data", f"{scratch}/data", "audit", "list").count('"sign_in_refused"'), 3, "refusals in the audit log")
            print("signed in by a provider; strangers, other browsers and a second person of one name were not")
        finally:
            service.terminate()
            service.wait(30)
            shutil.rmtree(scratch, ignore_errors=True)


main()
