//! What the OpenAPI document says of an address, as the table of addresses writes it down: parameters, bodies, answers. Schemas are
//! derived from the types that handlers read and write (decision 0027).

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Makes the schema of a type, or a reference to it, with what it refers to beside it.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What the document says of an address beside method, path and rights.
#[derive(Clone, Copy)]
pub(super) struct Operation {
    /// What clients call it. Unique.
    pub(super) id: &'static str,
    /// What it is for, in a line.
    pub(super) about: &'static str,
    /// The parameter in braces in the path.
    pub(super) path: Option<Parameter>,
    /// Parameters of the query.
    pub(super) query: &'static [Query],
    /// Headers that are read.
    pub(super) headers: &'static [HeaderOf],
    /// The body that is read.
    pub(super) takes: Option<Body>,
    /// Answers that are no problem.
    pub(super) answers: &'static [Answer],
    /// Statuses of problems, beside those that any address may give.
    pub(super) errors: &'static [u16],
}

/// An operation that reads nothing: what others are written from.
pub(super) const PLAIN: Operation =
    Operation { id: "", about: "", path: None, query: &[], headers: &[], takes: None, answers: &[], errors: &[] };

/// A part of a path.
#[derive(Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) example: Option<&'static str>,
}

/// A header.
#[derive(Clone, Copy)]
pub(super) struct HeaderOf {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) schema: SchemaOf,
}

impl HeaderOf {
    pub(super) const fn new<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self { name, about, schema: of::<T> }
    }
}

/// Parameters of the query: the fields of the type that the handler reads them into.
#[derive(Clone, Copy)]
pub(super) struct Query {
    pub(super) fields: SchemaOf,
    /// Those that this address reads; empty: all.
    pub(super) only: &'static [&'static str],
    /// Those that must be there.
    pub(super) required: &'static [&'static str],
}

impl Query {
    /// All fields of a type.
    pub(super) const fn all<T: JsonSchema>() -> Self {
        Self { fields: T::json_schema, only: &[], required: &[] }
    }

    /// Some fields of a type.
    pub(super) const fn only<T: JsonSchema>(only: &'static [&'static str]) -> Self {
        Self { only, ..Self::all::<T>() }
    }

    /// The same, where these must be there.
    pub(super) const fn required(self, required: &'static [&'static str]) -> Self {
        Self { required, ..self }
    }
}

/// The body of a request.
#[derive(Clone, Copy)]
pub(super) struct Body {
    pub(super) record: SchemaOf,
    pub(super) example: &'static str,
    /// For records a line.
    pub(super) lines: Option<Most>,
}

/// How much one body may hold.
#[derive(Clone, Copy)]
pub(super) enum Most {
    Lines(usize),
    Bytes(usize),
}

impl Body {
    /// One record as JSON. The example is JSON.
    pub(super) const fn json<T: JsonSchema>(example: &'static str) -> Self {
        Self { record: of::<T>, example, lines: None }
    }

    /// Records as JSON, one a line.
    pub(super) const fn lines<T: JsonSchema>(most: Most, example: &'static str) -> Self {
        Self { record: of::<T>, example, lines: Some(most) }
    }
}

/// An answer that is no problem.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) about: &'static str,
    /// Its media type and schema; none: no body.
    pub(super) content: Option<(&'static str, SchemaOf)>,
    pub(super) header: Option<HeaderOf>,
}

/// 200 with a record as JSON.
pub(super) const fn json<T: JsonSchema>(about: &'static str) -> Answer {
    Answer::of("application/json", about, of::<T>)
}

impl Answer {
    /// 200 with a body of this media type.
    pub(super) const fn of(kind: &'static str, about: &'static str, schema: SchemaOf) -> Self {
        Self { status: 200, about, content: Some((kind, schema)), header: None }
    }

    /// 200 with text.
    pub(super) const fn text(kind: &'static str, about: &'static str) -> Self {
        Self::of(kind, about, |_| json_schema!({"type": "string"}))
    }

    /// 200 with bytes.
    pub(super) const fn bytes(kind: &'static str, about: &'static str) -> Self {
        Self::of(kind, about, |_| json_schema!({"type": "string", "format": "binary"}))
    }

    /// No body.
    pub(super) const fn empty(status: u16, about: &'static str) -> Self {
        Self { status, about, content: None, header: None }
    }

    /// The same with another status.
    pub(super) const fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with another media type.
    pub(super) const fn kind(self, kind: &'static str) -> Self {
        let content = match self.content {
            Some((_, schema)) => Some((kind, schema)),
            None => None,
        };
        Self { content, ..self }
    }

    /// The same with a header of its own.
    pub(super) const fn header(self, header: HeaderOf) -> Self {
        Self { header: Some(header), ..self }
    }
}

/// The schema of any object.
pub(super) fn object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object"})
}

/// The schema of a type, as a reference where it has a name.
pub(super) fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
