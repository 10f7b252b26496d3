//! What the visitor looks at: which views, which passage, and what is chosen in them.

use crate::model::Config;
use crate::protocol::Selective;

/// The views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Memory,
    Unit,
    Time,
    Slow,
}

/// Where the passage is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Conversation,
    /// The text, from this character on.
    Text(u32),
}

/// What the visitor looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    pub open: Vec<View>,
    pub source: Source,
    /// The chosen character of the passage; `None` for the last.
    pub at: Option<u32>,
    pub layer: u32,
    pub unit: u32,
    /// The row of the unit's numbers that colours the passage.
    pub row: usize,
    /// The factor for the state's weights.
    pub scale: f32,
    /// The unit to be found elsewhere in the text.
    pub elsewhere: Option<Selective>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            open: Vec::new(),
            source: Source::Conversation,
            at: None,
            layer: 0,
            unit: 0,
            row: 0,
            scale: 1.0,
            elsewhere: None,
        }
    }
}

impl Look {
    pub fn is_open(&self, view: View) -> bool {
        self.open.contains(&view)
    }

    pub fn set_open(&mut self, view: View, is_open: bool) {
        self.open.retain(|other| *other != view);
        if is_open {
            self.open.push(view);
        }
    }

    /// The same for a network of these settings, which may have fewer layers and units.
    pub fn fitted(&self, config: &Config) -> Self {
        let (layer, unit) = (self.layer.min(config.layers - 1), self.unit.min(config.hidden - 1));
        Self { layer, unit, ..self.clone() }
    }

    /// The chosen position of a passage of this length.
    pub fn position(&self, length: usize) -> u32 {
        let last = length.saturating_sub(1) as u32;
        self.at.map_or(last, |at| at.min(last))
    }
}
