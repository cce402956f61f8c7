//! Any bytes taken for a packed blob: the first byte says which kind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdblens::entries::{Packed, Packing, Str};

fuzz_target!(|input: &[u8]| {
    let Some((kind, blob)) = input.split_first() else { return };
    let packing = match kind % 4 {
        0 => Packing::Listpack,
        1 => Packing::Ziplist,
        2 => Packing::Zipmap,
        _ => Packing::Intset,
    };
    let Ok(packed) = Packed::new(packing, Str::Raw(blob), 0) else { return };
    let (mut pieces, mut text) = (0, Vec::new());
    let opened = packed.each(&mut Vec::new(), |piece| {
        text.clear();
        piece.write(&mut text);
        assert_eq!(text.len() as u64, piece.len());
        pieces += 1;
    });
    // a piece takes a byte at least, and an integer has 20 digits at most
    assert!(pieces <= blob.len());
    if opened.is_ok() && packed.pieces.is_none() {
        assert_eq!(packed.count(&mut Vec::new()), Ok(pieces as u64));
    }
});
