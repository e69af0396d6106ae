//! Reading WARC files of 4 kB, 40 kB and 400 kB pages on one core, compressed and plain; beside it what inflating the same
//! bytes costs alone, the bound that no reader of `.warc.gz` can beat.
#![expect(clippy::disallowed_methods, reason = "a bench measures time on files that it makes")]

use std::hint::black_box;
use std::io::{Cursor, Read};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;
use wanglou::archive::{Exchange, WarcOptions, WarcReader, WarcWriter};

/// Raw bytes of one file.
const RAW_BYTES: usize = 32 << 20;
/// What pages are made of; every page begins at another place, so that no two are equal.
const TEXT: &str = "<p>市场监督管理局接到消费者投诉，称其购买的充电宝在充电过程中突然冒烟起火，桌面被烧黑，所幸无人受伤。</p>\n\
    <div class=\"c\"><a href=\"/notice/2024/07/02/1024.html\">关于召回部分移动电源产品的公告</a><span>2024-07-02</span></div>\n";

/// A small generator (SplitMix64), so that pages compress as pages do, to about a fifth, and not to nothing.
fn page(bytes: usize, seed: u64) -> Vec<u8> {
    let chars: Vec<char> = TEXT.chars().collect();
    let (mut state, mut out) = (seed, String::with_capacity(bytes + 64));
    while out.len() < bytes {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed ^= mixed >> 27;
        let from = usize::try_from(mixed % chars.len() as u64).unwrap_or(0);
        let count = 6 + usize::try_from((mixed >> 32) % 24).unwrap_or(0);
        out.extend(chars[from..].iter().take(count));
    }
    out.into_bytes()
}

/// A compressed file, the same plain, and the raw bytes in it.
fn archive(page_bytes: usize) -> (Vec<u8>, Vec<u8>) {
    let dir = tempfile::tempdir().expect("a folder");
    let mut writer = WarcWriter::open(dir.path(), WarcOptions::default()).expect("opened");
    let at = Timestamp::from_second(1_720_000_000).expect("a moment");
    let mut file = String::new();
    for number in 0..RAW_BYTES / page_bytes {
        let body = page(page_bytes, number as u64);
        let url = format!("http://example.org/{number}");
        let raw = writer
            .append(&Exchange {
                url: &url,
                at,
                ip: None,
                request: b"GET / HTTP/1.1\r\nhost: example.org\r\n\r\n",
                response_head: b"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n\r\n",
                body: &body,
                truncated: None,
            })
            .expect("appended");
        file = raw.file;
    }
    writer.sync().expect("synced");
    let packed = std::fs::read(dir.path().join(file)).expect("read");
    let mut plain = Vec::new();
    MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut plain).expect("inflated");
    (packed, plain)
}

fn read_all(bytes: &[u8]) -> usize {
    WarcReader::new(Cursor::new(bytes)).map(|record| record.expect("sound").block.len()).sum()
}

fn reading(c: &mut Criterion) {
    for page_bytes in [4 << 10, 40 << 10, 400 << 10] {
        let (packed, plain) = archive(page_bytes);
        assert_eq!(read_all(&packed), read_all(&plain));
        let mut group = c.benchmark_group(format!("warc, pages of {} kB", page_bytes >> 10));
        group.throughput(Throughput::Bytes(plain.len() as u64)).sample_size(10);
        group.bench_function("read .warc.gz", |b| b.iter(|| read_all(black_box(&packed))));
        group.bench_function("read .warc", |b| b.iter(|| read_all(black_box(&plain))));
        group.bench_function("inflate alone", |b| {
            b.iter_batched(
                || Vec::with_capacity(plain.len()),
                |mut out| MultiGzDecoder::new(black_box(packed.as_slice())).read_to_end(&mut out).map(|_| out),
                BatchSize::LargeInput,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, reading);
criterion_main!(benches);
