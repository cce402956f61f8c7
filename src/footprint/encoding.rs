//! How a server holds a value in memory.

/// The answer of `OBJECT ENCODING` on the loading server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// A string that is a number.
    Int,
    /// A short string beside its object header.
    Embstr,
    /// A string with an allocation of its own; also what servers answer for modules' types.
    #[default]
    Raw,
    /// A list of single elements, before Redis 3.2.
    Linkedlist,
    /// Up to Redis 6.2.
    Ziplist,
    /// A list of packed nodes.
    Quicklist,
    /// Redis 7.0 and later.
    Listpack,
    /// A packed hash with field TTLs, Redis 7.4 and later.
    ListpackEx,
    /// A packed template hash, Redis 8.10.
    TemplateListpack,
    /// A template hash with values of their own, Redis 8.10.
    TemplateArray,
    /// A set of integers.
    Intset,
    /// A hash table.
    Hashtable,
    /// A sorted set with a skiplist and a hash table.
    Skiplist,
    /// A stream.
    Stream,
    /// An array, Redis 8.8 and later.
    SlicedArray,
}

impl Encoding {
    /// All encodings.
    pub const ALL: [Self; 15] = [
        Self::Int,
        Self::Embstr,
        Self::Raw,
        Self::Linkedlist,
        Self::Ziplist,
        Self::Quicklist,
        Self::Listpack,
        Self::ListpackEx,
        Self::TemplateListpack,
        Self::TemplateArray,
        Self::Intset,
        Self::Hashtable,
        Self::Skiplist,
        Self::Stream,
        Self::SlicedArray,
    ];

    /// The server's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Embstr => "embstr",
            Self::Raw => "raw",
            Self::Linkedlist => "linkedlist",
            Self::Ziplist => "ziplist",
            Self::Quicklist => "quicklist",
            Self::Listpack => "listpack",
            Self::ListpackEx => "listpackex",
            Self::TemplateListpack => "template-listpack",
            Self::TemplateArray => "template-array",
            Self::Intset => "intset",
            Self::Hashtable => "hashtable",
            Self::Skiplist => "skiplist",
            Self::Stream => "stream",
            Self::SlicedArray => "sliced-array",
        }
    }
}
