//! Every bound of this room on what comes from outside: one place, one value, and what happens beyond it.
//!
//! What a recipe may set has its ceiling here; bounds on recipes themselves (files of the operator) stand in `recipe`.

use std::time::Duration;

vocabulary::bounds! {
    /// Longest pause that a host can ask for, by `Retry-After` (seconds or date) or `Crawl-delay`.
    pub(crate) const HOST_PAUSE_MAX: Duration = Duration::from_hours(7 * 24), "seconds", "the pause is cut to this; it is asked again then";
    /// Longest pause that a host can ask for without the operator being told.
    pub(crate) const HOST_PAUSE_TOLD: Duration = Duration::from_hours(24), "seconds", "the source is in trouble: `wanglou source list` says what to do";
    /// Servers of one registrable host whose own pauses are kept apart.
    pub(crate) const SERVERS_MAX: usize = 1_000, "servers", "a further server's pause holds for all servers of the registrable host";
    /// Registrable hosts whose pace is kept, and origins whose `robots.txt` is.
    pub(crate) const HOSTS_MAX: usize = 10_000, "hosts", "paces that would change nothing are forgotten; `robots.txt` of further origins is asked again each round";
    /// Redirects followed for one page.
    pub(crate) const REDIRECTS_MAX: usize = 5, "redirects", "the page is set aside";
    /// Longest address that is asked or kept.
    pub(crate) const ADDRESS_BYTES_MAX: usize = 4 * 1024, "bytes", "the link is left out, the redirect not followed, the feed not read";
    /// Longest `ETag` and `Last-Modified` that are kept.
    pub(crate) const VALIDATOR_BYTES_MAX: usize = 1_024, "bytes", "it is not kept: the page is asked whole the next time";
    /// Headers of an answer.
    pub(crate) const HEADERS_MAX: usize = 200, "headers", "the answer is refused";
    /// Headers of an HTTP/2 answer; the client bounds an HTTP/1 head at 408 KiB.
    pub(crate) const HEADER_BYTES_MAX: u32 = 64 * 1024, "bytes", "the answer is refused";
    /// Time until the head of an answer is there, heads with a status of 1xx before it included.
    pub(crate) const HEAD_WAIT_MAX: Duration = Duration::from_secs(20), "seconds", "the request is given up and not repeated in this round";
    /// Room taken for a body before any of it is there, whatever length was promised.
    pub(crate) const BODY_ROOM_BYTES_MAX: usize = 256 * 1024, "bytes", "more is taken as it comes";
    /// Largest page, as sent and as unpacked, unless the recipe says otherwise.
    pub const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024, "bytes", "the page is set aside";
    /// Bytes below which a body may be compressed as well as it likes.
    pub(crate) const RATIO_BYTES_MIN: usize = 1 << 20, "bytes", "the ratio of packing is looked at";
    /// Unpacked bytes for each byte sent: text is packed at most 20:1, lists of equal rows at most 100:1.
    pub(crate) const RATIO_MAX: usize = 200, "bytes for a byte", "the page is set aside as a trap";
    /// Bytes of a `robots.txt` that are read (RFC 9309 §2.5 asks for at least 500 KiB).
    pub(crate) const ROBOTS_BYTES_MAX: usize = 500 * 1024, "bytes", "the rest is not read";
    /// Rules of one agent in a `robots.txt`.
    pub(crate) const ROBOTS_RULES_MAX: usize = 10_000, "rules", "the rest is not read";
    /// Longest path or pattern that is compared.
    pub(crate) const ROBOTS_PATH_BYTES_MAX: usize = 8 * 1024, "bytes", "a longer pattern is passed over, a longer path compared by its beginning";
    /// Bytes of patterns and of the path that are compared for one link.
    pub(crate) const ROBOTS_STEPS_MAX: usize = 8 << 20, "bytes", "the link is not asked, as if the file forbade it";
    /// Longest round of one source.
    pub(crate) const ROUND_TIME_MAX: Duration = Duration::from_mins(30), "seconds", "nothing further is asked; the rest waits for the next round";
    /// Problems and rejects listed by name in one round.
    pub(crate) const LISTED_MAX: usize = 200, "problems", "the rest is counted";
    /// Pages of one site that fail to answer one after the other.
    pub(crate) const SILENCES_MAX: u32 = 3, "pages", "the host is left alone until the next round";

    /// Tags of a page.
    pub(crate) const TAGS_MAX: usize = 200_000, "tags", "further tags are dropped, their text is kept";
    /// Depth of a page's tags and of a feed's elements.
    pub(crate) const TAG_DEPTH_MAX: usize = 256, "tags", "deeper tags are dropped; a deeper feed is not read";
    /// Attributes of one tag: the parser compares them pairwise.
    pub(crate) const ATTRIBUTES_MAX: usize = 256, "attributes", "the tag is dropped";
    /// Elements and comments that the HTML parser makes of a page, those that the page never wrote included; four attributes
    /// count as one.
    pub(crate) const HTML_NODES_MAX: usize = 400_000, "nodes", "the rest of the page is not read";
    /// Looks of the HTML parser at elements of a page while it makes them; it looks at those that are open again and again.
    pub(crate) const HTML_STEPS_MAX: u64 = 250_000_000, "steps", "the rest of the page is not read";
    /// Elements of a feed.
    pub(crate) const FEED_ELEMENTS_MAX: usize = 100_000, "elements", "the feed is not read";
    /// Depth of an XML answer.
    pub(crate) const XML_DEPTH_MAX: usize = 128, "elements", "the answer is not read";
    /// Elements and attributes of an XML answer.
    pub(crate) const XML_NODES_MAX: usize = 1_000_000, "elements", "the answer is not read";
    /// Elements of an XML answer that hold others.
    pub(crate) const XML_PARENTS_MAX: usize = 250_000, "elements", "the answer is not read";
    /// Values of a JSON answer.
    pub(crate) const JSON_VALUES_MAX: usize = 1_000_000, "values", "the answer is not read";
    /// Objects of a JSON answer.
    pub(crate) const JSON_OBJECTS_MAX: usize = 250_000, "objects", "the answer is not read";
    /// Values that one step of a path with `*` leads to.
    pub(crate) const PATH_VISITS_MAX: usize = 10_000, "values", "the rest is not read";
    /// Addresses of one sitemap, as the protocol says.
    pub(crate) const SITEMAP_ADDRESSES_MAX: usize = 50_000, "addresses", "the rest is not read";
    /// Longest address, date or title of a sitemap's entry.
    pub(crate) const SITEMAP_VALUE_BYTES_MAX: usize = 4_096, "bytes", "the value is cut";

    /// Longest text of a document.
    pub const TEXT_CHARS_MAX: usize = 200_000, "characters", "the text is cut";
    /// Longest first line that is taken for a title; the text keeps all of it.
    pub(crate) const TITLE_CHARS_MAX: usize = 200, "characters", "the title is cut";
    /// Longest value of a field other than the text.
    pub(crate) const VALUE_CHARS_MAX: usize = 2_000, "characters", "the value is cut";
    /// Values of the fields of all items of one page or file, with their addresses.
    pub(crate) const ITEM_BYTES_MAX: usize = 64 << 20, "bytes", "the rest of the items is not read";
    /// Items of one JSON or XML page behind a list.
    pub(crate) const DETAIL_ITEMS_MAX: usize = 5_000, "items", "the rest is not read";
    /// Rows of a table in a page.
    pub(crate) const HTML_ROWS_MAX: usize = 5_000, "rows", "the rest is not read";
    /// Columns of a table in a page, spans included.
    pub(crate) const HTML_COLUMNS_MAX: usize = 60, "columns", "the rest is not read";
    /// Longest `rowspan`.
    pub(crate) const ROWSPAN_MAX: usize = 500, "rows", "the span is cut";
    /// Longest cell of a table in a page.
    pub(crate) const HTML_CELL_CHARS_MAX: usize = 20_000, "characters", "the cell is cut";
    /// Columns of a CSV, TSV or Excel table.
    pub(crate) const TABLE_COLUMNS_MAX: usize = 500, "columns", "the rest is not read";
    /// Longest name of a column.
    pub(crate) const COLUMN_NAME_CHARS_MAX: usize = 1_000, "characters", "the name is cut";
    /// Bytes that a workbook may unpack to for each byte that a page may have: sheets are packed about ten to one.
    pub(crate) const WORKBOOK_RATIO_MAX: u64 = 32, "bytes for a byte", "the workbook is not read";
    /// Longest list of parameters that a column page gives for its interface.
    pub(crate) const UNIT_QUERY_BYTES_MAX: usize = 4 * 1024, "bytes", "the list is not asked for";
    /// Longest page that is looked at for the challenge of a firewall.
    pub(crate) const BARRIER_BYTES_MAX: usize = 256 * 1024, "bytes", "the page is told as one of another form";
    /// Longest value of a header of a recipe.
    pub(crate) const HEADER_VALUE_BYTES_MAX: usize = 1_024, "bytes", "it is not sent and nothing is asked";
    /// Longest label of a value on a page.
    pub(crate) const LABEL_CHARS_MAX: usize = 40, "characters", "it is no label";
    /// Parts of an element that is a label.
    pub(crate) const LABEL_NODES_MAX: usize = 40, "nodes", "it is no label";
    /// Elements in which a rule looks for labels.
    pub(crate) const LABEL_PLACES_MAX: usize = 100, "elements", "labels in the rest are not seen";
    /// Links of a page that are looked at to tell where a list has moved to.
    pub(crate) const NEAREST_LINKS_MAX: usize = 500, "links", "a list further down is not told";
    /// Rows of a table in a page that are looked at for its head.
    pub(crate) const HTML_HEAD_ROWS_MAX: usize = 12, "rows", "a head further down is not seen";
    /// Files that a notice links to and that are named.
    pub(crate) const LINKED_FILES_MAX: usize = 20, "files", "the rest is not named";
    /// Tables of a page that one rule reads.
    pub(crate) const HTML_TABLES_MAX: usize = 50, "tables", "the rest is not read";
    /// Dates that lie further ahead of now are mistakes.
    pub(crate) const AHEAD_MAX: Duration = Duration::from_hours(36), "seconds", "the document is kept without a date";
    /// Dates of years before this one are mistakes.
    pub(crate) const DATE_YEAR_MIN: u64 = 1900, "year", "an earlier date is a mistake: the document is kept without a date";
    /// Characters that are searched for a date.
    pub(crate) const DATE_CHARS_MAX: usize = 200, "characters", "the rest is not searched";

    /// Letters within letters that are read: a forwarded complaint is the complaint.
    pub(crate) const LETTERS_NESTED_MAX: usize = 2, "letters", "the inner ones are not read";
    /// Text parts of one letter that are read.
    pub(crate) const LETTER_TEXTS_MAX: usize = 50, "parts", "the rest is not read";
    /// Parts of one letter at all, counted before anything is built of them.
    pub(crate) const LETTER_PARTS_MAX: usize = 500, "parts", "the letter is set aside as a trap";
    /// All heads of a letter and of its parts together.
    pub(crate) const LETTER_HEAD_BYTES_MAX: usize = 1 << 20, "bytes", "the letter is set aside as a trap";
    /// Attachments that are named.
    pub(crate) const ATTACHMENTS_MAX: usize = 50, "attachments", "the rest is counted";
    /// Headers that rules may name.
    pub(crate) const LETTER_HEADERS_MAX: usize = 200, "headers", "the rest is not seen by rules";
    /// Files of one drop folder that are listed.
    pub(crate) const FOLDER_FILES_MAX: usize = 100_000, "files", "the rest is not read until the first are moved away";
    /// Text that is handed over however few documents it is.
    pub(crate) const BATCH_BYTES_MAX: usize = 16 << 20, "bytes", "what waits is handed over first";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_bound_says_what_it_is_and_what_lies_beyond() {
        let names: BTreeSet<&str> = BOUNDS.iter().map(|bound| bound.name).collect();
        assert_eq!(names.len(), BOUNDS.len(), "a name is given twice");
        for bound in BOUNDS {
            assert!(bound.value > 0 && bound.what.ends_with('.') && !bound.unit.is_empty(), "{}", bound.name);
            assert!(!bound.beyond.is_empty() && !bound.beyond.ends_with('.'), "{}", bound.name);
        }
        let told = |name: &str| BOUNDS.iter().find(|bound| bound.name == name).map(|bound| bound.value);
        assert_eq!(told("HOST_PAUSE_MAX"), Some(7 * 86_400));
        assert_eq!(told("TAGS_MAX"), Some(TAGS_MAX as u64));
    }
}
