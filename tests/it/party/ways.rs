//! A service over a data folder that holds the filled records, and every way by which they leave it: pages, feeds, JSON, files, the stream, and
//! what is delivered.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::post;
use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use wanglou::access::{Accounts, NewUser};
use wanglou::config::{MailSettings, Overrides, Security, Settings};
use wanglou::deliver::{AddressForm, Courier, Secret, manual};
use wanglou::pipeline::Tower;
use wanglou::store::Store;
use wanglou::vocabulary::{Concerns, Endpoint, EndpointKind, Party, RegionCode, Role, Scope, Subscription};
use wanglou::web;

use super::fill::{self, FIRST, SECOND};

/// What one way said.
pub(crate) struct Said {
    pub(crate) way: String,
    pub(crate) text: String,
}

/// What receivers were sent, by the name of the endpoint.
type Inbox = Arc<Mutex<Vec<(String, String)>>>;

/// A service on loopback.
pub(crate) struct House {
    home: String,
    tower: Arc<Tower>,
    accounts: Accounts,
    client: reqwest::Client,
    inbox: Inbox,
    /// Where receivers listen, and the mail server.
    receivers: String,
    mail_port: u16,
    tasks: Vec<JoinHandle<()>>,
    /// None: the folder belongs to whoever opened the house over it.
    _dir: Option<tempfile::TempDir>,
}

pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    (listener, port)
}

/// The files of a ZIP archive, by name.
fn unpacked(archive: &[u8]) -> Vec<(String, String)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut files = Vec::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).expect("a file");
        let (name, mut bytes) = (file.name().expect("a name").into_owned(), Vec::new());
        file.read_to_end(&mut bytes).expect("whole");
        files.push((name, String::from_utf8_lossy(&bytes).into_owned()));
    }
    files
}

/// The words of a PDF: strings of UTF-16BE between angle brackets, as this program writes Chinese.
fn words_of_pdf(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let hex = text.split('<').skip(1).filter_map(|rest| rest.split('>').next());
    let strings = hex.filter(|hex| hex.len() % 4 == 0 && hex.chars().all(|letter| letter.is_ascii_hexdigit()));
    let word = |hex: &str| {
        let units: Vec<u16> = hex
            .as_bytes()
            .chunks(4)
            .filter_map(|unit| u16::from_str_radix(std::str::from_utf8(unit).ok()?, 16).ok())
            .collect();
        String::from_utf16_lossy(&units)
    };
    strings.map(word).collect()
}

async fn receive(State(inbox): State<Inbox>, Path(way): Path<String>, body: Bytes) -> &'static str {
    let body = String::from_utf8(body.to_vec()).expect("UTF-8");
    inbox.lock().unwrap_or_else(PoisonError::into_inner).push((way, body));
    "{\"errcode\":0,\"code\":0}"
}

/// A mail server that takes everything.
async fn take_mail(listener: TcpListener, inbox: Inbox) {
    while let Ok((stream, _)) = listener.accept().await {
        let inbox = Arc::clone(&inbox);
        tokio::spawn(async move {
            let (reader, mut writer) = stream.into_split();
            let mut lines = BufReader::new(reader).lines();
            let mut data = None::<String>;
            writer.write_all(b"220 test\r\n").await.expect("said");
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match &mut data {
                    Some(_) if line == "." => {
                        let raw = data.take().expect("data");
                        let mail = mail_parser::MessageParser::default().parse(raw.as_bytes()).expect("a mail");
                        let (text, html) = (mail.body_text(0), mail.body_html(0));
                        let told = [mail.subject(), text.as_deref(), html.as_deref()];
                        let told = told.map(|part| part.expect("a part").to_owned()).join("\n");
                        inbox.lock().unwrap_or_else(PoisonError::into_inner).push(("mail".to_owned(), told));
                        "250 taken"
                    }
                    Some(text) => {
                        text.push_str(&line);
                        text.push_str("\r\n");
                        continue;
                    }
                    None if line.starts_with("EHLO") => "250-test\r\n250 8BITMIME",
                    None if line.starts_with("DATA") => {
                        data = Some(String::new());
                        "354 go on"
                    }
                    None if line.starts_with("QUIT") => "221 bye",
                    None => "250 good",
                };
                if writer.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                    return;
                }
            }
        });
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let flags = Overrides { data: Some(dir.path().join("data")), ..Overrides::default() };
        Self::over(&Settings::load(None, flags).expect("good"), Some(dir)).await
    }

    /// A service over a folder, with the filled records beside what is there.
    pub(crate) async fn over(settings: &Settings, dir: Option<tempfile::TempDir>) -> Self {
        let tower = Arc::new(Tower::open(settings).await.expect("opened"));
        let mut tx = tower.store().begin().await.expect("begin");
        for alert in fill::alerts() {
            Store::put_alert(&mut tx, &alert).await.expect("kept");
            for event in fill::events(&alert) {
                Store::add_alert_event(&mut tx, &event, fill::moment()).await.expect("kept");
            }
            Store::add_sampling_request(&mut tx, &fill::request(&alert)).await.expect("kept");
            for act in fill::acts(&alert) {
                Store::add_act(&mut tx, &act).await.expect("kept");
            }
            Store::add_outcome(&mut tx, &fill::outcome(&alert)).await.expect("kept");
        }
        tx.commit().await.expect("commit");
        let inbox = Inbox::default();
        let (listener, port) = listen().await;
        let receivers = Router::new().route("/{way}", post(receive)).with_state(Arc::clone(&inbox));
        let receiving = tokio::spawn(async move { axum::serve(listener, receivers).await.expect("served") });
        let (mail, mail_port) = listen().await;
        let mailing = tokio::spawn(take_mail(mail, Arc::clone(&inbox)));
        let accounts = Accounts::new(tower.store().clone());
        let (listener, web_port) = listen().await;
        let authentication = web::Authentication::new(accounts.clone(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        let router = web::router(Arc::clone(&tower), authentication);
        let serving = tokio::spawn(async move {
            web::serve(listener, router, web::Room::default(), std::future::pending()).await;
        });
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self {
            home: format!("http://127.0.0.1:{web_port}"),
            tower,
            accounts,
            client: client.build().expect("a client"),
            inbox,
            receivers: format!("http://127.0.0.1:{port}"),
            mail_port,
            tasks: vec![receiving, mailing, serving],
            _dir: dir,
        }
    }

    pub(crate) fn close(self) {
        for task in self.tasks {
            task.abort();
        }
    }

    /// What a party is told by every way out, in the order asked.
    pub(crate) async fn all_ways(&self, role: Role, concerns: Concerns) -> Vec<Said> {
        let party = format!("{role}的单位");
        let new = NewUser {
            name: role.code().to_owned(),
            party: party.clone(),
            role: Some(role),
            concerns,
            password: None,
            by_provider: true,
            mail: None,
        };
        self.accounts.add_user(new, "test", now()).await.expect("made");
        let scopes: BTreeSet<Scope> = Scope::ALL.iter().copied().collect();
        let (_, token) = self.accounts.add_token(&party, "", scopes, 1, "test", now()).await.expect("made");
        let mut all = Vec::new();
        for path in [
            "/",
            "/sampling",
            "/api/v1/alerts",
            "/api/v1/events",
            "/feeds/alerts.json",
            "/feeds/alerts.atom",
            "/feeds/alerts.cap",
            "/feeds/alerts.csv",
        ] {
            all.push(self.get(&token, path, path).await);
        }
        for (which, id) in [("first", FIRST), ("second", SECOND)] {
            for path in [
                "/alerts/{id}",
                "/alerts/{id}/sheet",
                "/alerts/{id}/notice",
                "/api/v1/alerts/{id}",
                "/api/v1/alerts/{id}/cap",
            ] {
                all.push(self.get(&token, &format!("{path} {which}"), &path.replace("{id}", id)).await);
            }
            for format in ["docx", "pdf"] {
                let bytes = self.bytes(&token, &format!("/alerts/{id}/sheet?format={format}")).await;
                let text = if format == "docx" {
                    unpacked(&bytes).into_iter().map(|(_, text)| text).collect()
                } else {
                    words_of_pdf(&bytes)
                };
                all.push(Said { way: format!("sheet.{format} {which}"), text });
            }
            // What somebody did is answered with how far people have come.
            let path = format!("/api/v1/alerts/{id}/acts");
            let answer = self.client.post(format!("{}{path}", self.home)).bearer_auth(&token);
            let answer =
                answer.header("content-type", "application/json").body("{\"kind\":\"note\",\"note\":\"看过\"}");
            let text = answer.send().await.expect("answered").text().await.expect("text");
            all.push(Said { way: format!("POST acts {which}"), text });
        }
        for (name, text) in unpacked(&self.bytes(&token, "/api/v1/exchange").await) {
            all.push(Said { way: format!("exchange {name}"), text });
        }
        all.push(Said { way: "stream".to_owned(), text: self.stream(&token).await });
        all.extend(self.deliveries(&party).await);
        all
    }

    /// What a party that was asked for by [`House::all_ways`] is told at further addresses.
    pub(crate) async fn more_ways(&self, role: Role, paths: &[&str]) -> Vec<Said> {
        let scopes: BTreeSet<Scope> = Scope::ALL.iter().copied().collect();
        let made = self.accounts.add_token(&format!("{role}的单位"), "", scopes, 1, "test", now()).await;
        let (_, token) = made.expect("made");
        let mut all = Vec::new();
        for path in paths {
            all.push(self.get(&token, path, path).await);
        }
        all
    }

    async fn get(&self, token: &str, way: &str, path: &str) -> Said {
        let answer = self.client.get(format!("{}{path}", self.home)).bearer_auth(token).send().await.expect("answered");
        let status = answer.status();
        assert!(status.is_success() || status == 403, "{path}: {status}");
        Said { way: way.to_owned(), text: answer.text().await.expect("text") }
    }

    async fn bytes(&self, token: &str, path: &str) -> Vec<u8> {
        let answer = self.client.get(format!("{}{path}", self.home)).bearer_auth(token).send().await.expect("answered");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.bytes().await.expect("read").to_vec()
    }

    /// All events, as the stream tells them to whoever comes back from the beginning.
    async fn stream(&self, token: &str) -> String {
        let request = self.client.get(format!("{}/feeds/alerts/stream", self.home)).bearer_auth(token);
        let mut answer = request.header("last-event-id", "0").send().await.expect("answered");
        let mut text = Vec::new();
        while text.windows(2).filter(|two| two == b"\n\n").count() < 4 {
            text.extend_from_slice(&answer.chunk().await.expect("going on").expect("more"));
        }
        String::from_utf8(text).expect("UTF-8")
    }

    /// A courier over the store of the house.
    fn courier(&self) -> Courier {
        let mail = MailSettings {
            server: "127.0.0.1".to_owned(),
            port: self.mail_port,
            security: Security::None,
            from: "watch@example.org".to_owned(),
            account: None,
            authority: None,
        };
        let region_name = Arc::new(|code: RegionCode| code.to_string());
        Courier::new(self.tower.store().clone(), "http://wanglou", Some(&mail), region_name).expect("a courier")
    }

    /// How many events are queued for an endpoint of a centre, and how many when that centre no longer exists.
    pub(crate) async fn queued_with_and_without_its_organisation(&self) -> (u64, u64) {
        let (store, courier) = (self.tower.store(), self.courier());
        let centre = Party { name: "中心".to_owned(), role: Role::Centre, concerns: Concerns::default() };
        let mut tx = store.begin().await.expect("begin");
        Store::put_party(&mut tx, &centre, now()).await.expect("kept");
        tx.commit().await.expect("commit");
        let known = Endpoint {
            name: "known".to_owned(),
            party: Some(centre.name),
            kind: EndpointKind::Wecom,
            url: self.receivers.clone(),
            secret: None,
            allow_loopback: true,
            subscription: Subscription::default(),
        };
        courier.add(&known, Some(0), "test", now()).await.expect("added");
        let with = courier.queue(now()).await.expect("queued");
        let orphan = Endpoint { name: "orphan".to_owned(), ..known };
        courier.add(&orphan, Some(0), "test", now()).await.expect("added");
        let mut tx = store.begin().await.expect("begin");
        let orphan = Endpoint { party: Some("不存在".to_owned()), ..orphan };
        Store::put_endpoint(&mut tx, &orphan).await.expect("kept");
        tx.commit().await.expect("commit");
        (with, courier.queue(now()).await.expect("queued"))
    }

    /// What endpoints of a party are sent, one of each kind, each event by itself and all in a digest.
    async fn deliveries(&self, party: &str) -> Vec<Said> {
        let courier = self.courier();
        for (number, kind) in (0..).zip(EndpointKind::ALL.iter().copied()) {
            let name = format!("{kind}-{}-{number}", self.inbox.lock().unwrap_or_else(PoisonError::into_inner).len());
            let manual = manual(kind);
            let url = match manual.address {
                AddressForm::Url => format!("{}/{kind}", self.receivers),
                AddressForm::Receiver { scheme } => format!("{scheme}duty@example.org"),
            };
            let endpoint = Endpoint {
                name,
                party: Some(party.to_owned()),
                kind,
                url,
                secret: match manual.secret {
                    Secret::Made(fresh) => Some(fresh().expect("a secret")),
                    Secret::Given | Secret::None => None,
                },
                allow_loopback: manual.address == AddressForm::Url,
                subscription: Subscription::default(),
            };
            courier.add(&endpoint, Some(0), "test", now()).await.expect("added");
        }
        let before = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).len();
        courier.queue(now()).await.expect("queued");
        let (sent, failed) = courier.send_due(now).await.expect("sent");
        assert_eq!((sent, failed), (4 * EndpointKind::ALL.len() as u64, 0), "four events to an endpoint of each kind");
        let came = self.inbox.lock().unwrap_or_else(PoisonError::into_inner)[before..].to_vec();
        let of = |kind: EndpointKind| {
            let told = came.iter().filter(|(way, _)| *way == kind.to_string()).map(|(_, text)| text.as_str());
            Said { way: kind.to_string(), text: told.collect::<Vec<_>>().join("\n") }
        };
        EndpointKind::ALL.iter().copied().map(of).collect()
    }
}
