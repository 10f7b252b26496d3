//! The settings that the visitor has entered.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::file::{Chosen, Kind, START};
use super::form::Form;
use super::link::PageLink;
use crate::model::config::{Config, SettingError, WINDOW_OFFSET};
use crate::protocol::StartFrom;
use crate::ui::browser;

/// The pause in typing after which a number takes effect.
pub const TYPING: Duration = Duration::from_millis(400);

/// The key of the file field for initial parameters, for [`field_id`].
pub const FILE_KEY: &str = "init";

/// The key of the file field for checkpoints.
pub const CHECKPOINT_KEY: &str = "checkpoint";

/// The form, and the file that the next run starts from. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Settings {
    pub form: RwSignal<Form>,
    /// The configuration, or what is wrong with the settings.
    pub config: Memo<Result<Config, Vec<SettingError>>>,
    /// What the page's link asks for, beside the settings.
    pub link: RwSignal<PageLink>,
    /// Whether the settings are unfolded where they fold into a line.
    pub unfolded: RwSignal<bool>,
    /// Whether the part "Start from a file" is open: at first if the page was opened with a window offset.
    pub shows_start: RwSignal<bool>,
    /// The file that the next run starts from.
    pub file: RwSignal<Chosen>,
    /// Number of changes of that choice.
    choices: StoredValue<u32>,
}

impl Settings {
    pub fn new(form: Form) -> Self {
        let shows_start = RwSignal::new(!form.get(WINDOW_OFFSET.key).trim().is_empty());
        let form = RwSignal::new(form);
        Self {
            form,
            unfolded: RwSignal::new(false),
            shows_start,
            config: Memo::new(move |_| form.with(Form::config)),
            link: RwSignal::new(PageLink::default()),
            file: RwSignal::new(Chosen::Nothing),
            choices: StoredValue::new(0),
        }
    }

    /// Where a run with these settings starts from.
    pub fn start_from(&self) -> StartFrom {
        StartFrom {
            parameters: self.file.with_untracked(Chosen::bytes),
            window_offset: self.form.with_untracked(Form::window_offset),
            checkpoint: None,
        }
    }

    /// Reads the file that the next run starts from; with `None`, the next run starts from its seed.
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
            let bytes = browser::read(&file).await;
            // By now the visitor may have chosen another file, or the page may be gone.
            if settings.choices.try_get_value() == choice {
                settings.file.set(Chosen::read(name, bytes));
            }
        });
    }

    /// Whether the chosen file is still being read.
    pub fn is_reading(&self) -> bool {
        self.file.with(|file| matches!(file, Chosen::Reading(_)))
    }
}

/// What a file is for. One that can't be read is known by its name; its reader says why.
pub async fn kind(file: &File) -> Kind {
    let start = match file.slice_with_f64_and_f64(0.0, START.into()) {
        Ok(start) => browser::read(&start).await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    Kind::of(&file.name(), &start)
}

/// The id of the field of a setting.
pub fn field_id(key: &str) -> String {
    format!("setting-{key}")
}
