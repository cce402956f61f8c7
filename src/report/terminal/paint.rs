//! Lines for a terminal: styled text, its width, and what it is drawn with.

use crate::report::escape::Charset;
use std::io::{self, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What lines are drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// Box drawing and block characters.
    Utf8,
    /// ASCII only, in names too.
    Ascii,
}

/// How a report is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Theme {
    pub(super) width: usize,
    pub(super) color: bool,
    pub(super) drawing: Drawing,
}

impl Theme {
    /// The sign for what is left out.
    pub(super) const fn ellipsis(&self) -> &'static str {
        self.pick("…", "..")
    }

    /// The one of the two that can be shown.
    pub(super) const fn pick(&self, utf8: &'static str, ascii: &'static str) -> &'static str {
        match self.drawing {
            Drawing::Utf8 => utf8,
            Drawing::Ascii => ascii,
        }
    }

    /// What names may be written with.
    pub(super) const fn charset(&self) -> Charset {
        match self.drawing {
            Drawing::Utf8 => Charset::Utf8,
            Drawing::Ascii => Charset::Ascii,
        }
    }
}

/// What text means to the eye. Without colours it reads the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Bold,
    Dim,
    Good,
    Warn,
    Alarm,
    /// To be copied: never cut.
    Verbatim,
}

impl Style {
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Bold => Some("1"),
            Self::Dim | Self::Verbatim => Some("2"),
            Self::Good => Some("32"),
            Self::Warn => Some("33"),
            Self::Alarm => Some("1;31"),
        }
    }
}

/// A line of styled text.
#[derive(Debug, Clone, Default)]
pub(super) struct Line(Vec<(Style, String)>);

impl Line {
    pub(super) fn new(style: Style, text: impl Into<String>) -> Self {
        Self(vec![(style, text.into())])
    }

    pub(super) fn push(&mut self, style: Style, text: impl Into<String>) {
        let text = text.into();
        match self.0.last_mut() {
            Some((last, before)) if *last == style => before.push_str(&text),
            _ => self.0.push((style, text)),
        }
    }

    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    /// Writes the line, cut where it is wider than the theme allows.
    pub(super) fn write(&self, theme: &Theme, out: &mut dyn Write) -> io::Result<()> {
        let mut room = theme.width;
        for (style, text) in &self.0 {
            let text = if width(text) > room && *style != Style::Verbatim {
                cut_end(text, room, theme.ellipsis())
            } else {
                text.clone()
            };
            room = room.saturating_sub(width(&text));
            match style.code().filter(|_| theme.color && !text.is_empty()) {
                Some(code) => write!(out, "\x1b[{code}m{text}\x1b[0m")?,
                None => out.write_all(text.as_bytes())?,
            }
        }
        out.write_all(b"\n")
    }
}

/// Phrases one after the other, each kept whole, under a label: as many on a line as fit.
#[derive(Debug)]
pub(super) struct Flow {
    indent: usize,
    lines: Vec<Line>,
    broken: bool,
}

impl Flow {
    /// Begins with `label`; what follows stands `indent` columns in.
    pub(super) fn new(label: Line, indent: usize) -> Self {
        Self { indent, lines: vec![label], broken: false }
    }

    /// Ends the line: the next phrase begins another.
    pub(super) const fn end_line(&mut self) {
        self.broken = true;
    }

    /// Adds a phrase, behind `separator` where it stays on the line.
    pub(super) fn add(&mut self, theme: &Theme, separator: &str, phrase: (Style, String)) {
        let (style, text) = phrase;
        let wide = width(&text);
        if let Some(line) = self.lines.last_mut().filter(|_| !self.broken) {
            let at = line.width();
            // The first phrase follows the label.
            let gap =
                if at < self.indent { " ".repeat(self.indent - at) } else { separator.to_owned() };
            if at + width(&gap) + wide <= theme.width || at < self.indent {
                // A gap of spaces looks the same in any style.
                let gap_style = if gap.trim_end().is_empty() { style } else { Style::Plain };
                line.push(gap_style, gap);
                return line.push(style, text);
            }
            if separator.trim_end() != "" {
                line.push(Style::Plain, separator.trim_end());
            }
        }
        self.broken = false;
        let mut line = Line::new(Style::Plain, " ".repeat(self.indent));
        line.push(style, text);
        self.lines.push(line);
    }

    /// Adds a sentence, word by word.
    pub(super) fn words(&mut self, theme: &Theme, style: Style, text: &str) {
        let mut words = text.split(' ').peekable();
        while let Some(word) = words.next() {
            let mut word = word.to_owned();
            // A figure and its unit stay together.
            while let Some(unit) = words.next_if(|next| is_unit(next)) {
                word.extend([" ", unit]);
            }
            self.add(theme, " ", (style, word));
        }
    }

    pub(super) fn lines(self) -> Vec<Line> {
        self.lines
    }
}

fn is_unit(word: &str) -> bool {
    let word = word.trim_end_matches([',', ':', ';', ')']);
    matches!(word, "%" | "B" | "KiB" | "MiB" | "GiB" | "TiB" | "PiB" | "EiB")
}

/// How many columns `text` takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text` in `room` columns. What is left out is in its middle, since names tell most at both ends.
pub(super) fn cut(text: &str, room: usize, ellipsis: &str) -> String {
    /// Below that a second half would say nothing.
    const HALVES: usize = 12;
    if width(text) <= room {
        return text.to_owned();
    }
    if room < HALVES {
        return cut_end(text, room, ellipsis);
    }
    let behind = (room - width(ellipsis)) * 2 / 5;
    let head = prefix(text.chars(), room - width(ellipsis) - behind);
    let tail: String = prefix(text.chars().rev(), behind).chars().rev().collect();
    format!("{head}{ellipsis}{tail}")
}

/// `text` in `room` columns, cut at its end.
fn cut_end(text: &str, room: usize, ellipsis: &str) -> String {
    match room.checked_sub(width(ellipsis)) {
        Some(left) => prefix(text.chars(), left) + ellipsis,
        None => prefix(text.chars(), room),
    }
}

/// As many of `chars` as fit into `room` columns.
fn prefix(chars: impl Iterator<Item = char>, room: usize) -> String {
    let mut left = room;
    let fits = |c: &char| match left.checked_sub(c.width().unwrap_or_default()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    chars.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_in_the_middle() {
        assert_eq!(cut("user:1234567890:profile", 16, "…"), "user:1234…rofile");
        assert_eq!(cut("user:1234567890:profile", 16, ".."), "user:1234..ofile");
        assert_eq!(cut("user:1234567890", 8, "…"), "user:12…");
        assert_eq!(cut("user", 1, ".."), "u");
        assert_eq!(cut("键键键键键键键", 5, "…"), "键键…");
        assert_eq!(cut("short", 5, "…"), "short");
    }

    #[test]
    fn phrases_flow_under_their_label() {
        let theme = Theme { width: 20, color: false, drawing: Drawing::Utf8 };
        let mut flow = Flow::new(Line::new(Style::Bold, "Label"), 8);
        for phrase in ["one", "two", "three", "four"] {
            flow.add(&theme, ", ", (Style::Plain, phrase.to_owned()));
        }
        let mut out = Vec::new();
        for line in flow.lines() {
            line.write(&theme, &mut out).unwrap();
        }
        assert_eq!(String::from_utf8(out).unwrap(), "Label   one, two,\n        three, four\n");
    }

    #[test]
    fn colours_only_if_told() {
        let written = |color| {
            let theme = Theme { width: 3, color, drawing: Drawing::Ascii };
            let mut out = Vec::new();
            Line::new(Style::Alarm, "abc").write(&theme, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(false), "abc\n");
        assert_eq!(written(true), "\x1b[1;31mabc\x1b[0m\n");
    }
}
