//! Files that the visitor chooses or drops: each goes to the part of the page that it is for.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DataTransfer, File, HtmlInputElement};

use super::Page;
use crate::ui::browser::focus;
use crate::ui::settings::file::{Kind, Misdrop};
use crate::ui::settings::signals::{CHECKPOINT_KEY, FILE_KEY, field_id, kind};

impl Page {
    /// The file that was chosen in a field; `None` if the dialog was cancelled. Empties the field, since choosing the
    /// same file again would otherwise send no event; the page shows the file's name itself.
    pub fn chosen(&self, field: &HtmlInputElement) -> Option<File> {
        let file = field.files()?.get(0)?;
        field.set_value("");
        self.refusal.set(None);
        Some(file)
    }

    /// Takes the file that was dropped on the element with this id: the file of a file field, or one like any other.
    pub fn take_dropped(&self, data: &DataTransfer, id: &str) {
        let files = data.files();
        let count = files.as_ref().map_or(0, |files| files.length());
        let file = files.and_then(|files| files.get(0)).filter(|_| count == 1);
        let refusal = match &file {
            None => Some(Misdrop::Several(count)),
            Some(file) => is_folder(data).then(|| Misdrop::Folder(file.name())),
        };
        let is_refused = refusal.is_some();
        self.refusal.set(refusal);
        match file.filter(|_| !is_refused) {
            None => {}
            file if id == field_id(CHECKPOINT_KEY) => self.checkpoints.open(file),
            file if id == field_id(FILE_KEY) => self.settings.choose_file(file),
            Some(file) => self.take(file),
        }
    }

    /// Takes a file by its content: opens a checkpoint, starts the next run from parameters, and reads any other file as
    /// the text.
    pub fn take(&self, file: File) {
        let page = *self;
        spawn_local(async move {
            match kind(&file).await {
                Kind::Checkpoint => {
                    page.checkpoints.open(Some(file));
                    focus(&field_id(CHECKPOINT_KEY));
                }
                Kind::Parameters => {
                    page.settings.choose_file(Some(file));
                    focus(&field_id(FILE_KEY));
                }
                Kind::Text => page.text.choose(file),
            }
        });
    }
}

/// Whether a folder was dropped, which would be a file that can't be read.
fn is_folder(data: &DataTransfer) -> bool {
    let entry = data.items().get(0).and_then(|item| item.webkit_get_as_entry().ok().flatten());
    entry.is_some_and(|entry| entry.is_directory())
}
