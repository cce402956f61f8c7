//! A snapshot read through a small window that moves gives what reading all of it gives.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdblens::bytes::{Cursor, Fault, Stop};
use rdblens::entries::{Elements, Head, Item, Packed, Str, Walk};

/// What flowed by, in a few numbers.
#[derive(Debug, Default, PartialEq)]
struct Flow {
    elements: u64,
    bytes: u64,
    entries: u64,
}

impl Flow {
    fn add(&mut self, bytes: u64) {
        self.elements += 1;
        // an order-dependent sum, so that what comes twice or in another order shows
        self.bytes = self.bytes.wrapping_mul(31).wrapping_add(bytes);
    }
}

impl Elements for Flow {
    fn string(&mut self, value: Str<'_>) {
        self.add(value.len());
    }
    fn begin(&mut self, count: u64) {
        self.add(count);
    }
    fn member(&mut self, member: Str<'_>) {
        self.add(member.len());
    }
    fn scored(&mut self, member: Str<'_>, score: f64) {
        self.add(member.len() ^ score.to_bits());
    }
    fn field(&mut self, field: Str<'_>, value: Str<'_>, ttl: Option<u64>) {
        self.add(field.len());
        self.add(value.len() ^ ttl.unwrap_or(7));
    }
    fn packed(&mut self, blob: Packed<'_>) {
        self.add(blob.bytes);
    }
    fn packed_node(&mut self, blob: Packed<'_>) {
        self.add(blob.bytes);
    }
    fn plain_node(&mut self, element: Str<'_>) {
        self.add(element.len());
    }
    fn template_value(&mut self, value: Str<'_>) {
        self.add(value.len());
    }
}

/// Reads all of `input` through a window of `width` bytes, which grows while an element does not
/// fit and is as narrow as before for the next.
fn flow(head: &Head, input: &[u8], width: usize) -> (Flow, Option<Fault>) {
    let (mut flow, mut walk) = (Flow::default(), Walk::new(head));
    let (mut at, mut grown) = (head.body as usize, width);
    let mut in_value = false;
    loop {
        let end = at.saturating_add(grown).min(input.len());
        let mut cursor = Cursor::window(&input[at..end], at as u64, end == input.len());
        let step = if in_value {
            walk.value(&mut cursor, &mut flow).map(|()| in_value = false)
        } else {
            match walk.next(&mut cursor) {
                Ok(Item::Entry(_)) => {
                    flow.entries += 1;
                    in_value = true;
                    Ok(())
                }
                Ok(Item::End { .. }) => return (flow, None),
                Ok(_) => Ok(()),
                Err(stop) => Err(stop),
            }
        };
        let moved = cursor.at() as usize != at;
        at = cursor.at() as usize;
        match step {
            Ok(()) => grown = width,
            Err(Stop::More) => grown = if moved { width } else { grown * 2 },
            Err(Stop::Fault(fault)) => return (flow, Some(fault)),
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&width, input)) = input.split_first() else { return };
    let Ok(head) = Head::read(&mut Cursor::new(input)) else { return };
    let whole = flow(&head, input, input.len().max(1));
    assert_eq!(whole, flow(&head, input, 1 + usize::from(width)));
});
