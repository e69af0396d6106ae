//! One row of an export, whatever the format.

use serde_json::json;

use vocabulary::{Category, Document, Hazard, ItemNames, show_moment};

/// One document of a result, with what was read in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportRow {
    /// The document.
    pub document: Document,
    /// Product categories.
    pub categories: Vec<Category>,
    /// Hazards.
    pub hazards: Vec<Hazard>,
    /// Worst severity, 0–4.
    pub severity: Option<u8>,
    /// First brand named.
    pub brand: Option<String>,
    /// First place named: code and name.
    pub region: Option<(String, String)>,
    /// What the very goods are called.
    pub item: ItemNames,
    /// The story it tells.
    pub story: u64,
    /// Its place in the log.
    pub position: u64,
}

/// The columns of a table, in order.
pub const EXPORT_COLUMNS: [&str; 23] = [
    "id",
    "title",
    "text",
    "published_at",
    "seen_at",
    "source",
    "channel",
    "channel_name",
    "url",
    "categories",
    "category_names",
    "hazards",
    "hazard_names",
    "brand",
    "region",
    "region_name",
    "seller",
    "item_id",
    "maker",
    "model",
    "batch",
    "severity",
    "story",
];
/// Those of them that hold numbers.
pub(crate) const NUMBER_COLUMNS: usize = 2;

impl ExportRow {
    /// The text columns, in order.
    pub(crate) fn texts(&self) -> [Option<String>; EXPORT_COLUMNS.len() - NUMBER_COLUMNS] {
        let Document { id, title, text, published_at, seen_at, source, channel, url, .. } = &self.document;
        let joined = |names: Vec<&str>| (!names.is_empty()).then(|| names.join(";"));
        let (region, region_name) = self.region.clone().unzip();
        [
            Some(id.to_string()),
            title.clone(),
            Some(text.clone()),
            published_at.map(show_moment),
            seen_at.map(show_moment),
            Some(source.to_string()),
            Some(channel.code().to_owned()),
            Some(channel.zh().to_owned()),
            url.clone(),
            joined(self.categories.iter().map(|category| category.code()).collect()),
            joined(self.categories.iter().map(|category| category.zh()).collect()),
            joined(self.hazards.iter().map(|hazard| hazard.code()).collect()),
            joined(self.hazards.iter().map(|hazard| hazard.zh()).collect()),
            self.brand.clone(),
            region,
            region_name,
            self.item.seller.clone(),
            self.document.meta_str("item_id").map(str::to_owned),
            self.item.maker.clone(),
            self.item.model.clone(),
            self.item.batch.clone(),
        ]
    }

    /// The document as `import` takes it.
    pub(super) fn line(&self) -> Result<String, serde_json::Error> {
        let mut document = serde_json::to_value(&self.document)?;
        let found = json!({
            "categories": self.categories, "hazards": self.hazards, "severity": self.severity, "brand": self.brand,
            "region": self.region.as_ref().map(|(code, _)| code), "item": self.item, "story": self.story,
            "position": self.position,
        });
        if let Some(object) = document.as_object_mut() {
            let meta = object.entry("meta").or_insert_with(|| json!({}));
            if let Some(meta) = meta.as_object_mut() {
                meta.insert("found".to_owned(), found);
            }
        }
        serde_json::to_string(&document)
    }
}
