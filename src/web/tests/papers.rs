//! WHO-1 of papers: those inside read all of them, a unit outside what was sent to it and no draft.

use super::super::matrix::{OWN, Server, now};
use vocabulary::{Act, ActKind, Asked, Concern, Role, Scope, Work};

#[tokio::test]
async fn a_unit_reads_the_letter_that_was_sent_to_it_and_no_other_paper() {
    let server = Server::open().await;
    for role in [Role::Centre, Role::Platform, Role::Firm] {
        server.add(role.code(), role).await;
    }
    let bearer = async |role: Role| format!("Bearer {}", server.token(role.code(), &[Scope::Read]).await);
    let (centre, platform, firm) = (bearer(Role::Centre).await, bearer(Role::Platform).await, bearer(Role::Firm).await);
    let get = async |who: &str, path: &str| {
        let answer = server.ask("GET", &format!("/matters/{OWN}/paper/{path}"), &[("authorization", who)], "").await;
        (answer.status().as_u16(), String::from_utf8_lossy(&answer.bytes().await.expect("read")).into_owned())
    };
    let to_platform = "letter?to=platform%E7%9A%84%E5%8D%95%E4%BD%8D";
    let (status, draft) = get(&centre, to_platform).await;
    assert!(status == 200 && draft.contains("草稿"), "{status} {draft}");
    assert_eq!(get(&platform, "letter").await.0, 404, "nothing was sent");
    assert_eq!(get(&centre, "letter").await.0, 409, "to whom?");
    assert_eq!(get(&centre, "letter?to=nobody").await.0, 409);
    let to = "platform的单位".to_owned();
    let address =
        Work::Address { to, role: Role::Platform, concern: Concern::Platform, region: None, asked: Asked::Handle };
    for (kind, work) in [(ActKind::Notify, None), (ActKind::Address, Some(Box::new(address)))] {
        let act = Act {
            work,
            alert_id: OWN.into(),
            at: now(),
            by: "甲".to_owned(),
            party: "centre的单位".to_owned(),
            kind,
            note: String::new(),
            to: None,
            until: None,
            key: None,
        };
        assert!(server.folder.tower.take_act(act).await.expect("taken"));
    }
    let (status, sent) = get(&platform, "letter").await;
    assert!(status == 200 && sent.contains("望监函〔") && !sent.contains("草稿"), "{status} {sent}");
    assert_eq!(get(&platform, to_platform).await.0, 200, "by its own name");
    for path in ["scheme", "report", "commission", "memo", "letter?to=centre%E7%9A%84%E5%8D%95%E4%BD%8D"] {
        assert_eq!(get(&platform, path).await.0, 404, "{path}");
    }
    for path in ["letter", to_platform] {
        assert_eq!(get(&firm, path).await.0, 404, "{path}");
    }
    for (form, begin) in [("docx", "PK"), ("pdf", "%PDF")] {
        let (status, file) = get(&platform, &format!("letter?form={form}")).await;
        assert!(status == 200 && file.starts_with(begin), "{form}: {status}");
    }
    assert_eq!(get(&platform, "letter?form=odt").await.0, 400);
    server.close().await;
}
