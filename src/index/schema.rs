//! The fields of the index. Change anything here and raise [`SCHEMA_VERSION`].

use tantivy::schema::{Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;

use super::analysis::{Analysis, BigramTokenizer, NameTokenizer, WordTokenizer};

/// Raise when fields or their meaning change: indexes made before are rebuilt.
pub(super) const SCHEMA_VERSION: u32 = 4;

const WORDS: &str = "wanglou_words";
const BIGRAMS: &str = "wanglou_bigrams";
const NAME: &str = "wanglou_name";

/// Names of fast fields, as the collector asks for them.
pub(super) mod fast {
    pub(in super::super) const POSITION: &str = "position";
    pub(in super::super) const ID_KEY: &str = "id_key";
    pub(in super::super) const EVENT_S: &str = "event_s";
    pub(in super::super) const EVENT_DAY: &str = "event_day";
    pub(in super::super) const SEVERITY: &str = "severity";
    pub(in super::super) const STORY: &str = "story";
    pub(in super::super) const PRINT: &str = "print";
    pub(in super::super) const ACTOR: &str = "actor";
    pub(in super::super) const PLACE: &str = "place";
}

/// Facets that every answer counts: name in the answer, name of the fast field.
pub(super) const FACETS: [(&str, &str); 6] = [
    ("channel", "channel"),
    ("source", "source"),
    ("category", "category"),
    ("hazard", "hazard"),
    ("region", "province"),
    ("brand", "brand"),
];

/// Handles to the fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// The document's id, one term.
    pub(super) id: Field,
    /// Hash of the id: breaks ties, so that pages never overlap.
    pub(super) id_key: Field,
    /// Place in the log.
    pub(super) position: Field,
    /// Words of title and text; ranks.
    pub(super) words: Field,
    /// Words of the title; ranks higher.
    pub(super) title_words: Field,
    /// Bigrams of title and text; matches.
    pub(super) bigrams: Field,
    /// Seconds of event time; newest first.
    pub(super) event_s: Field,
    /// Civil day of event time (published, else seen), days since 1970-01-01.
    pub(super) event_day: Field,
    /// Civil day it was first seen.
    pub(super) seen_day: Field,
    pub(super) channel: Field,
    pub(super) source: Field,
    /// From signals and product mentions.
    pub(super) category: Field,
    /// From signals.
    pub(super) hazard: Field,
    /// From signals and hazard mentions.
    pub(super) stance: Field,
    /// Codes with their prefectures and provinces.
    pub(super) region: Field,
    /// Provinces only, for the facet.
    pub(super) province: Field,
    pub(super) brand: Field,
    pub(super) platform: Field,
    /// Who sells the very goods.
    pub(super) seller: Field,
    /// Who made them.
    pub(super) maker: Field,
    pub(super) model: Field,
    pub(super) batch: Field,
    /// The platform's id of what is offered.
    pub(super) item: Field,
    /// Products below a category, as `category/leaf`.
    pub(super) leaf: Field,
    /// Asserted signals: category, hazard, `category/hazard`, `any`.
    pub(super) signal: Field,
    /// Worst severity of the signals; none without signals.
    pub(super) severity: Field,
    /// Highest confidence of the signals.
    pub(super) confidence: Field,
    /// As the source gives it.
    pub(super) rating: Field,
    /// As the source gives it, in yuan.
    pub(super) price: Field,
    /// Position of the first document that told this text.
    pub(super) story: Field,
    /// Fingerprint of the text, for the stories of later ones.
    pub(super) print: Field,
    /// Hash of who says it.
    pub(super) actor: Field,
    /// Prefecture of the first place named.
    pub(super) place: Field,
    /// What is shown of a hit, as JSON.
    pub(super) stored: Field,
}

/// The schema and its handles.
pub(super) fn schema() -> (Schema, Fields) {
    let text = |tokenizer: &str, record| {
        TextOptions::default()
            .set_indexing_options(TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record))
    };
    let whole = |tokenizer: &str| {
        let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_fieldnorms(false);
        TextOptions::default().set_indexing_options(indexing.set_index_option(IndexRecordOption::Basic))
    };
    // Searched by its normalised form, counted and shown as written.
    let name = || whole(NAME).set_fast("raw");
    let fast = || NumericOptions::default().set_fast();

    let mut builder = Schema::builder();
    let fields = Fields {
        id: builder.add_text_field("id", whole("raw").set_stored()),
        id_key: builder.add_u64_field(fast::ID_KEY, fast()),
        position: builder.add_u64_field(fast::POSITION, fast()),
        // No positions here: no query asks words for their distance, bigrams answer that exactly.
        words: builder.add_text_field("words", text(WORDS, IndexRecordOption::WithFreqs)),
        title_words: builder.add_text_field("title_words", text(WORDS, IndexRecordOption::WithFreqs)),
        bigrams: builder.add_text_field("bigrams", text(BIGRAMS, IndexRecordOption::WithFreqsAndPositions)),
        event_s: builder.add_i64_field(fast::EVENT_S, fast()),
        event_day: builder.add_i64_field(fast::EVENT_DAY, fast()),
        seen_day: builder.add_i64_field("seen_day", fast()),
        channel: builder.add_text_field("channel", name()),
        source: builder.add_text_field("source", name()),
        category: builder.add_text_field("category", name()),
        hazard: builder.add_text_field("hazard", name()),
        stance: builder.add_text_field("stance", name()),
        region: builder.add_text_field("region", name()),
        province: builder.add_text_field("province", TextOptions::default().set_fast("raw")),
        brand: builder.add_text_field("brand", name()),
        platform: builder.add_text_field("platform", name()),
        // No column: no answer counts these.
        seller: builder.add_text_field("seller", whole(NAME)),
        maker: builder.add_text_field("maker", whole(NAME)),
        model: builder.add_text_field("model", whole(NAME)),
        batch: builder.add_text_field("batch", whole(NAME)),
        item: builder.add_text_field("item", whole(NAME)),
        leaf: builder.add_text_field("leaf", whole("raw")),
        signal: builder.add_text_field("signal", whole("raw")),
        severity: builder.add_u64_field(fast::SEVERITY, fast()),
        confidence: builder.add_f64_field("confidence", fast()),
        rating: builder.add_f64_field("rating", fast()),
        price: builder.add_f64_field("price", fast()),
        // Indexed too: the documents of a story are found at once.
        story: builder.add_u64_field(fast::STORY, fast().set_indexed()),
        print: builder.add_u64_field(fast::PRINT, fast()),
        actor: builder.add_u64_field(fast::ACTOR, fast()),
        place: builder.add_u64_field(fast::PLACE, fast()),
        stored: builder.add_text_field("stored", TextOptions::default().set_stored()),
    };
    (builder.build(), fields)
}

/// Makes our tokenizers known under the names that the schema uses.
pub(super) fn register(tokenizers: &TokenizerManager, analysis: &Analysis) {
    tokenizers.register(WORDS, WordTokenizer::new(analysis.clone()));
    tokenizers.register(BIGRAMS, BigramTokenizer::default());
    tokenizers.register(NAME, NameTokenizer::default());
}
