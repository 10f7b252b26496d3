//! The settings as the visitor has set them.

use std::time::Duration;

use js_sys::Uint8Array;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::File;

use super::file::Chosen;
use super::form::Form;
use crate::model::config::{Config, SettingError};
use crate::protocol::StartFrom;
use crate::ui::browser::message;

/// A pause in typing as long as this means that a number is meant.
pub const TYPING: Duration = Duration::from_millis(400);

/// What [`field_id`] calls the field of the file with initial parameters.
pub const FILE_KEY: &str = "init";

/// The form, and the file that the next run is to start from. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Settings {
    pub form: RwSignal<Form>,
    /// The settings, or what is wrong with them.
    pub config: Memo<Result<Config, Vec<SettingError>>>,
    /// The file that the next run is to start from.
    pub file: RwSignal<Chosen>,
    /// How often the visitor has changed that choice.
    choices: StoredValue<u32>,
}

impl Settings {
    pub fn new(form: Form) -> Self {
        let form = RwSignal::new(form);
        Self {
            form,
            config: Memo::new(move |_| form.with(Form::config)),
            file: RwSignal::new(Chosen::Nothing),
            choices: StoredValue::new(0),
        }
    }

    /// Where a run begins that these settings ask for.
    pub fn beginning(&self) -> StartFrom {
        StartFrom {
            parameters: self.file.with_untracked(Chosen::bytes),
            window_offset: self.form.with_untracked(Form::window_offset),
            checkpoint: None,
        }
    }

    /// Reads a file for the next run to start from; with none, the next run starts by its seed.
    pub fn choose_file(&self, file: Option<File>) {
        let choice = self.choices.try_update_value(|choices| {
            *choices += 1;
            *choices
        });
        let Some(file) = file else { return self.file.set(Chosen::Nothing) };
        let name = file.name();
        self.file.set(Chosen::named(name.clone(), file.size() as u64));
        if self.file.with_untracked(|file| file.error().is_some()) {
            return;
        }
        let settings = *self;
        spawn_local(async move {
            let read = JsFuture::from(file.array_buffer()).await;
            // Meanwhile the visitor may have chosen another, or the page may be gone.
            if settings.choices.try_get_value() == choice {
                let bytes = read.map(|bytes| Uint8Array::new(&bytes).to_vec()).map_err(|error| message(&error));
                settings.file.set(Chosen::read(name, bytes));
            }
        });
    }

    /// Whether the chosen file is still on its way.
    pub fn is_reading(&self) -> bool {
        self.file.with(|file| matches!(file, Chosen::Reading(_)))
    }
}

/// The id of the field of a setting.
pub fn field_id(key: &str) -> String {
    format!("setting-{key}")
}
