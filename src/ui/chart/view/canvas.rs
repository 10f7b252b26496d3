//! Draws a picture with plotters on a canvas, at the screen's resolution.

use std::error::Error;
use std::ops::Range;
use std::rc::Rc;

use leptos::html::Canvas;
use leptos::prelude::*;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters_canvas::CanvasBackend;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlCanvasElement, ResizeObserver};

use crate::ui::browser;
use crate::ui::chart::axis::{self, Axis};
use crate::ui::chart::picture::{INSETS, Picture};

/// What changes the colours, beside the page's own choice of a theme.
const LOOKS: [&str; 3] = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"];

/// The canvas of a picture, with a label for screen readers. Redrawn only when the picture, the canvas's size, the
/// screen's pixel density or the colours change.
#[component]
pub fn Chart(
    picture: Memo<Option<Picture>>,
    label: Memo<String>,
    #[prop(default = "chart")] test_id: &'static str,
    #[prop(optional)] canvas: NodeRef<Canvas>,
) -> impl IntoView {
    let redraw = StoredValue::new_local(browser::drawn_in_frames(Rc::new(move || {
        let Some(canvas) = canvas.try_get_untracked().flatten() else { return };
        if let Some(Err(error)) = picture.try_with_untracked(|picture| draw(&canvas, picture.as_ref())) {
            leptos::logging::error!("The chart could not be drawn: {error}");
        }
    })));
    let redraw = move || {
        redraw.try_with_value(|redraw| redraw());
    };
    let looks = LOOKS.map(browser::matches);
    Effect::new(move |_| {
        looks.iter().for_each(Track::track);
        // Tracking alone is not enough: a memo that nobody reads is not computed.
        picture.with(|_| ());
        redraw();
    });
    Effect::new(move |_| {
        if let Some(canvas) = canvas.get() {
            watch(&canvas, redraw);
        }
    });
    view! { <canvas role="img" aria-label=label data-testid=test_id node_ref=canvas></canvas> }
}

/// Calls `redraw` when the canvas's size, the screen's pixel density or the chosen theme changes.
fn watch(canvas: &web_sys::Element, redraw: impl Fn() + Copy + 'static) {
    let changed = Closure::<dyn FnMut()>::new(redraw).into_js_value();
    let changed: &js_sys::Function = changed.unchecked_ref();
    let observer = ResizeObserver::new(changed).expect("a browser with WebAssembly has ResizeObserver");
    observer.observe(canvas);
    let _ = window().add_event_listener_with_callback("themechange", changed);
    let kept = StoredValue::new_local((observer, changed.clone()));
    on_cleanup(move || {
        kept.try_with_value(|(observer, changed)| {
            observer.disconnect();
            let _ = window().remove_event_listener_with_callback("themechange", changed);
        });
    });
}

/// The value of a CSS property's colour in the current theme.
pub fn colour(canvas: &HtmlCanvasElement, name: &str) -> RGBColor {
    let _ = canvas.set_attribute("style", &format!("color:var({name});forced-color-adjust:none"));
    let style = window().get_computed_style(canvas).ok().flatten();
    let value = style.and_then(|style| style.get_property_value("color").ok()).unwrap_or_default();
    let mut parts = value.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok());
    let mut part = || parts.next().unwrap_or(0);
    RGBColor(part(), part(), part())
}

/// An axis for plotters, and its largest number of ticks.
struct Scale(Axis, usize);

impl Ranged for Scale {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (f64::from(to - from) * self.0.position(*value)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.0.ticks(self.1)
    }

    fn range(&self) -> Range<f64> {
        self.0.low..self.0.high
    }
}

/// Draws the chart. Sizes are multiplied by the pixel density: a canvas pixel is a screen pixel.
fn draw(canvas: &HtmlCanvasElement, picture: Option<&Picture>) -> Result<(), Box<dyn Error>> {
    let density = window().device_pixel_ratio().max(1.0);
    let size = |css: i32| (f64::from(css) * density).round();
    let (width, height) = (size(canvas.client_width()) as u32, size(canvas.client_height()) as u32);
    if width == 0 || height == 0 {
        return Ok(());
    }
    // Setting the size also clears.
    canvas.set_width(width);
    canvas.set_height(height);
    let Some(picture) = picture else { return Ok(()) };
    let scale = browser::scale();
    let px = |css: f64| (css * scale * density).round() as i32;
    let stroke = |name, css: f64| colour(canvas, name).stroke_width(px(css).max(1) as u32);
    let ink = colour(canvas, "--ink-soft");
    let font = |css: f64| {
        FontDesc::new(FontFamily::Name("system-ui, sans-serif"), css * scale * density, FontStyle::Normal).color(&ink)
    };
    let (grid, sheet) = (stroke("--rule", 1.0), colour(canvas, "--sheet"));
    let root = CanvasBackend::with_canvas_object(canvas.clone()).ok_or("the canvas has no 2d context")?;
    let root = root.into_drawing_area();
    root.fill(&sheet)?;
    let room = |pixels: i32, each: f64| (f64::from(pixels) / (each * scale)) as usize;
    let across = Scale(picture.x, room(canvas.client_width(), 80.0).clamp(2, 11));
    let up = Scale(picture.y, room(canvas.client_height(), 45.0).clamp(3, 8));
    let [left, right, top, bottom] = INSETS.map(px);
    let mut chart = ChartBuilder::on(&root)
        .margin_top(top)
        .margin_right(right)
        .x_label_area_size(bottom)
        .y_label_area_size(left)
        .build_cartesian_2d(across, up)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(grid)
        .axis_style(grid)
        .x_label_style(font(12.0))
        .y_label_style(font(12.0))
        .axis_desc_style(font(13.0))
        .x_desc(picture.x_name)
        .y_desc(picture.y_name)
        .x_label_formatter(&|tick| axis::figure(*tick))
        .y_label_formatter(&|tick| axis::figure(*tick))
        .draw()?;
    for (mark, said) in &picture.marks {
        let ends = [(*mark, picture.y.low), (*mark, picture.y.high)];
        chart.draw_series(LineSeries::new(ends, stroke("--ink-soft", 1.0)))?;
        // Near the right edge the label goes to the left of the line.
        let (side, at) = if picture.x.position(*mark) > 0.7 { (HPos::Right, -4.0) } else { (HPos::Left, 4.0) };
        let style = font(12.0).pos(Pos::new(side, VPos::Top));
        let label = EmptyElement::at(ends[1]) + Text::new(said.clone(), (px(at), px(2.0)), style);
        chart.draw_series([label])?;
    }
    for line in &picture.lines {
        let (points, style) = (line.points.iter().copied(), stroke(line.colour, line.width));
        if line.dashed {
            chart.draw_series(DashedLineSeries::new(points, px(6.0), px(4.0), style))?;
        } else {
            chart.draw_series(LineSeries::new(points, style))?;
        }
        if let Some(&end) = line.points.last().filter(|_| line.dot) {
            chart.draw_series([Circle::new(end, px(4.0), colour(canvas, line.colour).filled())])?;
        }
    }
    root.present()?;
    Ok(())
}
