//! A hostile client: connections that say nothing, requests that never end, answers that nobody takes.

use std::io::{Read, Write};
use std::time::Duration;

use super::service::{Running, get};

/// Memory of a service under attack, at most, in bytes.
const MEMORY_MAX: u64 = 1 << 30;

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
    let dir = tempfile::tempdir().expect("a folder");
    let mut service = Running::with_files(&dir.path().join("data"), 1_024);
    goes_on(&mut service, 1);
    let mut held = Vec::new();
    for _ in 0..super::times(100, 500) {
        let mut stream = service.connect();
        let asked = get("/api/v1/openapi.json").replace("close", "keep-alive").repeat(5);
        stream.set_write_timeout(Some(Duration::from_millis(200))).expect("set");
        _ = stream.write_all(asked.as_bytes());
        held.push(stream);
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
