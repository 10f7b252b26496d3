//! Saves figures: as SVG, as PNG made from it, and their data as CSV.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlImageElement};

use crate::ui::browser;
use crate::ui::chart::picture::Picture;
use crate::ui::chart::svg::{self, Colours};
use crate::ui::language::Words;

/// The type of SVG files.
const SVG: &str = "image/svg+xml";

/// The three buttons. `svg` and `csv` make the files called `name`.
#[component]
pub fn Save(
    w: &'static Words,
    name: &'static str,
    #[prop(into)] svg: Callback<(), String>,
    #[prop(into)] csv: Callback<(), String>,
    #[prop(default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let save_png = move |_| {
        let svg = svg.run(());
        spawn_local(async move {
            if let Ok(address) = png(&svg).await {
                browser::save(&format!("{name}.png"), &address);
            }
        });
    };
    let save_svg = move |_| browser::save_text(&format!("{name}.svg"), SVG, &svg.run(()));
    let save_csv = move |_| browser::save_text(&format!("{name}.csv"), "text/csv", &csv.run(()));
    view! {
        <button type="button" class="quiet" disabled=disabled on:click=save_png>{w.save_png}</button>
        <button type="button" class="quiet" disabled=disabled on:click=save_svg>{w.save_svg}</button>
        <button type="button" class="quiet" disabled=disabled on:click=save_csv>{w.save_csv}</button>
    }
}

/// The picture as a PNG's `data:` URL, at twice its size.
async fn png(svg: &str) -> Result<String, JsValue> {
    let image = HtmlImageElement::new()?;
    image.set_src(&browser::address_of(SVG, svg));
    JsFuture::from(image.decode()).await?;
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
    canvas.set_width(2 * image.width());
    canvas.set_height(2 * image.height());
    let context: CanvasRenderingContext2d = canvas.get_context("2d")?.ok_or("no canvas")?.unchecked_into();
    let (width, height) = (canvas.width().into(), canvas.height().into());
    context.draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, width, height)?;
    canvas.to_data_url()
}

/// Draws with the page's colours in the current theme.
pub fn with_colours(draw: impl FnOnce(&Colours<'_>) -> String) -> String {
    let [ink, soft, rule, sheet] = ["--ink", "--ink-soft", "--rule", "--sheet"].map(browser::colour);
    draw(&Colours { ink: &ink, soft: &soft, rule: &rule, sheet: &sheet })
}

/// A chart as SVG, in the page's colours.
pub fn chart(picture: &Picture, legend: &[(&str, String)]) -> String {
    with_colours(|colours| svg::chart(picture, legend, browser::colour, colours))
}
