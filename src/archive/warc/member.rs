//! One gzip member after the other, inflated with one inflater and one buffer: an archive has a member a record, and making
//! both anew for each costs as much as inflating a small page.
//!
//! In: bytes that begin at a member. Out: what is in it, checked against its length and CRC. Not here: what the bytes mean.

use std::io::{BufRead, Error, ErrorKind, Read, Result};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::bounds::GZIP_TEXT_BYTES_MAX;

/// Piece of an inflated member that is looked at at once: most records fit whole.
const PIECE_BYTES: usize = 64 * 1024;
/// Bytes of a member's head up to its optional fields.
const HEAD_BYTES: usize = 10;
/// The only method there is, deflate.
const DEFLATE: u8 = 8;
/// Bits of the flags.
const HEAD_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// What is used again for the next member.
pub(super) struct Inflater {
    inflate: Decompress,
    piece: Box<[u8]>,
}

impl Inflater {
    pub(super) fn new() -> Self {
        Self { inflate: Decompress::new(false), piece: vec![0; PIECE_BYTES].into_boxed_slice() }
    }

    /// Bytes that it made of the last member.
    pub(super) fn inflated(&self) -> u64 {
        self.inflate.total_out()
    }
}

/// A member being read. After its end it gives no more bytes; what follows it in `raw` is untouched.
pub(super) struct Member<R> {
    raw: R,
    with: Inflater,
    crc: Crc,
    /// What of the piece has been inflated and not yet taken.
    from: usize,
    to: usize,
    begun: bool,
    ended: bool,
}

impl<R: BufRead> Member<R> {
    /// The member that begins here. Its head is read with its first byte.
    pub(super) fn new(raw: R, mut with: Inflater) -> Self {
        with.inflate.reset(false);
        Self { raw, with, crc: Crc::new(), from: 0, to: 0, begun: false, ended: false }
    }

    /// The bytes behind what was read of the member, and what may be used again.
    pub(super) fn into_parts(self) -> (R, Inflater) {
        (self.raw, self.with)
    }

    /// Inflates the next piece.
    fn fill(&mut self) -> Result<()> {
        if !self.begun {
            head(&mut self.raw)?;
            self.begun = true;
        }
        (self.from, self.to) = (0, 0);
        while self.to == 0 && !self.ended {
            let input = self.raw.fill_buf()?;
            if input.is_empty() {
                return Err(early());
            }
            let before = (self.with.inflate.total_in(), self.with.inflate.total_out());
            let status = self.with.inflate.decompress(input, &mut self.with.piece, FlushDecompress::None);
            let used = usize::try_from(self.with.inflate.total_in() - before.0).unwrap_or(usize::MAX);
            let made = usize::try_from(self.with.inflate.total_out() - before.1).unwrap_or(usize::MAX);
            self.raw.consume(used);
            let status = status.map_err(|error| Error::new(ErrorKind::InvalidInput, error))?;
            self.to = made;
            self.crc.update(&self.with.piece[..made]);
            match status {
                Status::StreamEnd => {
                    self.ended = true;
                    tail(&mut self.raw, &self.crc)?;
                }
                _ if used == 0 && made == 0 => return Err(damaged("the deflate stream does not go on")),
                _ => {}
            }
        }
        Ok(())
    }
}

impl<R: BufRead> BufRead for Member<R> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.from == self.to && !self.ended {
            self.fill()?;
        }
        Ok(&self.with.piece[self.from..self.to])
    }

    fn consume(&mut self, amount: usize) {
        self.from = (self.from + amount).min(self.to);
    }
}

impl<R: BufRead> Read for Member<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let ready = self.fill_buf()?;
        let read = ready.len().min(buffer.len());
        buffer[..read].copy_from_slice(&ready[..read]);
        self.consume(read);
        Ok(read)
    }
}

/// Reads over a member's head (RFC 1952, 2.3).
fn head<R: BufRead>(raw: &mut R) -> Result<()> {
    let mut fixed = [0; HEAD_BYTES];
    raw.read_exact(&mut fixed)?;
    let [0x1f, 0x8b, method, flags, ..] = fixed else { return Err(damaged("no gzip head")) };
    if method != DEFLATE || flags & RESERVED != 0 {
        return Err(damaged("a gzip head with a method or flags that nobody defined"));
    }
    if flags & EXTRA != 0 {
        let mut length = [0; 2];
        raw.read_exact(&mut length)?;
        skip(raw, u64::from(u16::from_le_bytes(length)))?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let mut passed = Vec::new();
            raw.by_ref().take(GZIP_TEXT_BYTES_MAX).read_until(0, &mut passed)?;
            if passed.last() != Some(&0) {
                return Err(damaged("a name in the gzip head does not end"));
            }
        }
    }
    if flags & HEAD_CRC != 0 {
        skip(raw, 2)?;
    }
    Ok(())
}

/// Checks CRC and length at a member's end.
fn tail<R: BufRead>(raw: &mut R, crc: &Crc) -> Result<()> {
    let (mut sum, mut length) = ([0; 4], [0; 4]);
    raw.read_exact(&mut sum)?;
    raw.read_exact(&mut length)?;
    if (u32::from_le_bytes(sum), u32::from_le_bytes(length)) == (crc.sum(), crc.amount()) {
        Ok(())
    } else {
        Err(damaged("what was inflated is not what the gzip member's checksum says"))
    }
}

fn skip<R: BufRead>(raw: &mut R, bytes: u64) -> Result<()> {
    let skipped = std::io::copy(&mut raw.by_ref().take(bytes), &mut std::io::sink())?;
    if skipped == bytes { Ok(()) } else { Err(early()) }
}

fn early() -> Error {
    Error::new(ErrorKind::UnexpectedEof, "the file ends inside a gzip member")
}

fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use flate2::write::GzEncoder;
    use flate2::{Compression, GzBuilder};

    use super::*;

    fn read(bytes: &[u8]) -> Result<(Vec<u8>, u64)> {
        let mut member = Member::new(Cursor::new(bytes), Inflater::new());
        let mut out = Vec::new();
        member.read_to_end(&mut out)?;
        Ok((out, member.into_parts().0.position()))
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("packed");
        encoder.finish().expect("packed")
    }

    #[test]
    fn a_member_of_any_size_ends_where_the_next_begins() {
        for size in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES] {
            let text: Vec<u8> = (0..size).map(|at| (at * at % 251).to_le_bytes()[0]).collect();
            let one = packed(&text);
            let two = [one.clone(), packed(b"next")].concat();
            let (found, at) = read(&two).expect("sound");
            assert!(found == text && at == one.len() as u64, "{size}");
        }
    }

    #[test]
    fn a_head_with_every_optional_field_is_read_over() {
        let builder = GzBuilder::new().filename("a.warc").comment("made by hand").extra(vec![1, 2, 3]);
        let mut encoder = builder.write(Vec::new(), Compression::default());
        encoder.write_all("充电宝".as_bytes()).expect("packed");
        let packed = encoder.finish().expect("packed");
        assert_eq!(read(&packed).expect("sound").0, "充电宝".as_bytes());
    }

    #[test]
    fn every_cut_and_every_flipped_checksum_is_an_error() {
        let whole = packed("充电宝起火".as_bytes());
        for cut in 0..whole.len() {
            assert!(read(&whole[..cut]).is_err(), "cut at {cut}");
        }
        for at in whole.len() - 8..whole.len() {
            let mut bad = whole.clone();
            bad[at] ^= 1;
            assert_eq!(read(&bad).expect_err("found").kind(), ErrorKind::InvalidData, "byte {at}");
        }
    }
}
