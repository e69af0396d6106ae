//! Promises of mail, kept over real SMTP on loopback: a server that takes, refuses for good, or is busy.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::contents::{About, Contents};
use crate::kinds::write_mail;
use crate::ways::smtp::Letter;
use access::PartyView;
use config::{MailSettings, Security};

/// What the server was given: receivers, and the mail as it came over the wire.
type Post = Arc<Mutex<Vec<(Vec<String>, String)>>>;

/// A mail server; the name of a receiver says what becomes of a mail to it.
async fn serve(listener: TcpListener, post: Post) {
    loop {
        let (stream, _) = listener.accept().await.expect("accepted");
        let post = Arc::clone(&post);
        tokio::spawn(async move {
            let (reader, mut writer) = stream.into_split();
            let mut lines = BufReader::new(reader).lines();
            let (mut receivers, mut data) = (Vec::new(), None::<String>);
            writer.write_all(b"220 test\r\n").await.expect("said");
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match &mut data {
                    Some(_) if line == "." => {
                        let text = data.take().expect("data");
                        post.lock().unwrap_or_else(PoisonError::into_inner).push((receivers.clone(), text));
                        "250 taken"
                    }
                    Some(text) => {
                        text.push_str(&line);
                        text.push('\n');
                        continue;
                    }
                    None if line.starts_with("EHLO") => "250-test\r\n250 8BITMIME",
                    None if line.starts_with("RCPT") && line.contains("nobody") => "550 no such user",
                    None if line.starts_with("RCPT") && line.contains("busy") => "451 try again later",
                    None if line.starts_with("RCPT") => {
                        receivers.push(line.split(['<', '>']).nth(1).unwrap_or("").to_owned());
                        "250 good"
                    }
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

/// A scene whose courier sends mail to such a server.
async fn scene() -> (Scene, Post) {
    let mut scene = Scene::new().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let post = Post::default();
    tokio::spawn(serve(listener, Arc::clone(&post)));
    let (server, from) = ("127.0.0.1".to_owned(), "望楼 <watch@example.org>".to_owned());
    let settings = MailSettings { server, port, security: Security::None, from, account: None, authority: None };
    let region_name = Arc::new(|code: RegionCode| code.to_string());
    let courier = Courier::new(scene.store.clone(), "http://wanglou", Some(&settings), region_name);
    scene.courier = courier.expect("a courier");
    (scene, post)
}

fn to(scene: &Scene, receivers: &str) -> Endpoint {
    let (kind, url) = (EndpointKind::Mail, format!("mailto:{receivers}"));
    let name = receivers.split('@').next().unwrap_or("").to_owned();
    Endpoint { name, kind, url, secret: None, allow_loopback: false, ..scene.endpoint("") }
}

fn came(post: &Post) -> Vec<(Vec<String>, String)> {
    post.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

#[tokio::test]
async fn a_mail_says_by_its_headers_what_it_is_and_has_one_id_over_all_tries() {
    let (scene, post) = scene().await;
    scene.add(&to(&scene, "duty@example.org")).await;
    scene.happen(&[event(1, Danger::Serious)]).await;
    assert_eq!(scene.courier.queue(clock()).await.expect("queued"), 1);
    assert_eq!(scene.courier.send_due(clock).await.expect("sent"), (1, 0));
    scene.courier.replay("duty", 0, "test", clock()).await.expect("again");
    scene.courier.send_due(clock).await.expect("sent");
    let came = came(&post);
    assert_eq!(came.len(), 2);
    assert_eq!(came[0].0, ["duty@example.org"]);
    let ids: Vec<&str> =
        came.iter().filter_map(|(_, text)| text.lines().find(|line| line.starts_with("Message-ID"))).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "one id over all tries: {ids:?}");
    for header in [
        "X-Wanglou-Kind: alert.opened",
        "X-Wanglou-Danger: serious",
        "X-Wanglou-Category: battery_charger",
        "X-Wanglou-Alert: wl-1",
        "References: <wl-1@example.org>",
        "Auto-Submitted: auto-generated",
        "Date: Tue, 14 Nov 2023 22:13:20 +0000",
        "Content-Type: multipart/alternative;",
    ] {
        assert!(came[0].1.contains(header), "{header} is missing:\n{}", came[0].1);
    }
    assert!(came[0].1.lines().all(|line| line.len() <= 998 && line.is_ascii()), "RFC 5322, 2.1.1");
    assert_eq!(scene.counts("duty").await, (0, 1, 0));
}

#[tokio::test]
async fn what_a_server_refuses_is_tried_again_and_delays_no_other_receiver() {
    let (scene, post) = scene().await;
    for receiver in ["nobody@example.org", "busy@example.org", "duty@example.org"] {
        scene.add(&to(&scene, receiver)).await;
    }
    scene.happen(&[event(1, Danger::High)]).await;
    scene.courier.queue(clock()).await.expect("queued");
    // Refused for good, says the server: of the receiver, or because a setting of ours is wrong. The latter can be mended.
    assert_eq!(scene.courier.send_due(clock).await.expect("sent"), (1, 2));
    for name in ["nobody", "busy"] {
        assert_eq!(scene.counts(name).await, (1, 0, 0), "{name}");
    }
    let tries = scene.store.tries(Some("nobody"), 9).await.expect("read");
    assert_eq!((tries[0].status, tries[0].trouble.as_deref()), (Some(550), Some("status 550: no such user")));
    assert_eq!((came(&post).len(), scene.counts("duty").await), (1, (0, 1, 0)));
}

#[tokio::test]
async fn without_a_mail_server_messages_wait_untried_and_a_test_says_what_to_set() {
    let scene = Scene::new().await;
    scene.add(&to(&scene, "duty@example.org")).await;
    scene.happen(&[event(1, Danger::High)]).await;
    scene.courier.queue(clock()).await.expect("queued");
    assert_eq!(scene.courier.send_due(much_later).await.expect("sent"), (0, 0));
    assert_eq!(scene.counts("duty").await, (1, 0, 0));
    assert!(scene.store.tries(None, 9).await.expect("read").is_empty());
    let tried = scene.courier.test("duty", clock()).await.expect("tried");
    assert_eq!(tried.trouble.as_deref(), Some("no mail server is known: set `[mail]` in the settings file"));
    for wrong in ["", "nobody", "a@b,c@d", "a@b\r\nRCPT TO:<c@d>"] {
        let endpoint = Endpoint { name: "w".to_owned(), ..to(&scene, wrong) };
        let added = scene.courier.add(&endpoint, None, "test", clock()).await;
        assert!(matches!(added, Err(crate::DeliverError::Input(_))), "{wrong:?}");
    }
}

fn written(about: About<'_>) -> Letter {
    let region_name = |code: RegionCode| code.to_string();
    let contents = Contents { id: "msg_1", about, home: "http://h", region_name: &region_name };
    let endpoint = Endpoint {
        name: "值班".to_owned(),
        party: None,
        kind: EndpointKind::Mail,
        url: "mailto:duty@example.org".to_owned(),
        secret: None,
        allow_loopback: false,
        subscription: Subscription::default(),
    };
    write_mail(&endpoint, &contents, clock()).expect("written")
}

#[test]
fn a_digest_is_one_mail_whose_subject_says_how_much_and_how_bad() {
    let shown = |event| PartyView::owner().event(event);
    let events = [(1, shown(event(1, Danger::High))), (2, shown(event(2, Danger::Medium)))];
    let mail = written(About::Events(&events));
    insta::assert_snapshot!(format!("{}\n\n{}", mail.subject, mail.text), @r"
    [望楼][摘要][高] 2 项变化：电池与充电器 起火爆炸、玩具 起火爆炸

    · 新预警 电池与充电器 起火爆炸
      高·行业性·采样
      2024-07-11：信息 0 条，不同文本 0 篇，来源主体 0 个，地点 0 个
      说明
      http://h/alerts/wl-1

    · 新预警 玩具 起火爆炸
      中·行业性·采样
      2024-07-11：信息 0 条，不同文本 0 篇，来源主体 0 个，地点 0 个
      说明
      http://h/alerts/wl-2

    --
    由望楼按订阅“值班”发出，请勿回复。http://h/
    ");
}

#[test]
fn a_digest_is_as_urgent_as_what_goes_on_not_as_what_has_ended() {
    let shown = |event| PartyView::owner().event(event);
    let ended = shown(AlertEvent { event: AlertEventKind::Closed, ..event(1, Danger::Serious) });
    let mail = written(About::Events(&[(1, ended.clone()), (2, shown(event(2, Danger::Low)))]));
    assert!(mail.subject.starts_with("[望楼][摘要][低]"), "{}", mail.subject);
    assert!(written(About::Events(&[(1, ended)])).subject.starts_with("[望楼][严重]"));
}

#[test]
fn text_from_elsewhere_makes_no_tags_and_no_headers() {
    let hostile = "甲\r\nBcc: x@y <script>alert(1)</script>";
    let event = AlertEvent {
        brand: Some(hostile.to_owned()),
        explanation: vocabulary::Explanation::prose(hostile),
        ..event(1, Danger::High)
    };
    let notice =
        Notice { kind: NoticeKind::PastChanged, at: clock(), about: hostile.to_owned(), text: hostile.to_owned() };
    for mail in [written(About::Events(&[(1, PartyView::owner().event(event))])), written(About::Notice(&(1, notice)))]
    {
        assert!(!mail.subject.contains(['\r', '\n']) && !mail.html.contains("<script"), "{mail:?}");
    }
}
