//! The HTTP message inside a record: head, body, transfer and content coding undone under a bound.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::bounds::HTTP_HEAD_BYTES_MAX;
use vocabulary::{SHOWN_CHARS, Said, excerpt};

/// Why a body could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// A content coding we neither ask for nor know.
    #[error("content coding `{0}` is not supported; only gzip and identity are asked for")]
    UnknownCoding(String),
    /// The decoded body is larger than the bound.
    #[error("body grows beyond {bytes_max} bytes when decoded")]
    TooLarge {
        /// The bound.
        bytes_max: usize,
    },
    /// The compressed stream is broken or ends early.
    #[error("compressed body is damaged after {decoded} decoded bytes")]
    Damaged {
        /// Bytes that could be decoded.
        decoded: usize,
    },
}

impl Said for BodyError {
    fn zh(&self) -> String {
        match self {
            Self::UnknownCoding(coding) => format!("不支持内容编码 `{coding}`；只请求 gzip 和 identity"),
            Self::TooLarge { bytes_max } => format!("解码后的正文超过 {bytes_max} 字节"),
            Self::Damaged { decoded } => format!("压缩的正文在解出 {decoded} 字节之后损坏"),
        }
    }
}

/// Undoes a `Content-Encoding`, never making more than `bytes_max` bytes.
///
/// # Errors
/// [`BodyError`]; nothing of the body is returned then, because a half page must not look whole.
pub fn decode_body<'a>(coding: Option<&str>, body: &'a [u8], bytes_max: usize) -> Result<Cow<'a, [u8]>, BodyError> {
    let coding = coding.map(|text| text.trim().to_ascii_lowercase()).unwrap_or_default();
    if matches!(coding.as_str(), "" | "identity") {
        return if body.len() > bytes_max { Err(BodyError::TooLarge { bytes_max }) } else { Ok(Cow::Borrowed(body)) };
    }
    let limit = bytes_max as u64 + 1;
    let mut decoded = Vec::new();
    let outcome = match coding.as_str() {
        // Servers that declare gzip and send plain text are common enough to be worth two bytes of looking.
        "gzip" | "x-gzip" if !body.starts_with(&[0x1f, 0x8b]) => return decode_body(None, body, bytes_max),
        "gzip" | "x-gzip" => MultiGzDecoder::new(body).take(limit).read_to_end(&mut decoded),
        // "deflate" means zlib by the standard and raw deflate by habit.
        "deflate" if body.first().is_some_and(|byte| byte & 0x0f == 8) => {
            ZlibDecoder::new(body).take(limit).read_to_end(&mut decoded)
        }
        "deflate" => DeflateDecoder::new(body).take(limit).read_to_end(&mut decoded),
        _ => return Err(BodyError::UnknownCoding(excerpt(&coding, SHOWN_CHARS))),
    };
    if decoded.len() > bytes_max {
        return Err(BodyError::TooLarge { bytes_max });
    }
    match outcome {
        Ok(_) => Ok(Cow::Owned(decoded)),
        Err(_) => Err(BodyError::Damaged { decoded: decoded.len() }),
    }
}

/// A parsed HTTP request or response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpMessage {
    /// The request or status line.
    pub first_line: String,
    /// Status code of a response.
    pub status: Option<u16>,
    /// Header names (as written) and values.
    pub headers: Vec<(String, String)>,
    /// The body, transfer coding undone, content coding kept.
    pub body: Vec<u8>,
    /// What was odd about it.
    pub problems: Vec<String>,
}

impl HttpMessage {
    /// Reads a message. Nothing is an error: what cannot be understood is noted in `problems`.
    #[must_use]
    pub fn parse(block: &[u8]) -> Self {
        let mut problems = Vec::new();
        let (head, body) = split_head(block).unwrap_or_else(|| {
            problems.push("no empty line ends the message head".to_owned());
            (block.get(..block.len().min(HTTP_HEAD_BYTES_MAX)).unwrap_or_default(), &[][..])
        });
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let first_line = lines.next().unwrap_or_default().trim().to_owned();
        let status = first_line
            .strip_prefix("HTTP/")
            .and_then(|rest| rest.split_ascii_whitespace().nth(1))
            .and_then(|code| code.parse().ok());
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = headers.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                headers.push((name.trim().to_owned(), value.trim().to_owned()));
            } else if !line.trim().is_empty() {
                problems.push("a header line has no colon".to_owned());
            }
        }
        let mut message = Self { first_line, status, headers, body: Vec::new(), problems };
        let chunked = message.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
        message.body = if chunked { message.unchunk(body) } else { body.to_vec() };
        message
    }

    /// The first header of that name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body with its content coding undone.
    ///
    /// # Errors
    /// [`BodyError`], see [`decode_body`].
    pub fn decoded(&self, bytes_max: usize) -> Result<Cow<'_, [u8]>, BodyError> {
        decode_body(self.header("content-encoding"), &self.body, bytes_max)
    }

    fn unchunk(&mut self, mut rest: &[u8]) -> Vec<u8> {
        let whole = rest;
        let mut body = Vec::with_capacity(rest.len());
        loop {
            let Some(line_end) = rest.iter().take(100).position(|byte| *byte == b'\n') else {
                self.problems.push(format!("chunked body ends or breaks off after {} bytes", body.len()));
                return if body.is_empty() { whole.to_vec() } else { body };
            };
            let size = std::str::from_utf8(&rest[..line_end])
                .ok()
                .map(|line| line.split(';').next().unwrap_or_default().trim())
                .and_then(|digits| usize::from_str_radix(digits, 16).ok());
            let Some(size) = size else {
                // Some archives keep the header and store the body with the chunks already joined.
                self.problems.push(format!("no chunk size where one was due after {} bytes", body.len()));
                if body.is_empty() {
                    return whole.to_vec();
                }
                body.extend_from_slice(rest);
                return body;
            };
            rest = &rest[line_end + 1..];
            if size == 0 {
                return body;
            }
            if rest.len() < size {
                self.problems.push(format!("chunk of {size} bytes breaks off after {}", rest.len()));
                body.extend_from_slice(rest);
                return body;
            }
            body.extend_from_slice(&rest[..size]);
            rest = &rest[size..];
            rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest);
        }
    }
}

/// Head and body of a message, at its first empty line.
pub(super) fn split_head(block: &[u8]) -> Option<(&[u8], &[u8])> {
    let window = &block[..block.len().min(HTTP_HEAD_BYTES_MAX)];
    let mut line_start = 0;
    for (at, byte) in window.iter().enumerate() {
        if *byte == b'\n' {
            let line = &window[line_start..at];
            if line.is_empty() || line == b"\r" {
                return Some((&block[..line_start], &block[at + 1..]));
            }
            line_start = at + 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_bomb_stops_at_the_bound() {
        let bomb = gzip(&vec![0; 10_000_000]);
        assert_eq!(decode_body(Some("gzip"), &bomb, 1000), Err(BodyError::TooLarge { bytes_max: 1000 }));
    }

    #[test]
    fn a_cut_gzip_body_is_damaged_not_whole() {
        let whole = gzip("充电宝".repeat(100).as_bytes());
        let error = decode_body(Some("gzip"), &whole[..whole.len() - 9], 10_000).expect_err("cut");
        assert!(matches!(error, BodyError::Damaged { .. }), "{error}");
    }

    #[test]
    fn brotli_is_refused_by_name() {
        assert_eq!(decode_body(Some("br"), b"x", 10), Err(BodyError::UnknownCoding("br".to_owned())));
    }

    #[test]
    fn chunks_are_joined_and_wrong_ones_noted() {
        let block = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
        let message = HttpMessage::parse(block);
        assert_eq!((message.status, message.body.as_slice()), (Some(200), &b"abcde"[..]));
        assert!(message.problems.is_empty());
        let odd = HttpMessage::parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<html>\n</html>");
        assert_eq!(odd.body, b"<html>\n</html>");
        assert_eq!(odd.problems.len(), 1);
    }
}
