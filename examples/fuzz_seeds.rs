//! Writes the first inputs of each fuzz target into `fuzz/corpus/`, from `fixtures/`.
#![allow(clippy::cast_possible_truncation, reason = "only the low byte is wanted")]

use rdblens::bytes::Cursor;
use rdblens::entries::{Elements, Head, Item, Packed, Packing, StreamPart, Walk};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Larger ones slow the fuzzer down more than they teach it.
const LARGEST: u64 = 100_000;
/// How many blobs of each kind.
const BLOBS: usize = 300;

fn main() -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut blobs = Blobs::default();
    for (n, path) in dumps(&here.join("fixtures"))?.iter().enumerate() {
        let bytes = fs::read(path)?;
        blobs.collect(&bytes);
        if bytes.len() as u64 <= LARGEST {
            seed(here, "snapshot", n, &bytes)?;
            seed(here, "values", n, &bytes)?;
            // of these, the first byte says how wide windows or chunks are
            seed(here, "windows", n, &[&[n as u8][..], &bytes].concat())?;
            if bytes.len() as u64 <= LARGEST / 5 {
                seed(here, "threads", n, &[&[n as u8][..], &bytes].concat())?;
            }
        }
    }
    for (n, blob) in blobs.kinds.iter().flatten().enumerate() {
        seed(here, "packed", n, blob)?;
    }
    Ok(())
}

fn seed(here: &Path, target: &str, n: usize, bytes: &[u8]) -> io::Result<()> {
    let dir = here.join("fuzz/corpus").join(target);
    fs::create_dir_all(&dir)?;
    fs::write(dir.join(format!("seed-{n:04}")), bytes)
}

fn dumps(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(dumps(&path)?);
        } else if path.extension().is_some_and(|end| end == "rdb" || end == "aof") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Blobs found in values, with the byte in front that says which kind each is.
#[derive(Default)]
struct Blobs {
    kinds: [Vec<Vec<u8>>; 4],
}

impl Blobs {
    fn collect(&mut self, bytes: &[u8]) {
        let mut cursor = Cursor::new(bytes);
        let Ok(head) = Head::read(&mut cursor) else { return };
        let mut walk = Walk::new(&head);
        while let Ok(item) = walk.next(&mut cursor) {
            match item {
                Item::End { .. } => return,
                Item::Entry(_) if walk.value(&mut cursor, self).is_err() => return,
                _ => {}
            }
        }
    }

    fn keep(&mut self, blob: &Packed<'_>) {
        let kind = match blob.packing {
            Packing::Listpack => 0,
            Packing::Ziplist => 1,
            Packing::Zipmap => 2,
            Packing::Intset => 3,
        };
        let mut scratch = Vec::new();
        if let (Some(kept), Ok(bytes)) = (self.kinds.get_mut(kind), blob.data.decode(&mut scratch))
            && kept.len() < BLOBS
            && bytes.len() <= 4096
        {
            kept.push([&[kind as u8][..], bytes].concat());
        }
    }
}

impl Elements for Blobs {
    fn packed(&mut self, blob: Packed<'_>) {
        self.keep(&blob);
    }

    fn packed_node(&mut self, blob: Packed<'_>) {
        self.keep(&blob);
    }

    fn stream(&mut self, part: StreamPart<'_>) {
        if let StreamPart::Node { listpack, .. } = part {
            self.keep(&listpack);
        }
    }
}
