//! A setting, and the macros that define the settings of a run and the words of their values from one list.

use serde::{Deserialize, Serialize};

use super::number::plain;

/// The values that a setting accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Values {
    /// A whole number from the first to the second, inclusive.
    Whole(u32, u32),
    /// A number above 0, up to and including this.
    Positive(f32),
    /// A number from 0 up to and including this.
    NotNegative(f32),
    /// `auto`, or a whole number from 1 to this.
    AutoOr(u32),
    /// One of these words.
    Words(&'static [&'static str]),
}

/// Where a setting belongs, on the page and in the help of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Network,
    Training,
    /// How a text is cleaned and split.
    Text,
    /// What a run starts from.
    Start,
}

/// One setting: its names and its values.
#[derive(Debug)]
pub struct Setting {
    /// Its key in the address, in checkpoints and, with `--`, on the command line.
    pub key: &'static str,
    /// Its former keys, which are read but never written.
    pub aliases: &'static [&'static str],
    /// Its label in sentences and on the page, in English.
    pub label: &'static str,
    pub group: Group,
    pub values: Values,
    /// Whether it was added later. An older address or checkpoint lacks it and means its default; a new address omits
    /// it if it has the default.
    pub later: bool,
}

impl Setting {
    /// Its key, then its aliases.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        [self.key].into_iter().chain(self.aliases.iter().copied())
    }

    /// Whether this is its key or an alias.
    pub fn is(&self, key: &str) -> bool {
        self.keys().any(|its| its == key)
    }

    /// Whether a number is within the setting's bounds.
    fn takes(&self, number: f64) -> bool {
        match self.values {
            Values::Whole(min, max) => (f64::from(min)..=f64::from(max)).contains(&number),
            Values::Positive(max) => number > 0.0 && number <= f64::from(max),
            Values::NotNegative(max) => number >= 0.0 && number <= f64::from(max),
            Values::AutoOr(max) => (1.0..=f64::from(max)).contains(&number),
            Values::Words(_) => false,
        }
    }
}

/// The type of a setting's value.
pub trait Value: Sized {
    /// Parses `text`; `None` if `setting` does not accept it.
    fn read(text: &str, setting: &Setting) -> Option<Self>;
}

impl Value for u32 {
    fn read(text: &str, setting: &Setting) -> Option<Self> {
        whole(text).filter(|&n| setting.takes(f64::from(n)))
    }
}

impl Value for f32 {
    fn read(text: &str, setting: &Setting) -> Option<Self> {
        decimal(&plain(text, true)).filter(|&x| setting.takes(f64::from(x)))
    }
}

/// The word for a number that the program chooses.
const AUTO: &str = "auto";

/// A whole number, or `None` for `auto`: the program chooses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AutoOr(pub Option<u32>);

impl std::fmt::Display for AutoOr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str(AUTO),
        }
    }
}

impl Value for AutoOr {
    fn read(text: &str, setting: &Setting) -> Option<Self> {
        if text.trim().eq_ignore_ascii_case(AUTO) {
            return Some(Self(None));
        }
        u32::read(text, setting).map(|number| Self(Some(number)))
    }
}

/// Parses a whole number as people write it.
pub fn whole(text: &str) -> Option<u32> {
    plain(text, false).parse().ok()
}

/// Parses a decimal number.
#[cfg(not(target_arch = "wasm32"))]
pub fn decimal(text: &str) -> Option<f32> {
    text.parse().ok()
}

/// Parses a decimal number with the browser's parser, since Rust's would add 15 KB of tables to the program.
#[cfg(target_arch = "wasm32")]
pub fn decimal(text: &str) -> Option<f32> {
    // JavaScript parses the empty string as 0, and 0x10 as 16.
    let decimal = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let number = decimal.then(|| wasm_bindgen::JsValue::from_str(text).unchecked_into_f64() as f32);
    number.filter(|number| !number.is_nan())
}

/// Defines the type of a setting whose values are words: an enum with a word for each value.
macro_rules! choice {
    ($(#[$about:meta])* $name:ident { $($(#[$value_about:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$value_about])* #[serde(rename = $word)] $value,)+
        }

        impl $name {
            pub const WORDS: &[&str] = &[$($word),+];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self {
                    $(Self::$value => $word),+
                })
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$value),)+
                    _ => Err(format!("give one of {}", Self::WORDS.join(", "))),
                }
            }
        }

        impl Value for $name {
            fn read(text: &str, _: &Setting) -> Option<Self> {
                text.trim().parse().ok()
            }
        }
    };
}

/// Defines a struct of settings, its default and the table `SETTINGS` from a list of
/// `key: type = default, values, group, "Label";`. The doc comment of each is its help text on the command line;
/// `key (was "old key")` names its aliases, and `, later` after the label sets [`Setting::later`].
macro_rules! settings {
    (
        $(#[$about:meta])*
        pub struct $name:ident;
        $(
            $(#[doc = $doc:literal])+
            $key:ident $((was $($alias:literal),+))?: $type:ty = $default:expr,
                $values:expr, $group:ident, $label:literal $(, $later:ident)?;
        )+
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Serialize)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $key: $type,)+
        }

        /// By their names, old ones too; one that is missing has its default.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Settings;

                impl<'de> serde::de::Visitor<'de> for Settings {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("settings")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut settings = $name::default();
                        while let Some(key) = map.next_key::<String>()? {
                            match key.as_str() {
                                $(stringify!($key) $($(| $alias)+)? => settings.$key = map.next_value()?,)+
                                _ => _ = map.next_value::<serde::de::IgnoredAny>()?,
                            }
                        }
                        Ok(settings)
                    }
                }

                from.deserialize_map(Settings)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)+ }
            }
        }

        /// Every setting, in the order in which the page and the address list them.
        pub static SETTINGS: [Setting; [$(stringify!($key)),+].len()] = [$(Setting {
            key: stringify!($key),
            aliases: &[$($($alias),+)?],
            label: $label,
            group: Group::$group,
            values: $values,
            later: settings!(@later $($later)?),
        }),+];

        impl $name {
            /// The value of the setting with this key, as [`Self::set`] would take it.
            pub fn get(&self, key: &str) -> Option<String> {
                match key {
                    $(stringify!($key) => Some(self.$key.to_string()),)+
                    _ => None,
                }
            }

            /// Parses `text` into the field of `setting`; `None`, and no change, if the setting does not accept it.
            fn read(&mut self, setting: &Setting, text: &str) -> Option<()> {
                match setting.key {
                    $(stringify!($key) => self.$key = Value::read(text, setting)?,)+
                    _ => return None,
                }
                Some(())
            }

            /// The help text of the setting with this key.
            pub fn about(key: &str) -> Option<&'static str> {
                match key {
                    $(stringify!($key) => Some(concat!($($doc),+)),)+
                    _ => None,
                }
            }
        }
    };
    (@later later) => { true };
    (@later) => { false };
}

pub(super) use {choice, settings};
