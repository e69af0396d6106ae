//! `wanglou import --preset`: tables of known kinds, read by what a preset says of them.

use std::fs;

use crate::support::{said, wanglou};

#[test]
fn a_table_is_imported_by_a_preset_and_flags_go_before_it() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("a.csv"), "投诉编号,投诉内容,投诉时间\n1,充电宝充电时起火,2024/5/1\n").expect("written");
    fs::write(dir.path().join("b.csv"), "甲,乙\n1,2\n").expect("written");
    fs::write(dir.path().join("bad.toml"), "name = \"a\"\ncolour = 1\n").expect("written");
    let run = |args: &[&str]| {
        let mut command = wanglou();
        command.env("LC_ALL", "C").current_dir(dir.path()).args(["import", "--data", "d"]).args(args);
        said(command.output().expect("started"))
    };
    let preset = ["--preset", "complaints_12315"];
    let imported = run(&[&preset[..], &["a.csv"]].concat()).good();
    assert!(imported.out.contains("cn.12315.export: collected 1 = kept 1"), "{imported:?}");
    let own = run(&[&preset[..], &["--source", "own", "a.csv"]].concat()).good();
    assert!(own.out.contains("own: collected 1"), "{own:?}");

    let listed = run(&["--presets"]).good();
    for key in ["complaints_12315", "platform_reviews", "spot_checks", "standards", "media_clippings"] {
        assert!(listed.out.lines().any(|line| line.starts_with(key)), "{key}: {}", listed.out);
    }

    for (args, told) in [
        (&["a.csv"][..], "--source"),
        (&["--presets", "--preset"], "--preset"),
        (&["--preset", "complaints_12315", "b.csv"], "甲, 乙"),
        (&["--preset", "nothing", "a.csv"], "complaints_12315"),
        (&["--preset", "./bad.toml", "a.csv"], "./bad.toml:2："),
        (&["--preset", "./none.toml", "a.csv"], "none.toml"),
    ] {
        let wrong = run(args);
        assert!(wrong.status == 2 && wrong.err.contains(told), "{args:?}: {wrong:?}");
    }
}
