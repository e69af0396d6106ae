"""Hours of ordinary load on one service, watched for growth. Called by load.sh; needs nothing beyond the standard library."""
import argparse, datetime, http.client, http.server, json, os, random, re, shutil, signal, statistics, subprocess, sys, threading, time
from pathlib import Path
from urllib.parse import quote

TOKEN = "load-token-of-the-service"
PRODUCTS = ["充电宝", "电热水器", "儿童玩具", "电动自行车", "燃气灶", "婴儿床", "电饭煲", "折叠梯", "取暖器", "插线板"]
CLAIMS = ["使用中突然起火", "漏电把人电了一下", "边角割伤手指", "有刺鼻的气味"]
CHAT = ["物流很快，包装完好", "用了一个月，没有问题", "颜色和图片有点不同", "客服态度不错，已经好评", "想问一下保修多久"]
# How much the mean of the last quarter may lie above that of the first quarter after the warm-up.
GROWTH_MAX = 0.05
# Pages on the list of the site, the newest first.
LISTED = 1_000


def text(number, chance):
    said = chance.choice(CLAIMS) if chance.random() < 0.2 else chance.choice(CHAT)
    return f"买的{chance.choice(PRODUCTS)}（第{number}单）{said}"


class Site:
    """A site whose list grows; what is on a page follows from its number."""

    def __init__(self, per_second):
        self.began, self.per_second, self.today, self.served = time.time(), per_second, datetime.date.today().isoformat(), 0
        site = self

        class Pages(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                status, body = 200, ""
                if self.path == "/list":
                    last = int((time.time() - site.began) * site.per_second)
                    body = "".join(f"<li><a href='/d/{n}'>{n}</a></li>" for n in range(last, max(0, last - LISTED), -1))
                elif self.path.startswith("/d/"):
                    number = int(self.path[3:])
                    body = f"<h1>第{number}条</h1><div class=d>{site.today}</div><div class=t>{text(f'P{number}', random.Random(number))}</div>"
                    site.served += 1
                else:
                    status = 404
                body = body.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]


class Load:
    def __init__(self, args):
        self.args, self.stop, self.failed, self.pushed = args, threading.Event(), [], 0
        self.searches, self.feeds = [], []

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.args.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def every(self, seconds, work):
        """Repeats work until the end; a failure is noted, and the next one tried."""

        def run():
            due = time.monotonic()
            while not self.stop.is_set():
                try:
                    work()
                except (OSError, http.client.HTTPException) as error:
                    self.failed.append(f"{work.__name__}: {error}")
                due = max(due + seconds, time.monotonic())
                self.stop.wait(max(0, due - time.monotonic()))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def push(self):
        today, chance = datetime.date.today().isoformat(), random.Random(self.pushed)
        lines = [json.dumps({"id": f"l{self.pushed + n}", "text": text(f"H{self.pushed + n}", chance), "published_at": today}, ensure_ascii=False)
                 for n in range(self.args.rate // 2)]
        status, body, _ = self.ask("POST", "/api/v1/documents?source=load", "\n".join(lines).encode(),
                                   {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/x-ndjson"})
        if status == 200:
            self.pushed += len(lines)
        else:
            self.failed.append(f"push: {status} {body[:200]!r}")

    def search(self):
        began = time.monotonic()
        status, body, _ = self.ask("GET", f"/api/v1/search?q={quote(random.choice(PRODUCTS + CLAIMS))}&limit=20")
        self.searches.append(time.monotonic() - began)
        if status != 200:
            self.failed.append(f"search: {status} {body[:200]!r}")

    def feed(self):
        for path in ("/feeds/alerts.json", "/feeds/alerts.atom", "/", "/status"):
            status, body, _ = self.ask("GET", path)
            if status != 200:
                self.failed.append(f"{path}: {status} {body[:200]!r}")

    def metrics(self):
        _, body, _ = self.ask("GET", "/metrics")
        body = body.decode()
        value = lambda name: sum(float(found) for found in re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", body, re.M))
        return value("wanglou_documents"), value("wanglou_signals"), value("wanglou_task_failures")


def look(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = lambda name: int(re.search(rf"{name}:\s+(\d+)", status)[1])
    # Mapped files of the index are pages of the system: they count apart.
    return kilobytes("RssAnon") / 1024, len(os.listdir(f"/proc/{pid}/fd")), kilobytes("Threads"), kilobytes("VmRSS") / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    for name, default in (("--seconds", 7_200), ("--warm-up", 1_200), ("--rate", 50), ("--port", 8079), ("--sample", 10)):
        parser.add_argument(name, type=int, default=default)
    args = parser.parse_args()
    data = args.scratch / "load-data"
    shutil.rmtree(data, ignore_errors=True)
    sources = args.scratch / "load-sources"
    sources.mkdir(parents=True, exist_ok=True)
    site, load = Site(args.rate / 2), Load(args)
    (sources / "site.toml").write_text(
        'id = "load.site"\nname = "站"\nchannel = "media"\nkind = "html"\nenabled = true\n'
        f'start = ["http://127.0.0.1:{site.port}/list"]\nallow_loopback = true\nschedule.every = "5s"\nrate.unpaced = ["127.0.0.1"]\nrate.at_once = 4\n'
        '[list]\nitem = "li"\nlink = "a"\n[detail.fields]\ntitle = "h1"\ntext = ".t"\npublished_at = ".d"\n')
    config = args.scratch / "load.toml"
    config.write_text(f'data = "{data}"\nsources = "{sources}"\nport = {args.port}\npush_token = "{TOKEN}"\ntick_seconds = 1\n'
                      '[[rerun]]\nname = "load"\nwhen = "*/5 * * * *"\ndays = 1\nkeep = 2\n')
    # Planned reruns take whole days: there is one before today.
    before = args.scratch / "load-before.ndjson"
    day, chance = (datetime.date.today() - datetime.timedelta(days=1)).isoformat(), random.Random(0)
    with open(before, "w") as lines:
        for n in range(args.rate * 200):
            lines.write(json.dumps({"id": f"b{n}", "text": text(f"B{n}", chance), "published_at": day}, ensure_ascii=False) + "\n")
    subprocess.run([args.binary, "import", "--data", data, "--source", "load", before], check=True, stdout=subprocess.DEVNULL)
    with open(args.scratch / "load.log", "wb") as log:
        service = subprocess.Popen([args.binary, "run", "--config", config], stderr=log)
    rows, troubles = [], 0
    try:
        for _ in range(600):
            try:
                load.ask("GET", "/healthz")
                break
            except OSError:
                time.sleep(0.1)
        else:
            sys.exit("the service does not answer; see load.log in the scratch folder")
        workers = [load.every(1, load.push), load.every(0.5, load.search), load.every(0.5, load.search), load.every(10, load.feed)]
        print(f"{args.rate} documents/s (half crawled, half handed in), 4 searches/s, feeds and pages, a rerun every 5 minutes; {os.cpu_count()} cores for all\n")
        print("| s | documents | signals | own memory, MiB | with mapped files | handles | threads | search p50 / p95, ms |\n|---|---|---|---|---|---|---|---|", flush=True)
        began, shown = time.monotonic(), 0
        while (now := time.monotonic() - began) < args.seconds and service.poll() is None:
            time.sleep(max(0, args.sample - (time.monotonic() - began) % args.sample))
            documents, signals, failures = load.metrics()
            troubles += failures > 0
            rows.append((time.monotonic() - began, documents, *look(service.pid)))
            # A line a minute, or each sample of a short run.
            if args.seconds <= 600 or now - shown >= 60:
                shown, last = now, sorted(load.searches[-1_000:]) or [0]
                p50, p95 = (last[int(len(last) * part)] * 1_000 for part in (0.5, 0.95))
                print(f"| {rows[-1][0]:.0f} | {documents:,.0f} | {signals:,.0f} | {rows[-1][2]:.0f} | {rows[-1][5]:.0f} | {rows[-1][3]} | {rows[-1][4]} | {p50:.0f} / {p95:.0f} |", flush=True)
        load.stop.set()
        for worker in workers:
            worker.join(30)
    finally:
        ended = service.poll()
        if ended is None:
            service.send_signal(signal.SIGTERM)
            service.wait(150)
    wrong = [f"the service ended by itself: {ended}"] if ended is not None else []
    after = [row for row in rows if row[0] >= args.warm_up]
    quarter = max(1, len(after) // 4)
    print()
    if len(after) < 8:
        wrong.append("too few samples after the warm-up to say anything")
    else:
        for name, column in (("own memory, MiB", 2), ("handles", 3)):
            first, last = (statistics.mean(row[column] for row in part) for part in (after[:quarter], after[-quarter:]))
            grown = last / first - 1
            print(f"{name}: {first:.1f} after the warm-up, {last:.1f} at the end, {grown:+.1%}")
            if grown > GROWTH_MAX:
                wrong.append(f"{name} grew by {grown:.1%}, more than {GROWTH_MAX:.0%}")
        documents = after[-1][1] - after[0][1]
        if documents:
            print(f"{documents:,.0f} documents meanwhile: {(after[-1][2] - after[0][2]) * 1_048_576 / documents:,.0f} bytes of memory for each")
    if troubles:
        wrong.append(f"a task was in trouble at {troubles} samples; see load.log")
    wrong += load.failed[:10]
    print(f"{load.pushed:,} handed in, {site.served:,} pages served, {len(load.searches):,} searches, {len(load.failed)} failures")
    for what in wrong:
        print("wrong:", what)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
