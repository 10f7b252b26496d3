//! The page's program: mounts the page, and shows panics on it.

#[cfg(target_arch = "wasm32")]
fn main() {
    use time_traveller::ui::shell::{app::App, errors::show_panic};

    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        show_panic(&info.to_string());
    }));
    leptos::mount::mount_to_body(App);
    // Of what stands in the HTML the page has taken the place, before anything is drawn.
    if let Some(placeholder) = leptos::prelude::document().get_element_by_id("placeholder") {
        placeholder.remove();
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("This program runs in a web page: start it with `cargo xtask serve`.");
}
