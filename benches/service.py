"""Puts the service to work and watches it. Called by service.sh, which makes what it needs."""
import argparse, asyncio, datetime, itertools, json, os, shutil, signal, subprocess, sys, time
from pathlib import Path

import aiohttp

TOKEN = "bench-token-of-the-service"
FEED_CLIENTS, FEED_SECONDS = 16, 10
# Deaths told by an authority: one report is enough for an alert. Each of its own kind, so that each opens one.
DEATHS = [
    "电热水器漏电，用户洗澡时触电身亡", "燃气灶泄漏引起爆炸，两人死亡", "电动自行车充电时起火，一家三口死亡", "婴儿床围栏间隙过大，婴儿头部被卡窒息死亡",
    "儿童玩具小零件脱落，幼童误吞窒息死亡", "电热毯起火，老人被烧死", "吊灯坠落砸中头部致人死亡", "轮胎爆胎致车辆侧翻，驾驶员死亡",
    "磁力珠被吞食，女童肠穿孔死亡", "取暖器起火致两人死亡", "充电宝爆炸，一人被炸死", "折叠梯突然断裂，工人坠落死亡",
]


def share(sorted_values, part):
    return sorted_values[min(len(sorted_values) - 1, int(part * len(sorted_values)))] if sorted_values else float("nan")


def told(name, values, unit="ms", scale=1000):
    values = sorted(values)
    marks = ", ".join(f"p{int(part * 100)} {share(values, part) * scale:,.0f}" for part in (0.5, 0.95, 0.99))
    print(f"| {name} | {len(values):,} | {marks}, most {values[-1] * scale if values else float('nan'):,.0f} {unit} |", flush=True)


def data_folder(args):
    data = args.scratch / f"service-{args.docs}"
    if not (data / "imported").is_file():
        shutil.rmtree(data, ignore_errors=True)
        part = args.scratch / "service.ndjson"
        with open(args.scratch / "mix1m.ndjson", "rb") as lines, open(part, "wb") as out:
            out.writelines(itertools.islice(lines, args.docs))
        subprocess.run([args.binary, "import", "--data", data, "--source", "mix", part], check=True, stdout=subprocess.DEVNULL)
        part.unlink()
        (data / "imported").write_text("")
    return data


def queries(path):
    asked = []
    for line in path.read_text().splitlines()[1:]:
        kind, terms, gone, first, last = (line + "\t\t\t\t").split("\t")[:5]
        words = terms.split()
        if kind == "or":
            text = " OR ".join(words)
        elif kind == "phrase":
            text = '"' + "".join(words) + '"'
        elif kind == "not":
            text = f"{words[0]} -{gone}"
        elif kind == "range":
            text = f"{words[0]} date:{first}..{last}"
        else:
            text = " ".join(words)
        asked.append(text)
    return asked


class Bench:
    def __init__(self, args, session):
        self.args, self.session, self.home = args, session, f"http://127.0.0.1:{args.port}"
        self.searches, self.found_after, self.alert_after, self.pushed, self.failed = [], [], [], 0, []
        self.waiting, self.stop = {}, False

    async def total(self, query):
        async with self.session.get(f"{self.home}/api/v1/search", params={"q": query, "limit": "10"}) as answer:
            body = await answer.json()
            if answer.status != 200:
                self.failed.append(f"{answer.status} {query}: {str(body)[:200]}")
            return body.get("total", 0)

    async def push(self, lines, channel):
        url, headers = f"{self.home}/api/v1/documents", {"Authorization": f"Bearer {TOKEN}"}
        async with self.session.post(url, params={"source": "bench", "channel": channel}, data="\n".join(lines).encode(), headers=headers) as answer:
            body = await answer.json()
            if answer.status != 200 or body["kept"] != len(lines):
                self.failed.append(f"push: {answer.status} {body}")
            self.pushed += len(lines)

    async def search(self, asked, offset):
        for query in itertools.islice(itertools.cycle(asked), offset, None):
            if self.stop:
                return
            began = time.perf_counter()
            await self.total(query)
            self.searches.append(time.perf_counter() - began)

    async def until_found(self, mark):
        began = time.perf_counter()
        while not self.stop and time.perf_counter() - began < 60:
            if await self.total(mark):
                self.found_after.append(time.perf_counter() - began)
                return
            await asyncio.sleep(0.05)
        self.failed.append(f"{mark} was not found")

    async def listen(self):
        timeout = aiohttp.ClientTimeout(total=None)
        async with self.session.get(f"{self.home}/feeds/alerts/stream", timeout=timeout, read_bufsize=1 << 24) as answer:
            async for line in answer.content:
                if self.stop:
                    return
                if line.startswith(b"data:"):
                    event = json.loads(line[5:])
                    for evidence in event.get("evidence", []):
                        began = self.waiting.pop(evidence.get("document_id"), None)
                        if began is not None:
                            self.alert_after.append(time.perf_counter() - began)

    async def hand_in(self, texts):
        today, run = datetime.date.today().isoformat(), int(time.time())
        tasks, deaths = [], iter(DEATHS)
        for second in range(self.args.seconds):
            began = time.perf_counter()
            mark = f"标记{run}第{second}"
            lines = [json.dumps({"id": f"{run}-{second}-{n}", "text": f"{next(texts)}（{run}-{second}-{n}）", "published_at": today}, ensure_ascii=False)
                     for n in range(self.args.rate - 1)]
            lines.append(json.dumps({"id": f"{run}-{second}-m", "text": f"{mark}今天天气很好", "published_at": today}, ensure_ascii=False))
            await self.push(lines, "media")
            tasks.append(asyncio.create_task(self.until_found(f'"{mark}"')))
            if second % 5 == 4 and (death := next(deaths, None)):
                id_ = f"{run}-death-{second}"
                self.waiting[id_] = time.perf_counter()
                await self.push([json.dumps({"id": id_, "text": f"通报：{death}（{run}）", "published_at": today, "channel": "regulator"}, ensure_ascii=False)], "regulator")
            await asyncio.sleep(max(0, 1 - (time.perf_counter() - began)))
        await asyncio.gather(*tasks)
        await asyncio.sleep(5)

    async def feed(self, etag):
        url, count, latencies, until = f"{self.home}/feeds/alerts.json", 0, [], time.perf_counter() + FEED_SECONDS
        headers = {"If-None-Match": etag} if etag else {}

        async def one():
            nonlocal count
            while time.perf_counter() < until:
                began = time.perf_counter()
                async with self.session.get(url, headers=headers) as answer:
                    await answer.read()
                    if answer.status != (304 if etag else 200):
                        self.failed.append(f"feed: {answer.status}")
                        return
                latencies.append(time.perf_counter() - began)
                count += 1

        await asyncio.gather(*(one() for _ in range(FEED_CLIENTS)))
        told(f"alert feed{' with a known ETag' if etag else ''}: {count / FEED_SECONDS:,.0f} requests/s by {FEED_CLIENTS} clients in Python", latencies)


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    for name, default in (("--docs", 1_000_000), ("--rate", 500), ("--seconds", 60), ("--port", 8078), ("--searchers", 2)):
        parser.add_argument(name, type=int, default=default)
    args = parser.parse_args()
    kept = data_folder(args)
    data = args.scratch / "service-run"
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(kept, data)
    config = args.scratch / "service.toml"
    config.write_text(f'data = "{data}"\nport = {args.port}\npush_token = "{TOKEN}"\n')
    log = open(args.scratch / "service.log", "wb")
    service = subprocess.Popen([args.binary, "run", "--config", config], stderr=log, env={**os.environ, "WANGLOU_LOG": "wanglou=info"})
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            bench = Bench(args, session)
            for _ in range(1200):
                if b"the day is judged" in (args.scratch / "service.log").read_bytes():
                    break
                await asyncio.sleep(0.1)
            else:
                sys.exit("the service did not judge within two minutes; see service.log in the scratch folder")
            texts = itertools.cycle(json.loads(line)["text"] for line in itertools.islice(open(args.scratch / "mix1m.ndjson", "rb"), 300_000, 400_000))
            asked = queries(args.scratch / "queries.tsv")
            print(f"{args.docs:,} documents, {args.rate} a second handed in for {args.seconds} s, {args.searchers} searchers, {os.cpu_count()} cores for all\n")
            print("| what | count | |\n|---|---|---|", flush=True)
            listening = asyncio.create_task(bench.listen())
            searching = [asyncio.create_task(bench.search(asked, 250 * n)) for n in range(args.searchers)]
            began = time.perf_counter()
            await bench.hand_in(texts)
            rate = bench.pushed / (time.perf_counter() - began - 5)
            bench.stop = True
            await asyncio.gather(*searching)
            if bench.searches:
                told("searches with facets and histogram, over HTTP", bench.searches)
            told(f"a document is found after it was answered for ({rate:,.0f} documents/s handed in)", bench.found_after)
            told(f"an alert is on the stream after its report was handed in (of {len(bench.alert_after) + len(bench.waiting)})", bench.alert_after)
            print("each, in seconds, in order:", " ".join(f"{after:.2f}" for after in bench.alert_after), file=sys.stderr)
            listening.cancel()
            await bench.feed(None)
            async with session.get(f"{bench.home}/feeds/alerts.json") as answer:
                etag = answer.headers.get("ETag")
            await bench.feed(etag)
            for problem in bench.failed[:10]:
                print("failed:", problem)
            print(f"{len(bench.failed)} failures")
    finally:
        service.send_signal(signal.SIGINT)
        service.wait(30)
    sys.exit(1 if bench.failed else 0)


if __name__ == "__main__":
    asyncio.run(main())
