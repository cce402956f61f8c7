//! JSON objects, as far as a hash of their fields would hold them.

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// The outermost fields of an object with the texts of their values, each field once, in their order.
/// Strings are texts without quotes; what is nested stays JSON.
///
/// Many thousands are read, so what stands as it is in the text is not copied.
pub(super) struct Object<'j>(pub Vec<(Cow<'j, str>, Cow<'j, str>)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((Text(field), Text(value))) = map.next_entry()? {
            fields.push((field, value));
        }
        // of several of one name the last one counts
        fields.reverse();
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        fields.dedup_by(|(a, _), (b, _)| a == b);
        Ok(Object(fields))
    }
}

/// A name, or a value's text.
struct Text<'j>(Cow<'j, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOf)
    }
}

struct TextOf;

impl TextOf {
    fn of<'j, E>(value: impl Into<Value>) -> Result<Text<'j>, E> {
        Ok(Text(Cow::Owned(value.into().to_string())))
    }
}

impl<'de> Visitor<'de> for TextOf {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Text<'de>, E> {
        Self::of(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Text<'de>, E> {
        Self::of(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Text<'de>, E> {
        Self::of(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Text<'de>, E> {
        Self::of(value)
    }

    fn visit_unit<E: Error>(self) -> Result<Text<'de>, E> {
        Self::of(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Text<'de>, A::Error> {
        Self::of(Value::deserialize(SeqAccessDeserializer::new(seq))?)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Text<'de>, A::Error> {
        Self::of(Value::deserialize(MapAccessDeserializer::new(map))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The same by way of values that are copied.
    fn plainly(text: &str) -> Option<Vec<(String, String)>> {
        let object: BTreeMap<String, Value> = serde_json::from_str(text).ok()?;
        let text = |value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Some(object.into_iter().map(|(field, value)| (field, text(value))).collect())
    }

    fn fields(text: &str) -> Option<Vec<(String, String)>> {
        let Object(fields) = serde_json::from_slice(text.as_bytes()).ok()?;
        Some(fields.into_iter().map(|(f, v)| (f.into_owned(), v.into_owned())).collect())
    }

    #[test]
    fn fields_are_those_of_the_object() {
        let nested =
            r#"{"b": [1, {"z": null, "y": "q"}, 2.50], "a\u0041": "x\ny", "c": {"k": -1}}"#;
        let [a, b, c] = fields(nested).unwrap().try_into().unwrap();
        assert_eq!(a, ("aA".to_owned(), "x\ny".to_owned()));
        assert_eq!(b, ("b".to_owned(), r#"[1,{"y":"q","z":null},2.5]"#.to_owned()));
        assert_eq!(c, ("c".to_owned(), r#"{"k":-1}"#.to_owned()));
        let twice = r#"{"a": 1, "b": true, "a": "2"}"#;
        assert_eq!(fields(twice), plainly(twice));
        for other in ["[1]", "{\"a\"}", "{\"a\": 1} x", "1", ""] {
            assert_eq!(fields(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn they_are_what_copied_values_tell(
            parts in prop::collection::vec(
                ("[ab\"\\\\n]{0,2}", r#"([0-9]{1,20}|-?[0-9]\.[0-9e]{1,3}|"[a\\"n]{0,3}"|null|\[1, ?\{"k":2\}\]|x)"#),
                0..5,
            ),
        ) {
            let field = |(name, value): &(String, String)| format!("{}: {value}", Value::from(name.as_str()));
            let text = format!("{{{}}}", parts.iter().map(field).collect::<Vec<_>>().join(", "));
            prop_assert_eq!(fields(&text), plainly(&text), "{}", text);
        }
    }
}
