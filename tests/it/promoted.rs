//! A promotion takes effect as a whole: texts are read by its rules and days judged by its criteria, whether one of them changes or both.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::support::lexicon_with;
use wanglou::config::{Overrides, Settings};
use wanglou::pipeline::promotion::{self, Take, Wanted};
use wanglou::pipeline::{Tower, push_lines};
use wanglou::vocabulary::{AlertState, AuditKind, Channel, Disposal, NoticeKind, SourceId, parse_moment};

/// Criteria by which a death is no alert.
fn milder(dir: &Path) -> std::path::PathBuf {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/criteria/default.toml");
    let shipped = fs::read_to_string(shipped).expect("read");
    let milder = shipped
        .replace("channels = [\"complaint\", \"regulator\", \"media\"]", "channels = [\"standard\"]")
        .replace("channels = [\"regulator\"]\nor_brand", "channels = [\"standard\"]\nor_brand");
    assert_ne!(milder, shipped);
    let file = dir.join("milder.toml");
    fs::write(&file, milder).expect("written");
    file
}

#[test]
fn promoted_criteria_judge_from_then_on_alone_and_with_promoted_rules() {
    let dir = tempfile::tempdir().expect("a folder");
    let (newer, milder) = (lexicon_with(dir.path(), "newer", "咕嘟窜天"), milder(dir.path()));
    let now = parse_moment("2024-05-04 09:00:00").expect("a moment");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for (name, lexicon, criteria, alerts) in
            [("neither", None, None, 1), ("criteria", None, Some(&milder), 0), ("both", Some(&newer), Some(&milder), 0)]
        {
            let data = dir.path().join(name);
            let flags = Overrides { data: Some(data), ..Overrides::default() };
            let settings = Settings::load(None, flags).expect("good");
            let tower = Tower::open(&settings).await.expect("opened");
            let (old_lexicon, old_criteria) = (tower.lexicon().version().clone(), tower.judge_by().version().clone());
            let line = json!({"id": "d", "text": "家里热水器漏电，我妈洗澡时触电身亡", "published_at": "2024-05-03",
                "meta": {"author": "何某某甲"}});
            let (source, channel) = (SourceId::from("s"), Channel::Regulator);
            push_lines(&tower, line.to_string().into_bytes(), source, channel, None, now).await.expect("taken in");
            tower.read_new().await.expect("read");
            let take = |from: Option<&std::path::PathBuf>| from.map_or(Take::Kept, |path| Take::From(path.clone()));
            if name != "neither" {
                let wanted = Wanted {
                    lexicon: take(lexicon),
                    criteria: take(criteria),
                    by: "张三".to_owned(),
                    why: "试".to_owned(),
                    report: None,
                };
                let asked = promotion::ask(&settings, &wanted, now).await.expect("asked");
                let prepared = tower.prepare_promotion(asked, &|_| ()).await.expect("prepared");
                let row = tower.put_in_force(prepared, now).await.expect("in force");
                assert_eq!(*tower.lexicon().version(), row.lexicon, "{name}");
                assert_eq!(*tower.judge_by().version(), row.criteria, "{name}");
                assert_eq!(
                    (row.lexicon == old_lexicon, row.criteria == old_criteria),
                    (lexicon.is_none(), criteria.is_none())
                );
                let audit = tower.store().audit(0, 100).await.expect("read");
                assert_eq!(audit.iter().filter(|line| line.entry.what == AuditKind::Rules).count(), 2, "{name}");
                let notices = tower.store().notices_after(0, 100).await.expect("read");
                assert!(notices.iter().any(|(_, notice)| notice.kind == NoticeKind::RulesInForce), "{name}");
            }
            let judged = tower.judge(now).await.expect("judged");
            assert_eq!(judged.alerts.len(), alerts, "{name}");
            let told =
                judged.assessments.iter().find(|judged| judged.category.code() == "water_heater").expect("judged");
            assert_eq!(told.disposal == Disposal::Exclude, alerts == 0, "{name}");
            assert_eq!(
                (told.criteria == old_criteria, &told.criteria),
                (criteria.is_none(), tower.judge_by().version())
            );
            for event in &judged.events {
                assert_eq!((&event.lexicon, &event.criteria), (tower.lexicon().version(), tower.judge_by().version()));
            }
            // A tower that is opened again finds both as they are in force.
            tower.close().await.expect("closed");
            let tower = Tower::open(&settings).await.expect("opened");
            assert_eq!(tower.judge_by().version(), &told.criteria, "{name}, opened again");
            tower.read_new().await.expect("read");
            tower.judge(now).await.expect("judged");
            let open = tower.store().every_alert().await.expect("read");
            assert_eq!(open.iter().filter(|alert| alert.state == AlertState::Open).count(), alerts, "{name}");
            tower.close().await.expect("closed");
        }
    });
}
