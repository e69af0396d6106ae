//! The small pattern language of rule files.
//!
//! A pattern is a sequence of elements, separated by spaces, that must follow one another inside one clause:
//!
//! | element | finds |
//! |---|---|
//! | `漏电` | these characters |
//! | `(漏\|渗)` | any of these |
//! | `{part.engine}` | a word of the class `part.engine` |
//! | `{product}`, `{product:car}`, `{product:@food}` | a product, of that category or group |
//! | `{brand}` | a brand |
//! | `{number}`, `{number>=3}` | a number in digits or Chinese numerals |
//! | `{quantity:次<=3}` | a number with that unit |
//! | `{duration}`, `{duration<=1月}` | a span of time: 三天, 半个月, 不到一周, 第二天, 没多久; bounds are written the same way |
//! | `{a\|product:car}` | any of these |
//! | `…` | up to [`GAP_DEFAULT`] characters; `…12` up to 12 |
//! | `^` and `$` | the clause begins, ends here |
//!
//! A `?` behind an element makes it optional. Elements with no `…` between them touch.
//!
//! Bounds are `>=`, `<=`, `>`, `<`, `=`, several in a row (`{duration>=1天<=1月}`); what vague words are worth stands in
//! `count`. A quantity is found by what stands beside it, so a pattern cannot consist of quantities alone: `{duration<=1月} 就 坏了`
//! finds 三天就坏了 and not 十年就坏了.

use super::bounds::{GAP_MAX, VARIANTS_MAX};
use super::count::{self, Count, Counted};
use super::sets::{CategorySet, Groups};
use vocabulary::{Refused, refused};

/// Characters that a bare `…` may skip.
pub const GAP_DEFAULT: u8 = 6;

/// A word class, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u16);

/// What one element accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Atom {
    /// A word of the class.
    Class(ClassId),
    /// A product of one of these categories.
    Product(CategorySet),
    /// Any brand.
    Brand,
    /// A number, an amount, a span of time.
    Count(Count),
}

/// One element with the gap in front of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Most characters between the element before and this one.
    pub gap: u8,
    /// What is accepted.
    pub accepts: Vec<Atom>,
}

/// One sequence without optional parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// It must begin its clause.
    pub at_start: bool,
    /// It must end its clause.
    pub at_end: bool,
    /// A quantity in front of the first element, and the most characters between the two.
    pub lead: Option<(Count, u8)>,
    /// Its elements; never empty, the first is no quantity.
    pub steps: Vec<Step>,
}

/// Gives class ids to names and literal words.
pub(super) trait Classes {
    /// The class of that name.
    fn named(&mut self, name: &str) -> Option<ClassId>;
    /// A class of exactly these words.
    fn literal(&mut self, words: Vec<String>) -> ClassId;
    /// The names of all classes that a pattern may use.
    fn names(&self) -> Vec<String>;
}

/// Compiles one pattern to its variants; the error says what is wrong with it.
pub(super) fn compile(pattern: &str, classes: &mut dyn Classes, groups: &Groups) -> Result<Vec<Variant>, Refused> {
    let mut at_start = false;
    let mut at_end = false;
    let mut gap = 0;
    let mut elements: Vec<(Step, bool)> = Vec::new();
    let mut trailing_gap = false;
    for word in pattern.split_whitespace() {
        if at_end {
            return Err(refused!("`$` 之后不能有别的", "nothing may follow `$`"));
        }
        if let Some(width) = word.strip_prefix('…') {
            if elements.is_empty() {
                return Err(refused!("以间隔开头：应以要素开头", "it begins with a gap: begin with an element"));
            }
            gap = if width.is_empty() { GAP_DEFAULT } else { gap_of(width)? };
            trailing_gap = true;
            continue;
        }
        match word {
            "^" if elements.is_empty() => at_start = true,
            "^" => return Err(refused!("`^` 只能在开头", "`^` stands only at the beginning")),
            "$" => at_end = true,
            _ => {
                let (word, optional) = word.strip_suffix('?').map_or((word, false), |word| (word, true));
                elements.push((Step { gap, accepts: element(word, classes, groups)? }, optional));
                gap = 0;
                trailing_gap = false;
            }
        }
    }
    if trailing_gap {
        return Err(refused!("`…` 只能在两个要素之间", "`…` stands only between two elements"));
    }
    if elements.iter().all(|(_, optional)| *optional) {
        return Err(refused!(
            "什么也找不到：至少要有一个必需的要素",
            "it finds nothing: at least one element must be required"
        ));
    }
    let mut variants = vec![Variant { at_start, at_end, lead: None, steps: Vec::new() }];
    // A gap in front of a left-out element is added to the next one's.
    let mut owed = vec![0_u8];
    for (step, optional) in elements {
        let mut without = Vec::new();
        for (at, variant) in variants.iter_mut().enumerate() {
            if optional {
                without.push((variant.clone(), owed[at].saturating_add(step.gap).min(GAP_MAX)));
            }
            let gap = if variant.steps.is_empty() { 0 } else { step.gap.saturating_add(owed[at]).min(GAP_MAX) };
            variant.steps.push(Step { gap, accepts: step.accepts.clone() });
            owed[at] = 0;
        }
        for (variant, gap) in without {
            variants.push(variant);
            owed.push(gap);
        }
        if variants.len() > VARIANTS_MAX {
            return Err(refused!(
                "可选要素太多：超过 {VARIANTS_MAX} 种组合",
                "too many optional elements: more than {VARIANTS_MAX} sequences"
            ));
        }
    }
    for variant in &mut variants {
        lead(variant)?;
    }
    Ok(variants)
}

/// Takes a quantity at the beginning out of the elements: it is looked for backwards from the first word.
fn lead(variant: &mut Variant) -> Result<(), Refused> {
    let is_count = |step: &Step| step.accepts.iter().any(|atom| matches!(atom, Atom::Count(_)));
    if !variant.steps.first().is_some_and(is_count) {
        return Ok(());
    }
    let [Atom::Count(count)] = variant.steps[0].accepts[..] else {
        return Err(refused!(
            "以数量和别的词并列开头：请写成两个句式",
            "it begins with a quantity beside other words: write two patterns"
        ));
    };
    match variant.steps.get(1) {
        None => {
            return Err(refused!(
                "只有数量：请加一个词或产品",
                "it is a quantity and nothing else: add a word or a product"
            ));
        }
        Some(next) if is_count(next) => {
            return Err(refused!(
                "以两个数量开头：请在中间加一个词或产品",
                "it begins with two quantities: put a word or a product between them"
            ));
        }
        Some(next) => variant.lead = Some((count, next.gap)),
    }
    variant.steps.remove(0);
    variant.steps[0].gap = 0;
    Ok(())
}

/// Compiles one element that stands alone, as the conditions around a find do; the error says what is wrong with it.
pub(super) fn compile_element(written: &str, classes: &mut dyn Classes, groups: &Groups) -> Result<Vec<Atom>, Refused> {
    match written.split_whitespace().collect::<Vec<_>>()[..] {
        [one] if !one.ends_with('?') && !one.starts_with(['…', '^', '$']) => element(one, classes, groups),
        _ => Err(refused!("这不是一个要素", "this is not one element")),
    }
}

fn gap_of(width: &str) -> Result<u8, Refused> {
    width.parse().ok().filter(|gap| (1..=GAP_MAX).contains(gap)).ok_or_else(|| {
        refused!(
            "`…{width}` 不是间隔：请写 `…` 或 `…1` 到 `…{GAP_MAX}`",
            "`…{width}` is no gap: write `…` or `…1` to `…{GAP_MAX}`"
        )
    })
}

fn element(word: &str, classes: &mut dyn Classes, groups: &Groups) -> Result<Vec<Atom>, Refused> {
    if let Some(inner) = word.strip_prefix('{') {
        let inner = inner
            .strip_suffix('}')
            .ok_or_else(|| refused!("`{word}` 的花括号没有闭合", "`{word}` opens a brace and does not close it"))?;
        return inner.split('|').map(|name| atom(name, classes, groups)).collect();
    }
    let inner = match word.strip_prefix('(') {
        Some(inner) => inner
            .strip_suffix(')')
            .ok_or_else(|| refused!("`{word}` 的括号没有闭合", "`{word}` opens a bracket and does not close it"))?,
        None => word,
    };
    if inner.is_empty() || inner.contains(['{', '}', '(', ')', '…', '^', '$']) {
        return Err(refused!(
            "`{word}` 不是要素：要素之间用空格分开",
            "`{word}` is no element: separate elements by spaces"
        ));
    }
    let words: Vec<String> = inner.split('|').map(super::fold::fold_word).collect();
    if words.iter().any(String::is_empty) {
        return Err(refused!("`{word}` 里有空的选项", "`{word}` has an empty alternative"));
    }
    Ok(vec![Atom::Class(classes.literal(words))])
}

fn atom(name: &str, classes: &mut dyn Classes, groups: &Groups) -> Result<Atom, Refused> {
    let (bare, bounds) = name.split_at(name.find(['<', '>', '=']).unwrap_or(name.len()));
    let count = |counted| Count::any(counted).bound(bounds).map(Atom::Count);
    match bare {
        "number" => return count(Counted::Number),
        "duration" => return count(Counted::Duration),
        _ => {}
    }
    if let Some(unit) = bare.strip_prefix("quantity:") {
        let unit = count::unit(unit).ok_or_else(|| {
            refused!(
                "`{unit}` 不是单位：请写 1 到 {} 个字",
                "`{unit}` is no unit: write 1 to {} characters",
                count::UNIT_CHARS_MAX
            )
        })?;
        return count(Counted::Amount(unit));
    }
    match name {
        "product" => Ok(Atom::Product(CategorySet::ALL)),
        "brand" => Ok(Atom::Brand),
        "quantity" => Err(Refused::new(
            "`{quantity}` 要写单位，例如 `{quantity:次>=3}`",
            "`{quantity}` needs its unit, e.g. `{quantity:次>=3}`",
        )),
        _ => match name.strip_prefix("product:") {
            Some(category) => {
                groups.resolve(&[category], CategorySet::NONE).map(Atom::Product).map_err(|error| Refused::of(&error))
            }
            None => classes.named(name).map(Atom::Class).ok_or_else(|| unknown_class(name, &classes.names())),
        },
    }
}

/// What to say of a class that nobody defined; a known name that is close is offered.
fn unknown_class(name: &str, known: &[String]) -> Refused {
    let near =
        super::error::nearest(name, known.iter().map(String::as_str).chain(["product", "brand", "number", "duration"]));
    let (zh, en) = near.map_or_else(<(String, String)>::default, |near| {
        (format!("是不是 `{near}`？"), format!(" Did you mean `{near}`?"))
    });
    Refused::new(
        format!("没有叫 `{name}` 的词类：请在任一规则文件的 [words] 里定义。{zh}"),
        format!("no word class is called `{name}`: define it under [words] in any rule file.{en}"),
    )
}
