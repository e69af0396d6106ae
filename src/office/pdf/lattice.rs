//! Tables by their rulings: rulings that meet are one lattice; where none stands between two places of it, they are one cell.

use super::lines;
use super::{Letter, Ruling};
use crate::Table;
use crate::bounds::EDGES_MAX;

/// Rulings that are no further apart are one, and meet, in points.
const SLACK: f64 = 3.0;

/// One table's rulings.
#[derive(Debug)]
pub(super) struct Lattice {
    /// Places of the rulings down the page, from left to right.
    columns: Vec<f64>,
    /// Places of the rulings across, from top to bottom.
    rows: Vec<f64>,
    across: Vec<Ruling>,
    down: Vec<Ruling>,
}

impl Lattice {
    /// The tables of a page. What has fewer than two columns and two rows is a frame or a line.
    pub(super) fn of(across: Vec<Ruling>, down: Vec<Ruling>) -> Vec<Self> {
        let (across, down) = (in_line(across), in_line(down));
        let mut group = Groups::new(across.len() + down.len());
        for (a, over) in across.iter().enumerate() {
            for (d, post) in down.iter().enumerate() {
                let meet = over.from - SLACK <= post.at
                    && post.at <= over.to + SLACK
                    && post.from - SLACK <= over.at
                    && over.at <= post.to + SLACK;
                if meet {
                    group.join(a, across.len() + d);
                }
            }
        }
        let mut found = Vec::new();
        let roots: std::collections::BTreeSet<usize> = (0..across.len()).map(|a| group.of(a)).collect();
        for root in roots {
            let mine = |at: usize, group: &mut Groups| group.of(at) == root;
            let over: Vec<Ruling> = (0..across.len()).filter(|a| mine(*a, &mut group)).map(|a| across[a]).collect();
            let posts = 0..down.len();
            let posts: Vec<Ruling> = posts.filter(|d| mine(across.len() + *d, &mut group)).map(|d| down[d]).collect();
            let (rows, columns) = (places(&over), places(&posts));
            let is_table = rows.len() >= 3 && columns.len() >= 3;
            if is_table && rows.len() <= EDGES_MAX && columns.len() <= EDGES_MAX {
                found.push(Self { columns, rows, across: over, down: posts });
            }
        }
        found
    }

    pub(super) fn columns(&self) -> &[f64] {
        &self.columns
    }

    pub(super) fn top(&self) -> f64 {
        self.rows.first().copied().unwrap_or_default()
    }

    pub(super) fn holds(&self, (x, y): (f64, f64)) -> bool {
        let within = |at: f64, edges: &[f64]| {
            edges.first().is_some_and(|first| *first <= at) && edges.last().is_some_and(|last| at <= *last)
        };
        within(x, &self.columns) && within(y, &self.rows)
    }

    /// The table with the texts of these letters.
    pub(super) fn table(&self, letters: Vec<Letter>) -> Table {
        let (width, height) = (self.columns.len() - 1, self.rows.len() - 1);
        let mut cells = Groups::new(width * height);
        let middle = |edges: &[f64], at: usize| f64::midpoint(edges[at], edges[at + 1]);
        let parts = |rulings: &[Ruling], at: f64, along: f64| {
            rulings.iter().any(|ruling| {
                (ruling.at - at).abs() <= SLACK && ruling.from - SLACK <= along && along <= ruling.to + SLACK
            })
        };
        for row in 0..height {
            for column in 0..width {
                let (x, y) = (middle(&self.columns, column), middle(&self.rows, row));
                if column + 1 < width && !parts(&self.down, self.columns[column + 1], y) {
                    cells.join(row * width + column, row * width + column + 1);
                }
                if row + 1 < height && !parts(&self.across, self.rows[row + 1], x) {
                    cells.join(row * width + column, (row + 1) * width + column);
                }
            }
        }
        let mut texts: Vec<Vec<Letter>> = vec![Vec::new(); width * height];
        let place =
            |edges: &[f64], at: f64| edges.partition_point(|edge| *edge <= at).saturating_sub(1).min(edges.len() - 2);
        for letter in letters {
            let (x, y) = letter.middle();
            let cell = place(&self.rows, y) * width + place(&self.columns, x);
            texts[cells.of(cell)].push(letter);
        }
        let texts: Vec<String> = texts.into_iter().map(lines::cell).collect();
        let rows = (0..height)
            .map(|row| (0..width).map(|column| texts[cells.of(row * width + column)].clone()).collect())
            .collect();
        Table { rows, seams: Vec::new() }
    }
}

/// Rulings that lie in one line and touch, as one.
fn in_line(mut rulings: Vec<Ruling>) -> Vec<Ruling> {
    // Those of one line first come to stand at one place.
    rulings.sort_by(|one, other| one.at.total_cmp(&other.at));
    let mut line: Option<f64> = None;
    for ruling in &mut rulings {
        match line {
            Some(at) if ruling.at - at <= SLACK => ruling.at = at,
            _ => line = Some(ruling.at),
        }
    }
    rulings.sort_by(|one, other| one.at.total_cmp(&other.at).then(one.from.total_cmp(&other.from)));
    let mut joined: Vec<Ruling> = Vec::new();
    for ruling in rulings {
        match joined.last_mut() {
            Some(last) if last.at.total_cmp(&ruling.at).is_eq() && ruling.from <= last.to + SLACK => {
                last.to = last.to.max(ruling.to);
            }
            _ => joined.push(ruling),
        }
    }
    joined
}

fn places(rulings: &[Ruling]) -> Vec<f64> {
    let mut places: Vec<f64> = rulings.iter().map(|ruling| ruling.at).collect();
    places.sort_by(f64::total_cmp);
    places.dedup_by(|other, one| *other - *one <= SLACK);
    places
}

/// Things that hang together.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    /// The least of those that it hangs together with.
    fn of(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        self.0[one.max(other)] = one.min(other);
    }
}
