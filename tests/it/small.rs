//! A tower over a handful of rules of our own: compiling the shipped ones takes most of a test's time.

use std::fs;
use std::path::Path;

use wanglou::config::{Overrides, Settings};

/// Rules that read what the tests tell: fires, and deaths by a current.
const LEXICON: [(&str, &str); 4] = [
    (
        "rules/hazards/own.toml",
        r#"
[[rule]]
id = "own.fire"
means = "burns"
matters = "fire"
confused = "nothing"
hazard = "fire"
finds = ["起火"]
[[rule.hit]]
text = "充电宝起火"
gives = { product = "battery_charger" }
[[rule.miss]]
text = "很好"

[[rule]]
id = "own.death"
means = "kills"
matters = "a death"
confused = "nothing"
hazard = "electric_shock"
severity = 4
finds = ["触电身亡"]
[[rule.hit]]
text = "热水器触电身亡"
gives = { product = "water_heater" }
[[rule.miss]]
text = "很好"
"#,
    ),
    (
        "dictionaries/products/own.tsv",
        "# provenance: own\n# columns: surface\tcategory\tleaf\tflags\n充电宝\tbattery_charger\tpower_bank\t\n\
         热水器\twater_heater\t\t\n",
    ),
    (
        "dictionaries/regions.tsv",
        "# provenance: own\n# columns: code\tsurface\tlevel\tflags\n320000\t江苏省\tprovince\t\n330000\t浙江省\tprovince\t\n\
         330100\t杭州市\tprefecture\t\n440000\t广东省\tprovince\t\n",
    ),
    (
        "dictionaries/standards.tsv",
        "# provenance: own\n# columns: number\ttitle\tcategory\thazard\tstatus\treplaced_by\tyear\n\
         GB 31241\t锂离子电池和电池组 安全技术规范\tbattery_charger\tfire\tcurrent\t\t2022\n",
    ),
];

/// Settings of a data folder below `dir`, whose documents these rules read.
pub(crate) fn settings(dir: &Path) -> Settings {
    let lexicon = dir.join("lexicon");
    for (name, text) in LEXICON {
        let file = lexicon.join(name);
        fs::create_dir_all(file.parent().expect("below the folder")).expect("made");
        fs::write(file, text).expect("written");
    }
    let flags = Overrides { data: Some(dir.join("data")), lexicon: Some(lexicon), ..Overrides::default() };
    Settings::load(None, flags).expect("good")
}
