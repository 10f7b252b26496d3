//! `cargo xtask COMMAND`: sets up this machine, serves, builds and tests; docs/commands.md explains the commands.
//!
//! Each command is a row of [`COMMANDS`]; it reads its own options and does its own set-up, so that any of them can be
//! the first on a new machine.

mod apt;
mod bench;
mod browser;
mod cores;
#[path = "../../src/text/edition.rs"]
mod edition;
mod finish;
mod licences;
mod networks;
mod npm;
mod order;
mod other_browsers;
mod program;
mod shell;
mod shorten;
mod site;
mod size;
mod standing;
#[path = "../../src/ui/language/table.rs"]
mod table;
mod test;
mod text;
mod tools;
#[path = "../../src/model/trained.rs"]
#[allow(dead_code, reason = "the page uses the rest")]
mod trained;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use lexopt::{Arg, Parser, ValueExt};
use shell::{print, tell};

/// One command.
struct Command {
    name: &'static str,
    options: &'static str,
    about: &'static str,
    run: fn(Parser) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "serve",
        options: "[--port 8080] [--no-open] [--file PATH]",
        about: "sets up what is missing, builds for release, serves the page on this machine and opens it",
        run: |args| site::serve(&site::ServeOptions::read(args)?),
    },
    Command {
        name: "test",
        options: "[--only STEP]",
        about: "sets up what is missing and runs every check and test, or one step of them",
        run: |args| test::test(only(args)?.as_deref()),
    },
    Command {
        name: "build",
        options: "[--file PATH]",
        about: "sets up what is missing, leaves the page in dist/, for any static host, and says how large it is",
        run: |args| site::build(text::file_option(args)?.as_deref()),
    },
    Command {
        name: "finish",
        options: "",
        about: "what trunk calls after a build: scripts into files, and a service worker that knows them all",
        run: |args| no_options(args).and_then(|()| finish::finish()),
    },
    Command {
        name: "text",
        options: "[--file PATH]",
        about: "brings the text of The Time Machine to public/timemachine.txt, from PATH or the network",
        run: |args| text::bring(text::file_option(args)?.as_deref()),
    },
    Command {
        name: "networks",
        options: "",
        about: "trains the networks that the page opens with, to public/trained/ (a minute, builds apart)",
        run: |args| no_options(args).and_then(|()| networks::bring()),
    },
    Command {
        name: "parity",
        options: "[--epochs 500]",
        about: "trains the book's network in headless Chrome and writes down what it came to (half an hour)",
        run: |args| test::parity(epochs(args)?),
    },
    Command {
        name: "bench",
        options: "[--rounds 5] [--only ID]... [--python PATH] [--output docs/results] \
                  [--gates | --threads | --networks | --gpu | --kernels | --growth | --inside | --load [--label NAME]]",
        about: "measures training here against TensorFlow.js, jax-js and PyTorch (ten minutes)",
        run: |args| bench::bench(&bench::options(args)?),
    },
];

fn no_options(mut args: Parser) -> Result<()> {
    match args.next()? {
        Some(arg) => bail!(arg.unexpected()),
        None => Ok(()),
    }
}

fn epochs(mut args: Parser) -> Result<u32> {
    let mut epochs = 500;
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("epochs") => epochs = args.value()?.parse().context("--epochs takes a number of epochs")?,
            other => bail!(other.unexpected()),
        }
    }
    Ok(epochs)
}

fn main() -> ExitCode {
    let mut args = Parser::from_env();
    let result = match args.next() {
        Ok(Some(Arg::Value(name))) => match COMMANDS.iter().find(|command| name == command.name) {
            Some(command) => (command.run)(args),
            None => {
                tell(format_args!("There is no command called “{}”.\n\n{}", name.display(), help()));
                return ExitCode::from(2);
            }
        },
        Ok(Some(Arg::Short('h') | Arg::Long("help"))) => {
            print(help());
            Ok(())
        }
        _ => {
            tell(help());
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // `{:#}` prints the causes on the same line.
            tell(format_args!("\nerror: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    let mut help = "Usage: cargo xtask COMMAND\n".to_owned();
    for Command { name, options, about, .. } in COMMANDS {
        help += &format!("\n  {name} {options}\n      {about}\n");
    }
    help + &format!("\nThe steps of test: {}.", test::step_names().join(", "))
}

fn only(mut args: Parser) -> Result<Option<String>> {
    let mut only = None;
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("only") => only = Some(args.value()?.string()?),
            other => bail!(other.unexpected()),
        }
    }
    Ok(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_a_number_and_nothing_follows_it() {
        let read = |args: &[&str]| epochs(Parser::from_args(args));
        assert_eq!(read(&[]).unwrap(), 500);
        assert_eq!(read(&["--epochs", "7"]).unwrap(), 7);
        for wrong in [&["--epochs", "x"] as &[&str], &["--epochs", "-1"], &["--epochs"], &["--epochs", "7", "--file"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
