//! The messages, and what the page stores, as JavaScript objects: with the names of Rust, so that other programs and later
//! versions can read them.
//!
//! They are written by serde-wasm-bindgen and read here. Serde can make a struct from fields in any order, each behind
//! its name, or from values alone, in the struct's order. The code for the former is three times as long, and there are
//! a hundred structs and variants; but serde also says which names a struct has, so that each value can be looked up.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use js_sys::{Array, JsString, Object, Uint8Array};
use serde::Serialize;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use wasm_bindgen::prelude::*;

/// Writes a value as an object.
///
/// # Errors
/// Numbers above 2^53.
pub fn write(value: &impl Serialize) -> Result<JsValue, JsValue> {
    serde_wasm_bindgen::to_value(value).map_err(JsValue::from)
}

/// Reads what [`write`] wrote, here, in the other program or in an earlier version.
///
/// # Errors
/// It is another value.
pub fn read<T: DeserializeOwned>(value: JsValue) -> Result<T, NotRead> {
    T::deserialize(Value(value))
}

/// Why a value could not be read.
#[derive(Debug)]
pub struct NotRead(String);

impl fmt::Display for NotRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotRead {}

impl de::Error for NotRead {
    // Without what serde has to say, which would take some KB for what nobody sees.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self("a value has another type".into())
    }
}

#[wasm_bindgen]
extern "C" {
    /// An object whose fields are read; unlike `Reflect` this can't fail.
    type Record;

    #[wasm_bindgen(method, indexing_getter)]
    fn get(this: &Record, name: &JsString) -> JsValue;
}

/// A value to be read.
struct Value(JsValue);

impl Value {
    fn wrong<T>() -> Result<T, NotRead> {
        Err(de::Error::custom(""))
    }

    fn number(&self) -> Result<f64, NotRead> {
        self.0.as_f64().map_or_else(Self::wrong, Ok)
    }

    fn whole(&self) -> Result<u64, NotRead> {
        let number = self.number()?;
        if number as u64 as f64 == number { Ok(number as u64) } else { Self::wrong() }
    }

    fn text(&self) -> Result<String, NotRead> {
        self.0.as_string().map_or_else(Self::wrong, Ok)
    }

    fn items(self) -> Result<Items, NotRead> {
        let array: Array = self.0.dyn_into().or_else(|_| Self::wrong())?;
        Ok(Items { length: array.length(), array, next: 0 })
    }

    fn fields(self, names: &'static [&'static str]) -> Result<Fields, NotRead> {
        if !self.0.is_object() {
            return Self::wrong();
        }
        Ok(Fields { object: self.0.unchecked_into(), names: in_js(names), next: 0 })
    }

    fn entries(self) -> Result<Entries, NotRead> {
        let object: Object = self.0.dyn_into().or_else(|_| Self::wrong())?;
        let entries = Object::entries(&object);
        Ok(Entries { items: Items { length: entries.length(), array: entries, next: 0 }, value: JsValue::UNDEFINED })
    }

    /// A variant's number among `names`, and what it holds.
    fn variant(self, names: &[&str]) -> Result<(u32, Self), NotRead> {
        let (name, content) = match self.0.as_string() {
            Some(name) => (name, JsValue::UNDEFINED),
            None => {
                let mut entries = self.entries()?;
                let Some(name) = entries.next() else { return Self::wrong() };
                (name.text()?, entries.value)
            }
        };
        let number = names.iter().position(|known| *known == name).ok_or(NotRead(name))?;
        Ok((number as u32, Self(content)))
    }
}

/// The names of fields as strings of JavaScript, which are made once.
fn in_js(names: &'static [&'static str]) -> Rc<[JsString]> {
    type Known = Vec<(&'static [&'static str], Rc<[JsString]>)>;
    thread_local! {
        static KNOWN: RefCell<Known> = const { RefCell::new(Vec::new()) };
    }
    KNOWN.with_borrow_mut(|known| match known.iter().find(|(known, _)| std::ptr::eq(*known, names)) {
        Some((_, made)) => made.clone(),
        None => {
            let made: Rc<[JsString]> = names.iter().map(|name| JsString::from(*name)).collect();
            known.push((names, made.clone()));
            made
        }
    })
}

/// The items of an array.
struct Items {
    array: Array,
    length: u32,
    next: u32,
}

impl Items {
    fn next(&mut self) -> Option<Value> {
        let next = (self.next < self.length).then(|| Value(self.array.get(self.next)));
        self.next += 1;
        next
    }
}

impl<'de> SeqAccess<'de> for Items {
    type Error = NotRead;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, NotRead> {
        self.next().map(|value| seed.deserialize(value)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some((self.length - self.next) as usize)
    }
}

/// The values of a struct's fields.
struct Fields {
    object: Record,
    names: Rc<[JsString]>,
    next: usize,
}

impl Fields {
    fn next(&mut self) -> Option<Value> {
        let name = self.names.get(self.next)?;
        self.next += 1;
        let value = self.object.get(name);
        (!value.is_undefined() || name.js_in(&self.object)).then_some(Value(value))
    }
}

impl<'de> SeqAccess<'de> for Fields {
    type Error = NotRead;

    /// `None` for a field that an earlier version did not write, which then has its default.
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, NotRead> {
        self.next().map(|value| seed.deserialize(value)).transpose()
    }
}

/// The names and values of an object.
struct Entries {
    items: Items,
    value: JsValue,
}

impl Entries {
    fn next(&mut self) -> Option<Value> {
        let entry: Array = self.items.next()?.0.unchecked_into();
        self.value = entry.get(1);
        Some(Value(entry.get(0)))
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = NotRead;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, NotRead> {
        self.next().map(|name| seed.deserialize(name)).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, NotRead> {
        seed.deserialize(Value(self.value.clone()))
    }
}

/// A variant by its number, and what it holds.
struct Variant(u32, Value);

impl<'de> EnumAccess<'de> for Variant {
    type Error = NotRead;
    type Variant = Value;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Value), NotRead> {
        Ok((seed.deserialize(self.0.into_deserializer())?, self.1))
    }
}

impl<'de> VariantAccess<'de> for Value {
    type Error = NotRead;

    fn unit_variant(self) -> Result<(), NotRead> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, NotRead> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, NotRead> {
        visitor.visit_seq(self.items()?)
    }

    fn struct_variant<V: Visitor<'de>>(self, names: &'static [&'static str], visitor: V) -> Result<V::Value, NotRead> {
        visitor.visit_seq(self.fields(names)?)
    }
}

/// Methods that read any of some types in one way.
macro_rules! alike {
    ($($method:ident)+ => |$value:ident, $visitor:ident| $read:expr) => {
        $(fn $method<V: Visitor<'de>>(self, $visitor: V) -> Result<V::Value, NotRead> {
            let $value = self;
            $read
        })+
    };
}

impl<'de> de::Deserializer<'de> for Value {
    type Error = NotRead;

    alike!(deserialize_bool => |value, visitor| visitor.visit_bool(value.0.as_bool().map_or_else(Self::wrong, Ok)?));
    // Visitors check whether their type has the number.
    alike!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        => |value, visitor| visitor.visit_u64(value.whole()?));
    alike!(deserialize_f32 deserialize_f64 => |value, visitor| visitor.visit_f64(value.number()?));
    alike!(deserialize_char deserialize_str deserialize_string deserialize_identifier
        => |value, visitor| visitor.visit_string(value.text()?));
    alike!(deserialize_bytes deserialize_byte_buf => |value, visitor| {
        let bytes: Uint8Array = value.0.dyn_into().or_else(|_| Self::wrong())?;
        visitor.visit_byte_buf(bytes.to_vec())
    });
    alike!(deserialize_option => |value, visitor| match value.0.is_undefined() || value.0.is_null() {
        true => visitor.visit_none(),
        false => visitor.visit_some(value),
    });
    alike!(deserialize_seq => |value, visitor| visitor.visit_seq(value.items()?));
    alike!(deserialize_map => |value, visitor| visitor.visit_map(value.entries()?));
    alike!(deserialize_unit deserialize_ignored_any => |_value, visitor| visitor.visit_unit());
    // No message has any of them.
    alike!(deserialize_any deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        => |_value, _visitor| Self::wrong());

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, NotRead> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, NotRead> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, NotRead> {
        visitor.visit_seq(self.items()?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, NotRead> {
        visitor.visit_seq(self.items()?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotRead> {
        visitor.visit_seq(self.fields(names)?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotRead> {
        let (number, content) = self.variant(names)?;
        visitor.visit_enum(Variant(number, content))
    }
}
