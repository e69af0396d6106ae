//! PDF: letters and rulings of each page, tables by their rulings, the rest as lines of text.

mod lattice;
mod lines;

use hayro_interpret::font::GlyphRun;
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::hayro_syntax::{LoadPdfError, Pdf};
use hayro_interpret::kurbo::{BezPath, PathEl, Point, Rect, Shape as _};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, TransformExt, interpret_page,
};

use super::bounds::{LETTERS_MAX, PAGES_MAX, RULINGS_MAX};
use super::{Block, Table, Unread};
use lattice::Lattice;

/// Units in which the reader tells a glyph's size: 1000 to the em.
const EM: f64 = 1_000.0;
/// A filled shape that is no thicker is a ruling, in points.
const RULING_MAX: f64 = 3.0;
/// A ruling that leans no more is straight, in points.
const LEAN_MAX: f64 = 1.0;
/// A letter that is clipped by no more is shown, in points.
const CLIP_SLACK: f64 = 1.0;
/// Tables that continue one another have their columns at the same places, so far apart, in points.
const COLUMN_SLACK: f64 = 8.0;

/// A letter and where it stands, in points from the upper left corner.
#[derive(Debug, Clone)]
struct Letter {
    text: String,
    x: f64,
    /// Its base line.
    y: f64,
    size: f64,
}

impl Letter {
    /// The middle of an upright letter.
    fn middle(&self) -> (f64, f64) {
        (self.x + self.size * 0.25, self.y - self.size * 0.35)
    }
}

/// A straight ruling.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ruling {
    /// Where it stands across its direction.
    at: f64,
    from: f64,
    to: f64,
}

/// What a page shows.
#[derive(Debug, Default)]
struct Shown {
    letters: Vec<Letter>,
    across: Vec<Ruling>,
    down: Vec<Ruling>,
    pictures: usize,
    /// What lies outside the last of these is not shown.
    clips: Vec<Rect>,
}

pub(crate) fn read(bytes: &[u8], cut: &mut Option<String>) -> Result<Vec<Block>, Unread> {
    let pdf = Pdf::new(bytes.to_vec()).map_err(|problem| match problem {
        LoadPdfError::Decryption(_) => Unread::Locked,
        LoadPdfError::Invalid => Unread::Broken("no PDF".to_owned()),
    })?;
    let cache = InterpreterCache::new();
    let (mut blocks, mut pages_of_pictures, mut letters) = (Vec::new(), 0, 0);
    let mut last_edges: Vec<f64> = Vec::new();
    let pages = pdf.pages();
    for (number, page) in pages.iter().enumerate() {
        if number >= PAGES_MAX {
            cut.get_or_insert_with(|| format!("more than {PAGES_MAX} pages, the rest is not read"));
            break;
        }
        let (width, height) = page.render_dimensions();
        let bounds = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let place = page.initial_transform(true).to_kurbo();
        let mut context = Context::new(place, bounds, &cache, pdf.xref(), InterpreterSettings::default());
        let mut shown = Shown::default();
        interpret_page(page, &mut context, &mut shown);
        letters += shown.letters.len();
        pages_of_pictures += usize::from(shown.letters.is_empty() && shown.pictures > 0);
        of_page(shown, &mut blocks, &mut last_edges);
    }
    if letters == 0 && pages_of_pictures > 0 {
        return Err(Unread::Pictures(pages_of_pictures));
    }
    if pages_of_pictures > 0 {
        cut.get_or_insert_with(|| format!("{pages_of_pictures} pages are pictures, a person has to read them"));
    }
    Ok(blocks)
}

/// The blocks of a page. A table at its top whose columns stand where those of the last table stood continues that table.
fn of_page(shown: Shown, blocks: &mut Vec<Block>, last_edges: &mut Vec<f64>) {
    let Shown { letters, across, down, .. } = shown;
    let lattices = Lattice::of(across, down);
    let (mut outside, mut inside) = (Vec::new(), vec![Vec::new(); lattices.len()]);
    for letter in letters {
        let middle = letter.middle();
        match lattices.iter().position(|lattice| lattice.holds(middle)) {
            Some(at) => inside[at].push(letter),
            None => outside.push(letter),
        }
    }
    let mut parts: Vec<(f64, Block, Vec<f64>)> = Vec::new();
    for (lattice, letters) in lattices.iter().zip(inside) {
        parts.push((lattice.top(), Block::Table(lattice.table(letters)), lattice.columns().to_vec()));
    }
    let tops: Vec<f64> = parts.iter().map(|(top, ..)| *top).collect();
    for (top, text) in lines::paragraphs(outside, &tops) {
        parts.push((top, Block::Text(text), Vec::new()));
    }
    parts.sort_by(|(one, ..), (other, ..)| one.total_cmp(other));
    // Numbers of pages and running heads stand between the halves of a table.
    let first = parts.iter().position(|(_, block, _)| matches!(block, Block::Table(_)));
    for (at, (_, block, edges)) in parts.into_iter().enumerate() {
        match block {
            Block::Table(table) if Some(at) == first && continues(last_edges, &edges) => match last_table(blocks) {
                Some(last) => {
                    last.seams.push(last.rows.len());
                    last.rows.extend(table.rows);
                }
                None => blocks.push(Block::Table(table)),
            },
            block => blocks.push(block),
        }
        if !edges.is_empty() {
            *last_edges = edges;
        }
    }
}

fn continues(last: &[f64], edges: &[f64]) -> bool {
    !last.is_empty() && last.len() == edges.len() && last.iter().zip(edges).all(|(a, b)| (a - b).abs() < COLUMN_SLACK)
}

fn last_table(blocks: &mut [Block]) -> Option<&mut Table> {
    blocks.iter_mut().rev().find_map(|block| if let Block::Table(table) = block { Some(table) } else { None })
}

impl Shown {
    fn rule(&mut self, from: Point, to: Point) {
        let (wide, high) = ((from.x - to.x).abs(), (from.y - to.y).abs());
        if self.across.len() + self.down.len() >= RULINGS_MAX || !(wide + high).is_finite() {
            return;
        }
        if high <= LEAN_MAX && wide > LEAN_MAX {
            let at = f64::midpoint(from.y, to.y);
            self.across.push(Ruling { at, from: from.x.min(to.x), to: from.x.max(to.x) });
        } else if wide <= LEAN_MAX && high > LEAN_MAX {
            let at = f64::midpoint(from.x, to.x);
            self.down.push(Ruling { at, from: from.y.min(to.y), to: from.y.max(to.y) });
        }
    }

    /// Whether what stands here is not clipped away.
    fn shows(&self, (x, y): (f64, f64)) -> bool {
        let shows = |clip: &Rect| clip.inflate(CLIP_SLACK, CLIP_SLACK).contains(Point::new(x, y));
        self.clips.last().is_none_or(shows)
    }

    /// A filled shape is a ruling when it is thin. One path may hold several.
    fn fill(&mut self, points: &[Point]) {
        let Some(first) = points.first() else { return };
        let mut bounds = Rect::from_points(*first, *first);
        for point in points {
            bounds = bounds.union_pt(*point);
        }
        let (x, y) = (f64::midpoint(bounds.x0, bounds.x1), f64::midpoint(bounds.y0, bounds.y1));
        if bounds.height() <= RULING_MAX && bounds.width() > RULING_MAX {
            self.rule(Point::new(bounds.x0, y), Point::new(bounds.x1, y));
        } else if bounds.width() <= RULING_MAX && bounds.height() > RULING_MAX {
            self.rule(Point::new(x, bounds.y0), Point::new(x, bounds.y1));
        }
    }
}

impl<'a> Device<'a> for Shown {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        let strokes = match mode {
            DrawMode::Stroke(_) | DrawMode::FillAndStroke(..) => true,
            DrawMode::Fill(_) => false,
            DrawMode::Invisible => return,
        };
        let (mut points, mut start) = (Vec::<Point>::new(), Point::ZERO);
        for element in path.elements() {
            let (point, straight) = match element {
                PathEl::MoveTo(point) => {
                    if !strokes {
                        self.fill(&points);
                    }
                    points.clear();
                    start = props.transform * *point;
                    points.push(start);
                    continue;
                }
                PathEl::LineTo(point) => (props.transform * *point, true),
                PathEl::QuadTo(_, point) | PathEl::CurveTo(_, _, point) => (props.transform * *point, false),
                PathEl::ClosePath => (start, true),
            };
            if let Some(last) = points.last().filter(|_| strokes && straight) {
                self.rule(*last, point);
            }
            points.push(point);
        }
        if !strokes {
            self.fill(&points);
        }
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        let bounds = clip.path.bounding_box();
        let inside = self.clips.last().map_or(bounds, |last| last.intersect(bounds));
        self.clips.push(inside);
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            if self.letters.len() >= LETTERS_MAX {
                return;
            }
            let text = match glyph.as_unicode() {
                Some(BfString::Char(letter)) => letter.to_string(),
                Some(BfString::String(letters)) => letters,
                None => char::REPLACEMENT_CHARACTER.to_string(),
            };
            let transform = props.transform * glyph.transform();
            let (place, above) = (transform * Point::ZERO, transform * Point::new(0.0, EM));
            let size = place.distance(above);
            let letter = Letter { text, x: place.x, y: place.y, size };
            if size.is_finite() && size > 0.0 && self.shows(letter.middle()) {
                self.letters.push(letter);
            }
        }
    }

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {
        self.pictures += 1;
    }

    fn pop_clip(&mut self) {
        self.clips.pop();
    }

    fn pop_transparency_group(&mut self) {}
}
