//! A hostile client: connections that say nothing, requests that never end, answers that nobody takes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::service::{Answer, Running, asked_at, encoded, get, raise_own_files};
use crate::support::run;

/// Memory of a service under attack, at most, in bytes.
const MEMORY_MAX: u64 = 1 << 30;

/// Longest time in which answers fill the buffers of all connections.
const BUFFERS_FULL_MAX: Duration = Duration::from_mins(1);

/// The watch goes on: health within a second, a pushed document found within five.
fn goes_on(service: &mut Running, document: usize) {
    assert_eq!(service.health(), 200, "health within a second");
    let pushed = service.push(&format!("after-{document}"), "充电宝起火");
    assert_eq!(pushed.status, 200, "{}", pushed.text);
    assert!(service.finds("充电宝", document), "what is pushed is found within five seconds");
    assert!(service.runs(), "the process is there");
    assert!(service.memory() < MEMORY_MAX, "{} bytes", service.memory());
}

#[test]
fn a_thousand_half_sent_requests_delay_nobody() {
    raise_own_files();
    let dir = tempfile::tempdir().expect("a folder");
    let mut service = Running::with_files(&dir.path().join("data"), 1_024);
    goes_on(&mut service, 1);
    let mut held = Vec::new();
    for number in 0..super::times(1_100, 5_000) {
        let mut stream = service.connect();
        // Some say nothing, some half a head, some a head without its body.
        let said: &[u8] = match number % 4 {
            0 => b"",
            1 => b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ",
            2 => b"POST /signin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\nname=",
            _ => b"GET /healthz HTTP/1.1\r\n",
        };
        // The service may have closed it for a later one.
        _ = stream.write_all(said);
        held.push(stream);
        if number % 100 == 99 {
            assert_eq!(service.health(), 200, "with {number} connections open");
        }
    }
    goes_on(&mut service, 2);
    drop(held);
    goes_on(&mut service, 3);
}

#[test]
fn unfinished_bodies_cost_no_memory_before_it_is_known_who_asks() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut service = Running::with_files(&dir.path().join("data"), 1_024);
    goes_on(&mut service, 1);
    let before = service.memory();
    let body = vec![b'x'; 16 * 1024 * 1024 - 1];
    let head = format!(
        "POST /api/v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        body.len() + 1
    );
    let mut held = Vec::new();
    for _ in 0..super::times(150, 300) {
        let mut stream = service.connect();
        stream.set_write_timeout(Some(Duration::from_millis(200))).expect("set");
        stream.set_read_timeout(Some(Duration::from_millis(200))).expect("set");
        // Refused after the head: the rest is not read, so it cannot all be written.
        _ = stream.write_all(head.as_bytes());
        _ = stream.write_all(&body);
        let mut answer = [0; 64];
        _ = stream.read(&mut answer);
        held.push(stream);
    }
    let grown = service.memory().saturating_sub(before);
    assert!(grown < 200 << 20, "150 strangers cost {grown} bytes");
    goes_on(&mut service, 2);
}

#[test]
fn a_client_that_asks_and_never_reads_keeps_nobody_waiting() {
    raise_own_files();
    let dir = tempfile::tempdir().expect("a folder");
    let mut service = Running::with_files(&dir.path().join("data"), 1_024);
    goes_on(&mut service, 1);
    let mut held = Vec::new();
    // More connections than there are places, and more answers on each than lie between the two ends.
    let asked = get("/api/v1/openapi.json").replace("close", "keep-alive").repeat(200);
    for _ in 0..super::times(600, 1_200) {
        let mut stream = service.connect();
        stream.set_write_timeout(Some(Duration::from_millis(200))).expect("set");
        _ = stream.write_all(asked.as_bytes());
        held.push(stream);
    }
    // Until the buffers between both ends are full the service is at work for all of them.
    let began = Instant::now();
    while service.health() != 200 {
        assert!(began.elapsed() < BUFFERS_FULL_MAX, "nobody is answered any more");
    }
    for _ in 0..20 {
        assert_eq!(service.health(), 200, "answers that nobody takes make place");
    }
    goes_on(&mut service, 2);
}

#[test]
fn other_protocols_and_other_names_are_not_answered() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut service = Running::with_files(&dir.path().join("data"), 1_024);
    let prior = service.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", Duration::from_secs(2));
    assert!(!prior.text.contains("\0\0"), "HTTP/2 is not spoken: {:?}", prior.text);
    let under = |name: &str, path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
        service.ask(&request, Duration::from_secs(5)).status
    };
    for path in ["/", "/api/v1/alerts", "/healthz", "/documents/x/raw"] {
        assert_eq!(under("evil.example", path), 421, "{path}");
        assert_ne!(under("127.0.0.1", path), 421, "{path}");
    }
    goes_on(&mut service, 1);
}

/// Searches that cost much: many words, words beside one another, beginnings, fuzzy names.
const QUERIES: [&str; 5] = [
    "充电宝 OR 起火 OR 爆炸 OR 漏电 OR 冒烟 OR 鼓包 OR 自燃 OR 烫伤",
    "充电* 起火*",
    "充电宝 NEAR/100 起火 NEAR/100 爆炸",
    "NOT 没有这个词 sort:date",
    "(充电宝 (起火 (爆炸 OR (漏电 NOT (冒烟 OR 鼓包)))))",
];

/// A connection on which something was said, which may be too much for the service to read.
fn said(service: &Running, bytes: &[u8]) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(service.at).ok()?;
    stream.set_write_timeout(Some(Duration::from_millis(200))).ok()?;
    stream.set_read_timeout(Some(Duration::from_millis(50))).ok()?;
    _ = stream.write_all(bytes);
    Some(stream)
}

#[test]
fn all_at_once_idle_connections_streams_bodies_and_searches_leave_the_watch_at_work() {
    raise_own_files();
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let folder = data.to_str().expect("UTF-8");
    let token_of = |user: &str, party: &str, role: &[&str], scopes: &[&str]| {
        let add = ["user", "add", user, "--party", party, "--data", folder, "--role"];
        run(&[&add[..], role].concat()).good();
        let scopes: Vec<&str> = scopes.iter().flat_map(|scope| ["--scope", scope]).collect();
        let told = run(&[&["token", "add", "--party", party, "--data", folder][..], &scopes].concat()).good();
        told.out.split_whitespace().find(|word| word.starts_with("wl_")).expect("a token").to_owned()
    };
    let token = token_of("wang", "某中心", &["centre"], &["read", "search"]);
    // A party that may hand documents in, and never ends a body.
    let hostile = token_of("zhao", "某平台公司", &["platform", "--platform", "某平台"], &["read", "push"]);
    let mut service = Running::with_files(&data, 1_024).shown(&token);
    assert_eq!(service.push("before", "充电宝起火").status, 200);
    assert!(service.finds("充电宝", 1), "it works");
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let stream = format!("GET /feeds/alerts/stream HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\n");
    let head = |who: &str| {
        format!(
            "POST /api/v1/documents HTTP/1.1\r\nHost: localhost\r\n{who}Content-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
            16 << 20
        )
    };
    let pusher = head(&format!("Authorization: Bearer {hostile}\r\n"));
    let (stranger, unfinished) = (head(""), vec![b'x'; (16 << 20) - 1]);
    let (over, slow, asked) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let (service_ref, longest) = (&service, std::sync::Mutex::new(Duration::ZERO));
    std::thread::scope(|scope| {
        // Somebody who asks all the while how the service is.
        let prober = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let began = Instant::now();
                let health = service_ref.health();
                let took = began.elapsed();
                asked.fetch_add(1, Ordering::Relaxed);
                slow.fetch_add(usize::from(health != 200 || took > Duration::from_secs(1)), Ordering::Relaxed);
                let mut longest = longest.lock().expect("free");
                *longest = took.max(*longest);
            }
        });
        let idle = scope.spawn(|| {
            let kinds: [&[u8]; 3] = [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"GET /healthz HTTP/1.1\r\n"];
            (0..1_100).filter_map(|number| said(service_ref, kinds[number % 3])).collect::<Vec<_>>()
        });
        let streams = scope.spawn(|| (0..200).filter_map(|_| said(service_ref, stream.as_bytes())).collect::<Vec<_>>());
        let bodies: Vec<_> = (0..6)
            .map(|part| {
                let (pusher, stranger, unfinished) = (&pusher, &stranger, &unfinished);
                scope.spawn(move || {
                    let begin = |number: usize| {
                        let mut held =
                            said(service_ref, if number.is_multiple_of(2) { pusher } else { stranger }.as_bytes())?;
                        _ = held.write_all(unfinished);
                        Some(held)
                    };
                    (part * 25..(part + 1) * 25).filter_map(begin).collect::<Vec<_>>()
                })
            })
            .collect();
        let searches: Vec<_> = (0..50)
            .map(|number| {
                let (query, at) = (encoded(QUERIES[number % QUERIES.len()]), service_ref.at);
                let request = service_ref.get(&format!("/api/v1/search?limit=100&q={query}"));
                scope.spawn(move || asked_at(at, &request, Duration::from_secs(20)))
            })
            .collect();
        let held = (idle.join().expect("no panic"), streams.join().expect("no panic"));
        let bodies: Vec<Vec<TcpStream>> = bodies.into_iter().map(|part| part.join().expect("no panic")).collect();
        // All is open: what is pushed now is found.
        let pushed = service_ref.push("meanwhile", "充电宝起火");
        let found = pushed.status == 200 && service_ref.finds("充电宝", 2);
        let answers: Vec<Answer> = searches.into_iter().map(|search| search.join().expect("no panic")).collect();
        over.store(true, Ordering::Relaxed);
        prober.join().expect("no panic");
        assert!(held.0.len() >= 1_000 && bodies.iter().map(Vec::len).sum::<usize>() >= 140, "they were there");
        assert!(found, "pushed with {}, and found within five seconds: {:.300}", pushed.status, pushed.text);
        let faults: Vec<u16> = answers.iter().map(|answer| answer.status).filter(|status| *status == 500).collect();
        assert!(faults.is_empty(), "searches: {faults:?}");
    });
    let (asked, slow) = (asked.into_inner(), slow.into_inner());
    let longest = longest.into_inner().expect("free");
    eprintln!("{asked} probes, {slow} not within a second, the longest {longest:?}; peak {} MB", service.peak() >> 20);
    assert!(
        asked >= 5 && slow == 0,
        "{slow} of {asked} probes were not answered within a second; the longest {longest:?}"
    );
    assert!(service.peak() < MEMORY_MAX, "{} bytes", service.peak());
    assert!(service.runs());
}
