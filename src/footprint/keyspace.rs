//! A key's name, its object, and the strings that lie in it (object.c).

use super::Encoding;
use super::Parts;
use super::facts::{Embedding, KeyCount, ObjectCount};
use super::profile::Profile;
use super::sds;
use super::size::Size;
use crate::entries::{Entry, Str};

/// `robj`: type, encoding, reference count, and a pointer.
const OBJECT: u64 = 16;
/// An object without its pointer.
const OBJECT_HEAD: u64 = 8;
/// The expiry in an object that holds its key.
const EXPIRY: u64 = 8;
/// The byte that says how long the key's header is.
const KEY_HEADER_SIZE: u64 = 1;
/// An entry of the table of keys.
const ENTRY: u64 = 24;
/// A number that is shared among all that use it (`OBJ_SHARED_INTEGERS`).
const SHARED: std::ops::Range<i64> = 0..10_000;
/// The longest string beside an object's header (`OBJ_ENCODING_EMBSTR_SIZE_LIMIT`).
pub(super) const SHORT: u64 = 44;
/// The second header of strings, and the zero byte.
const AROUND: u64 = 4;
/// The longest number's text.
const LONGEST_INT: u64 = 20;
/// A key from this length on gets room for an expiry at once (`KEY_SIZE_TO_INCLUDE_EXPIRE_THRESHOLD`).
const LONG_KEY: u64 = 128;
/// The longest string beside an object's header in Valkey 9: one byte says its length.
const LONGEST_EMBEDDED: u64 = 255;

/// What of a key matters for its size.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Key {
    /// The length of its name.
    pub len: u64,
    /// Whether it expires.
    pub expires: bool,
    /// How many classes of module metadata it has.
    pub classes: u64,
}

impl Key {
    /// The key of `entry`, whose name has `len` bytes.
    #[inline]
    pub const fn of(entry: &Entry<'_>, len: u64) -> Self {
        let expires = entry.meta.expiry.is_set();
        Self { len, expires, classes: entry.meta.classes as u64 }
    }

    /// Bytes requested for an object that holds this key, its value elsewhere.
    const fn object(&self) -> u64 {
        let expiry = if self.expires || self.len >= LONG_KEY { EXPIRY } else { 0 };
        OBJECT + expiry + 8 * self.classes + self.held()
    }

    /// Bytes of the name in an object or an entry that holds it.
    const fn held(&self) -> u64 {
        // the sum of what stands around a name must not overflow, whatever a dump claims
        const MOST: u64 = 1 << 48;
        KEY_HEADER_SIZE + sds::embedded(if self.len < MOST { self.len } else { MOST })
    }
}

impl Profile {
    /// The key and the object of a value that lies elsewhere.
    #[inline]
    pub fn envelope(&self, key: &Key) -> Parts {
        let [key, object] = self.ahead(key).unwrap_or_else(|| self.long_envelope(key));
        Parts { key, object, ..Parts::default() }
    }

    #[inline(never)]
    pub(super) fn long_envelope(&self, key: &Key) -> [Size; 2] {
        let parts = self.with_object(key, self.object(key, self.facts.object));
        [parts.key, parts.object]
    }

    /// The key and the object of a module's value.
    pub fn module_envelope(&self, key: &Key) -> Parts {
        let object = match self.facts.module_object {
            None if !self.allocated => 0,
            count => self.object(key, count.unwrap_or(self.facts.object)),
        };
        self.with_object(key, object)
    }

    /// An object whose value lies elsewhere.
    #[inline]
    fn object(&self, key: &Key, count: ObjectCount) -> u64 {
        let request = if self.facts.kvobj { key.object() } else { OBJECT };
        match count {
            _ if self.allocated => self.a(request),
            ObjectCount::Rounded => self.a(request),
            ObjectCount::Requested => {
                request + sds::embedded_counted(key.len) - sds::embedded(key.len)
            }
            ObjectCount::RequestedWithRoom => {
                let request = request + sds::embedded_counted(key.len) - sds::embedded(key.len);
                let can_expire = key.expires || key.len >= LONG_KEY;
                let room = !can_expire && self.a(request) - request >= EXPIRY;
                request + if room { EXPIRY } else { 0 }
            }
            ObjectCount::Bare => OBJECT,
        }
    }

    /// A string in an object without a key.
    pub const fn string_object(&self, len: u64) -> u64 {
        if len <= SHORT {
            self.a(OBJECT + AROUND + len)
        } else {
            self.a(OBJECT) + self.a(sds::request(len))
        }
    }

    /// The key, with an object of `object` bytes.
    #[inline]
    fn with_object(&self, key: &Key, object: u64) -> Parts {
        let key = Size::bytes(self.key(key));
        Parts { key, object: Size::bytes(object), ..Parts::default() }
    }

    /// The key's name and its entry in the table of keys.
    #[inline]
    fn key(&self, key: &Key) -> u64 {
        let len = key.len;
        let [counted, linked] = self.facts.slot_links;
        match self.facts.key {
            KeyCount::InObject => 0,
            KeyCount::InEntry => self.a(16 + key.held()),
            _ if self.allocated => self.a(sds::request(len)) + self.a(ENTRY + linked),
            KeyCount::Argument if len <= SHORT => len + 4 + ENTRY,
            KeyCount::Argument | KeyCount::Requested => sds::request(len) + ENTRY,
            KeyCount::Rounded => self.a(sds::request(len)) + ENTRY + counted,
        }
    }

    /// Of the above the name's part, where it is an allocation of its own.
    pub fn name(&self, key: &Key) -> u64 {
        let len = key.len;
        match self.facts.key {
            KeyCount::InObject | KeyCount::InEntry => 0,
            _ if self.allocated => self.a(sds::request(len)),
            KeyCount::Argument if len <= SHORT => len + 4,
            KeyCount::Argument | KeyCount::Requested => sds::request(len),
            KeyCount::Rounded => self.a(sds::request(len)),
        }
    }

    /// A string, its key and its object.
    #[inline]
    pub fn string_value(&self, key: &Key, value: &Value) -> (Encoding, Parts) {
        if let Some(n) = value.int {
            let shared = self.allocated && self.shares_integers && Value::is_shared(n);
            let parts = if shared { self.with_object(key, 0) } else { self.envelope(key) };
            return (Encoding::Int, parts);
        }
        match self.embedded(key, value.len) {
            Some(object) => (Encoding::Embstr, self.with_object(key, object)),
            None => {
                let payload = Size::bytes(self.string(value.len));
                (Encoding::Raw, Parts { payload, ..self.envelope(key) })
            }
        }
    }

    /// The object of a string of `len` bytes, if it lies beside its object's header.
    #[inline]
    fn embedded(&self, key: &Key, len: u64) -> Option<u64> {
        match self.facts.embedding {
            Embedding::Never => None,
            Embedding::Short { undercounted } => (len <= SHORT).then(|| {
                if undercounted && !self.allocated {
                    OBJECT + 2 + len
                } else {
                    self.a(OBJECT + AROUND + len)
                }
            }),
            Embedding::CacheLine { with_expiry, in_slack, short_header } => {
                let bare = OBJECT + key.held() + AROUND + len.min(SHORT);
                let forgotten = if short_header { sds::header(key.len) - 1 } else { 0 };
                let most = 64 + forgotten;
                let line = Line { most, with_expiry, in_slack };
                if len > SHORT { None } else { self.in_line(key, bare, &line) }
            }
            Embedding::TwoCacheLines => {
                let value = AROUND + len.min(LONGEST_EMBEDDED);
                // an object keeps room for the pointer that it does not need
                let padding = OBJECT_HEAD.saturating_sub(value);
                let bare = OBJECT_HEAD + key.held() + value + padding;
                let line = Line { most: 128 + padding, with_expiry: true, in_slack: true };
                if len > LONGEST_EMBEDDED { None } else { self.in_line(key, bare, &line) }
            }
        }
    }

    /// An object of `bare` bytes without an expiry, with the key's expiry added, if `line` takes
    /// both.
    #[inline]
    fn in_line(&self, key: &Key, bare: u64, line: &Line) -> Option<u64> {
        let bare = bare + 8 * key.classes;
        if bare > line.most {
            return None;
        }
        if !key.expires {
            return Some(self.a(bare));
        }
        let slack = line.in_slack && self.a(bare) - bare >= EXPIRY;
        let fits = !line.with_expiry || bare + EXPIRY <= line.most || slack;
        fits.then(|| self.a(bare + EXPIRY))
    }
}

/// When an object that holds key and value is short enough.
struct Line {
    /// The most bytes that it may have.
    most: u64,
    /// Whether it has to be short enough with its expiry too.
    with_expiry: bool,
    /// Whether room that the allocator left will do for the expiry.
    in_slack: bool,
}

/// What of a string matters for its size.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Value {
    /// Its length.
    pub len: u64,
    /// The number that it is stored as.
    pub int: Option<i64>,
}

impl Value {
    /// Whether all that hold this number may share an object.
    #[inline]
    pub const fn is_shared(n: i64) -> bool {
        SHARED.start <= n && n < SHARED.end
    }

    #[inline(always)]
    pub fn of(value: Str<'_>) -> Self {
        let len = value.len();
        Self { len, int: if len <= LONGEST_INT { value.as_int() } else { None } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footprint::tests::lane;
    use crate::footprint::{Allocator, Measure};

    #[test]
    fn redis_8_4_counts_requests_and_room_for_an_expiry() {
        let of = |name: &str, len, expires| {
            let profile = lane(name, Allocator::Jemalloc, Measure::Reported);
            profile.envelope(&Key { len, expires, classes: 0 }).total().round()
        };
        // 16 for the object, 1 + 3 + 51 + 1 for the name
        assert_eq!(of("redis-8.2", 51, false), 80);
        assert_eq!(of("redis-8.4", 51, false), 72 + 8);
        assert_eq!(of("redis-8.4", 51, true), 72 + 8);
        assert_eq!(of("redis-8.4", 52, false), 73);
        assert_eq!(of("redis-8.4", 52, true), 73 + 8);
        assert_eq!(of("redis-8.4", 9, false), 16 + 1 + 1 + 9 + 1);
        assert_eq!(of("redis-8.6", 52, false), 80);
    }
}
