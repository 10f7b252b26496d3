//! The measurements as Markdown and as JSON.

use std::fmt::Write;

use crate::measure::Measured;
use crate::peers::Peers;

pub fn json(measured: &Measured) -> String {
    serde_json::to_string_pretty(measured).expect("numbers and names become JSON") + "\n"
}

/// Tables for people. The first is one line, to be put beside those of other devices.
pub fn markdown(measured: &Measured) -> String {
    let Measured { adapter, variants, profile, growth, epochs, peers } = measured;
    let mut text = String::from("# The book's network on a GPU\n\n- command: `cargo xtask bench --gpu`\n\n");
    let best = variants.iter().map(|speed| speed.tokens_per_second).fold(0.0, f64::max);
    let book = epochs.last().expect("the book's setting is measured last");
    let mut line = |what: std::fmt::Arguments<'_>| writeln!(text, "{what}").expect("a string grows");
    line(format_args!(
        "| GPU | driver | steps, tokens/s | epochs with samples, tokens/s |\n| --- | --- | ---: | ---: |"
    ));
    let (name, driver) = (&adapter.name, &adapter.driver);
    line(format_args!("| {name} ({}) | {driver} | {best:.0} | {:.0} |", adapter.backend, book.tokens_per_second));

    line(format_args!("\n## Variants\n\nTraining steps with 512 hidden units, batch 32, 35 time steps, 28 tokens."));
    line(format_args!("\n| rows × columns of a tile ÷ threads | tokens/s |\n| --- | ---: |"));
    for speed in variants {
        line(format_args!("| {} | {:.0} |", speed.variant, speed.tokens_per_second));
    }

    line(format_args!("\n## Kernels\n\n{}; each kernel alone, repeated.\n", profile.device));
    line(format_args!("| kernel | dispatches | µs | TFLOP/s | GB/s |\n| --- | ---: | ---: | ---: | ---: |"));
    for kernel in &profile.kernels {
        let per_second = |count: u64| count as f64 / kernel.seconds;
        let (tflops, gigabytes) = (per_second(kernel.flops) / 1e12, per_second(kernel.bytes) / 1e9);
        let (name, dispatches, micros) = (&kernel.name, kernel.dispatches, kernel.seconds * 1e6);
        line(format_args!("| `{name}` | {dispatches} | {micros:.1} | {tflops:.2} | {gigabytes:.0} |"));
    }
    let (minibatch, recording) = (profile.minibatch * 1e6, profile.recording * 1e6);
    line(format_args!(
        "\nA minibatch in training: {minibatch:.0} µs; recording it: {recording:.0} µs of the processor."
    ));

    line(format_args!("\n## Growth\n\nThe fastest variant of each."));
    line(format_args!("\n| hidden units | batch | vocabulary | variant | tokens/s | TFLOP/s |"));
    line(format_args!("| ---: | ---: | ---: | --- | ---: | ---: |"));
    for grown in growth {
        let (hidden, batch, vocabulary) = (grown.hidden, grown.batch, grown.vocabulary);
        let (variant, speed) = (&grown.fastest.variant, grown.fastest.tokens_per_second);
        line(format_args!("| {hidden} | {batch} | {vocabulary} | {variant} | {speed:.0} | {:.2} |", grown.tflops));
    }

    line(format_args!("\n## Whole epochs, each with a sample of 50 characters\n"));
    line(format_args!("| hidden units | tokens/s | ms an epoch | ms for 64 characters alone |"));
    line(format_args!("| ---: | ---: | ---: | ---: |"));
    for e in epochs {
        let (epoch, sample) = (e.milliseconds_per_epoch, e.milliseconds_per_sample);
        line(format_args!("| {} | {:.0} | {epoch:.2} | {sample:.2} |", e.hidden, e.tokens_per_second));
    }

    line(format_args!("\n## PyTorch, training steps in the book's setting\n"));
    match peers {
        Peers::Absent { absent } => line(format_args!("Absent: {absent}.")),
        Peers::Measured { device, version, tokens_per_second } => {
            line(format_args!("{version} on {device}.\n\n| implementation | tokens/s |\n| --- | ---: |"));
            for (name, speed) in tokens_per_second {
                line(format_args!("| {name} | {speed:.0} |"));
            }
        }
    }
    text
}
