//! Benchmarks Time Traveller and its peers: the same network and complete training steps, on this machine.
//!
//! Usage: `cargo xtask bench [--rounds 5] [--only ID]… [--python PATH] [--output docs/results]`;
//! `cargo xtask bench --gates` compares GRU and LSTM with those of its peers in the browser, `--threads` what runs on all threads; `--kernels` measures our own
//! kernels, `--growth` how their time grows with the network, `--inside` what the views into a network cost, `--load` a first
//! visit over a slow line, which is kept under its `--label`.
//!
//! Each round gives every contestant a turn, so that other load on the machine affects all alike. In a turn a
//! contestant starts from the case's parameters and trains on its minibatches, carrying parameters and state; the first
//! minibatches warm up, the rest is timed, from one read-back to another. All losses and the final parameters are then
//! compared with the oracle in f64; a contestant that deviates gets no speed.

mod about;
mod case;
mod contestants;
mod growth;
mod inside;
mod kernels;
mod load;
mod results;
mod scaling;
mod turn;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use end_to_end::print;
use lexopt::{Arg, Parser, ValueExt};

use about::About;
use case::Case;
use contestants::Contestant;
use results::{BOOK, GATES, Row, THREADS};
use turn::{Places, Told};

struct Arguments {
    rounds: usize,
    only: Vec<String>,
    python: PathBuf,
    output: PathBuf,
    gates: bool,
    threads: bool,
    kernels: bool,
    growth: bool,
    inside: bool,
    load: bool,
    label: String,
}

impl Arguments {
    fn read(mut args: Parser) -> Result<Self> {
        let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into()).into();
        let output = turn::root().join("docs/results");
        let mut read = Self {
            rounds: 5,
            only: Vec::new(),
            python,
            output,
            gates: false,
            threads: false,
            kernels: false,
            growth: false,
            inside: false,
            load: false,
            label: "now".to_owned(),
        };
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Long("rounds") => read.rounds = args.value()?.parse().context("--rounds takes a number")?,
                Arg::Long("only") => read.only.push(args.value()?.string()?),
                Arg::Long("python") => read.python = args.value()?.into(),
                Arg::Long("gates") => read.gates = true,
                Arg::Long("threads") => read.threads = true,
                Arg::Long("kernels") => read.kernels = true,
                Arg::Long("growth") => read.growth = true,
                Arg::Long("inside") => read.inside = true,
                Arg::Long("load") => read.load = true,
                Arg::Long("label") => read.label = args.value()?.string()?,
                Arg::Long("output") => read.output = args.value()?.into(),
                other => bail!(other.unexpected()),
            }
        }
        ensure!(read.rounds > 0, "--rounds takes a number above 0");
        Ok(read)
    }
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::read(Parser::from_env())?;
    let places = Places { root: turn::root().to_owned(), python: arguments.python.clone() };
    let about = About::gather(&places).await?;
    if arguments.kernels {
        return kernels::measure(&about, &places, &arguments.output).await;
    }
    if arguments.growth {
        return growth::measure(&about, &places, &arguments.output).await;
    }
    if arguments.inside {
        return inside::measure(&about, &arguments.output).await;
    }
    if arguments.load {
        return load::measure(&about, arguments.rounds, &arguments.label, &arguments.output).await;
    }
    compare(&arguments, &about, &places).await?;
    if arguments.threads { scaling::measure(&about, &arguments.output).await } else { Ok(()) }
}

/// Measures all contestants in turn, and writes the results.
async fn compare(arguments: &Arguments, about: &About, places: &Places) -> Result<()> {
    let &Arguments { rounds, ref only, ref output, gates, threads, .. } = arguments;
    let (all, table) = match (gates, threads) {
        (true, _) => (contestants::WITH_GATES, &GATES),
        (_, true) => (contestants::WITH_THREADS, &THREADS),
        _ => (contestants::ALL, &BOOK),
    };
    let contestants = contestants::choose(all, only)?;
    let mut cases = BTreeMap::new();
    for run in contestants.iter().map(|contestant| contestant.run) {
        if let Entry::Vacant(entry) = cases.entry(run) {
            eprintln!("» Making the case {run}, by the oracle in f64 (about a minute)");
            let case = Case::of_the_book(run, &places.root.join("public/timemachine.txt"))?;
            case.write(&places.cases().join(run))?;
            entry.insert(case);
        }
    }
    let mut rows: Vec<Row> = contestants.iter().map(|&contestant| Row::new(contestant)).collect();
    for round in 1..=rounds {
        eprintln!("\n━━━ round {round} of {rounds} ━━━");
        for row in rows.iter_mut().filter(|row| row.problem.is_none()) {
            turn(row, &cases[row.contestant.run], places).await;
            eprintln!("{:>36}  {}", row.contestant.name, row.last());
        }
    }
    print(format_args!("\n{}", results::write(output, table, about, rounds, &rows)?));
    print(format_args!("This table is in {}.", output.join(format!("{}.md", table.name)).display()));
    Ok(())
}

/// Gives a contestant its turn, and records the outcome in its row.
async fn turn(row: &mut Row, case: &Case, places: &Places) {
    let contestant: &Contestant = row.contestant;
    match turn::take(contestant, case, places).await {
        Ok(Told::Outcome(outcome)) => match case.check(&outcome) {
            Ok(()) => row.add(outcome),
            Err(error) => row.problem = Some(format!("wrong: {error:#}")),
        },
        Ok(Told::Absent { absent }) => row.problem = Some(format!("absent: {absent}")),
        Err(error) => row.problem = Some(format!("failed: {error:#}")),
    }
}
