//! How the next character of a continuation is picked.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The most characters that a network writes while it is listened to.
pub const LONGEST_ANSWER: usize = 256;

/// Temperatures to sample with: at the lowest nearly always the likeliest comes, at the highest nearly all are as likely.
pub const COLDEST: f32 = 0.01;
pub const HOTTEST: f32 = 100.0;

/// How the next character is picked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub enum Pick {
    /// The likeliest, as in the book.
    #[default]
    Likeliest,
    /// At random among the `top_k` likeliest (from 1; all of them, where there are not more), with probabilities
    /// softmax(logits / `temperature`), temperature from [`COLDEST`] to [`HOTTEST`]. The same network, prefix and
    /// `seed` give the same text on the same engine.
    Sampled { temperature: f32, top_k: u32, seed: u32 },
}

/// The same in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    pub temperature: f32,
    pub top_k: u32,
    pub seed: u32,
}

impl Pick {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Temperature`], [`Error::TopK`].
    pub fn check(self) -> Result<()> {
        match self {
            Self::Sampled { temperature, .. } if !(COLDEST..=HOTTEST).contains(&temperature) => {
                Err(Error::Temperature { given: temperature })
            }
            Self::Sampled { top_k: 0, .. } => Err(Error::TopK),
            _ => Ok(()),
        }
    }

    /// Its numbers; the likeliest is whichever comes among the one likeliest.
    pub fn terms(self) -> Terms {
        match self {
            Self::Likeliest => Terms { temperature: 1.0, top_k: 1, seed: 0 },
            Self::Sampled { temperature, top_k, seed } => Terms { temperature, top_k, seed },
        }
    }
}

/// What a network wrote and what it thought.
#[derive(Debug, Clone, PartialEq)]
pub struct Thoughts {
    /// Prefix and continuation.
    pub tokens: Vec<u32>,
    /// `(length + 1, V)`: logits of each token that continues the prefix, and of the one that would come next.
    pub logits: Vec<f32>,
}
