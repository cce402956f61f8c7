//! Sentences with figures in them, before anybody has decided how figures and names are written.

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Text(String),
    /// A number of bytes.
    Bytes(u64),
    /// A number of keys, fields, databases.
    Count(u64),
    /// This part of that.
    Percent(u64, u64),
    /// A span of time in seconds.
    Seconds(u64),
    /// A name, or a pattern of names: any bytes.
    Name(Vec<u8>),
}

/// A sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phrase(pub Vec<Piece>);

impl Phrase {
    /// Begins with these words.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self::default().text(text)
    }

    fn with(mut self, piece: Piece) -> Self {
        self.0.push(piece);
        self
    }

    /// Goes on with words.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        if let Some(Piece::Text(last)) = self.0.last_mut() {
            last.push_str(text);
            return self;
        }
        if text.is_empty() { self } else { self.with(Piece::Text(text.to_owned())) }
    }

    /// Goes on with a number of bytes.
    #[must_use]
    pub fn bytes(self, n: u64) -> Self {
        self.with(Piece::Bytes(n))
    }

    /// Goes on with a number.
    #[must_use]
    pub fn count(self, n: u64) -> Self {
        self.with(Piece::Count(n))
    }

    /// Goes on with a number of keys, and the word for them.
    #[must_use]
    pub fn keys(self, n: u64) -> Self {
        self.count(n).text(if n == 1 { " key" } else { " keys" })
    }

    /// Goes on with the part that `part` is of `whole`.
    #[must_use]
    pub fn percent(self, part: u64, whole: u64) -> Self {
        self.with(Piece::Percent(part, whole))
    }

    /// Goes on with a span of time.
    #[must_use]
    pub fn seconds(self, n: u64) -> Self {
        self.with(Piece::Seconds(n))
    }

    /// Goes on with a name.
    #[must_use]
    pub fn name(self, name: &[u8]) -> Self {
        self.with(Piece::Name(name.to_vec()))
    }
}
