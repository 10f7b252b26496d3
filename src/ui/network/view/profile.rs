//! The kernel timings: a table, measured when the visitor asks.

use leptos::prelude::*;

use crate::protocol::{KernelTime, Profile};
use crate::ui::browser::copy::CopyButton;
use crate::ui::language::sentence;
use crate::ui::network::profile::{line, row, summary};
use crate::ui::page::Page;

/// The collapsed part with the button and the table.
#[component]
pub fn KernelTimes(page: Page) -> impl IntoView {
    let w = page.words();
    let profiling = page.network.profiling;
    let is_running = Memo::new(move |_| profiling.with(|p| p.is_running));
    let ready = Memo::new(move |_| {
        let is_ready = page.runs.state.with(|s| s.worker.ready()) && !page.text.is_reading();
        is_ready && page.settings.config.with(Result::is_ok)
    });
    let refusal = move || profiling.with(|p| p.refusal.as_ref().map(|error| sentence(w, error)));
    let table = move || profiling.with(|p| p.profile.clone()).map(|profile| view! { <Table page profile /> });
    view! {
        <details class="explain" data-testid="kernel-times">
            <summary>{w.profile_title}</summary>
            <p>{w.profile_note}</p>
            <button type="button" disabled=move || is_running.get() || !ready.get() on:click=move |_| page.network.profile()>
                {move || if is_running.get() { w.profile_measuring } else { w.profile_measure }}
            </button>
            <p class="note" role="status">{refusal}</p>
            {table}
        </details>
    }
}

#[component]
fn Table(page: Page, profile: Profile) -> impl IntoView {
    let w = page.words();
    let said = summary(w, &profile);
    let copied = StoredValue::new(line(&profile));
    let kernel = |kernel: &KernelTime| {
        let figures = row(kernel, &profile).map(|figure| view! { <td>{figure}</td> }).collect_view();
        let source = format!("./shaders/{}.wgsl", kernel.name);
        view! {
            <tr>
                <th scope="row">
                    <a href=source target="_blank">{kernel.name.clone()}</a>
                </th>
                {figures}
            </tr>
        }
    };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=w.profile_title>
            <table class="kernel-times">
                <thead>
                    <tr>
                        <th scope="col">{w.profile_kernel}</th>
                        <th scope="col">{w.profile_dispatches}</th>
                        <th scope="col">"ms"</th>
                        <th scope="col">{w.profile_share}</th>
                        <th scope="col">"GFLOP/s"</th>
                        <th scope="col">"GB/s"</th>
                    </tr>
                </thead>
                <tbody>{profile.kernels.iter().map(kernel).collect_view()}</tbody>
            </table>
        </div>
        <p class="note">{said}</p>
        <CopyButton w name=w.profile_copy text=move || copied.get_value() />
    }
}
