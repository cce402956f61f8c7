//! A builder of streams, as each version writes them.

use super::dump::{Text, counted};
use super::packed::listpack;
use super::write;

/// An entry's id: milliseconds and sequence.
pub type Id = (u64, u64);

/// A stream under construction.
#[derive(Clone)]
pub struct Stream {
    code: u8,
    nodes: Vec<Vec<u8>>,
    length: u64,
    last: Id,
    groups: Vec<Group>,
    producers: Vec<(String, Vec<String>)>,
}

/// A consumer group.
#[derive(Clone, Default)]
pub struct Group {
    name: String,
    pending: Vec<Id>,
    consumers: Vec<(String, Vec<Id>)>,
    released: Vec<Id>,
}

/// A stream without entries, written as value type `code` (15, 19, 21, 26 or 27).
pub fn stream(code: u8) -> Stream {
    Stream {
        code,
        nodes: Vec::new(),
        length: 0,
        last: (0, 0),
        groups: Vec::new(),
        producers: Vec::new(),
    }
}

/// A group without consumers.
pub fn group(name: &str) -> Group {
    Group { name: name.into(), ..Group::default() }
}

impl Group {
    /// Adds a consumer and what is pending at it.
    pub fn consumer(mut self, name: &str, pending: &[Id]) -> Self {
        self.pending.extend_from_slice(pending);
        self.consumers.push((name.into(), pending.into()));
        self
    }

    /// Adds entries that are pending at no consumer.
    pub fn released(mut self, ids: &[Id]) -> Self {
        self.pending.extend_from_slice(ids);
        self.released.extend_from_slice(ids);
        self
    }

    fn encode(&self, code: u8) -> Vec<u8> {
        let mut out = Text::from(self.name.as_str()).0;
        lengths(&mut out, &[0, 0]);
        if code >= 19 {
            write::length(&mut out, u64::MAX); // entries read: not known
        }
        let mut pending = self.pending.clone();
        pending.sort_unstable();
        out.extend(counted(pending.iter().map(|id| [raw(*id), vec![0; 8], vec![1]].concat())));
        out.extend(counted(self.consumers.iter().map(|(name, ids)| {
            let mut out = Text::from(name.as_str()).0;
            out.extend_from_slice(&[0; 8]);
            if code >= 21 {
                out.extend_from_slice(&(-1_i64).to_le_bytes());
            }
            out.extend(counted(ids.iter().map(|id| raw(*id))));
            out
        })));
        if code >= 27 {
            out.extend(counted(self.released.iter().map(|id| raw(*id))));
        }
        out
    }
}

impl Stream {
    /// Adds a node whose entries have the fields `fields`, with the values in `rows`; each row's id
    /// is one millisecond behind the one before.
    pub fn node(self, first: u64, fields: &[&str], rows: &[&[&str]]) -> Self {
        self.holed(first, fields, (rows, 0))
    }

    /// The same with the first `deleted` rows marked as deleted.
    pub fn holed(mut self, first: u64, fields: &[&str], rows: (&[&[&str]], usize)) -> Self {
        let (rows, deleted) = rows;
        let there = (rows.len() - deleted) as i64;
        let head = [there, deleted as i64, fields.len() as i64];
        let mut blob = listpack().ints(head).texts(fields).int(0);
        for (at, row) in (0..).zip(rows) {
            // flag 2: the fields are those of the node; the last piece says how many came before it
            let flags = 2 + i64::from(at < deleted as i64);
            blob = blob.ints([flags, at, 0]).texts(*row).int(3 + row.len() as i64);
        }
        self.nodes.push([Text::raw(raw((first, 0))).0, blob.to_text().0].concat());
        self.length += there as u64;
        self.last = (first + rows.len() as u64, 0);
        self
    }

    /// Adds a group.
    pub fn group(mut self, group: Group) -> Self {
        self.groups.push(group);
        self
    }

    /// Adds an idempotent producer with the message ids that are remembered of it.
    pub fn producer(mut self, id: &str, messages: &[&str]) -> Self {
        self.producers.push((id.into(), messages.iter().map(|id| (*id).into()).collect()));
        self
    }

    /// The value type and the bytes behind the key.
    pub fn encode(&self) -> (u8, Vec<u8>) {
        let mut out = counted(self.nodes.iter().cloned());
        lengths(&mut out, &[self.length, self.last.0, self.last.1]);
        if self.code >= 19 {
            lengths(&mut out, &[0, 0, 0, 0, self.length]);
        }
        out.extend(counted(self.groups.iter().map(|group| group.encode(self.code))));
        if self.code >= 26 {
            lengths(&mut out, &[100, 100]);
            out.extend(counted(self.producers.iter().map(|(id, messages)| {
                let message = |id: &String| [Text::from(id.as_str()).0, vec![1, 1]].concat();
                [Text::from(id.as_str()).0, counted(messages.iter().map(message))].concat()
            })));
            lengths(&mut out, &[0, 0]);
        }
        (self.code, out)
    }
}

fn lengths(out: &mut Vec<u8>, numbers: &[u64]) {
    numbers.iter().for_each(|n| write::length(out, *n));
}

/// An id as a radix tree keys it.
fn raw((ms, sequence): Id) -> Vec<u8> {
    [ms.to_be_bytes(), sequence.to_be_bytes()].concat()
}
