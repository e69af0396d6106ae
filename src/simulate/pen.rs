//! Seeded chance and sentence templates: the same seed writes the same text on every machine.
//!
//! A template is Chinese text with two marks: `[a|b|c]` takes one of its branches (they nest, a branch may be empty), and
//! `{name}` puts in a slot. The slot `{p}` (the product) is special: its first use in a text names the product in full, later
//! uses refer back to it, as people write.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

/// What goes into the slots of one text.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots {
    values: Vec<(&'static str, String)>,
    product: String,
    product_again: Vec<&'static str>,
    product_named: bool,
}

impl Slots {
    /// Slots in which `{p}` is first `product`, afterwards one of `again`.
    pub(super) fn about(product: impl Into<String>, again: &[&'static str]) -> Self {
        Self { product: product.into(), product_again: again.to_vec(), ..Self::default() }
    }

    /// Sets a slot.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        let value = value.into();
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some(slot) => slot.1 = value,
            None => self.values.push((name, value)),
        }
    }

    /// Lets the next `{p}` name the product in full again (a new text of the same author: title and body).
    pub(super) fn new_text(&mut self) {
        self.product_named = false;
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// A seeded source of chance that also writes.
///
/// Draws are reduced by hand (multiply and shift) and not by `rand`'s distributions, whose algorithms may change between
/// versions; the raw output of PCG64 may not.
#[derive(Debug, Clone)]
pub(super) struct Pen {
    rng: Pcg64,
}

impl Pen {
    /// A pen for one purpose. Different `(purpose, index)` write independently, so that adding an incident leaves all other texts alone.
    pub(super) fn new(seed: u64, purpose: &str, index: u64) -> Self {
        let mut hash = blake3::Hasher::new();
        hash.update(&seed.to_le_bytes());
        hash.update(&index.to_le_bytes());
        hash.update(purpose.as_bytes());
        let bytes = *hash.finalize().as_bytes();
        let half =
            |from: usize| bytes[from..from + 16].iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        Self { rng: Pcg64::new(half(0), half(16)) }
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.rng.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number in `from..=to`.
    pub(super) fn between(&mut self, from: u32, to: u32) -> u32 {
        let width = u64::from(to.saturating_sub(from)) + 1;
        from + u32::try_from(self.below(width)).unwrap_or(0)
    }

    /// A number in `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with probability `share`.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// One of them.
    ///
    /// # Panics
    /// When there is none: tables of this room are never empty.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        assert!(!from.is_empty(), "a pen cannot pick from an empty table");
        let at = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        &from[at]
    }

    /// One of them, each as likely as its weight says.
    pub(super) fn pick_weighted<'a, T>(&mut self, from: &'a [(u32, T)]) -> &'a T {
        let total: u64 = from.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut left = self.below(total);
        for (weight, value) in from {
            if left < u64::from(*weight) {
                return value;
            }
            left -= u64::from(*weight);
        }
        &self.pick(from).1
    }

    /// How many of a Poisson stream with this mean fall in one step (Knuth's product; means here are below 30).
    pub(super) fn poisson(&mut self, mean: f64) -> u32 {
        let limit = (-mean).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > limit && count < POISSON_MAX {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// Picks a template and writes it out.
    pub(super) fn write(&mut self, templates: &[&str], slots: &mut Slots) -> String {
        let template = *self.pick(templates);
        self.expand(template, slots)
    }

    /// Writes out one template.
    ///
    /// # Panics
    /// On an unbalanced mark or an unknown slot: templates are ours, so that is a bug; a test expands every table.
    pub(super) fn expand(&mut self, template: &str, slots: &mut Slots) -> String {
        let mut out = String::with_capacity(template.len());
        self.expand_into(template, slots, &mut out);
        out
    }

    fn expand_into(&mut self, template: &str, slots: &mut Slots, out: &mut String) {
        let mut rest = template;
        while let Some(at) = rest.find(['[', '{', ']', '}']) {
            out.push_str(&rest[..at]);
            let mark = &rest[at..];
            if let Some(inner) = mark.strip_prefix('[') {
                let (branches, after) = branches_of(inner);
                assert!(!branches.is_empty(), "unbalanced `[` in template `{template}`");
                let branch = *self.pick(&branches);
                self.expand_into(branch, slots, out);
                rest = after;
            } else if let Some(inner) = mark.strip_prefix('{') {
                let (name, after) =
                    inner.split_once('}').unwrap_or_else(|| panic!("open `{{` in template `{template}`"));
                self.fill(name, slots, out, template, after);
                rest = after;
            } else {
                panic!("stray `{}` in template `{template}`", &mark[..1]);
            }
        }
        out.push_str(rest);
    }

    fn fill(&mut self, name: &str, slots: &mut Slots, out: &mut String, template: &str, after: &str) {
        if name == "p" {
            if slots.product_named && !slots.product_again.is_empty() {
                let again = *self.pick(&slots.product_again);
                // Chinese drops a subject, but neither an object nor an owner.
                let needed = out.ends_with(NEEDS_OBJECT) || after.starts_with(NEEDS_OWNER);
                out.push_str(if again.is_empty() && needed { "它" } else { again });
            } else {
                slots.product_named = true;
                // `{b}{p}` must not say the brand twice.
                let product = slots.product.as_str();
                let bare =
                    slots.get("b").filter(|brand| out.ends_with(*brand)).and_then(|brand| product.strip_prefix(brand));
                out.push_str(bare.map_or(product, |bare| bare.trim_start_matches(['的', '牌'])));
            }
            return;
        }
        match slots.get(name) {
            Some(value) => out.push_str(value),
            None => panic!("no slot `{{{name}}}` for template `{template}`"),
        }
    }
}

/// After these a product cannot be left out.
const NEEDS_OBJECT: [char; 22] = [
    '拿', '用', '摸', '吃', '喝', '碰', '骑', '戴', '穿', '涂', '开', '插', '铺', '换', '在', '去', '调', '靠', '把',
    '被', '完', '了',
];
/// Before these neither.
const NEEDS_OWNER: [char; 6] = ['的', '里', '上', '中', '边', '外'];

/// Most events that one Poisson draw gives.
const POISSON_MAX: u32 = 200;

/// The branches of `a|b]rest`, and the rest. No branches when the bracket never closes.
fn branches_of(text: &str) -> (Vec<&str>, &str) {
    let mut branches = Vec::new();
    let (mut depth, mut from) = (0_usize, 0_usize);
    for (at, mark) in text.char_indices() {
        match mark {
            '[' => depth += 1,
            '|' if depth == 0 => {
                branches.push(&text[from..at]);
                from = at + 1;
            }
            ']' if depth == 0 => {
                branches.push(&text[from..at]);
                return (branches, &text[at + 1..]);
            }
            ']' => depth -= 1,
            _ => {}
        }
    }
    (Vec::new(), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_purpose_write_the_same_text() {
        let text = |index| {
            let mut slots = Slots::about("云鹊充电宝", &["它"]);
            Pen::new(7, "t", index).expand("[昨天|前天|上周][晚上|中午]{p}[鼓包|冒烟]了，{p}[再也|]不敢用", &mut slots)
        };
        assert_eq!(text(1), text(1));
        assert!((2..12).any(|index| text(index) != text(1)));
    }

    #[test]
    fn a_product_is_named_once_and_then_referred_to() {
        let mut slots = Slots::about("云鹊充电宝", &["它"]);
        assert_eq!(Pen::new(1, "t", 0).expand("{p}冒烟，{p}烧了", &mut slots), "云鹊充电宝冒烟，它烧了");
    }

    #[test]
    fn an_object_and_an_owner_are_never_left_out() {
        let mut slots = Slots::about("奶瓶", &[""]);
        assert_eq!(
            Pen::new(1, "t", 0).expand("{p}漏了，拿{p}喝水，{p}的嘴裂开，{p}漏了", &mut slots),
            "奶瓶漏了，拿它喝水，它的嘴裂开，漏了"
        );
    }

    #[test]
    fn branches_nest_and_may_be_empty() {
        for index in 0..40 {
            let text = Pen::new(1, "t", index).expand("[a[b|c]|]d", &mut Slots::default());
            assert!(["abd", "acd", "d"].contains(&text.as_str()), "{text}");
        }
    }

    #[test]
    fn draws_stay_within_their_bounds() {
        let mut pen = Pen::new(3, "t", 0);
        assert!((0..1000).all(|_| (3..=5).contains(&pen.between(3, 5))));
        let mean = (0..4000).map(|_| f64::from(pen.poisson(2.0))).sum::<f64>() / 4000.0;
        assert!((1.85..2.15).contains(&mean), "{mean}");
    }
}
