//! A Unix filter on several threads: blocks of whole lines in, blocks of answers out, in the order of the lines, in bounded
//! memory. Reading, working and writing overlap: each thread takes the next block itself, and whoever has finished the block
//! that is due writes it, with all that wait behind it.
//!
//! Not here: what a line means, and what is done with it.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, Read, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes that are read before a block is cut at its last line end.
const BLOCK_BYTES: usize = 256 << 10;
/// Finished blocks per thread that may wait for an earlier one.
const WAITING_PER_THREAD: u64 = 4;

/// Largest buffer that is kept for the next block, in bytes.
const SPARE_BYTES_MAX: usize = 4 << 20;

/// Why a filter stopped before the end of its input.
#[derive(Debug)]
pub enum LinesError<E> {
    /// Reading or writing failed.
    Io(io::Error),
    /// The line of that number, counted from 1, was refused; the answers to all lines before it are written.
    Line(u64, E),
}

impl<E> From<io::Error> for LinesError<E> {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Answers each line of `input` with `answer(number is first, line without its end, output)`, on `threads` threads.
///
/// `line_bytes_max` bounds memory: a line of that many bytes or more is given to `answer` as `None`, which must refuse it.
///
/// # Errors
/// [`LinesError::Io`], or the first line that `answer` refuses.
pub fn answer_lines<E: Send>(
    input: impl Read + Send,
    output: impl Write + Send,
    threads: usize,
    line_bytes_max: usize,
    answer: impl Fn(bool, Option<&[u8]>, &mut Vec<u8>) -> Result<(), E> + Sync,
) -> Result<(), LinesError<E>> {
    let threads = threads.max(1);
    let filter = Filter {
        input: Mutex::new(Input { from: input, rest: Vec::new(), next: 0, ended: false, line_bytes_max }),
        output: Mutex::new(Output {
            into: output,
            due: 0,
            lines: 0,
            waiting: BTreeMap::new(),
            spare: Vec::new(),
            stopped: None,
        }),
        written: Condvar::new(),
        ahead: WAITING_PER_THREAD * threads as u64,
        line_bytes_max,
        answer,
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| filter.work());
        }
        filter.work();
    });
    let mut output = filter.output.into_inner().unwrap_or_else(PoisonError::into_inner);
    match output.stopped {
        Some(error) => Err(error),
        None => Ok(output.into.flush()?),
    }
}

struct Filter<R, W, E, F> {
    input: Mutex<Input<R>>,
    output: Mutex<Output<W, E>>,
    written: Condvar,
    /// Blocks that may be read before the one that is due is written.
    ahead: u64,
    line_bytes_max: usize,
    answer: F,
}

struct Input<R> {
    from: R,
    /// What was read behind the last whole line.
    rest: Vec<u8>,
    /// Number of the next block.
    next: u64,
    ended: bool,
    line_bytes_max: usize,
}

struct Output<W, E> {
    into: W,
    /// Number of the block to write next.
    due: u64,
    /// Lines answered so far.
    lines: u64,
    waiting: BTreeMap<u64, Answers<E>>,
    /// Buffers of written blocks.
    spare: Vec<Vec<u8>>,
    stopped: Option<LinesError<E>>,
}

/// The answers to a block.
struct Answers<E> {
    bytes: Vec<u8>,
    lines: u64,
    /// Why the line behind the last answered one was refused.
    refused: Option<E>,
}

/// A lock whose holder panicked is as good as any here: the panic itself is passed on by the scope.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Read, W: Write, E, F> Filter<R, W, E, F>
where
    F: Fn(bool, Option<&[u8]>, &mut Vec<u8>) -> Result<(), E>,
{
    fn work(&self) {
        // Both are used again: fresh memory for every block would be cleared by the system every time.
        let mut block = Vec::new();
        let mut spare = Vec::new();
        loop {
            let taken = lock(&self.input).block(&mut block);
            match taken {
                Ok(Some(number)) => {
                    let answers = self.answers(number == 0, &block, spare);
                    match self.put(number, answers) {
                        Some(empty) => spare = empty,
                        None => return,
                    }
                }
                Ok(None) => return,
                Err(error) => {
                    lock(&self.output).stopped.get_or_insert(LinesError::Io(error));
                    self.written.notify_all();
                    return;
                }
            }
        }
    }

    fn answers(&self, first: bool, block: &[u8], bytes: Vec<u8>) -> Answers<E> {
        let mut answers = Answers { bytes, lines: 0, refused: None };
        let body = block.strip_suffix(b"\n").unwrap_or(block);
        let mut rest = Some(body);
        while let Some(lines) = rest {
            let (line, behind) = cut_line(lines);
            rest = behind;
            let fits = line.len() < self.line_bytes_max;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if let Err(error) = (self.answer)(first && answers.lines == 0, fits.then_some(line), &mut answers.bytes) {
                answers.refused = Some(error);
                break;
            }
            answers.lines += 1;
        }
        answers
    }

    /// Hands in a block's answers, writes what is due, and waits while too much is unwritten. Gives an empty buffer for the
    /// next answers, none when all is over.
    fn put(&self, number: u64, answers: Answers<E>) -> Option<Vec<u8>> {
        let mut output = lock(&self.output);
        output.waiting.insert(number, answers);
        output.write_due();
        self.written.notify_all();
        while output.stopped.is_none() && number >= output.due + self.ahead {
            output = self.written.wait(output).unwrap_or_else(PoisonError::into_inner);
        }
        output.stopped.is_none().then(|| output.spare.pop().unwrap_or_default())
    }
}

/// The first line of some, and what stands behind its end, when it has one.
fn cut_line(lines: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut behind = lines;
    // Reading from memory does not fail. It looks for the end many bytes at a time.
    let length = behind.skip_until(b'\n').unwrap_or(lines.len());
    match lines[..length].strip_suffix(b"\n") {
        Some(line) => (line, Some(behind)),
        None => (lines, None),
    }
}

impl<R: Read> Input<R> {
    /// Puts the next whole lines into `block` and tells its number; the last line may lack its end.
    fn block(&mut self, block: &mut Vec<u8>) -> io::Result<Option<u64>> {
        block.clear();
        block.append(&mut self.rest);
        let mut searched = 0;
        while !self.ended {
            let had = block.len();
            let want = BLOCK_BYTES.saturating_sub(had).max(BLOCK_BYTES / 4) as u64;
            block.reserve(BLOCK_BYTES.saturating_sub(had));
            if self.from.by_ref().take(want).read_to_end(block)? == 0 {
                self.ended = true;
                break;
            }
            if block.len() < BLOCK_BYTES {
                continue;
            }
            if let Some(end) = block[searched..].iter().rposition(|byte| *byte == b'\n') {
                self.rest.extend_from_slice(&block[searched + end + 1..]);
                block.truncate(searched + end + 1);
                break;
            }
            searched = block.len();
            if block.len() > self.line_bytes_max {
                // The line is refused whatever follows.
                self.ended = true;
            }
        }
        if block.is_empty() {
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(self.next - 1))
    }
}

impl<W: Write, E> Output<W, E> {
    fn write_due(&mut self) {
        while self.stopped.is_none()
            && let Some(answers) = self.waiting.remove(&self.due)
        {
            self.due += 1;
            self.lines += answers.lines;
            let written = self.into.write_all(&answers.bytes);
            let mut spare = answers.bytes;
            spare.clear();
            if spare.capacity() <= SPARE_BYTES_MAX {
                self.spare.push(spare);
            }
            if let Err(error) = written {
                self.stopped = Some(LinesError::Io(error));
            } else if let Some(refused) = answers.refused {
                let flushed = self.into.flush();
                self.stopped =
                    Some(flushed.map_or_else(LinesError::Io, |()| LinesError::Line(self.lines + 1, refused)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(input: &[u8], threads: usize) -> (String, Option<(u64, String)>) {
        let mut output = Vec::new();
        let result = answer_lines(input, &mut output, threads, 1 << 20, |first, line, out| {
            let line = line.ok_or("too long")?;
            if line == b"bad" {
                return Err("bad");
            }
            if first {
                out.extend_from_slice(b"first ");
            }
            if !line.is_empty() {
                out.extend_from_slice(line);
                out.push(b'\n');
            }
            Ok(())
        });
        let refused = match result {
            Ok(()) => None,
            Err(LinesError::Line(number, why)) => Some((number, why.to_owned())),
            Err(LinesError::Io(error)) => panic!("{error}"),
        };
        (String::from_utf8(output).expect("text"), refused)
    }

    fn numbered(count: usize) -> String {
        (1..=count).fold(String::new(), |lines, number| lines + "line " + &number.to_string() + "\n")
    }

    #[test]
    fn answers_come_in_the_order_of_the_lines_whatever_the_threads() {
        let lines = numbered(200_000);
        for threads in [1, 2, 7] {
            let (output, refused) = run(lines.as_bytes(), threads);
            assert_eq!(refused, None);
            assert!(output.strip_prefix("first ").is_some_and(|rest| rest == lines), "{threads} threads");
        }
    }

    #[test]
    fn a_refused_line_is_told_by_its_number_and_all_before_it_is_answered() {
        let mut lines = numbered(100_000);
        let answered = format!("first {lines}");
        lines.push_str("bad\nmore\n");
        for threads in [1, 3] {
            assert_eq!(run(lines.as_bytes(), threads), (answered.clone(), Some((100_001, "bad".to_owned()))));
        }
    }

    #[test]
    fn line_ends_of_both_kinds_empty_lines_and_a_last_line_without_an_end_are_lines() {
        assert_eq!(run(b"a\r\n\nb", 2), ("first a\nb\n".to_owned(), None));
        assert_eq!(run(b"", 2), (String::new(), None));
        assert_eq!(run(b"a\n\nbad", 2), ("first a\n".to_owned(), Some((3, "bad".to_owned()))));
    }

    #[test]
    fn a_line_over_the_bound_is_refused_without_being_kept_whole() {
        let mut lines = b"a\n".to_vec();
        lines.resize(3 << 20, b'x');
        assert_eq!(run(&lines, 2), ("first a\n".to_owned(), Some((2, "too long".to_owned()))));
        lines.extend_from_slice(b"\nb\n");
        assert_eq!(run(&lines, 2), ("first a\n".to_owned(), Some((2, "too long".to_owned()))));
        let long = "y".repeat((1 << 20) - 1) + "\n";
        assert_eq!(run(long.as_bytes(), 2), (format!("first {long}"), None));
    }
}
