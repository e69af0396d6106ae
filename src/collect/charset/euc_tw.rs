//! EUC-TW, the Unix encoding of CNS 11643, which no browser reads. Planes 1 and 2 hold the characters of Big5 in nearly its
//! order, so that a list of stretches leads there; other planes and what Big5 lacks are replaced.

use encoding_rs::BIG5;

/// Characters of a row of CNS 11643.
const ROW: u16 = 94;
/// Characters of a row of Big5.
const BIG5_ROW: u16 = 157;
/// First trail bytes of Big5: 0x40 to 0x7E, then 0xA1 to 0xFE.
const BIG5_LOW: u16 = 63;

/// Plane 1 of CNS 11643: where a stretch of it begins, where in Big5 it lies, how long it is.
const PLANE_1: &[(u16, u16, u16)] = &[
    (0, 0, 5),
    (6, 6, 8),
    (15, 15, 6),
    (21, 23, 2),
    (24, 22, 1),
    (29, 29, 44),
    (73, 74, 1),
    (74, 73, 1),
    (75, 75, 22),
    (98, 98, 1),
    (100, 100, 27),
    (127, 128, 1),
    (128, 127, 1),
    (129, 129, 19),
    (148, 149, 1),
    (149, 148, 1),
    (150, 150, 4),
    (155, 21, 1),
    (156, 158, 2),
    (160, 160, 1),
    (162, 162, 1),
    (165, 165, 69),
    (282, 234, 29),
    (312, 264, 1),
    (314, 266, 142),
    (470, 6101, 20),
    (3290, 471, 1412),
    (4702, 1884, 424),
    (5126, 1883, 1),
    (5127, 2308, 1876),
    (7003, 4571, 1),
    (7004, 4184, 387),
    (7391, 4572, 525),
    (7916, 5286, 1),
    (7917, 5097, 105),
    (8023, 5203, 83),
    (8106, 5287, 84),
    (8190, 5517, 1),
    (8191, 5371, 54),
    (8245, 5426, 1),
    (8246, 5425, 1),
    (8247, 5427, 90),
    (8337, 5518, 354),
];
/// Plane 2, the same way.
const PLANE_2: &[(u16, u16, u16)] = &[
    (0, 6280, 10),
    (10, 6291, 33),
    (43, 6372, 1),
    (44, 6324, 48),
    (92, 6373, 46),
    (138, 6586, 1),
    (139, 6419, 167),
    (306, 6587, 1840),
    (2146, 9074, 1),
    (2147, 8428, 108),
    (2255, 8537, 537),
    (2792, 8427, 1),
    (2793, 9075, 100),
    (2893, 8536, 1),
    (2894, 9175, 399),
    (3293, 9575, 1637),
    (4930, 11761, 1),
    (4931, 11212, 146),
    (5077, 11899, 1),
    (5078, 11358, 287),
    (5365, 12508, 1),
    (5366, 11645, 116),
    (5482, 11762, 137),
    (5619, 11900, 104),
    (5723, 12425, 1),
    (5724, 12004, 222),
    (5946, 12227, 198),
    (6144, 12426, 82),
    (6226, 12509, 86),
    (6312, 12226, 1),
    (6313, 12595, 8),
    (6321, 12604, 153),
    (6474, 12758, 56),
    (6530, 13114, 1),
    (6531, 12814, 113),
    (6644, 12603, 1),
    (6645, 12927, 142),
    (6787, 12757, 1),
    (6788, 13069, 45),
    (6833, 13115, 71),
    (6904, 13380, 1),
    (6905, 13186, 194),
    (7099, 13381, 490),
    (7589, 13914, 1),
    (7590, 13871, 43),
    (7633, 13915, 1),
    (7634, 13917, 11),
    (7645, 13916, 1),
    (7646, 13928, 4),
];

/// Decodes; the second value counts what had to be replaced.
pub(super) fn decode(bytes: &[u8]) -> (String, usize) {
    let mut big5 = Vec::with_capacity(bytes.len());
    let mut lost = 0;
    let mut text = String::with_capacity(bytes.len() * 3 / 2);
    let mut at = 0;
    while let Some(&lead) = bytes.get(at) {
        let (plane, pair, used) = match (lead, bytes.get(at + 1)) {
            (0x8e, Some(&plane @ 0xa1..=0xb0)) => (plane - 0xa0, bytes.get(at + 2..at + 4), 4),
            (0xa1..=0xfe, _) => (1, bytes.get(at..at + 2), 2),
            (0..=0x7f, _) => {
                big5.push(lead);
                at += 1;
                continue;
            }
            _ => (0, None, 1),
        };
        let table = match plane {
            1 => PLANE_1,
            2 => PLANE_2,
            _ => &[],
        };
        let code = pair.filter(|pair| pair.iter().all(|byte| *byte >= 0xa1)).and_then(|pair| {
            let index = u16::from(pair[0] - 0xa1) * ROW + u16::from(pair[1] - 0xa1);
            let (from, to, _) = table.iter().find(|(from, _, count)| (*from..from + count).contains(&index))?;
            Some(to + index - from)
        });
        if let Some(code) = code {
            let (row, column) = (code / BIG5_ROW, code % BIG5_ROW);
            let trail = if column < BIG5_LOW { column + 0x40 } else { column - BIG5_LOW + 0xa1 };
            big5.extend([row + 0xa1, trail].into_iter().map(|byte| u8::try_from(byte).unwrap_or(b'?')));
        } else {
            text.push_str(&BIG5.decode_without_bom_handling(&big5).0);
            big5.clear();
            text.push(char::REPLACEMENT_CHARACTER);
            lost += 1;
        }
        // A pair that is none costs one byte: the next one may begin a pair.
        at += if pair.is_some() { used } else { 1 };
    }
    text.push_str(&BIG5.decode_without_bom_handling(&big5).0);
    (text, lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_planes_are_read_and_the_rest_is_replaced() {
        // 維基 of plane 1, then a character of plane 2, one of plane 3, and half a pair.
        assert_eq!(decode(b"\xea\xc4\xd9\xd7 A").0, "維基 A");
        let (text, lost) = decode(b"\x8e\xa2\xa1\xa1\x8e\xa3\xa1\xa1\xa4");
        assert_eq!((text.chars().next(), lost), (Some('乂'), 2), "{text}");
    }
}
