//! The first bytes: a replication wrapper, the magic, the version. And what follows the end.

use super::code::Dialect;
use super::head::Wrapper;
use crate::bytes::{Cursor, Fault, Kind, Stop};

/// Length of magic and version.
const MAGIC: usize = 9;
/// Length of the random mark around a stream without a length.
const MARK: usize = 40;
/// Versions that Redis has had or may have; Valkey's begin behind it.
const LAST_REDIS: u32 = 79;

/// Family, version, and what stood before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub wrapper: Wrapper,
    pub start: u64,
    pub dialect: Dialect,
    pub version: u32,
}

/// Reads up to the version.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Header, Fault> {
    let wrapper = wrapper(cursor);
    let start = cursor.at();
    let not_rdb = |cursor: &Cursor<'_>| {
        let rest = cursor.rest();
        let found = rest.get(..MAGIC).unwrap_or(rest).into();
        let kind = if rest.is_empty() { Kind::Empty } else { Kind::NotRdb { found } };
        Fault::new(start, kind)
    };
    let rest = cursor.rest();
    if rest.starts_with(b"VKCS") {
        return Err(Fault::new(start, Kind::Envelope("Valkey's LZ4 envelope")));
    }
    if rest.starts_with(b"\x1f\x8b") {
        return Err(Fault::new(start, Kind::Envelope("gzip")));
    }
    if rest.starts_with(b"\x28\xb5\x2f\xfd") {
        return Err(Fault::new(start, Kind::Envelope("zstd")));
    }
    if let [b'*', b'1'..=b'9', ..] = rest {
        return Err(Fault::new(start, Kind::Commands));
    }
    let (dialect, magic, digits) = match rest.get(..MAGIC) {
        Some([b'R', b'E', b'D', b'I', b'S', digits @ ..]) => (Dialect::Redis, "REDIS", digits),
        Some([b'V', b'A', b'L', b'K', b'E', b'Y', digits @ ..]) => {
            (Dialect::Valkey, "VALKEY", digits)
        }
        Some(_) => return Err(not_rdb(cursor)),
        None if [&b"REDIS"[..], b"VALKEY"].iter().any(|magic| cut_short(rest, magic)) => {
            let left = rest.len() as u64;
            return Err(Fault::new(start, Kind::Truncated { want: MAGIC as u64, left }));
        }
        None => return Err(not_rdb(cursor)),
    };
    let text = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
    let Some(version) = text.and_then(|digits| digits.parse().ok()) else {
        return Err(not_rdb(cursor));
    };
    let known = match dialect {
        Dialect::Redis => (1..=LAST_REDIS).contains(&version),
        Dialect::Valkey => version > LAST_REDIS,
    };
    if !known {
        return Err(Fault::new(start, Kind::Version { magic, version }));
    }
    // the length was seen above
    let _ = cursor.take(MAGIC as u64);
    Ok(Header { wrapper, start, dialect, version })
}

/// Whether `rest` can be the beginning of a header that starts with `magic`.
fn cut_short(rest: &[u8], magic: &[u8]) -> bool {
    !rest.is_empty() && (rest.starts_with(magic) || magic.starts_with(rest))
}

/// Takes the line that a server sends before a snapshot on a replication link, if there is one.
fn wrapper(cursor: &mut Cursor<'_>) -> Wrapper {
    let marked = |cursor: &mut Cursor<'_>| {
        let _: [u8; 5] = cursor.array().ok().filter(|line| line == b"$EOF:").ok_or(Stop::More)?;
        let mark = cursor.array::<MARK>()?;
        cursor.array().ok().filter(|end| end == b"\r\n").ok_or(Stop::More)?;
        Ok(mark)
    };
    let counted = |cursor: &mut Cursor<'_>| {
        let line = cursor.rest().split(|&byte| byte == b'\n').next().unwrap_or_default();
        let digits = line.strip_prefix(b"$").and_then(|line| line.strip_suffix(b"\r"));
        let count = digits.and_then(super::string::canonical_int).ok_or(Stop::More)?;
        cursor.take(line.len() as u64 + 1)?;
        u64::try_from(count).map_err(|_| Stop::More)
    };
    if let Ok(mark) = cursor.whole(marked) {
        return Wrapper::Mark(mark);
    }
    cursor.whole(counted).map_or(Wrapper::None, Wrapper::Length)
}

/// What follows the end of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Nothing, or no more than the mark of a replication stream.
    None,
    /// The commands of an append-only file that began with the snapshot, in bytes.
    Aof(u64),
    /// Bytes that belong to nothing known.
    Unknown(u64),
}

impl Tail {
    /// Tells what `rest`, the bytes behind the snapshot's end, are.
    #[must_use]
    pub fn of(rest: &[u8], wrapper: &Wrapper) -> Self {
        let bytes = rest.len() as u64;
        match (rest, wrapper) {
            ([], _) => Self::None,
            (rest, Wrapper::Mark(mark)) if rest == mark => Self::None,
            // redis-cli --rdb leaves the mark of a diskless transfer at the end of its file
            (rest, Wrapper::None)
                if rest.len() == MARK && rest.iter().all(u8::is_ascii_hexdigit) =>
            {
                Self::None
            }
            ([b'*' | b'#', ..], _) => Self::Aof(bytes),
            _ => Self::Unknown(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Result<Header, Kind> {
        read(&mut Cursor::new(bytes)).map_err(|fault| fault.kind)
    }

    #[test]
    fn magic_and_version_tell_the_family() {
        let header = of(b"REDIS0011...").unwrap();
        assert_eq!((header.dialect, header.version, header.start), (Dialect::Redis, 11, 0));
        let header = of(b"VALKEY080").unwrap();
        assert_eq!((header.dialect, header.version), (Dialect::Valkey, 80));
        assert!(matches!(of(b"REDIS0080"), Err(Kind::Version { .. })));
        assert!(matches!(of(b"REDIS0000"), Err(Kind::Version { .. })));
        assert!(matches!(of(b"VALKEY011"), Err(Kind::Version { .. })));
        assert!(matches!(of(b"REDIS00x1"), Err(Kind::NotRdb { .. })));
        assert!(matches!(of(b"REDIS"), Err(Kind::Truncated { .. })));
        assert!(matches!(of(b"\x1f\x8b\x08......"), Err(Kind::Envelope("gzip"))));
        assert_eq!(of(b"*3\r\n$3\r\nSET"), Err(Kind::Commands));
        assert_eq!(of(b""), Err(Kind::Empty));
    }

    #[test]
    fn a_replication_wrapper_is_taken_off() {
        let mark = [b'a'; MARK];
        let bytes = [b"$EOF:", &mark[..], b"\r\nREDIS0009"].concat();
        let header = of(&bytes).unwrap();
        assert_eq!((header.wrapper, header.start), (Wrapper::Mark(mark), 47));
        let header = of(b"$175\r\nREDIS0009").unwrap();
        assert_eq!((header.wrapper, header.start), (Wrapper::Length(175), 6));
    }

    #[test]
    fn tails_are_told_apart() {
        let mark = Wrapper::Mark([b'a'; MARK]);
        assert_eq!(Tail::of(b"", &Wrapper::None), Tail::None);
        assert_eq!(Tail::of(&[b'a'; MARK], &mark), Tail::None);
        assert_eq!(Tail::of(&[b'a'; MARK], &Wrapper::None), Tail::None);
        assert_eq!(Tail::of(b"*3\r\n", &Wrapper::None), Tail::Aof(4));
        assert_eq!(Tail::of(b"junk", &mark), Tail::Unknown(4));
    }
}
