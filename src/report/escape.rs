//! Keys are hostile bytes: how each target shows them without being harmed.

use base64::prelude::{BASE64_STANDARD, Engine};
use unicode_width::UnicodeWidthChar;

/// Which characters a terminal may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// All printable ones.
    Utf8,
    /// Printable ASCII.
    Ascii,
}

/// `bytes` for a terminal: what is not printable there shows as `\xNN` (control characters and
/// bytes that are no UTF-8) or `\u{NNNN}` (bidirectional, invisible and private characters). A
/// backslash is doubled; no bytes at all show as `""`.
#[must_use]
pub fn terminal(bytes: &[u8], charset: Charset) -> String {
    if bytes.is_empty() {
        return r#""""#.to_owned();
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        let mut marks = MARKS;
        for c in chunk.valid().chars() {
            terminal_char(c, charset, &mut marks, &mut text);
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// How many combining marks in a row are real writing; more only pile up into other lines.
const MARKS: u8 = 2;

fn terminal_char(c: char, charset: Charset, marks: &mut u8, text: &mut String) {
    match c {
        '\\' => text.push_str(r"\\"),
        ' '..='~' => text.push(c),
        '\0'..='\x1f' | '\x7f' => text.push_str(&format!("\\x{:02x}", u32::from(c))),
        _ if charset == Charset::Ascii || is_unsafe(c) => {
            text.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        }
        _ if c.width() == Some(0) && (*marks == 0 || text.is_empty()) => {
            text.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        }
        _ if c.width() == Some(0) => {
            *marks -= 1;
            return text.push(c);
        }
        _ => text.push(c),
    }
    *marks = MARKS;
}

/// The bytes that [`terminal`] or JSON would show as `text`; `None` where it is not escaped as they
/// do.
#[must_use]
pub fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    if text == br#""""# {
        return Some(Vec::new());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let (&sign, behind) = rest.split_first()?;
        rest = behind;
        match sign {
            b'\\' | b'"' | b'/' => out.push(sign),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'x' => out.push(u8::try_from(hex(&mut rest, 2)?).ok()?),
            b'u' => {
                let c = char::from_u32(unicode_number(&mut rest)?)?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return None,
        }
    }
    Some(out)
}

/// Reads `{NNNN}`, or `NNNN` as JSON has it, which writes characters of more digits as two.
fn unicode_number(rest: &mut &[u8]) -> Option<u32> {
    if let Some(braced) = rest.strip_prefix(b"{") {
        let digits = braced.iter().position(|byte| *byte == b'}')?;
        *rest = braced;
        let number = hex(rest, digits)?;
        *rest = rest.get(1..)?;
        return Some(number);
    }
    let first = hex(rest, 4)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some(first);
    }
    *rest = rest.strip_prefix(br"\u")?;
    let second = hex(rest, 4)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    Some(0x10000 + ((first - 0xd800) << 10) + second)
}

/// Reads a number of `digits` hexadecimal digits.
fn hex(rest: &mut &[u8], digits: usize) -> Option<u32> {
    let (number, behind) = rest.split_at_checked(digits)?;
    *rest = behind;
    let is_hex = number.iter().all(u8::is_ascii_hexdigit);
    u32::from_str_radix(std::str::from_utf8(number).ok().filter(|_| is_hex)?, 16).ok()
}

/// Whether a terminal or an editor could be misled by `c`: controls, line separators, characters
/// that turn the direction of the text, that show nothing, or that nobody has defined.
const fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}'
    )
}

/// Whether `bytes` are printable ASCII that needs no escape in JSON: most names are.
///
/// Looks at all of them, without stopping at the first that is not: that goes many at a time.
#[must_use]
#[inline]
pub fn is_plain(bytes: &[u8]) -> bool {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\');
    bytes.iter().fold(true, |all, &byte| all & plain(byte))
}

/// Appends the inside of a JSON string. What a terminal could be harmed by is written as `\uNNNN`,
/// which every JSON reader turns back into the same character.
pub fn json(text: &str, out: &mut Vec<u8>) {
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(br#"\""#),
            '\\' => out.extend_from_slice(br"\\"),
            '\n' => out.extend_from_slice(br"\n"),
            '\r' => out.extend_from_slice(br"\r"),
            '\t' => out.extend_from_slice(br"\t"),
            '\0'..='\x1f' | '\x7f' => unicode_escape(c, out),
            _ if is_unsafe(c) => unicode_escape(c, out),
            _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// JSON text with the characters that could harm a terminal written as `\uNNNN`. They can only
/// stand inside strings, so the whole text can be treated at once.
#[must_use]
pub fn json_text(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\x7f' => unicode_escape(c, &mut out),
            _ if is_unsafe(c) => unicode_escape(c, &mut out),
            _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}

fn unicode_escape(c: char, out: &mut Vec<u8>) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
    }
}

/// Appends `field` as a field of a CSV record (RFC 4180): in quotes, its own quotes doubled, where
/// it holds a comma, a quote or a line break.
pub fn csv(field: &[u8], out: &mut Vec<u8>) {
    if !field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        out.extend_from_slice(field);
        return;
    }
    out.push(b'"');
    for &byte in field {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Appends `bytes` as standard base64 with padding.
pub fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(BASE64_STANDARD.encode(bytes).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_harmful_reaches_a_terminal() {
        let utf8 = |bytes: &[u8]| terminal(bytes, Charset::Utf8);
        assert_eq!(utf8(b"cart\x1b[2J\xff"), r"cart\x1b[2J\xff");
        assert_eq!(utf8("größe:键".as_bytes()), "größe:键");
        assert_eq!(utf8("a\u{202e}b\u{200b}c\u{9b}".as_bytes()), r"a\u{202e}b\u{200b}c\u{9b}");
        assert_eq!(utf8(b"a\\x1b\n"), r"a\\x1b\x0a");
        assert_eq!(utf8(b""), r#""""#);
        assert_eq!(terminal("ö".as_bytes(), Charset::Ascii), r"\u{f6}");
    }

    #[test]
    fn combining_marks_do_not_pile_up() {
        let utf8 = |text: &str| terminal(text.as_bytes(), Charset::Utf8);
        assert_eq!(utf8("e\u{301}"), "e\u{301}");
        assert_eq!(utf8("e\u{301}\u{301}\u{301}"), "e\u{301}\u{301}\\u{301}");
        assert_eq!(utf8("\u{301}e"), "\\u{301}e");
    }

    #[test]
    fn json_strings_come_back_the_same() {
        for text in ["plain", "q\"b\\n\nt\t\u{0}\u{7f}\u{85}", "键\u{202e}\u{10ffff}"] {
            let mut out = vec![b'"'];
            json(text, &mut out);
            out.push(b'"');
            assert!(!out.iter().any(u8::is_ascii_control), "{text:?}");
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
            let whole = json_text(&serde_json::to_string(text).unwrap());
            assert_eq!(serde_json::from_slice::<String>(&whole).unwrap(), text);
            assert!(!String::from_utf8(whole).unwrap().contains(['\u{202e}', '\u{85}']));
        }
    }

    #[test]
    fn csv_fields_are_quoted_where_needed() {
        let field = |bytes: &[u8]| {
            let mut out = Vec::new();
            csv(bytes, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(field(b"plain"), "plain");
        assert_eq!(field(b"a,b"), "\"a,b\"");
        assert_eq!(field(b"say \"hi\"\n"), "\"say \"\"hi\"\"\n\"");
    }

    #[test]
    fn what_is_not_escaped_so_is_refused() {
        for text in
            [r"\", r"\q", r"\x1", r"\xg0", r"\x+1", r"\u{", r"\u{d800}", r"\ud800", r"\ud800\u0041"]
        {
            assert_eq!(unescape(text.as_bytes()), None, "{text}");
        }
        assert_eq!(unescape(br"\ud83d\ude00\u00e9\n").unwrap(), "😀é\n".as_bytes());
    }

    proptest::proptest! {
        #[test]
        fn a_name_that_was_shown_can_be_typed(bytes: Vec<u8>, text: String) {
            for charset in [Charset::Utf8, Charset::Ascii] {
                let shown = terminal(&bytes, charset);
                // two quotes alone stand for no bytes
                proptest::prop_assume!(bytes != br#""""#);
                proptest::prop_assert_eq!(unescape(shown.as_bytes()), Some(bytes.clone()));
            }
            let mut shown = Vec::new();
            json(&text, &mut shown);
            proptest::prop_assume!(text != r#""""#);
            proptest::prop_assert_eq!(unescape(&shown), Some(text.into_bytes()));
        }

        #[test]
        fn a_terminal_only_gets_what_has_a_width(bytes: Vec<u8>) {
            let text = terminal(&bytes, Charset::Utf8);
            proptest::prop_assert!(text.chars().all(|c| c.width().is_some() && !is_unsafe(c)));
            proptest::prop_assert!(terminal(&bytes, Charset::Ascii).is_ascii());
        }
    }
}
