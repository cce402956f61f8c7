//! The snapshot's primitives, written: lengths, strings, LZF. Shared with the dump generator.

/// Appends `n` in the shortest form, as every server writes it.
pub fn length(out: &mut Vec<u8>, n: u64) {
    match n {
        0..=63 => out.push(n as u8),
        64..=16383 => out.extend_from_slice(&(0x4000 | n as u16).to_be_bytes()),
        16384..=0xffff_ffff => {
            out.push(0x80);
            out.extend_from_slice(&(n as u32).to_be_bytes());
        }
        _ => {
            out.push(0x81);
            out.extend_from_slice(&n.to_be_bytes());
        }
    }
}

/// Appends `bytes` as a string that is neither compressed nor an integer.
pub fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    length(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends the decimal text of `n` as the integer that a server makes of it.
pub fn int(out: &mut Vec<u8>, n: i32) {
    if let Ok(n) = i8::try_from(n) {
        out.extend_from_slice(&[0xc0, n as u8]);
    } else if let Ok(n) = i16::try_from(n) {
        out.push(0xc1);
        out.extend_from_slice(&n.to_le_bytes());
    } else {
        out.push(0xc2);
        out.extend_from_slice(&n.to_le_bytes());
    }
}

/// Appends `bytes` compressed.
pub fn compressed(out: &mut Vec<u8>, bytes: &[u8]) {
    let packed = lzf(bytes);
    out.push(0xc3);
    length(out, packed.len() as u64);
    length(out, bytes.len() as u64);
    out.extend_from_slice(&packed);
}

/// Compresses `bytes`: literal runs, and back-references to what stood up to 8 KiB before.
pub fn lzf(bytes: &[u8]) -> Vec<u8> {
    const WINDOW: usize = 1 << 13;
    const LONGEST: usize = 264;
    let mut seen = vec![usize::MAX; 1 << 14];
    let (mut out, mut at, mut literals) = (Vec::new(), 0, 0);
    while let Some(three) = bytes.get(at..at + 3) {
        let slot = (u32::from_le_bytes([three[0], three[1], three[2], 0]).wrapping_mul(0x9e37_79b1)
            >> 18) as usize;
        let before = std::mem::replace(&mut seen[slot], at);
        if before == usize::MAX || at - before > WINDOW || bytes[before..before + 3] != *three {
            at += 1;
            continue;
        }
        let same = |n: &usize| bytes.get(before + n) == bytes.get(at + n) && at + n < bytes.len();
        let len = 3 + (3..LONGEST).take_while(same).count();
        literal_runs(&mut out, &bytes[literals..at]);
        back_reference(&mut out, len, at - before);
        at += len;
        literals = at;
    }
    literal_runs(&mut out, &bytes[literals..]);
    out
}

fn literal_runs(out: &mut Vec<u8>, bytes: &[u8]) {
    for run in bytes.chunks(32) {
        out.push(run.len() as u8 - 1);
        out.extend_from_slice(run);
    }
}

fn back_reference(out: &mut Vec<u8>, len: usize, distance: usize) {
    let (len, distance) = (len - 2, distance - 1);
    let high = (distance >> 8) as u8;
    if len < 7 {
        out.push((len as u8) << 5 | high);
    } else {
        out.extend_from_slice(&[7 << 5 | high, (len - 7) as u8]);
    }
    out.push(distance as u8);
}
