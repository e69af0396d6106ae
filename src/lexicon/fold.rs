//! How single characters are folded before anything is compared: dictionary words and texts go through the same function.

use unicode_normalization::UnicodeNormalization as _;

/// Writes the folded form of one character: width and compatibility forms (NFKC of the character alone), lower case,
/// common traditional characters to simplified, white space to a space (line breaks stay), zero-width characters to nothing.
///
/// Character by character on purpose: composition across characters would make the map back to the original ambiguous (READ-2).
pub fn fold(character: char, mut put: impl FnMut(char)) {
    match character {
        '\n' | '\r' => put('\n'),
        ' '..='~' => put(character.to_ascii_lowercase()),
        '\u{4e00}'..='\u{9fff}' => put(simplify(character)),
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{ad}'
        | '\u{fe00}'..='\u{fe0f}' => {}
        // The wide form of ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            let narrow = char::from_u32(character as u32 - WIDE).unwrap_or(character);
            put(narrow.to_ascii_lowercase());
        }
        _ if is_mark(character) => put(character),
        _ if character.is_whitespace() || character.is_control() => put(' '),
        _ => {
            for part in std::iter::once(character).nfkc() {
                for lower in part.to_lowercase() {
                    put(if lower.is_whitespace() { ' ' } else { simplify(lower) });
                }
            }
        }
    }
}

/// From ASCII to its wide form.
const WIDE: u32 = 0xfee0;

/// Common marks that fold to themselves.
#[inline]
fn is_mark(character: char) -> bool {
    matches!(character, '。' | '、' | '“' | '”' | '《' | '》' | '【' | '】' | '—')
}

/// The folded form of a whole word.
pub fn fold_word(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    for character in word.trim().chars() {
        fold(character, |part| folded.push(part));
    }
    folded
}

/// Whether a character folds to itself, so that a text of such characters need not be looked at one by one. Only the
/// common ones are known here; `false` says nothing.
#[inline]
pub fn folds_to_itself(character: char) -> bool {
    match character {
        '\u{4e00}'..='\u{9fff}' => !is_traditional(character),
        '!'..='@' | '['..='~' => true,
        _ => is_mark(character),
    }
}

/// A common traditional character as its simplified one; others stay. Character level only: phrases are not converted.
fn simplify(character: char) -> char {
    if !is_traditional(character) {
        return character;
    }
    TRADITIONAL.binary_search_by_key(&character, |pair| pair.0).map_or(character, |at| TRADITIONAL[at].1)
}

/// Whether a character is the traditional one of a pair.
#[inline]
fn is_traditional(character: char) -> bool {
    let at = (character as usize).wrapping_sub(HAN_FIRST);
    at < HAN_COUNT && (IS_TRADITIONAL[at / 64] >> (at % 64)) & 1 == 1
}

/// First character of the block that holds every character of the table.
const HAN_FIRST: usize = 0x4e00;
/// Characters of that block.
const HAN_COUNT: usize = 0x5200;

/// A bit for each character of the block: set for those that [`TRADITIONAL`] changes.
static IS_TRADITIONAL: [u64; HAN_COUNT / 64] = {
    let mut bits = [0; HAN_COUNT / 64];
    let table = sorted();
    let mut at = 0;
    while at < PAIRS {
        let place = table[at].0 as usize - HAN_FIRST;
        bits[place / 64] |= 1 << (place % 64);
        at += 1;
    }
    bits
};

/// Pairs of traditional and simplified characters that mean the same in nearly every text about products, sorted.
static TRADITIONAL: [(char, char); PAIRS] = sorted();

const WRITTEN: &str = "電电車车機机開开關关時时動动發发現现問问題题質质壞坏氣气壓压熱热燒烧傷伤慮虑過过癢痒膚肤頭头髮发異异響响聲声煙烟黴霉爛烂變变貨货買买賣卖購购價价錢钱廠厂產产區区縣县國国際际東东廣广滬沪無无沒没還还這这個个們们來来對对會会說说話话請请謝谢應应該该實实驗验檢检測测標标準准識识別别認认證证書书讀读寫写學学兒儿嬰婴媽妈爺爷歲岁齡龄護护膠胶鋼钢鐵铁鋁铝銅铜鉛铅鎘镉鋰锂線线纜缆燈灯爐炉鍋锅盤盘飯饭麵面餅饼飲饮魚鱼雞鸡鴨鸭蝦虾蟲虫藥药醫医療疗針针劑剂體体溫温濕湿乾干濃浓淨净臟脏髒脏瀉泻嘔呕噁恶暈晕驚惊嚇吓險险騙骗偽伪換换維维復复壽寿處处罰罚賠赔償偿訴诉訟讼報报導导聞闻傳传謠谣網网絡络鏈链碼码號号數数據据視视頻频遠远離离間间門门樓楼層层廳厅櫃柜氈毡褲裤襪袜襯衬絲丝綢绸織织縫缝釦扣紐纽繩绳帶带環环圓圆輪轮剎刹駛驶駕驾轉转彎弯頂顶斷断損损毀毁塊块劃划鋒锋銳锐鬆松緊紧夾夹鎖锁鑰钥蓋盖殼壳貼贴籤签顯显寶宝貝贝專专業业務务員员辦办單单訂订運运費费貴贵點点評评論论級级種种類类樣样麼么裡里邊边從从兩两幾几萬万億亿張张條条雙双隻只滿满灑洒濺溅燙烫脹胀鏽锈蝕蚀縮缩輕轻軟软細细觸触絕绝緣缘漿浆顆颗雜杂蠅蝇農农殘残餘余劇剧鹼碱鹽盐醬酱廢废棄弃舊旧閃闪螢荧鍵键鏡镜攝摄錄录隱隐竊窃監监聽听遙遥飛飞鬧闹臺台灣湾華华衛卫聯联繫系統统純纯濾滤閥阀汙污濁浊鬱郁鎮镇鄉乡鄭郑劉刘陳陈趙赵孫孙楊杨許许羅罗訊讯蘋苹強强籠笼紅红綠绿藍蓝黃黄紙纸潔洁滌涤嗎吗讓让給给與与為为僅仅雖虽卻却嚴严誤误責责確确決决議议協协調调獲获勝胜優优";

const PAIRS: usize = count();

const fn count() -> usize {
    let table = unsorted();
    table.1
}

/// Decodes [`WRITTEN`] at compile time: pairs of three-byte characters, equal and repeated ones left out.
const fn unsorted() -> ([(char, char); 500], usize) {
    let bytes = WRITTEN.as_bytes();
    let mut table = [('\0', '\0'); 500];
    let (mut at, mut len) = (0, 0);
    while at + 5 < bytes.len() {
        let (from, to) = (three(bytes, at), three(bytes, at + 3));
        let mut known = from as u32 == to as u32;
        let mut seen = 0;
        while seen < len {
            known = known || table[seen].0 as u32 == from as u32;
            seen += 1;
        }
        if !known {
            table[len] = (from, to);
            len += 1;
        }
        at += 6;
    }
    (table, len)
}

const fn sorted() -> [(char, char); PAIRS] {
    let (all, len) = unsorted();
    let mut table = [('\0', '\0'); PAIRS];
    let mut at = 0;
    while at < len {
        let mut place = at;
        while place > 0 && table[place - 1].0 as u32 > all[at].0 as u32 {
            table[place] = table[place - 1];
            place -= 1;
        }
        table[place] = all[at];
        at += 1;
    }
    table
}

const fn three(bytes: &[u8], at: usize) -> char {
    let code = ((bytes[at] as u32 & 0x0f) << 12) | ((bytes[at + 1] as u32 & 0x3f) << 6) | (bytes[at + 2] as u32 & 0x3f);
    match char::from_u32(code) {
        Some(character) => character,
        None => '\0',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_and_script_are_folded() {
        assert_eq!(fold_word("ＡＢｃ１２３"), "abc123");
        assert_eq!(fold_word("電動車漏電"), "电动车漏电");
        assert_eq!(fold_word("起\u{200b}火"), "起火");
        assert_eq!(fold_word("㎏"), "kg");
    }

    #[test]
    fn what_is_said_to_fold_to_itself_does() {
        let mut count = 0;
        for character in (0..=0x1_ffff).filter_map(char::from_u32).filter(|character| folds_to_itself(*character)) {
            let mut parts = Vec::new();
            fold(character, |part| parts.push(part));
            assert_eq!(parts, [character]);
            count += 1;
        }
        assert_eq!(count, HAN_COUNT - TRADITIONAL.len() + 94 - 26 + 9);
    }

    #[test]
    fn marks_and_wide_characters_fold_to_what_nfkc_says() {
        for character in ('\u{2000}'..='\u{303f}').chain('\u{ff00}'..='\u{ffef}') {
            let short = is_mark(character) || ('\u{ff01}'..='\u{ff5e}').contains(&character);
            let said: String = std::iter::once(character).nfkc().flat_map(char::to_lowercase).collect();
            let mut folded = String::new();
            fold(character, |part| folded.push(part));
            assert!(!short || folded == said, "{character}: {folded} {said}");
        }
    }

    #[test]
    fn the_table_of_traditional_characters_is_sorted_and_changes_every_entry() {
        assert!(TRADITIONAL.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(TRADITIONAL.iter().all(|(from, to)| from != to), "equal pairs are useless");
        assert!(TRADITIONAL.len() > 250, "{}", TRADITIONAL.len());
    }
}
