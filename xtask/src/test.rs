//! `cargo xtask test`: all checks and tests, the cheapest first.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::browser::{self, Browser};
use crate::shell::{cargo, find, print, root, run, say, tell};
use crate::{bench, licences, networks, npm, other_browsers, site, size, text, tools};

/// A check or a set of tests.
struct Step {
    name: &'static str,
    about: &'static str,
    needs: &'static [Need],
    run: fn() -> Result<()>,
}

/// What has to be set up for a step or another command.
#[derive(Clone, Copy, PartialEq)]
pub enum Need {
    Components,
    WasmTarget,
    Text,
    Networks,
    Bundler,
    CargoDeny,
    Browser,
    OtherBrowsers,
    GpuDriver,
}

impl Need {
    const ALL: [Self; 9] = [
        Self::Components,
        Self::WasmTarget,
        Self::Text,
        Self::Networks,
        Self::Browser,
        Self::OtherBrowsers,
        Self::GpuDriver,
        Self::Bundler,
        Self::CargoDeny,
    ];

    fn set_up(self) -> Result<()> {
        match self {
            Self::Components => tools::components(),
            Self::WasmTarget => tools::wasm_target(),
            Self::Text => text::bring(text::file_from_environment().as_deref()),
            Self::Networks => networks::bring(),
            Self::Bundler => tools::bundler(),
            Self::CargoDeny => tools::cargo_deny(),
            Self::Browser => browser::browser().map(|_| ()),
            Self::OtherBrowsers => other_browsers::set_up(),
            Self::GpuDriver => browser::gpu_driver(),
        }
    }
}

const STEPS: &[Step] = &[
    Step {
        name: "format",
        about: "the code is formatted",
        needs: &[Need::Components],
        run: || run(cargo(["fmt", "--all", "--check"])),
    },
    Step {
        name: "lint",
        about: "clippy, for this machine",
        needs: &[Need::Components],
        run: || run(cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
    },
    Step {
        name: "lint-wasm",
        about: "clippy, for the browser",
        needs: &[Need::Components, Need::WasmTarget],
        run: || {
            let clippy = |args: &[&'static str]| {
                let args = args.iter().copied().chain(["--", "-D", "warnings"]);
                run(cargo(["clippy", "--target", tools::WASM].into_iter().chain(args)))
            };
            clippy(&["--lib", "--bins"])?;
            clippy(&["--lib", "--tests", "--features", "relaxed-simd"])?;
            clippy(&["--package", "cores", "--features", "relaxed-simd,threads"])
        },
    },
    Step {
        name: "licences",
        about: "every dependency comes under a licence that is allowed",
        needs: &[Need::CargoDeny],
        run: licences::check,
    },
    Step {
        name: "native",
        about: "tests on this machine, kernels on its GPU or software driver included",
        needs: &[Need::Text, Need::Networks, Need::GpuDriver],
        run: || run(cargo(["test", "--workspace", "--exclude", "end-to-end"])),
    },
    Step {
        name: "browser",
        about: "tests in headless Chrome, in a page and in a worker",
        needs: &[Need::WasmTarget, Need::Bundler, Need::Browser],
        run: in_browser,
    },
    Step {
        name: "build",
        about: "the page, for release",
        needs: &[Need::WasmTarget, Need::Bundler, Need::Text],
        run: site::build_only,
    },
    Step {
        name: "size",
        about: "what a visitor loads is within its budget",
        needs: &[Need::WasmTarget, Need::Bundler, Need::Text],
        run: size_of_release,
    },
    Step {
        name: "end-to-end",
        about: "a visit to the built page in headless Chrome",
        needs: &[Need::WasmTarget, Need::Bundler, Need::Text, Need::Browser],
        run: end_to_end,
    },
    Step {
        name: OTHER_BROWSERS,
        about: "a short way through the page in Firefox and WebKitGTK, where they are",
        needs: &[Need::WasmTarget, Need::Bundler, Need::Text, Need::OtherBrowsers],
        run: in_other_browsers,
    },
];

const OTHER_BROWSERS: &str = "other-browsers";

pub fn step_names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

/// Sets up each need once.
pub fn set_up(needs: &[Need]) -> Result<()> {
    let mut wanted = Need::ALL.into_iter().filter(|need| needs.contains(need));
    wanted.try_for_each(Need::set_up).context("setting up failed")
}

/// Sets up and runs all steps, or the one of this name, up to the first failure.
pub fn test(only: Option<&str>) -> Result<()> {
    let steps: Vec<&Step> = STEPS.iter().filter(|step| only.is_none_or(|name| name == step.name)).collect();
    if steps.is_empty() {
        bail!("there is no step called “{}”: choose one of {}", only.unwrap_or_default(), step_names().join(", "));
    }
    let beginning = Instant::now();
    let needs: Vec<Need> = steps.iter().flat_map(|step| step.needs).copied().collect();
    set_up(&needs)?;
    let mut times = vec![("set-up", beginning.elapsed())];
    for (number, step) in steps.iter().enumerate() {
        let Step { name, about, .. } = step;
        tell(format_args!("\n━━━ {}/{} {name}: {about} ━━━", number + 1, steps.len()));
        let start = Instant::now();
        (step.run)().with_context(|| format!("the step “{name}” failed (again: cargo xtask test --only {name})"))?;
        times.push((name, start.elapsed()));
    }
    report(&times, beginning.elapsed());
    if steps.iter().any(|step| step.name == OTHER_BROWSERS) {
        other_browsers::left_out().iter().for_each(|line| print(format_args!("left out: {line}")));
    }
    Ok(())
}

/// Prints the time of each step, and a summary line in the format of common test runners.
fn report(times: &[(&str, Duration)], total: Duration) {
    tell("");
    for (name, time) in times {
        tell(format_args!("{:>8.1} s  {name}", time.as_secs_f64()));
    }
    tell(format_args!("{:>8.1} s  in all", total.as_secs_f64()));
    print(format_args!("\nsteps: {} passed, 0 failed", times.len() - 1));
}

fn in_browser() -> Result<()> {
    // Cargo does not look in our own tools' folder, so the full path is needed.
    let runner = find("wasm-bindgen-test-runner").context("wasm-bindgen-cli came without its test runner")?;
    let browser = browser::browser()?;
    let mut tests = cargo(["test", "--target", tools::WASM, "--features", "relaxed-simd"]);
    tests.args(["--test", "web_page", "--test", "web_worker"]);
    tests.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner).env("CHROMEDRIVER", &browser.driver);
    tests.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", browser.write_capabilities()?);
    // In seconds; software adapters on small machines are slow.
    tests.env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    run(tests)
}

fn size_of_release() -> Result<()> {
    // Takes seconds if it is built already; dist/ may hold a development build.
    site::build_only()?;
    size::check()
}

fn end_to_end() -> Result<()> {
    let Browser { chrome, driver } = browser::browser()?;
    npm::install(&root().join("tests").join("end_to_end"), "axe-core, with which the visits look for barriers")?;
    // Takes seconds if it is built already; dist/ may hold a build of other code or for development.
    site::build_only()?;
    say("Visiting the page in dist/ (some minutes; pictures go to test-output/)");
    // One visit at a time, since each needs the whole machine.
    let mut tests = cargo(["test", "--package", "end-to-end", "--tests", "--", "--test-threads=1", "--nocapture"]);
    tests.env("CHROME", chrome).env("CHROMEDRIVER", driver);
    run(tests)
}

fn in_other_browsers() -> Result<()> {
    // Takes seconds if it is built already.
    site::build_only()?;
    other_browsers::walk()
}

/// Trains a whole run of the book's setting in the built page.
pub fn parity(epochs: u32) -> Result<()> {
    bench::check_folder(&root().join("docs/results"))?;
    set_up(&[Need::WasmTarget, Need::Text, Need::Browser, Need::Bundler])?;
    site::build_only()?;
    let Browser { chrome, driver } = browser::browser()?;
    let mut parity = cargo(["run", "--quiet", "--package", "end-to-end", "--bin", "parity", "--"]);
    parity.arg(epochs.to_string()).env("CHROME", chrome).env("CHROMEDRIVER", driver);
    run(parity)
}
