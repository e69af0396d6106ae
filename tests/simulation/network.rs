//! Sites and a receiver of messages on loopback, on the thread of the service. What becomes of a request is drawn: it is answered, refused,
//! cut short, or lost before or after it was heard.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::draw::Draw;
use super::world::World;
use wanglou::vocabulary::day_of;

/// Longest head and body that are read of a request.
const REQUEST_BYTES_MAX: usize = 4 << 20;
/// Seconds that a busy site asks to be left alone for: longer than a round would wait.
const BUSY_SECONDS: u64 = 130;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// Answered.
    Answered,
    /// 503 with a pause.
    Busy,
    /// 429 with a pause.
    TooMany,
    /// 404.
    Missing,
    /// The body ends early.
    Cut,
    /// The connection ends without an answer, after the request was heard.
    AnswerLost,
    /// Not what was asked for.
    Garbled,
}

const FATES: [Fate; 7] =
    [Fate::Answered, Fate::Busy, Fate::TooMany, Fate::Missing, Fate::Cut, Fate::AnswerLost, Fate::Garbled];

/// What a receiver was told.
#[derive(Debug, Default, Clone)]
pub(super) struct Told {
    /// Ids of messages that said so, by the number of the event.
    pub(super) ids_of_event: BTreeMap<u64, BTreeSet<String>>,
    /// Events whose message was answered with 200.
    pub(super) accepted: BTreeSet<u64>,
    /// The body of each message, by its id: every try sends the same.
    pub(super) bodies: BTreeMap<String, String>,
    /// Ids that came with two bodies.
    pub(super) changed: Vec<String>,
}

/// What the network is and has seen.
struct State {
    world: World,
    now: Timestamp,
    draw: Draw,
    /// In how many of a hundred requests something goes wrong.
    wrong_percent: u64,
    fates: BTreeMap<Fate, u64>,
    /// Requests by day; `robots.txt` counts, too.
    by_day: BTreeMap<String, u64>,
    forbidden: Vec<String>,
    told: Told,
}

/// A handle; clones are the same network.
#[derive(Clone)]
pub(super) struct Network(Arc<Mutex<State>>);

impl Network {
    /// Serves on a port of loopback for as long as the runtime lives.
    pub(super) async fn serve(port: u16) -> Self {
        let world = World::of(0);
        let state = State {
            now: world.begin(),
            world,
            draw: Draw::of(0, 0),
            wrong_percent: 0,
            fates: BTreeMap::new(),
            by_day: BTreeMap::new(),
            forbidden: Vec::new(),
            told: Told::default(),
        };
        let network = Self(Arc::new(Mutex::new(state)));
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        let served = network.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().answer(stream));
            }
        });
        network
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a seed.
    pub(super) fn begin(&self, seed: u64) {
        let mut state = self.state();
        state.world = World::of(seed);
        state.draw = Draw::of(seed, 3);
        state.wrong_percent = state.draw.below(40);
        state.fates.clear();
        state.forbidden.clear();
        drop(state);
        self.forget();
    }

    /// Sets the moment that sites live in.
    pub(super) fn set_now(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// From now on every request is answered.
    pub(super) fn calm(&self) {
        self.state().wrong_percent = 0;
    }

    /// What was told and asked counts no more: the service was set back to an older state.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        state.told = Told::default();
        state.by_day.clear();
    }

    pub(super) fn told(&self) -> Told {
        self.state().told.clone()
    }

    /// Requests on the busiest day, and addresses that were asked for against `robots.txt`.
    pub(super) fn asked(&self) -> (u64, Vec<String>) {
        let state = self.state();
        (state.by_day.values().copied().max().unwrap_or(0), state.forbidden.clone())
    }

    /// How many requests came until now.
    pub(super) fn requests(&self) -> u64 {
        self.state().fates.values().sum()
    }

    /// What became of requests.
    pub(super) fn fates(&self) -> BTreeMap<Fate, u64> {
        self.state().fates.clone()
    }

    async fn answer(self, mut stream: TcpStream) {
        let Some((head, body)) = read_request(&mut stream).await else { return };
        let answer = self.answer_to(&head, &body);
        _ = stream.write_all(&answer).await;
        _ = stream.shutdown().await;
    }

    fn answer_to(&self, head: &str, body: &str) -> Vec<u8> {
        let mut state = self.state();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let fate = if state.draw.below(100) < state.wrong_percent {
            let fate = state.draw.below(6) + 1;
            FATES[usize::try_from(fate).expect("small")]
        } else {
            Fate::Answered
        };
        *state.fates.entry(fate).or_default() += 1;
        if path == "/hook" {
            return state.hear(head, body, fate);
        }
        let day = day_of(state.now).to_string();
        *state.by_day.entry(day).or_default() += 1;
        if path.starts_with("/private/") {
            state.forbidden.push(path.clone());
        }
        // Without a file, and with one that says nothing, all is allowed (RFC 9309): that would be no test of what it forbids.
        let fate =
            if path == "/robots.txt" && matches!(fate, Fate::Missing | Fate::Garbled) { Fate::Cut } else { fate };
        let (kind, page) = state.page(&path);
        match fate {
            Fate::Answered => reply("200 OK", kind, &page, page.len()),
            Fate::Busy => busy("503 Service Unavailable"),
            Fate::TooMany => busy("429 Too Many Requests"),
            Fate::Missing => reply("404 Not Found", "text/plain", "no", 2),
            Fate::Cut => {
                let half = page.char_indices().nth(page.chars().count() / 2).map_or(0, |(at, _)| at);
                reply("200 OK", kind, &page[..half], page.len())
            }
            Fate::AnswerLost => Vec::new(),
            Fate::Garbled => reply("200 OK", kind, "\u{0}<html><li><a href='//", 24),
        }
    }
}

impl State {
    fn page(&self, path: &str) -> (&'static str, String) {
        let html = "text/html; charset=utf-8";
        match path {
            "/robots.txt" => ("text/plain", "User-agent: *\nDisallow: /private/\n".to_owned()),
            "/list" => {
                let mut page = "<ul><li><a href='/private/1'>内部</a></li>".to_owned();
                for item in self.world.complaints(self.now).iter().rev() {
                    let number = item.number;
                    _ = write!(page, "<li><a href='/item/{number}'>第{number}条</a></li>");
                }
                (html, page + "</ul>")
            }
            "/feed.xml" => {
                let mut page = "<feed xmlns='http://www.w3.org/2005/Atom'><title>公告</title>".to_owned();
                for item in self.world.notices(self.now).iter().rev() {
                    let (number, text, at) = (item.number, &item.text, item.at);
                    _ = write!(
                        page,
                        "<entry><id>urn:notice:{number}</id><title>第{number}号</title><updated>{at}</updated>\
                         <link href='/notice/{number}'/><content>{text}</content></entry>"
                    );
                }
                ("application/atom+xml", page + "</feed>")
            }
            _ => {
                let number = path.strip_prefix("/item/").and_then(|number| number.parse::<u64>().ok());
                let items = self.world.complaints(self.now);
                let item = items.iter().find(|item| Some(item.number) == number);
                let page = item.map_or_else(String::new, |item| {
                    let at = item.at.to_zoned(wanglou::vocabulary::shanghai()).strftime("%Y-%m-%d %H:%M:%S");
                    format!(
                        "<h1>第{}条</h1><p>{}</p><time>{at}</time><b>作者{}</b>",
                        item.number, item.text, item.number
                    )
                });
                (html, page)
            }
        }
    }

    /// A message to the receiver.
    fn hear(&mut self, head: &str, body: &str, fate: Fate) -> Vec<u8> {
        if matches!(fate, Fate::Busy | Fate::TooMany | Fate::Missing) {
            return reply("500 Internal Server Error", "text/plain", "", 0);
        }
        let id = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("webhook-id").then(|| value.trim().to_owned())
        });
        let id = id.unwrap_or_default();
        let known = self.told.bodies.entry(id.clone()).or_insert_with(|| body.to_owned());
        if known != body {
            self.told.changed.push(id.clone());
        }
        let message: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        let data = &message["data"];
        let events = data["events"].as_array().cloned().unwrap_or_else(|| vec![data.clone()]);
        for number in
            events.iter().filter(|event| event["alert_id"].is_string()).filter_map(|event| event["number"].as_u64())
        {
            self.told.ids_of_event.entry(number).or_default().insert(id.clone());
            if fate == Fate::Answered {
                self.told.accepted.insert(number);
            }
        }
        match fate {
            Fate::Answered => reply("200 OK", "text/plain", "", 0),
            _ => Vec::new(),
        }
    }
}

fn reply(status: &str, kind: &str, body: &str, promised: usize) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {promised}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

fn busy(status: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nRetry-After: {BUSY_SECONDS}\r\nContent-Length: 0\r\n");
    format!("{head}Connection: close\r\n\r\n").into_bytes()
}

/// Head and body; none when the client goes away.
async fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 8 << 10];
    loop {
        let read = stream.read(&mut piece).await.ok()?;
        if read == 0 || bytes.len() > REQUEST_BYTES_MAX {
            return None;
        }
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
    }
}
