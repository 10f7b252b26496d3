//! The curve: perplexity by epoch, drawn with plotters on a canvas as crisp as the screen; faintly behind it, where
//! settings and text are the book's, what PyTorch comes to.

use std::cell::Cell;
use std::error::Error;
use std::rc::Rc;

use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use plotters::prelude::*;
use plotters_canvas::CanvasBackend;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlCanvasElement, ResizeObserver};

use super::page::Page;
use crate::ui::curve::{self, Point};
use crate::ui::reference::Reference;
use crate::ui::state::RunState;
use crate::ui::words;

/// The chart with its label and its empty state.
#[component]
pub fn Chart(page: Page) -> impl IntoView {
    let canvas = NodeRef::<Canvas>::new();
    let frame = NodeRef::<Div>::new();
    let come = Memo::new(move |_| page.state.with(|s| (s.shown, s.curve.len())));
    let label = Memo::new(move |_| {
        come.track();
        page.state.with_untracked(|s| words::chart_label(&s.curve, s.reference()))
    });
    let vocabulary = Memo::new(move |_| page.state.with(|s| s.text.as_ref().map_or(28, |t| t.vocabulary)));
    let behind = Memo::new(move |_| {
        let drawn = come.get().1 > 0;
        page.state.with_untracked(RunState::reference).filter(|_| drawn).map(Reference::name)
    });
    let redraw = StoredValue::new_local(redrawer(page, canvas));
    let redraw = move || redraw.with_value(|redraw| redraw());
    Effect::new(move |_| {
        come.track();
        redraw();
    });
    Effect::new(move |_| {
        if let Some(frame) = frame.get() {
            watch(&frame, redraw);
        }
    });
    view! {
        <section class="panel curve" aria-labelledby="curve-title">
            <div class="heading">
                <h2 id="curve-title">"Perplexity by epoch"</h2>
                <p class="legend" data-testid="legend" hidden=move || behind.with(Option::is_none)>{behind}</p>
            </div>
            <div class="frame" node_ref=frame>
                <canvas role="img" aria-label=label data-testid="chart" node_ref=canvas></canvas>
                <p class="hint empty" hidden=move || { come.get().1 > 0 }>
                    "The curve starts with the first finished epoch. Guessing blindly among the text’s characters is a "
                    "perplexity of " {vocabulary} "; knowing the text by heart is 1."
                </p>
            </div>
        </section>
    }
}

/// A function that has the chart drawn in the browser's next frame, once, however often it is called before.
fn redrawer(page: Page, canvas: NodeRef<Canvas>) -> impl Fn() + 'static {
    let due = Rc::new(Cell::new(false));
    move || {
        if due.replace(true) {
            return;
        }
        let due = due.clone();
        request_animation_frame(move || {
            due.set(false);
            let Some(canvas) = canvas.try_get_untracked().flatten() else { return };
            let drawn = page.state.with_untracked(|s| draw(&canvas, &s.curve, s.epochs(), s.reference()));
            if let Err(error) = drawn {
                leptos::logging::error!("The chart could not be drawn: {error}");
            }
        });
    }
}

/// Calls `redraw` when the chart's box changes its size, the screen its density, or the visitor the colours.
fn watch(frame: &web_sys::Element, redraw: impl Fn() + Copy + 'static) {
    let changed = Closure::<dyn FnMut()>::new(redraw).into_js_value();
    let changed: &js_sys::Function = changed.unchecked_ref();
    let observer = ResizeObserver::new(changed).expect("a browser with WebGPU has ResizeObserver");
    observer.observe(frame);
    if let Ok(Some(dark)) = window().match_media("(prefers-color-scheme: dark)") {
        dark.set_onchange(Some(changed));
        // The browser lets go of a query that nothing holds, and of its listeners with it.
        std::mem::forget(dark);
    }
    on_cleanup({
        let observer = send_wrapper(observer);
        move || observer().disconnect()
    });
}

/// Lets a value of this one thread pass where any thread is asked for.
fn send_wrapper<T: Clone + 'static>(value: T) -> impl Fn() -> T + Send + Sync {
    let value = StoredValue::new_local(value);
    move || value.get_value()
}

/// The chart's colours, from the style sheet.
struct Colours {
    ink: RGBColor,
    grid: RGBColor,
    line: RGBColor,
    reference: RGBColor,
}

impl Colours {
    fn of(canvas: &HtmlCanvasElement) -> Self {
        let style = window().get_computed_style(canvas).ok().flatten();
        let colour = |name: &str, otherwise| {
            let value = style.as_ref().and_then(|s| s.get_property_value(name).ok()).unwrap_or_default();
            hex(value.trim()).unwrap_or(otherwise)
        };
        Self {
            ink: colour("--ink-soft", RGBColor(96, 96, 96)),
            grid: colour("--rule", RGBColor(208, 208, 208)),
            line: colour("--accent", RGBColor(0, 96, 96)),
            reference: colour("--reference", RGBColor(160, 160, 160)),
        }
    }
}

/// `#rrggbb` as a colour.
fn hex(text: &str) -> Option<RGBColor> {
    let value = u32::from_str_radix(text.strip_prefix('#').filter(|t| t.len() == 6)?, 16).ok()?;
    let [_, r, g, b] = value.to_be_bytes();
    Some(RGBColor(r, g, b))
}

/// Draws the whole chart, `points` over what there is of `reference`. The canvas has one pixel for each of the
/// screen's, so all sizes are times the density.
fn draw(
    canvas: &HtmlCanvasElement,
    points: &[Point],
    total: u32,
    reference: Option<&Reference>,
) -> Result<(), Box<dyn Error>> {
    let density = window().device_pixel_ratio().max(1.0);
    let size = |css: i32| (f64::from(css) * density).round();
    let (width, height) = (size(canvas.client_width()) as u32, size(canvas.client_height()) as u32);
    if width == 0 || height == 0 {
        return Ok(());
    }
    // Setting the size also clears.
    canvas.set_width(width);
    canvas.set_height(height);
    if points.is_empty() {
        return Ok(());
    }
    let px = |css: f64| (css * density).round() as i32;
    let colours = Colours::of(canvas);
    let font = |css: f64| {
        FontDesc::new(FontFamily::Name("system-ui, sans-serif"), css * density, FontStyle::Normal).color(&colours.ink)
    };
    let last = curve::last_epoch(points.last().map_or(0, |p| p.0), total);
    let behind = reference.map(|reference| reference.until(last)).unwrap_or_default();
    let top = curve::highest(points).max(curve::highest(&behind));
    let root = CanvasBackend::with_canvas_object(canvas.clone()).ok_or("the canvas has no 2d context")?;
    let root = root.into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .margin_top(px(12.0))
        .margin_right(px(16.0))
        .x_label_area_size(px(44.0))
        .y_label_area_size(px(52.0))
        .build_cartesian_2d(0..last, 1.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(colours.grid.stroke_width(px(1.0) as u32))
        .axis_style(colours.grid.stroke_width(px(1.0) as u32))
        .x_labels((canvas.client_width() / 80).clamp(2, 11) as usize)
        .y_labels((canvas.client_height() / 50).clamp(2, 8) as usize)
        .x_label_style(font(12.0))
        .y_label_style(font(12.0))
        .axis_desc_style(font(13.0))
        .x_desc("epoch")
        .y_desc("perplexity")
        .y_label_formatter(&|y| if *y >= 1e5 { format!("{y:.0e}") } else { format!("{y}") })
        .draw()?;
    chart.draw_series(LineSeries::new(behind, colours.reference.stroke_width(px(1.0) as u32)))?;
    let thin = curve::decimate(points);
    chart.draw_series(LineSeries::new(thin.iter().copied(), colours.line.stroke_width(px(2.0) as u32)))?;
    chart.draw_series(thin.last().map(|&last| Circle::new(last, px(4.0), colours.line.filled())))?;
    root.present()?;
    Ok(())
}
