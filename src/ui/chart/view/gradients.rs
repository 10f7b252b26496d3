//! The gradient norm of each minibatch before clipping, the threshold, and the share that was clipped.

use leptos::prelude::*;

use super::canvas::Chart;
use crate::ui::chart::picture;
use crate::ui::language::fill;
use crate::ui::language::words::grouped;
use crate::ui::network::explain::Stage;
use crate::ui::network::view::explain::Explain;
use crate::ui::page::Page;
use crate::ui::runs::run::Run;

/// The panel with the chart and the share.
#[component]
pub fn Gradients(page: Page) -> impl IntoView {
    let w = page.words();
    let live = move |look: &dyn Fn(&Run) -> Option<String>| {
        page.runs.drawn(|s| s.live().filter(|run| !run.norms.is_empty()).and_then(look))
    };
    let picture = Memo::new(move |_| page.runs.drawn(|s| s.live().and_then(|run| picture::gradients(w, run))));
    let share = Memo::new(move |_| {
        live(&|run| {
            let (clipped, all) = run.clipped;
            let percent = format!("{:.0}", 100.0 * clipped as f64 / all.max(1) as f64);
            Some(fill(w.gradients_share, &[&grouped(clipped), &grouped(all), &percent]))
        })
    });
    let label = Memo::new(move |_| {
        let said = live(&|run| {
            let norm = format!("{:.2}", run.norms.last()?.1);
            Some(fill(w.gradients_label, &[&norm, &run.hyperparameters().clip.to_string()]))
        });
        said.unwrap_or_else(|| w.gradients.to_owned())
    });
    view! {
        <section class="panel gradients" aria-labelledby="gradients-title">
            <div class="heading">
                <h2 id="gradients-title">{w.gradients}</h2>
                <p class="note" data-testid="clipped">{share}</p>
            </div>
            <div class="frame small">
                <Chart picture label test_id="gradients" />
                <p class="hint empty" hidden=move || picture.with(Option::is_some)>{w.gradients_empty}</p>
            </div>
            <Explain page stage=Stage::Clipping />
        </section>
    }
}
