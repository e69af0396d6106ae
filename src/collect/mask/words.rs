//! Personal data that is words: e-mail, licence plates, handles of chat services, addresses to the door, names in a
//! contact block, passports.

use std::sync::LazyLock;

use regex::Regex;

use super::view::View;
use super::{FoldedSpan, PersonalKind, Prescan, pattern};

/// How far before a place a word that makes it somebody's home is looked for, in bytes.
const HOME_BYTES_MAX: usize = 60;

static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?x)[a-z0-9][a-z0-9._%+\-]{0,63}
          (?:\x20?@\x20?|\x20?\(at\)\x20?|\x20?\[at\]\x20?|\#(?:qq|163|126|gmail|sina|hotmail|foxmail|outlook|139|189|yeah|sohu|vip)\b)
          (?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?)?
          (?:(?:\x20?(?:\.|\(dot\)|\[dot\])\x20?[a-z0-9][a-z0-9\-]{0,61}|。(?:com|cn|net|org)\b)){1,4}",
    )
});
static PLATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?x)[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][a-hj-z]\s?[·•.\-]?\s?
          [a-hj-np-z0-9o]{4,5}[a-hj-np-z0-9o挂学警港澳]",
    )
});
/// A handle behind a word that means a chat service. Group 2: the word says `number` or `add`.
static HANDLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?x)(微信|薇信|威信|维信|徽信|v信|wechat|weixin|\bvx|\bwx|加\s?v|加微|加薇|加我\s?v|加我微|加我薇|\+v|➕v|➕微|➕薇|\bv(?:\s?:)|绿泡泡|\bqq|扣扣|抖音|快手|小红书|旺旺|telegram|\btg|whatsapp|\bline|企鹅)
          (信?(?:同?号码?|id|账号|帐号|用户名|添加|联系|搜索?|是|为|:|=|\s:|\(|\#|\s|,|❤|☎|→|-|\.){0,5})
          ([a-z][a-z0-9_\-]{4,19})",
    )
});
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?x)(?:[甲乙丙丁]|[a-z]|(?:[0-9]{1,5}|[零〇一二两三四五六七八九十百]{1,5})(?:\s?-\s?[0-9]{1,4}){0,2}[a-z]?)\s?
            (?:号院|号楼|号|弄|栋|幢|座|单元|楼|层|室|户|房间?|组|院|区)
          (?:\s?(?:[甲乙丙丁]|[a-z]?(?:[0-9]{1,5}|[零〇一二两三四五六七八九十百]{1,5})(?:\s?-\s?[0-9]{1,4}){0,2}[a-z]?|[a-z])\s?
            (?:号院|号楼|号|弄|栋|幢|座|单元|楼|层|室|户|房间?|门)){0,6}
          (?:\s?[a-z]?[0-9]{1,4}(?:-[0-9]{1,4}){0,2})?",
    )
});
/// `3-2-402` behind the name of an estate.
static DOOR_NUMBERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?:小区|花园|家园|公寓|苑|新村|社区|嘉园|名城|华庭|佳苑|家属院|公馆|雅居|新城|宿舍|府|里|湾|城)\s?([a-z]?[0-9]{1,3}[#号]?\s?-\s?[0-9]{1,2}\s?-\s?[0-9]{3,4}|[a-z]?[0-9]{1,3}#\s?-?\s?[0-9]{3,4})",
    )
});
static PARTS: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"号院|号楼|号|弄|栋|幢|座|单元|楼|层|室|户|房间?|组|院|区|门"));
static HOME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"住址|地址|家住|住在|居住|收货|收件|寄到|寄往|寄给|送到|送货到|户籍|户口|现居|租住|我家|家在|门牌|邮寄|通讯处|邮编|发到|本人住|业主|宅",
    )
});
/// Characters that may be right before a house number.
static ROAD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?:路|街|道|巷|弄|胡同|条|里|村|屯|庄|镇|乡|社区|小区|花园|苑|园|城|公寓|大厦|家园|新村|府|湾|坊|院|区|组|号|营|寨|沟|湖|庭|居|郡|都|轩|阁|邸|墅|段|东|西|南|北|中|内|寓|宿舍|家属院|广场|国际)\s?,?\s?$",
    )
});
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?x)(联\s*系\s*人(?:姓\s*名)?|姓\s*名|收\s*[件货]\s*人|寄\s*件\s*人|[投举申]\s*[诉报]\s*人|投诉者|反映人|报案人|当事人|经\s*办\s*人|起\s*草\s*人|填\s*[表报写]\s*人|负\s*责\s*人|车\s*主|业\s*主|户\s*主|患者|消费者姓名|真实姓名|开户名|户\s*名|本人叫\s?|我叫\s?|我是业主|法定代表人|contact(?:\s+person)?|name)
          (?:及?(?:联系)?(?:电话|方式|职务))?((?:\s|</?[a-z][^<>]{0,60}>){0,6}(?:[:=|]|\s|是|为|</?[a-z][^<>]{0,60}>){1,6}\s*)
          ((?:欧阳|司马|上官|诸葛|司徒|东方|尉迟|皇甫|令狐|慕容|[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊甄曲家封芮储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍却璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公肖涂代岳闫仝覃])
            \s{0,3}[\p{Han}](?:\s{0,2}[\p{Han}])?)",
    )
});
/// What a name may run into: the next label, an end, a title.
static NAME_ENDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"^\s*(?:$|[^\p{Han}]|电\s*话|联系|手\s*机|传\s*真|邮\s*箱|邮\s*编|电\s*子|身\s*份|性\s*别|地\s*址|先生|女士|同志|单位|年龄|职务|住址|微信|车牌|出生)",
    )
});
static PASSPORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?:护照|通行证|台胞证|回乡证|居留证|军官证|士兵证|社保卡|医保卡|驾驶证|驾照)(?:号码|号|编号|是|为|:|\s|\(){0,5}([a-z]{0,2}[0-9]{7,18}[x]?)",
    )
});

/// Handles that are the names of services and things.
const NO_HANDLES: &[&str] = &[
    "weixin",
    "wechat",
    "iphone",
    "android",
    "facebook",
    "twitter",
    "instagram",
    "windows",
    "taobao",
    "alipay",
    "weibo",
    "douyin",
    "online",
    "video",
    "phone",
    "login",
    "email",
    "wifi",
    "group",
    "music",
    "games",
    "mobile",
    "version",
    "system",
    "share",
    "http",
    "https",
    "black",
    "white",
    "plus",
    "light",
    "series",
    "model",
    "camera",
    "bluetooth",
];

/// Finds the kinds of data that the prescan found characters for.
pub(super) fn find(view: &View, prescan: &Prescan, found: &mut Vec<FoldedSpan>) {
    if prescan.at || prescan.letters >= 4 {
        emails(view, found);
    }
    if prescan.letters >= 1 && prescan.digits >= 2 {
        plates(view, found);
    }
    if prescan.letters >= 1 && prescan.letters + prescan.digits >= super::DIGITS_MIN {
        handles(view, found);
    }
    if prescan.rooms && (prescan.digits > 0 || prescan.spoken > 0) {
        addresses(view, found);
    }
    if prescan.named || prescan.letters >= 4 {
        names(view, found);
    }
    if prescan.digits >= 7 {
        group(view, &PASSPORT, PersonalKind::Document, found);
    }
}

fn group(view: &View, regex: &LazyLock<Option<Regex>>, kind: PersonalKind, found: &mut Vec<FoldedSpan>) {
    let Some(regex) = regex.as_ref() else { return };
    found.extend(regex.captures_iter(&view.text).filter_map(|captures| captures.get(1)).map(|spot| FoldedSpan {
        kind,
        from: spot.start(),
        to: spot.end(),
    }));
}

fn emails(view: &View, found: &mut Vec<FoldedSpan>) {
    let Some(regex) = EMAIL.as_ref() else { return };
    for spot in regex.find_iter(&view.text) {
        let text = spot.as_str();
        // The last label is a country or a kind, never a number: `3@5.5` is none.
        let end = text.trim_end_matches(['.', '-']).len();
        let last = text[..end].rsplit(['.', '。', ')', ']']).next().unwrap_or_default().trim();
        if last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_lowercase()) {
            found.push(FoldedSpan { kind: PersonalKind::Email, from: spot.start(), to: spot.start() + end });
        }
    }
}

fn plates(view: &View, found: &mut Vec<FoldedSpan>) {
    let Some(regex) = PLATE.as_ref() else { return };
    for spot in regex.find_iter(&view.text) {
        let text = spot.as_str();
        let next = view.text[spot.end()..].chars().next();
        if next.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
            continue;
        }
        let body: String = text.chars().skip(2).filter(|c| !matches!(c, ' ' | '·' | '•' | '.' | '-')).collect();
        let digits = body.bytes().filter(u8::is_ascii_digit).count();
        let letters = body.bytes().filter(u8::is_ascii_alphabetic).count();
        let count = body.chars().count();
        // Five places with at most two letters, or a new-energy plate: D or F first or last, or a letter twice in front.
        let energy = count == 6 && digits >= 4 && body.starts_with(|c: char| c.is_ascii_alphabetic())
            || count == 6 && digits == 5 && body.ends_with(|c: char| c.is_ascii_alphabetic());
        let shaped = count == 5 && letters <= 2 && digits >= 2 || energy;
        let before = &view.text[..spot.start()];
        let province = text.chars().next().unwrap_or_default();
        let around = near(&view.text, spot.start(), spot.end());
        let of_a_car = ["车", "牌", "驾", "撞", "停", "司机", "违章"].iter().any(|word| around.contains(word));
        let marked = text.contains(['·', '•']);
        // These characters are ordinary words before a model: 全新X12345, 贵A8888.
        let ordinary = matches!(province, '新' | '贵' | '青' | '云' | '黑' | '领' | '使' | '宁' | '吉' | '川' | '藏');
        let after_word = before.ends_with(['全', '最', '更', '崭', '昂', '深', '纯', '很', '太']);
        if shaped && !after_word && (!ordinary || of_a_car || marked) {
            found.push(FoldedSpan { kind: PersonalKind::Plate, from: spot.start(), to: spot.end() });
        }
    }
}

fn near(text: &str, from: usize, to: usize) -> &str {
    let (mut a, mut b) = (from.saturating_sub(HOME_BYTES_MAX), (to + HOME_BYTES_MAX / 2).min(text.len()));
    while !text.is_char_boundary(a) {
        a -= 1;
    }
    while !text.is_char_boundary(b) {
        b += 1;
    }
    &text[a..b]
}

fn handles(view: &View, found: &mut Vec<FoldedSpan>) {
    let Some(regex) = HANDLE.as_ref() else { return };
    for captures in regex.captures_iter(&view.text) {
        let (Some(word), Some(filler), Some(handle)) = (captures.get(1), captures.get(2), captures.get(3)) else {
            continue;
        };
        let name = handle.as_str();
        let after = &view.text[handle.end()..];
        let said = filler.as_str().contains(['号', ':', '=', '搜', '添'])
            || filler.as_str().contains("id")
            || matches!(word.as_str().chars().next(), Some('加' | '➕' | '+'));
        let mixed = name.bytes().any(|byte| byte.is_ascii_digit() || byte == b'_');
        let short = name.len() < 6 && !word.as_str().starts_with("旺");
        if short && !(said && mixed)
            || NO_HANDLES.iter().any(|thing| name.trim_end_matches(|c: char| c.is_ascii_digit()) == *thing)
            || !(said || mixed && name.len() >= 6 && near_word(word.as_str()))
            || after.starts_with(['@', '.']) && after[1..].starts_with(|c: char| c.is_ascii_alphanumeric())
        {
            continue;
        }
        let kind =
            if matches!(word.as_str(), "qq" | "扣扣" | "企鹅") { PersonalKind::Qq } else { PersonalKind::Wechat };
        found.push(FoldedSpan { kind, from: handle.start(), to: handle.end() });
    }
}

/// Words that say nothing but the service: what touches them is a handle when it looks like one.
fn near_word(word: &str) -> bool {
    !matches!(word, "line" | "tg" | "wx" | "抖音" | "快手" | "小红书" | "qq")
}

fn addresses(view: &View, found: &mut Vec<FoldedSpan>) {
    let (Some(regex), Some(parts), Some(home), Some(road)) =
        (ADDRESS.as_ref(), PARTS.as_ref(), HOME.as_ref(), ROAD.as_ref())
    else {
        return;
    };
    for spot in regex.find_iter(&view.text) {
        let text = spot.as_str();
        let units: Vec<&str> = parts.find_iter(text).map(|part| part.as_str()).collect();
        let has = |wanted: &[&str]| units.iter().any(|unit| wanted.contains(unit));
        let before = &view.text[..spot.start()];
        let tail = before.char_indices().rev().nth(19).map_or(before, |(at, _)| &before[at..]);
        let at_home = home.is_match(tail);
        let on_road = road.is_match(tail);
        let counted = text
            .chars()
            .filter(|c| c.is_ascii_digit() || super::view::spoken_digit(*c).is_some() || *c == '十')
            .count();
        let building = has(&["号楼", "栋", "幢", "弄", "号院", "座"]);
        let door = has(&["室", "户"]) || has(&["房", "房间", "门"]) && building && (at_home || on_road);
        let sound = units.len() >= 2 && has(&["单元"]) && (building || door || on_road || at_home || has(&["号", "层", "楼"]))
            || units.len() >= 2 && door && (building || on_road || at_home || has(&["号"]))
            || units.len() >= 2 && (on_road || at_home) && building && counted >= 2
            || at_home && on_road && has(&["号", "弄", "号院", "栋", "幢", "号楼", "组"]) && counted >= 1
            || on_road && has(&["组"]) && units.len() >= 2 && has(&["号", "户"])
            // 3栋402: the last part without its word.
            || building && (at_home || on_road) && text.ends_with(|c: char| c.is_ascii_digit()) && counted >= 4;
        let next = &view.text[spot.end()..];
        let of_transport = next.starts_with(['线', '路', '公', '地']) || tail.ends_with(['第', '型', '第']);
        if sound
            && !of_transport
            && text.chars().any(|c| c.is_ascii_digit() || super::view::spoken_digit(c).is_some() || c == '十')
        {
            found.push(FoldedSpan {
                kind: PersonalKind::Address,
                from: spot.start(),
                to: spot.start() + text.trim_end().len(),
            });
        }
    }
    group(view, &DOOR_NUMBERS, PersonalKind::Address, found);
}

fn names(view: &View, found: &mut Vec<FoldedSpan>) {
    let (Some(regex), Some(ends)) = (NAME.as_ref(), NAME_ENDS.as_ref()) else { return };
    for captures in regex.captures_iter(&view.text) {
        let (Some(label), Some(gap), Some(name)) = (captures.get(1), captures.get(2), captures.get(3)) else {
            continue;
        };
        // A colon says that a value follows; without one only a label that has no other use does.
        let alone = label.as_str().starts_with(['联', '姓', '收', '投', '申', '举']) || label.as_str().contains('叫');
        let is_labelled =
            gap.as_str().contains([':', '=', '|', '\t', '\n', '>']) || alone && !gap.as_str().contains(['是', '为']);
        if !is_labelled {
            continue;
        }
        // Two or three characters: the longer one that an end follows.
        let starts: Vec<usize> = name.as_str().char_indices().map(|(at, _)| at).collect();
        let mut cuts: Vec<usize> = starts.iter().skip(1).copied().chain([name.as_str().len()]).collect();
        cuts.reverse();
        let end = cuts.into_iter().find(|cut| {
            let (kept, rest) = (name.as_str()[..*cut].trim_end(), &view.text[name.start() + cut..]);
            kept.chars().filter(|c| !c.is_whitespace()).count() >= 2 && ends.is_match(rest)
        });
        if let Some(cut) = end {
            let kept = name.as_str()[..cut].trim_end();
            found.push(FoldedSpan { kind: PersonalKind::Name, from: name.start(), to: name.start() + kept.len() });
        }
    }
}

#[cfg(test)]
pub(super) fn all() -> Vec<bool> {
    [&EMAIL, &PLATE, &HANDLE, &ADDRESS, &DOOR_NUMBERS, &PARTS, &HOME, &ROAD, &NAME, &NAME_ENDS, &PASSPORT]
        .iter()
        .map(|regex| regex.is_some())
        .collect()
}
