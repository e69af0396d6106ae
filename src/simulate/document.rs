//! What the collector would make of an item, without the way over HTTP: for tests and benches of the rooms behind it.

use super::item::{Extra, Item, Stream};
use vocabulary::{Document, DocumentId, Meta, SourceId};

impl Item {
    /// The source that the recipe of its stream names.
    fn source(&self) -> &'static str {
        match (self.stream, &self.extra) {
            (Stream::Complaints, _) => "sim.complaints",
            (Stream::Notices, Extra::SpotCheck(_)) => "sim.spot",
            (Stream::Notices, _) => "sim.notices",
            (Stream::Listings, _) => "sim.items",
            (Stream::Reviews, _) => "sim.reviews",
            (Stream::Articles, _) => "sim.media",
            (Stream::Standards, _) => "sim.standards",
        }
    }

    /// Its documents: one, or one for each row of a spot-check table. Seen when published; no raw bytes; ids are this
    /// world's own and not those of a collected document.
    #[must_use]
    pub fn documents(&self) -> Vec<Document> {
        let Extra::SpotCheck(rows) = &self.extra else {
            return vec![self.document(None, &self.text(), self.meta())];
        };
        let row = |(at, row): (usize, &super::item::SpotRow)| {
            let mut meta = self.meta();
            for (key, value) in
                [("product", &row.product), ("firm", &row.firm), ("brand", &row.brand), ("region", &row.region)]
            {
                meta.insert(key.to_owned(), value.as_str().into());
            }
            let text = format!(
                "产品名称：{}；标称生产企业：{}；标称商标：{}；规格型号：{}；抽查地区：{}；不合格项目：{}；检验依据：{}；检验结果：不合格",
                row.product, row.firm, row.brand, row.model, row.region, row.item, row.standard
            );
            self.document(Some(at + 1), &text, meta)
        };
        rows.iter().enumerate().map(row).collect()
    }

    fn document(&self, part: Option<usize>, body: &str, meta: Meta) -> Document {
        let source = self.source();
        let part = part.map(|number| format!("#{number}")).unwrap_or_default();
        let title = (self.stream != Stream::Reviews).then(|| self.title.clone());
        let text = title.as_ref().map_or_else(|| body.to_owned(), |title| format!("{title}\n{body}"));
        Document {
            id: DocumentId::new(format!("{source}:{}{part}", self.id)),
            source: SourceId::from(source),
            channel: self.stream.site().channel(),
            url: None,
            title,
            text,
            published_at: Some(self.published_at),
            seen_at: Some(self.published_at),
            meta,
            raw: None,
        }
    }

    fn meta(&self) -> Meta {
        let mut meta = Meta::new();
        let mut set = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                meta.insert(key.to_owned(), value.into());
            }
        };
        // Notices are signed by an office, not by an author; their place is only in their words.
        if self.stream == Stream::Notices {
            set("office", self.author.clone());
            return meta;
        }
        set("author", self.author.clone());
        set("seller", self.shop.clone());
        set("platform_category", self.shelf.clone());
        set("region", self.place.map(super::places::Place::on_form));
        if self.stream != Stream::Standards {
            set("brand", self.brand.clone());
        }
        match self.extra {
            Extra::Review { listing, rating } => {
                meta.insert("item_id".to_owned(), listing.to_string().into());
                meta.insert("item_title".to_owned(), self.title.as_str().into());
                meta.insert("rating".to_owned(), rating.into());
            }
            Extra::Listing { yuan, sold, .. } => {
                meta.insert("item_id".to_owned(), self.id.to_string().into());
                meta.insert("price".to_owned(), yuan.into());
                meta.insert("sold".to_owned(), sold.into());
            }
            Extra::Article { outlet, .. } => {
                meta.insert("author".to_owned(), outlet.into());
                meta.insert("outlet".to_owned(), outlet.into());
            }
            _ => {}
        }
        meta
    }
}

#[cfg(test)]
mod tests {
    use super::super::world::{World, WorldSpec};
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_item_gives_documents_with_ids_of_their_own() {
        let world = World::generate(&WorldSpec { days: 30, backlog_days: 30, ..WorldSpec::new(1) });
        let mut ids = BTreeSet::new();
        for stream in Stream::ALL {
            let documents: Vec<Document> = world.items(stream).iter().flat_map(Item::documents).collect();
            assert!(documents.len() >= world.items(stream).len(), "{stream:?}");
            for document in documents {
                assert!(!document.text.trim().is_empty() && document.text.chars().count() < 1000, "{}", document.text);
                assert!(ids.insert(document.id.clone()), "{} twice", document.id);
            }
        }
    }
}
