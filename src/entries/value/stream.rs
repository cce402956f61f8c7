//! Streams: nodes of entries, then groups with their pending entries and consumers.

use super::blob;
use crate::bytes::{Cursor, Kind, Stop};
use crate::entries::code::TypeCode;
use crate::entries::elements::{Elements, StreamPart};
use crate::entries::packed::Packing;
use crate::entries::{length, string};

/// Bytes of an entry's id.
const ID: usize = 16;

/// A stream that is being walked: what comes next, and how much of each is left.
#[derive(Debug, Clone)]
pub(super) struct StreamWalk {
    next: Next,
    nodes: u64,
    groups: u64,
    pending: u64,
    consumers: u64,
    ids: u64,
    released: u64,
    producers: u64,
    messages: u64,
}

#[derive(Debug, Clone, Copy)]
enum Next {
    Nodes,
    Facts,
    Groups,
    Pending,
    ConsumerCount,
    Consumers,
    ConsumerIds,
    ReleasedCount,
    Released,
    ProducerCount,
    Producers,
    Messages,
    Counters,
    End,
}

impl StreamWalk {
    pub(super) const fn new(nodes: u64) -> Self {
        Self {
            next: Next::Nodes,
            nodes,
            groups: 0,
            pending: 0,
            consumers: 0,
            ids: 0,
            released: 0,
            producers: 0,
            messages: 0,
        }
    }

    /// Walks on to the end; what does not fit the window stays unread and is read again later.
    pub(super) fn run<E: Elements>(
        &mut self,
        cursor: &mut Cursor<'_>,
        code: TypeCode,
        out: &mut E,
    ) -> Result<(), Stop> {
        while !matches!(self.next, Next::End) {
            self.next = cursor.whole(|c| self.step(c, code, out))?;
        }
        out.stream(StreamPart::End);
        Ok(())
    }

    /// Reads one part and tells what comes next.
    fn step<E: Elements>(
        &mut self,
        c: &mut Cursor<'_>,
        code: TypeCode,
        out: &mut E,
    ) -> Result<Next, Stop> {
        Ok(match self.next {
            Next::Nodes if self.nodes == 0 => Next::Facts,
            Next::Nodes => {
                let node = node(c)?;
                out.stream(node);
                self.nodes -= 1;
                Next::Nodes
            }
            Next::Facts => {
                let (length, groups) = facts(c, code)?;
                out.stream(StreamPart::Facts { length, groups });
                self.groups = groups;
                Next::Groups
            }
            Next::Groups if self.groups > 0 => {
                let (name, pending) = group(c, code)?;
                out.stream(StreamPart::Group { name, pending });
                self.groups -= 1;
                self.pending = pending;
                Next::Pending
            }
            Next::Groups if code >= TypeCode::STREAM_LISTPACKS_4 => Next::ProducerCount,
            Next::Groups => Next::End,
            Next::Pending if self.pending == 0 => Next::ConsumerCount,
            Next::Pending => {
                let id = c.array::<ID>()?;
                let (delivered_at, _times) = (c.u64_le()?, length::plain(c)?);
                out.stream(StreamPart::Pending { id, delivered_at });
                self.pending -= 1;
                Next::Pending
            }
            Next::ConsumerCount => {
                self.consumers = length::plain(c)?;
                Next::Consumers
            }
            Next::Consumers if self.consumers > 0 => {
                let (name, pending) = consumer(c, code)?;
                out.stream(StreamPart::Consumer { name, pending });
                self.consumers -= 1;
                self.ids = pending;
                Next::ConsumerIds
            }
            Next::Consumers if code >= TypeCode::STREAM_LISTPACKS_5 => Next::ReleasedCount,
            Next::Consumers => Next::Groups,
            Next::ConsumerIds if self.ids == 0 => Next::Consumers,
            Next::ConsumerIds => {
                let ids = some_ids(c, &mut self.ids)?;
                out.stream(StreamPart::ConsumerPending { ids });
                Next::ConsumerIds
            }
            Next::ReleasedCount => {
                self.released = length::plain(c)?;
                Next::Released
            }
            Next::Released if self.released == 0 => Next::Groups,
            Next::Released => {
                let ids = some_ids(c, &mut self.released)?;
                out.stream(StreamPart::Released { ids });
                Next::Released
            }
            Next::ProducerCount => {
                let (_duration, _most) = (length::plain(c)?, length::plain(c)?);
                self.producers = length::plain(c)?;
                Next::Producers
            }
            Next::Producers if self.producers == 0 => Next::Counters,
            Next::Producers => {
                let (id, entries) = (string::read(c)?, length::plain(c)?);
                out.stream(StreamPart::Producer { id, entries });
                self.producers -= 1;
                self.messages = entries;
                Next::Messages
            }
            Next::Messages if self.messages == 0 => Next::Producers,
            Next::Messages => {
                let id = string::read(c)?;
                let (_ms, _seq) = (length::plain(c)?, length::plain(c)?);
                out.stream(StreamPart::ProducerEntry { id });
                self.messages -= 1;
                Next::Messages
            }
            Next::Counters => {
                let (_added, _duplicates) = (length::plain(c)?, length::plain(c)?);
                Next::End
            }
            Next::End => Next::End,
        })
    }
}

fn node<'a>(c: &mut Cursor<'a>) -> Result<StreamPart<'a>, Stop> {
    let at = c.at();
    let key = string::read(c)?;
    let mut scratch = Vec::new();
    let id = key.decode(&mut scratch)?.try_into();
    let id =
        id.map_err(|_| Cursor::fault(at, Kind::Value("a stream node's id has not 16 bytes")))?;
    Ok(StreamPart::Node { id, listpack: blob(c, Packing::Listpack)? })
}

/// Reads the figures behind the nodes: live entries and groups.
fn facts(c: &mut Cursor<'_>, code: TypeCode) -> Result<(u64, u64), Stop> {
    let length = length::plain(c)?;
    // last id; since type 19 also first id, greatest deleted id, entries ever added
    let more = if code >= TypeCode::STREAM_LISTPACKS_2 { 7 } else { 2 };
    for _ in 0..more {
        length::plain(c)?;
    }
    Ok((length, length::plain(c)?))
}

/// Reads a group's name and how many entries are pending in it.
fn group<'a>(c: &mut Cursor<'a>, code: TypeCode) -> Result<(string::Str<'a>, u64), Stop> {
    let name = string::read(c)?;
    // last delivered id; since type 19 also entries read
    let more = if code >= TypeCode::STREAM_LISTPACKS_2 { 3 } else { 2 };
    for _ in 0..more {
        length::plain(c)?;
    }
    Ok((name, length::plain(c)?))
}

/// Reads a consumer's name and how many entries are pending at it.
fn consumer<'a>(c: &mut Cursor<'a>, code: TypeCode) -> Result<(string::Str<'a>, u64), Stop> {
    let name = string::read(c)?;
    let _seen_at = c.u64_le()?;
    if code >= TypeCode::STREAM_LISTPACKS_3 {
        let _active_at = c.u64_le()?;
    }
    Ok((name, length::plain(c)?))
}

/// Takes as many of the ids that are `left` as the window holds, one at least.
fn some_ids<'a>(c: &mut Cursor<'a>, left: &mut u64) -> Result<&'a [u8], Stop> {
    let here = (c.rest().len() / ID) as u64;
    let now = here.clamp(1, *left);
    let ids = c.take(now.saturating_mul(ID as u64))?;
    *left -= now;
    Ok(ids)
}
