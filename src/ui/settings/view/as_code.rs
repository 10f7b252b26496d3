//! The settings as a PyTorch program, to be read, copied and run.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::ui::browser;
use crate::ui::browser::copy::CopyButton;
use crate::ui::page::Page;
use crate::ui::settings::program::program;

/// The template of all programs, beside the page.
const TEMPLATE: &str = "./as_pytorch.py.txt";

/// The name of the saved program.
const NAME: &str = "time_traveller.py";

/// The collapsed part with the program, which follows the form.
#[component]
pub fn AsCode(page: Page) -> impl IntoView {
    let w = page.words();
    let template = page.template;
    let open = move |event: bool| {
        if event && template.with_untracked(|template| !matches!(template, Some(Some(_)))) {
            spawn_local(async move {
                let fetched = browser::fetched(TEMPLATE).await;
                template.try_set(Some(fetched));
            });
        }
    };
    let code = Memo::new(move |_| {
        let config = page.settings.config.with(|config| config.as_ref().ok().copied())?;
        template.with(|template| Some(program(template.as_ref()?.as_ref()?, &config)))
    });
    let has_failed = Memo::new(move |_| template.with(|template| *template == Some(None)));
    let text = move || code.with_untracked(|code| code.clone().unwrap_or_default());
    let save = move |_| browser::save_text(NAME, "text/x-python", &text());
    view! {
        <details class="start" data-testid="as-code" on:toggle:target=move |event| open(event.target().open())>
            <summary>{w.as_code}</summary>
            <div class="start-inner">
                <p class="note">{w.as_code_note}</p>
                <p class="note" role="status" hidden=move || !has_failed.get()>{w.as_code_missing}</p>
                <Show when=move || code.with(Option::is_some)>
                    <div class="buttons">
                        <button type="button" class="quiet" on:click=save>{w.download}</button>
                        <CopyButton w name=w.copy text />
                    </div>
                    <pre class="kernel" tabindex="0" role="region" aria-label=w.as_code>{move || code.get()}</pre>
                </Show>
            </div>
        </details>
    }
}
