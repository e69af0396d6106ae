//! How much one request, one client and all of them together may take. The outermost layer, the form check of the gate, the table of routes and
//! the server keep the same bounds.

vocabulary::bounds! {
    /// Connections at once; a service with few descriptors has fewer, at most half of the files it may open.
    pub(super) const CONNECTIONS_MAX: usize = 512, "connections", "the one that has waited longest is closed for the new one";
    /// Connections at once from one address that is not this machine's own: behind a proxy all come from loopback.
    pub(super) const CONNECTIONS_PER_ADDRESS_MAX: usize = 64, "connections", "its own that has waited longest is closed for the new one";
    /// Longest wait for the head of a request, an idle connection's next one included.
    pub(super) const HEAD_SECONDS_MAX: u64 = 10, "seconds", "the connection is closed";
    /// Longest time a body may take to arrive.
    pub(super) const BODY_SECONDS_MAX: u64 = 15, "seconds", "the request is given up";
    /// Longest time in which a client takes no byte of an answer.
    pub(super) const WRITE_SECONDS_MAX: u64 = 30, "seconds", "the connection is closed";
    /// Longest time for one answer, the body of its request included.
    pub(super) const ANSWER_SECONDS_MAX: u64 = 15, "seconds", "503";
    /// Largest head of a request.
    pub(super) const HEAD_BYTES_MAX: usize = 32 << 10, "bytes", "431";
    /// Headers in a request.
    pub(super) const HEADERS_MAX: usize = 64, "headers", "431";
    /// Largest body of a request that is a form, a single record or nothing.
    pub(super) const BODY_BYTES_MAX: usize = 64 * 1024, "bytes", "413";
    /// Largest body of a request that brings many records at once.
    pub(super) const PUSH_BYTES_MAX: usize = 16 * 1024 * 1024, "bytes", "413";
    /// Documents in one body.
    pub(super) const PUSH_LINES_MAX: usize = 100_000, "lines", "400: nothing of the body is taken in";
    /// Such bodies that are read at once.
    pub(super) const PUSHES_AT_ONCE: usize = 8, "requests", "429";
    /// Such bodies of one organisation that are read at once.
    pub(super) const PUSHES_OF_ONE_AT_ONCE: usize = 4, "requests", "429";
    /// Alert streams open at once.
    pub(super) const STREAMS_MAX: usize = 200, "streams", "503";
    /// Alert streams open at once of one organisation, or of the owner of the machine.
    pub(super) const STREAMS_PER_PARTY_MAX: usize = 20, "streams", "429";
    /// Longest life of a stream; a client that comes back with its last id misses nothing.
    pub(super) const STREAM_SECONDS_MAX: u64 = 30 * 60, "seconds", "the stream ends";
    /// Time after which is looked again whether whoever takes a long answer still may: its token not revoked, user not disabled, session not ended.
    pub(super) const ASK_AGAIN_SECONDS: u64 = 20, "seconds", "the answer is broken off";
    /// Longest time in which a file is taken by its client.
    pub(super) const ANSWER_TAKEN_SECONDS_MAX: u64 = 10 * 60, "seconds", "the answer is broken off";
    /// Exports, archives of records and raw records that are made or taken at once.
    pub(super) const EXPORTS_AT_ONCE: usize = 4, "answers", "429";
    /// Such answers of one organisation, or of the owner of the machine.
    pub(super) const EXPORTS_OF_ONE_AT_ONCE: usize = 2, "answers", "429";
    /// Such answers that are left to supervision, the centre and the owner of the machine: organisations outside have the others.
    pub(super) const EXPORTS_LEFT_TO_INSIDE: usize = 2, "answers", "429 for an organisation outside";
    /// Proxies between a client and the service whose word is followed.
    pub(super) const PROXIES_PASSED_MAX: usize = 16, "addresses", "the farthest that was followed counts as the client";
    /// What people did with an alert, and what came back, on one page.
    pub(super) const LINES_SHOWN_MAX: usize = 50, "lines", "the rest stands on the next page";
    /// Text of such lines on one page.
    pub(super) const LINES_SHOWN_BYTES_MAX: usize = 64 << 10, "bytes", "the rest stands on the next page";
    /// Longest address, path and query together. A Chinese character takes nine bytes once encoded.
    pub(super) const ADDRESS_BYTES_MAX: usize = 8 * 1024, "bytes", "414";
    /// Longest id in an address.
    pub(super) const ID_CHARS_MAX: usize = 500, "characters", "400";
    /// Longest search query.
    pub(super) const QUERY_CHARS_MAX: usize = 500, "characters", "400";
    /// Longest place mark of a next page of search results.
    pub(super) const AFTER_BYTES_MAX: usize = 1_000, "bytes", "400";
    /// Longest time of one search.
    pub(super) const SEARCH_MS_MAX: u64 = 800, "milliseconds", "what was found until then is shown, and marked";
    /// Hits in one answer for programs.
    pub(super) const HITS_MAX: usize = 100, "hits", "400";
}

/// Hits in one answer for programs that name no number.
pub(super) const HITS_DEFAULT: usize = 20;
