//! The measurements as Markdown.

use std::fmt::Write;

use time_traveller::ui::language::{ENGLISH, words};

use crate::{Measured, Row};

/// The tokens of a minibatch in the book's setting.
const TOKENS: f64 = 32.0 * 35.0;

pub fn markdown(Measured { cpu, gpu, pytorch, rounds, rows }: &Measured) -> String {
    let mut text = String::from(
        "# The book's networks\n\n\
         - command: `cargo xtask bench --networks`\n\
         - complete training steps in the book's setting: batch 32, 35 time steps, 28 tokens; 512 hidden units for the RNN \
         from scratch, 256 for the others\n",
    );
    let mut line = |what: std::fmt::Arguments<'_>| writeln!(text, "{what}").expect("a string grows");
    line(format_args!(
        "- the CPU engine on one thread ({cpu}), {pytorch} on one thread; medians of {rounds} rounds in turn"
    ));
    line(format_args!("- GPU: {}\n", gpu.as_deref().unwrap_or("none")));
    line(format_args!(
        "| run | GFLOP a minibatch | CPU engine, tokens/s | GFLOP/s | PyTorch, tokens/s | CPU engine / PyTorch | GPU, tokens/s | GFLOP/s |"
    ));
    line(format_args!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"));
    for Row { preset, gigaflop_per_minibatch, cpu, gpu, pytorch } in rows {
        let gflops = |speed: f64| speed / TOKENS * gigaflop_per_minibatch;
        let or_none = |figure: Option<String>| figure.unwrap_or_else(|| "–".to_owned());
        let name = words::preset(&ENGLISH, preset);
        line(format_args!(
            "| {name} | {gigaflop_per_minibatch:.2} | {cpu:.0} | {:.0} | {} | {} | {} | {} |",
            gflops(*cpu),
            or_none(pytorch.map(|speed| format!("{speed:.0}"))),
            or_none(pytorch.map(|speed| format!("{:.2}", cpu / speed))),
            or_none(gpu.map(|speed| format!("{speed:.0}"))),
            or_none(gpu.map(|speed| format!("{:.1}", gflops(speed)))),
        ));
    }
    text
}
