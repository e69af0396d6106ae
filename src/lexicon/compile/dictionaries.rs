//! Dictionary tables into terms: each row checked, each surface given its meaning.

use std::collections::BTreeMap;

use crate::files::Files;
use crate::pattern::{self, Atom, Classes as _};
use crate::tables::{self, TableRow};
use crate::terms::{
    BrandTerm, Compiled, Injury, Meaning, NameKind, NameTerm, Owner, PlaceWord, ProductTerm, RegionTerm,
    StandardStatus, StandardTerm,
};
use crate::{CategorySet, FileLine, Finding, Groups, LexiconError, fold_word};
use vocabulary::{Category, Focus, Hazard, Refused, RegionCode, RuleId, Stance, refused};

use super::{Builder, CLASS_GROUP, CLASS_PLATFORM, below, code, index, parse_code};

impl Builder {
    pub(super) fn read_dictionaries(&mut self, files: &Files) -> Result<(), LexiconError> {
        for source in below(files, "dictionaries/") {
            let base = source.name.strip_prefix("dictionaries/").unwrap_or(source.name);
            // Tables of their own readers: `lexicon::english`, `lexicon::structured`.
            if base.starts_with("english/") || base == "test_items.tsv" {
                continue;
            }
            let columns = match base {
                "platforms.tsv"
                | "materials.tsv"
                | "groups.tsv"
                | "platform_categories.tsv"
                | "injuries.tsv"
                | "marks.tsv"
                | "place_words.tsv"
                | "area_codes.tsv"
                | "shields.tsv"
                | "stopwords.tsv" => 2,
                "standards.tsv" => 7,
                "synonyms.tsv" => 1,
                _ => 4,
            };
            for row in tables::rows(source.name, source.text, columns)? {
                match base {
                    "brands.tsv" => self.brand(&row)?,
                    "platforms.tsv" => self.named(&row, NameKind::Platform, 1, Some(CLASS_PLATFORM))?,
                    "regions.tsv" => self.region(&row)?,
                    "materials.tsv" => {
                        let hazard: Hazard = code(&row, 1)?;
                        self.named(&row, NameKind::Material, 0, Some(&format!("material.{hazard}")))?;
                    }
                    "standards.tsv" => self.standard(&row)?,
                    "marks.tsv" => self.named(&row, NameKind::Mark, 1, None)?,
                    "place_words.tsv" => self.place_word(&row)?,
                    "area_codes.tsv" => {
                        let region = row.required(1, "region")?.parse();
                        let region = region.map_err(|error| {
                            row.wrong(
                                Refused::of(&error),
                                refused!("应为 GB/T 2260 的六位数字", "six digits as in GB/T 2260"),
                            )
                        })?;
                        self.area_codes.insert(row.required(0, "area code")?.into(), region);
                    }
                    "groups.tsv" => {
                        let focus: Focus = code(&row, 1)?;
                        // Rules write {group} for people; what marks a smart product is none.
                        let class = (focus != Focus::Smart).then_some(CLASS_GROUP);
                        self.named(&row, NameKind::Group(focus), 1, class)?;
                    }
                    "platform_categories.tsv" => {
                        let category: Category = code(&row, 1)?;
                        self.platform_categories.insert(fold_word(row.required(0, "surface")?), category);
                    }
                    "stopwords.tsv" => self.stopwords.push(fold_word(row.required(0, "surface")?)),
                    "synonyms.tsv" => {
                        let words = row.required(0, "words")?.split('|').map(fold_word).filter(|word| !word.is_empty());
                        self.synonyms.push((row.at.clone(), words.collect()));
                    }
                    "hazards.tsv" => self.hazard(&row)?,
                    "injuries.tsv" => self.injury_word(&row)?,
                    "shields.tsv" => self.shield(&row)?,
                    _ if base.starts_with("products/") => self.product(&row)?,
                    _ => {
                        return Err(LexiconError::Wrong {
                            at: FileLine::new(source.name, 0),
                            what: refused!("没有叫 `{base}` 的词典", "no dictionary is called `{base}`"),
                            shown: Box::default(),
                            help: Box::new(refused!(
                                "产品词放在 dictionaries/products/；其他表的名称是固定的",
                                "product words belong into dictionaries/products/; the other tables have fixed names"
                            )),
                        });
                    }
                }
            }
        }
        for category in Category::ALL {
            for name in [category.code(), category.zh()] {
                self.platform_categories.entry(fold_word(name)).or_insert(*category);
            }
        }
        self.stopwords.sort();
        self.stopwords.dedup();
        self.check_synonyms();
        Ok(())
    }

    /// Names that are said to be one thing must be products of one leaf, each in one group only.
    fn check_synonyms(&mut self) {
        let mut grouped: BTreeMap<&str, &FileLine> = BTreeMap::new();
        let mut wrong = Vec::new();
        for (at, words) in &self.synonyms {
            let mut leaf = None;
            for word in words {
                if let Some(earlier) = grouped.insert(word, at) {
                    wrong.push((
                        at.clone(),
                        refused!(
                            "`{word}` 已在 {earlier} 的组里：请合并",
                            "`{word}` is already in the group of {earlier}: join the two"
                        ),
                    ));
                }
                let entry = self.by_surface.get(word.as_str()).and_then(|entry| self.entries.get(*entry as usize));
                let products =
                    entry.into_iter().flat_map(|entry| &entry.meanings).filter_map(|meaning| match meaning {
                        Meaning::Product(product) => self.products.get(*product as usize),
                        _ => None,
                    });
                let found = products.map(|product| (product.category, product.leaf.as_deref())).next();
                match (found, leaf) {
                    (None, _) => wrong.push((
                        at.clone(),
                        refused!(
                            "`{word}` 不是产品：请先加到 products/",
                            "`{word}` is no product: add it to products/ first"
                        ),
                    )),
                    (found, None) => leaf = found,
                    (found, leaf) if found == leaf => {}
                    _ => wrong.push((
                        at.clone(),
                        refused!(
                            "`{word}` 与前面的名称不属于同一细类",
                            "`{word}` is of another leaf than the names before it"
                        ),
                    )),
                }
            }
        }
        let finding = |(at, message)| Finding { at, message, fatal: true };
        self.findings.extend(wrong.into_iter().map(finding));
    }

    fn product(&mut self, row: &TableRow<'_>) -> Result<(), LexiconError> {
        let surface = row.required(0, "surface")?;
        let mut term = ProductTerm {
            category: code(row, 1)?,
            leaf: Some(row.cell(2)).filter(|leaf| !leaf.is_empty()).map(Into::into),
            part: false,
            generic: false,
            ambiguous: false,
            brand: false,
            rule: RuleId::new(format!("dict:products/{surface}")),
        };
        for flag in row.flags(3) {
            match flag {
                "part" => term.part = true,
                "generic" => term.generic = true,
                "ambiguous" => term.ambiguous = true,
                "brand" => term.brand = true,
                _ => {
                    return Err(row.wrong(
                        refused!("`{flag}` 不是标志", "`{flag}` is no flag"),
                        refused!("标志：part、generic、ambiguous、brand", "flags: part, generic, ambiguous, brand"),
                    ));
                }
            }
        }
        let entry = self.row_entry(row, surface)?;
        for meaning in &self.entries[entry as usize].meanings {
            if let Meaning::Product(other) = meaning {
                let other = &self.products[*other as usize];
                if other.category == term.category {
                    self.findings.push(Finding {
                        at: row.at.clone(),
                        message: refused!(
                            "`{surface}` 在 {} 里列了两次：请删除一行",
                            "`{surface}` is listed twice for {}: delete one row",
                            term.category
                        ),
                        fatal: false,
                    });
                    return Ok(());
                } else if !(term.ambiguous || other.ambiguous) {
                    self.findings.push(Finding {
                        at: row.at.clone(),
                        message: refused!(
                            "`{surface}` 在这里是 {}，在别处是 {}：请都标为 `ambiguous`，或删除一个",
                            "`{surface}` is {} here and {} elsewhere: mark both `ambiguous` or delete one",
                            term.category,
                            other.category
                        ),
                        fatal: false,
                    });
                }
            }
        }
        let index = index(self.products.len());
        self.products.push(term);
        self.entries[entry as usize].meanings.push(Meaning::Product(index));
        Ok(())
    }

    fn brand(&mut self, row: &TableRow<'_>) -> Result<(), LexiconError> {
        let surface = row.required(0, "surface")?;
        let canonical = row.required(1, "canonical")?;
        let codes: Vec<&str> = row.flags(2).collect();
        let categories = self.groups.resolve(&codes, CategorySet::NONE).map_err(|error| {
            row.wrong(Refused::of(&error), refused!("请用标签集里的代码", "use codes of the label set"))
        })?;
        let best_known_for =
            codes.first().and_then(|code| self.groups.resolve(&[*code], CategorySet::NONE).ok()?.iter().next());
        let ambiguous = row.flags(3).any(|flag| flag == "ambiguous");
        if let Some(flag) = row.flags(3).find(|flag| *flag != "ambiguous") {
            return Err(row.wrong(
                refused!("`{flag}` 不是标志", "`{flag}` is no flag"),
                refused!("这里唯一的标志是 `ambiguous`", "the only flag here is `ambiguous`"),
            ));
        }
        let entry = self.row_entry(row, surface)?;
        if self.entries[entry as usize].meanings.iter().any(|meaning| matches!(meaning, Meaning::Brand(_))) {
            self.findings.push(Finding {
                at: row.at.clone(),
                message: refused!(
                    "品牌 `{surface}` 列了两次：请合并",
                    "brand `{surface}` is listed twice: merge the rows"
                ),
                fatal: false,
            });
            return Ok(());
        }
        let index = index(self.brands.len());
        self.brands.push(BrandTerm {
            canonical: canonical.into(),
            categories,
            best_known_for,
            ambiguous,
            rule: RuleId::new(format!("dict:brands/{surface}")),
        });
        self.entries[entry as usize].meanings.push(Meaning::Brand(index));
        Ok(())
    }

    fn named(
        &mut self,
        row: &TableRow<'_>,
        kind: NameKind,
        code: usize,
        class: Option<&str>,
    ) -> Result<(), LexiconError> {
        let surface = row.required(0, "surface")?;
        let folder = match kind {
            NameKind::Platform => "platforms",
            NameKind::Material => "materials",
            NameKind::Mark => "marks",
            NameKind::Group(_) => "groups",
        };
        let code = row.required(code, "code")?.into();
        let entry = self.row_entry(row, surface)?;
        if let Some(class) = class {
            let class = self.class(class);
            self.add_class(entry, class);
        }
        let index = index(self.names.len());
        self.names.push(NameTerm { kind, code, rule: RuleId::new(format!("dict:{folder}/{surface}")) });
        self.entries[entry as usize].meanings.push(Meaning::Name(index));
        Ok(())
    }

    fn region(&mut self, row: &TableRow<'_>) -> Result<(), LexiconError> {
        let code: RegionCode = row.required(0, "code")?.parse().map_err(|error| {
            row.wrong(Refused::of(&error), refused!("请写 GB/T 2260 的六位数字", "write six digits as in GB/T 2260"))
        })?;
        let surface = row.required(1, "surface")?;
        let (mut ambiguous, mut word) = (false, false);
        for flag in row.flags(3) {
            match flag {
                "ambiguous" => ambiguous = true,
                "word" => word = true,
                "former" | "short" => {}
                _ => {
                    return Err(row.wrong(
                        refused!("`{flag}` 不是标志", "`{flag}` is no flag"),
                        refused!("标志：ambiguous、word、former、short", "flags: ambiguous, word, former, short"),
                    ));
                }
            }
        }
        let entry = self.row_entry(row, surface)?;
        let index = index(self.regions.len());
        let rule = RuleId::new(format!("dict:regions/{surface}"));
        self.regions.push(RegionTerm { code, name: surface.into(), ambiguous: ambiguous || word, word, rule });
        self.entries[entry as usize].meanings.push(Meaning::Region(index));
        Ok(())
    }

    /// `standards.tsv`: found by the shape of its number, so that it is no surface of the automaton.
    fn standard(&mut self, row: &TableRow<'_>) -> Result<(), LexiconError> {
        let number = row.required(0, "number")?;
        let filled = |cell: usize| Some(row.cell(cell)).filter(|text| !text.is_empty());
        let status = match row.cell(4) {
            "" => StandardStatus::Unknown,
            "current" => StandardStatus::Current,
            "replaced" => StandardStatus::Replaced,
            "withdrawn" => StandardStatus::Withdrawn,
            other => {
                return Err(row.wrong(
                    refused!("`{other}` 不是状态", "`{other}` is no status"),
                    refused!(
                        "状态：current、replaced、withdrawn，或留空",
                        "status: current, replaced, withdrawn, or empty"
                    ),
                ));
            }
        };
        let year = filled(6).map(|text| {
            text.parse::<u16>().ok().filter(|year| (1950..2100).contains(year)).ok_or_else(|| {
                row.wrong(
                    refused!("`{text}` 不是年份", "`{text}` is no year"),
                    refused!("请写四位数字", "write four digits"),
                )
            })
        });
        let term = StandardTerm {
            title: row.cell(1).into(),
            category: filled(2).map(|word| parse_code(row, word)).transpose()?,
            hazard: filled(3).map(|word| parse_code(row, word)).transpose()?,
            status,
            replaced_by: filled(5).map(Into::into),
            year: year.transpose()?,
            rule: RuleId::new(format!("dict:standards/{number}")),
        };
        if self.standards.insert(number.into(), term).is_some() {
            self.findings.push(Finding {
                at: row.at.clone(),
                message: refused!(
                    "标准 `{number}` 列了两次：请删除一行",
                    "standard `{number}` is listed twice: delete one row"
                ),
                fatal: false,
            });
        }
        Ok(())
    }

    /// `place_words.tsv`: longer words that are no place, and words beside a place that say whether it is one.
    fn place_word(&mut self, row: &TableRow<'_>) -> Result<(), LexiconError> {
        let surface = row.required(0, "surface")?;
        let role = match row.required(1, "role")? {
            "name" => {
                let entry = self.row_entry(row, surface)?;
                self.entries[entry as usize].meanings.push(Meaning::NoPlace);
                return Ok(());
            }
            "after" => PlaceWord::After,
            "office" => PlaceWord::Office,
            "people" => PlaceWord::People,
            "before" => PlaceWord::Before,
            other => {
                return Err(row.wrong(
                    refused!("`{other}` 不是用途", "`{other}` is no role"),
                    refused!("用途：name、after、office、people、before", "roles: name, after, office, people, before"),
                ));
            }
        };
        self.place_words.insert(fold_word(surface).into(), role);
        Ok(())
    }

    fn hazard(&mut self, row: &TableRow<'_>) -> Result<(), LexiconError> {
        let surface = row.required(0, "surface")?;
        let hazard: Hazard = code(row, 1)?;
        let severity = match row.cell(2) {
            "" => 0,
            cell => cell.parse().ok().filter(|severity| *severity <= 4).ok_or_else(|| {
                row.wrong(
                    refused!("`{cell}` 不是伤害程度", "`{cell}` is no severity"),
                    refused!("请写 0 到 4", "write 0 to 4"),
                )
            })?,
        };
        let mut effect = self.effect(RuleId::new(format!("dict:hazards/{surface}")), row.at.clone(), hazard, severity);
        for flag in row.flags(3) {
            let codes = |words: &str, groups: &Groups| {
                groups.resolve(&words.split('+').collect::<Vec<_>>(), CategorySet::NONE).map_err(|error| {
                    row.wrong(
                        Refused::of(&error),
                        refused!("请用标签集里的代码，或 @组名", "use codes of the label set, or @groups"),
                    )
                })
            };
            match flag.split_once('=') {
                None if flag == "weak" => effect.weak = true,
                None if flag == "bare" => effect.bare = true,
                None if flag == "suspected" => effect.stance = Some(Stance::Suspected),
                Some(("only", words)) => effect.only = effect.only.and(codes(words, &self.groups)?),
                Some(("implies", word)) => effect.implies = Some(parse_code(row, word)?),
                _ => {
                    return Err(row.wrong(
                        refused!("`{flag}` 不是标志", "`{flag}` is no flag"),
                        refused!(
                            "标志：weak、bare、suspected、only=CODE+CODE、implies=CODE",
                            "flags: weak, bare, suspected, only=CODE+CODE, implies=CODE"
                        ),
                    ));
                }
            }
        }
        let folded = fold_word(surface);
        if let Some((other, at)) = self.hazard_words.get(&folded) {
            if *other != hazard {
                return Err(row.wrong(
                    refused!("`{surface}` 在 {at} 已指 {other}", "`{surface}` already means {other} at {at}"),
                    refused!(
                        "一个词只对应一种隐患：请删除一行，或写一条带语境的规则",
                        "a word has one hazard: delete one row, or write a rule with context"
                    ),
                ));
            }
            self.findings.push(Finding {
                at: row.at.clone(),
                message: refused!(
                    "隐患词 `{surface}` 已在 {at}：请删除一行",
                    "hazard word `{surface}` is already at {at}: delete one row"
                ),
                fatal: false,
            });
            return Ok(());
        }
        self.hazard_words.insert(folded, (hazard, row.at.clone()));
        let entry = self.row_entry(row, surface)?;
        let index = index(self.effects.len());
        self.effects.push(effect);
        self.entries[entry as usize].meanings.push(Meaning::Hazard(index));
        Ok(())
    }

    /// `shields.tsv`: a word that only holds the letters of a product or hazard, as an idiom of its own.
    fn shield(&mut self, row: &TableRow<'_>) -> Result<(), LexiconError> {
        let surface = row.required(0, "surface")?;
        row.required(1, "holds")?;
        let entry = self.row_entry(row, surface)?;
        if self.entries[entry as usize].meanings.iter().any(|meaning| matches!(meaning, Meaning::Idiom(_))) {
            self.findings.push(Finding {
                at: row.at.clone(),
                message: refused!(
                    "`{surface}` 已是习语或遮蔽词：请删除一处",
                    "`{surface}` is already an idiom or a shield: delete one"
                ),
                fatal: false,
            });
            return Ok(());
        }
        let index = index(self.idioms.len());
        self.idioms.push(RuleId::new(format!("dict:shields/{surface}")));
        self.entries[entry as usize].meanings.push(Meaning::Idiom(index));
        Ok(())
    }

    /// `injuries.tsv`: a word alone that states an injury, as a pattern of one element.
    fn injury_word(&mut self, row: &TableRow<'_>) -> Result<(), LexiconError> {
        let surface = row.required(0, "surface")?;
        let severity = row.cell(1).parse().ok().filter(|severity| (1..=4).contains(severity)).ok_or_else(|| {
            row.wrong(
                refused!("`{}` 不是伤害的程度", "`{}` is no severity of an injury", row.cell(1)),
                refused!("请写 1 到 4", "write 1 to 4"),
            )
        })?;
        let owner = Owner::Injury(index(self.injuries.len()));
        self.injuries.push(Injury { id: RuleId::new(format!("dict:injuries/{surface}")), severity });
        let class = self.literal(vec![fold_word(surface)]);
        let step = pattern::Step { gap: 0, accepts: vec![Atom::Class(class)] };
        self.patterns.push(Compiled {
            owner,
            variant: pattern::Variant { at_start: false, at_end: false, lead: None, steps: vec![step] },
        });
        Ok(())
    }
}
