//! What each stage costs, on the simulated world's texts: our own words, the same every time. Each bench first checks the
//! answer it times. Run: `cargo bench --bench stages`.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use wanglou::extract;
use wanglou::index::{SearchIndex, SearchRequest};
use wanglou::lexicon::Lexicon;
use wanglou::log::Entry;
use wanglou::pipeline::{Review, read_batch, read_criteria};
use wanglou::score::Volume;
use wanglou::simulate::{Stream, World, WorldSpec};
use wanglou::vocabulary::{Document, Position, SignalRecord, day_of};

/// Everything the default world publishes, in the order of its days.
fn documents(world: &World) -> Vec<Document> {
    let mut documents: Vec<Document> = Stream::ALL
        .iter()
        .flat_map(|stream| world.items(*stream))
        .flat_map(wanglou::simulate::Item::documents)
        .collect();
    documents.sort_by(|a, b| (a.event_at(), &a.id).cmp(&(b.event_at(), &b.id)));
    for document in &mut documents {
        document.seen_at = document.published_at;
    }
    documents
}

fn stages(criterion: &mut Criterion) {
    let world = World::generate(&WorldSpec::default());
    let documents = documents(&world);
    let lexicon = Lexicon::shipped().expect("the shipped lexicon loads");
    let characters: usize = documents.iter().map(|document| document.text.chars().count()).sum();

    let mut group = criterion.benchmark_group("stages");
    group.sample_size(10);

    group.bench_function("lexicon/load", |bench| bench.iter(|| Lexicon::shipped().expect("loads")));

    let found: usize = documents.iter().map(|document| extract::read(document, &lexicon).signals.len()).sum();
    assert!(found > documents.len() / 20, "the reader finds hardly anything: {found}");
    group.throughput(Throughput::Elements(documents.len() as u64));
    group.bench_function("extract/documents, one thread", |bench| {
        bench.iter(|| documents.iter().map(|document| extract::read(document, &lexicon).signals.len()).sum::<usize>());
    });
    group.throughput(Throughput::Elements(characters as u64));
    group.bench_function("extract/characters, one thread", |bench| {
        bench.iter(|| documents.iter().map(|document| extract::read(document, &lexicon).signals.len()).sum::<usize>());
    });

    let entries: Vec<Entry> = (1..)
        .zip(&documents)
        .map(|(position, document)| Entry { position: Position(position), document: document.clone() })
        .collect();
    let read = read_batch(&lexicon, entries);
    let stop_words: BTreeSet<String> = lexicon.stopwords().iter().cloned().collect();
    let fresh = || SearchIndex::in_memory(Arc::clone(lexicon.jieba()), lexicon.version(), &stop_words).expect("made");
    let fill = |index: &SearchIndex| {
        let mut writer = index.writer().expect("one writer");
        for entry in &read {
            let print = extract::fingerprint(&entry.document.text);
            writer.put(&entry.document, &entry.reading, &print, entry.position).expect("put");
        }
        writer.commit(Position(read.len() as u64)).expect("committed");
    };
    group.throughput(Throughput::Elements(read.len() as u64));
    group.bench_function("index/documents", |bench| {
        bench.iter_batched_ref(fresh, |index| fill(index), BatchSize::PerIteration);
    });

    let index = fresh();
    fill(&index);
    let query = SearchRequest { query: "起火 OR 漏电".to_owned(), limit: 20, ..SearchRequest::default() };
    let literally =
        documents.iter().filter(|document| document.text.contains("起火") || document.text.contains("漏电")).count();
    assert_eq!(index.search(&query).expect("a good query").total, literally as u64);
    group.throughput(Throughput::Elements(1));
    group.bench_function("index/query with facets", |bench| bench.iter(|| index.search(black_box(&query))));

    let records: Vec<SignalRecord> = read.iter().flat_map(|entry| entry.records.clone()).collect();
    let volume: Volume = documents.iter().filter_map(|document| Some((day_of(document.event_at()?), 1))).collect();
    let judge = read_criteria(None).expect("the shipped criteria load");
    let range = wanglou::vocabulary::DateRange { from: world.spec().start, to: world.spec().last_day() };
    let review = || Review::new(&judge, records.clone(), volume.clone(), Vec::new(), lexicon.version().clone());
    let opened = {
        let mut review = review();
        range.days().map(|day| review.day(day).events.len()).sum::<usize>()
    };
    assert!(opened > 0, "nothing was alerted in a world full of incidents");
    group.throughput(Throughput::Elements(range.days().count() as u64));
    group.bench_function("score and alert/days", |bench| {
        bench.iter_batched_ref(
            review,
            |review| range.days().map(|day| review.day(day).events.len()).sum::<usize>(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
