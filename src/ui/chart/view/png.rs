//! The chart as a PNG file, with the legend above it, which on the page is outside the canvas.

use leptos::prelude::*;
use plotters::style::RGBColor;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::canvas::colour;

/// The height of a line of the legend, in CSS pixels.
const ROW: f64 = 22.0;

/// The picture as a `data:` URL. `legend` has the CSS property of the colour and the name of each line.
///
/// # Errors
/// If the browser can't draw on a canvas.
pub fn png(chart: &HtmlCanvasElement, legend: &[(&str, String)]) -> Result<String, JsValue> {
    let density = window().device_pixel_ratio().max(1.0);
    let above = (ROW * density * legend.len() as f64).round();
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
    canvas.set_width(chart.width());
    canvas.set_height(chart.height() + above as u32);
    let context: CanvasRenderingContext2d = canvas.get_context("2d")?.ok_or("no canvas")?.unchecked_into();
    let fill = |name| {
        let RGBColor(r, g, b) = colour(chart, name);
        context.set_fill_style_str(&format!("rgb({r},{g},{b})"));
    };
    fill("--sheet");
    context.fill_rect(0.0, 0.0, canvas.width().into(), canvas.height().into());
    context.set_font(&format!("{}px system-ui, sans-serif", 13.0 * density));
    context.set_text_baseline("middle");
    for (row, (name, said)) in legend.iter().enumerate() {
        let middle = (row as f64 + 0.5) * ROW * density;
        fill(name);
        context.fill_rect(14.0 * density, middle - 1.5 * density, 22.0 * density, 3.0 * density);
        fill("--ink");
        context.fill_text(said, 44.0 * density, middle)?;
    }
    context.draw_image_with_html_canvas_element(chart, 0.0, above)?;
    canvas.to_data_url()
}
