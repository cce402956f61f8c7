//! The one table layout: columns of text, aligned, that never wrap.

use super::paint::{Line, Style, Theme, cut, width};
use std::borrow::Cow;

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    title: Cow<'static, str>,
    align: Align,
    importance: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
    /// Left, and the one that gives way where the line is too short.
    Name,
}

impl Column {
    /// Text that is cut where the line is too short for it. A table has one such column.
    pub(super) fn name(title: impl Into<Cow<'static, str>>) -> Self {
        Self { title: title.into(), align: Align::Name, importance: u8::MAX }
    }

    /// Text that begins at the left.
    pub(super) fn text(title: impl Into<Cow<'static, str>>) -> Self {
        Self { title: title.into(), align: Align::Left, importance: u8::MAX }
    }

    /// Figures, which end at the right.
    pub(super) fn figure(title: impl Into<Cow<'static, str>>) -> Self {
        Self { title: title.into(), align: Align::Right, importance: u8::MAX }
    }

    /// The same column, left out where the line is too short: the least important first.
    pub(super) fn importance(self, importance: u8) -> Self {
        Self { importance, ..self }
    }
}

/// A table: a heading line, and the rows under it, one column in.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<(Style, Vec<String>)>,
}

/// Columns narrower than that say nothing of a name.
const LEAST_NAME: usize = 20;
/// What columns of names at the left are wide at least.
const COMMON_NAME: usize = 32;
const GAP: usize = 2;

impl Table {
    pub(super) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, style: Style, cells: impl Into<Vec<String>>) {
        self.rows.push((style, cells.into()));
    }

    /// The heading and the rows, none wider than the theme allows.
    pub(super) fn lines(&self, theme: &Theme) -> Vec<Line> {
        let columns = self.layout(theme.width);
        let titles: Vec<String> =
            self.columns.iter().map(|c| c.title.clone().into_owned()).collect();
        let heading = Line::new(Style::Bold, join(&columns, &titles, "", theme));
        let rows = self.rows.iter();
        let rows = rows.map(|(style, cells)| Line::new(*style, join(&columns, cells, " ", theme)));
        std::iter::once(heading).chain(rows).collect()
    }

    /// Which columns are shown, and how wide.
    fn layout(&self, width: usize) -> Vec<Place> {
        let places = self.columns.iter().enumerate();
        let mut places: Vec<Place> = places.map(|column| self.place(column, width)).collect();
        places.retain(|place| place.align == Align::Name || self.has_cells(place.index));
        loop {
            let taken: usize = places.iter().map(|place| place.width + GAP).sum();
            // The indent of the rows stands in for the gap behind the last column.
            let over = (taken + 1).saturating_sub(width + GAP);
            let name = places.iter_mut().find(|place| place.align == Align::Name);
            let spare = name.as_ref().map_or(0, |name| name.width.saturating_sub(LEAST_NAME));
            let least = self.columns.iter().enumerate().filter(|(i, column)| {
                column.importance < u8::MAX && places.iter().any(|place| place.index == *i)
            });
            match least.min_by_key(|(_, column)| column.importance) {
                Some((least, _)) if over > spare => places.retain(|place| place.index != least),
                _ => {
                    if let Some(name) = places.iter_mut().find(|p| p.align == Align::Name) {
                        name.width = name.width.saturating_sub(over).max(1);
                    }
                    return places;
                }
            }
        }
    }

    /// Whether a column has anything under its title.
    fn has_cells(&self, index: usize) -> bool {
        self.rows.iter().any(|(_, cells)| cells.get(index).is_some_and(|cell| !cell.is_empty()))
    }

    fn place(&self, (index, column): (usize, &Column), line: usize) -> Place {
        let cells = self.rows.iter().filter_map(|(_, cells)| cells.get(index));
        let widest = cells.map(|cell| width(cell)).max().unwrap_or_default();
        // The heading has no indent, so its first title has a cell more.
        let title = width(&column.title).saturating_sub(usize::from(index == 0));
        // Names that come first have room in common, so that tables stand under each other.
        let room = if index == 0 && column.align == Align::Name { line * 3 / 10 } else { 0 };
        Place { index, align: column.align, width: widest.max(title).max(room.min(COMMON_NAME)) }
    }
}

/// A column in its place.
#[derive(Debug, Clone, Copy)]
struct Place {
    index: usize,
    align: Align,
    width: usize,
}

fn join(places: &[Place], cells: &[String], indent: &str, theme: &Theme) -> String {
    let mut text = indent.to_owned();
    for (i, place) in places.iter().enumerate() {
        // Where the indent is missing, the first cell takes its room.
        let room = if i == 0 { place.width + 1 - indent.len() } else { place.width };
        let cell = cut(cells.get(place.index).map_or("", String::as_str), room, theme.ellipsis());
        let pad = " ".repeat(room.saturating_sub(width(&cell)));
        let gap = if i == 0 { "" } else { "  " };
        match place.align {
            Align::Right => text.extend([gap, &pad, &cell]),
            Align::Left | Align::Name => text.extend([gap, &cell, &pad]),
        }
    }
    text.truncate(text.trim_end().len());
    text
}
