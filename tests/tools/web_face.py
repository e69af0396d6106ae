"""The web face, asked by other programs: schemathesis by the OpenAPI document, feedparser for the feeds, the OASIS schema for CAP,
jsonschema for the published records, python-docx and pypdf for sheets and drafts.

usage: web_face.py WANGLOU DATA_FOLDER [CAP_SCHEMA]

Starts `wanglou run` on a copy of the data folder on loopback, asks, and ends it. Needs schemathesis, feedparser, xmlschema, jsonschema,
python-docx and pypdf (PyPI). Ends with status 1 and a reason when something is not as promised.
"""

import io
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

TOKEN = "a-token-for-this-test-only"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance"
START_SECONDS_MAX = 60


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def fetch(address, headers=None, body=None):
    request = urllib.request.Request(address, data=body, headers=headers or {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def get(address, headers=None, body=None):
    return fetch(address, headers, body).decode()


def wait_for(address, service):
    for _ in range(START_SECONDS_MAX * 10):
        if service.poll() is not None:
            sys.exit(f"the service ended by itself with {service.returncode}")
        try:
            return get(address)
        except OSError:
            time.sleep(0.1)
    sys.exit("the service does not answer")


def feeds_and_messages(home, schema):
    import feedparser

    for path in ["/feeds/alerts.atom", "/feeds/alerts.json"]:
        feed = feedparser.parse(get(home + path))
        if feed.bozo and path.endswith("atom"):
            sys.exit(f"{path}: {feed.bozo_exception}")
    listed = json.loads(get(home + "/api/v1/alerts?limit=5"))["alerts"]
    messages = ["/feeds/alerts.cap"] + [f"/api/v1/alerts/{alert['id']}/cap" for alert in listed]
    if schema is None:
        print("skipped: no CAP schema here")
    else:
        import xmlschema

        rules = xmlschema.XMLSchema(str(schema))
        for path in messages:
            rules.validate(get(home + path))
    print(f"feeds read, {len(messages)} CAP messages")


def records_fit_their_schemas(home):
    """What is exchanged is what its published schema says, checked without the OpenAPI document."""
    from jsonschema import Draft202012Validator

    rules = {}
    for record in json.loads(get(home + "/api/v1/schemas"))["schemas"]:
        schema = json.loads(get(home + record["url"]))
        Draft202012Validator.check_schema(schema)
        rules[record["name"]] = Draft202012Validator(schema)
    events = json.loads(get(home + "/api/v1/events?limit=1000"))
    alerts = json.loads(get(home + "/api/v1/alerts?limit=100"))["alerts"]
    if not events or not alerts:
        sys.exit("there is nothing to check")
    for event in events:
        rules["CloudEvent"].validate(event)
        rules["AlertEvent"].validate(event["data"])
    for alert in alerts:
        rules["AlertLine"].validate(alert)
    print(f"{len(rules)} schemas, {len(events)} events and {len(alerts)} alerts fit theirs")


def sheets_open(home):
    """The sheet of every alert and the draft about it open as Word documents and as PDF and say what they are about."""
    import docx
    import pypdf

    listed = json.loads(get(home + "/api/v1/alerts?limit=5"))["alerts"]
    for alert in listed:
        sheet, draft = (docx.Document(io.BytesIO(fetch(f"{home}/alerts/{alert['id']}/{form}?format=docx"))) for form in ("sheet", "notice"))
        cells = [cell.text for row in sheet.tables[0].rows for cell in row.cells]
        told = "\n".join(paragraph.text for paragraph in sheet.paragraphs)
        if alert["id"] not in cells or alert["explanation"] not in told or "依据清单" not in told:
            sys.exit(f"the sheet of {alert['id']} says {cells} {told}")
        if "草稿" not in draft.paragraphs[0].text or alert["category_name"] not in draft.paragraphs[1].text:
            sys.exit(f"the draft about {alert['id']} begins {draft.paragraphs[0].text!r}")
        sheet, draft = (pypdf.PdfReader(io.BytesIO(fetch(f"{home}/alerts/{alert['id']}/{form}?format=pdf"))) for form in ("sheet", "notice"))
        told, drafted = ("".join(page.extract_text() for page in paper.pages) for paper in (sheet, draft))
        if alert["id"] not in told or "依据清单" not in told or alert["category_name"] not in told or "草稿" not in drafted:
            sys.exit(f"the PDF of {alert['id']} says {told[:500]} {drafted[:500]}")
    print(f"{2 * len(listed)} Word documents and as many PDF open")


def pushed_is_told(home):
    """A death that is handed in comes back on the alert stream, once, and handing it in again changes nothing."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/x-ndjson"}
    today = time.strftime("%Y-%m-%d")
    lines = [
        {"id": f"push-{number}", "text": f"家里热水器漏电，老人洗澡时触电身亡，{place}的事", "published_at": today, "channel": "regulator"}
        for number, place in enumerate(["甲县", "乙县", "丙县"])
    ]
    body = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    stream = urllib.request.urlopen(home + "/feeds/alerts/stream", timeout=60)
    address = home + "/api/v1/documents?source=hotline"
    first, again = (json.loads(get(address, headers, body)) for _ in range(2))
    if (first["kept"], again["kept"], again["unchanged"]) != (3, 0, 3):
        sys.exit(f"handed in: {first}, again: {again}")
    for line in stream:
        if line.startswith(b"data: "):
            told = json.loads(line[6:])
            if told["category"] == "water_heater" and told["event"] == "opened":
                print(f"told on the stream: {told['alert_id']}")
                stream.close()
                return
    sys.exit("the stream ended before the alert")


def main():
    program, data = sys.argv[1], pathlib.Path(sys.argv[2])
    schema = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
    scratch = pathlib.Path(tempfile.mkdtemp())
    shutil.copytree(data, scratch / "data")
    port = free_port()
    settings = scratch / "wanglou.toml"
    settings.write_text(f'data = "{scratch}/data"\nport = {port}\npush_token = "{TOKEN}"\ntick_seconds = 1\n')
    service = subprocess.Popen([program, "run", "--config", str(settings)], stderr=subprocess.DEVNULL)
    try:
        home = f"http://127.0.0.1:{port}"
        wait_for(home + "/healthz", service)
        feeds_and_messages(home, schema)
        records_fit_their_schemas(home)
        sheets_open(home)
        pushed_is_told(home)
        tested = subprocess.run(
            [pathlib.Path(sys.executable).parent / "schemathesis", "run", f"{home}/api/v1/openapi.json", "--checks", CHECKS,
             "--max-examples", "10", "--exclude-path", "/feeds/alerts/stream", "-H", f"Authorization: Bearer {TOKEN}",
             "--generation-deterministic"],
            timeout=300, check=False, cwd=scratch, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if tested.returncode != 0:
            sys.exit(tested.stdout[-6000:])
        print(tested.stdout.strip().splitlines()[-1].strip("= "))
    finally:
        service.terminate()
        service.wait(timeout=30)
        shutil.rmtree(scratch, ignore_errors=True)


main()
