//! Runs seeds, replays one, keeps a campaign going.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use azimage_simulation::{
    figures::Figures,
    generate::{self, Options},
    plan::Plan,
    run::run,
    shrink::shrink,
};
use clap::Parser;
use tokio::time::Instant;

/// Deterministic simulation of azimage between an API server in memory and a simulated Azure.
#[derive(Debug, Parser)]
#[command(name = "cargo simulate")]
struct Arguments {
    /// Runs this seed alone and prints its history.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs the plan of this file alone and prints its history.
    #[arg(long, conflicts_with = "seed")]
    plan: Option<PathBuf>,
    /// Shows in a history also what was only read.
    #[arg(long)]
    reads: bool,
    /// Cuts the plan of `--seed` or `--plan` down to its core, and prints it.
    #[arg(long)]
    shrink: bool,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Ends after so many seeds.
    #[arg(long)]
    seeds: Option<u64>,
    /// Ends after so many minutes.
    #[arg(long)]
    minutes: Option<f64>,
    /// Keeps its figures in this file, and goes on where they end.
    #[arg(long)]
    campaign: Option<PathBuf>,
    /// Prints the figures of this file.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Seeds run side by side.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Faults and crashes in a thousand calls, at most.
    #[arg(long, default_value_t = 60)]
    faults: u32,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(file) = &arguments.report {
        println!("{}", read(file)?);
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options { in_a_thousand: arguments.faults, ..Options::default() };
    let one = match (&arguments.seed, &arguments.plan) {
        (Some(seed), _) => Some(generate::plan(*seed, options)),
        (None, Some(file)) => Some(Plan::parse(&fs::read_to_string(file)?)?),
        (None, None) => None,
    };
    match one {
        Some(plan) => replay(&plan, &arguments),
        None => many(&arguments, options),
    }
}

fn replay(plan: &Plan, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if arguments.shrink {
        println!("{}", shrink(plan, 400).map_err(anyhow::Error::from_boxed)?.to_yaml()?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", plan.to_yaml()?);
    let outcome = run(plan).map_err(anyhow::Error::from_boxed)?;
    println!("{}", outcome.text(arguments.reads));
    for problem in &outcome.problems {
        println!("BROKEN {problem}");
    }
    Ok(if outcome.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(file: &Path) -> anyhow::Result<Figures> {
    let text = fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}

fn many(arguments: &Arguments, options: Options) -> anyhow::Result<ExitCode> {
    let mut figures = Figures { next: arguments.first, ..Figures::default() };
    if let Some(file) = arguments.campaign.as_ref().filter(|file| file.exists()) {
        figures = read(file)?;
    }
    let (begun, before, from) = (Instant::now(), figures.seconds, figures.seeds);
    let most = arguments.minutes.map(|minutes| Duration::from_secs_f64(minutes * 60.0));
    let shared = Mutex::new((figures, 0_u64));
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = {
                        let (figures, begun_seeds) = &mut *lock();
                        let late = most.is_some_and(|most| begun.elapsed() >= most);
                        // Without any limit a hundred seeds are run.
                        let wanted = arguments.seeds.or(most.is_none().then_some(100));
                        if late || wanted.is_some_and(|wanted| *begun_seeds >= wanted) {
                            return;
                        }
                        *begun_seeds += 1;
                        figures.next += 1;
                        figures.next - 1
                    };
                    let plan = generate::plan(seed, options);
                    let outcome = run(&plan);
                    let (figures, _) = &mut *lock();
                    match outcome {
                        Ok(outcome) => {
                            for problem in &outcome.problems {
                                println!("seed {seed} broke {problem}");
                            }
                            figures.add(&plan, &outcome);
                        }
                        Err(error) => drop(figures.failed.insert(seed, vec![error.to_string()])),
                    }
                    figures.seconds = before + begun.elapsed().as_secs_f64();
                    if let Some(file) = &arguments.campaign
                        && let Ok(text) = serde_json::to_string_pretty(figures)
                        && let Err(error) = fs::write(file, text)
                    {
                        eprintln!("{}: {error}", file.display());
                    }
                }
            });
        }
    });
    let figures = shared.into_inner().unwrap_or_else(PoisonError::into_inner).0;
    println!("{figures}");
    anyhow::ensure!(figures.seeds > from, "no seed was run");
    Ok(if figures.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
