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
    catching::{Caught, catch},
    figures::{Figures, processor_seconds},
    generate::{self, Options},
    plan::Plan,
    run::{Outcome, SetupError, run_thrice, run_with},
    sabotage::Bug,
    shrink::shrink,
};
use clap::Parser;
use strum::IntoEnumIterator;
use tokio::time::Instant;

/// Deterministic simulation of azimage between an API server in memory and a simulated Azure.
#[derive(Debug, Parser)]
#[command(name = "cargo simulate")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
struct Arguments {
    /// Runs this seed alone and prints its history.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs the plan of this file alone and prints its history.
    #[arg(long, conflicts_with = "seed")]
    plan: Option<PathBuf>,
    /// What of the plan of `--plan` takes no effect counts as a failure, as that of a plan that is kept should.
    #[arg(long, requires = "plan")]
    kept: bool,
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
    /// Passes over seeds in which nothing of this name happens, such as `RegionFails` or `DeleteNamespace`, as the figures
    /// name it.
    #[arg(long, value_name = "EVENT")]
    only: Option<String>,
    /// Runs each seed once more, and once more by what struck it alone: every byte has to be the same.
    #[arg(long)]
    thrice: bool,
    /// Runs with a deliberate bug.
    #[arg(long)]
    bug: Option<Bug>,
    /// Tells for each deliberate bug in how many seeds it is caught, `--seeds` at most.
    #[arg(long, conflicts_with = "bug")]
    each_bug: bool,
}

impl Arguments {
    /// How a seed is run again.
    fn command(&self, seed: u64) -> String {
        let usual = Options::default().per_thousand;
        let faults = if self.faults == usual { String::new() } else { format!(" --faults {}", self.faults) };
        let thrice = if self.thrice { " --thrice" } else { "" };
        format!("cargo simulate --seed {seed}{faults}{thrice}")
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(file) = &arguments.report {
        println!("{}", read(file)?);
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options { per_thousand: arguments.faults, ..Options::default() };
    let one = match (&arguments.seed, &arguments.plan) {
        (Some(seed), _) => Some(generate::plan(*seed, options)),
        (None, Some(file)) => Some(Plan::parse(&fs::read_to_string(file)?)?),
        (None, None) => None,
    };
    if arguments.each_bug {
        return each_bug(&arguments, options);
    }
    match one {
        Some(plan) => replay(&plan, &arguments),
        None => many(&arguments, options),
    }
}

/// What comes of a plan.
fn lived(plan: &Plan, arguments: &Arguments) -> Result<Outcome, SetupError> {
    if arguments.thrice { run_thrice(plan, arguments.bug) } else { run_with(plan, arguments.bug) }
}

fn replay(plan: &Plan, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if arguments.shrink {
        let core = shrink(plan, arguments.bug, 400).map_err(anyhow::Error::from_boxed)?;
        for problem in run_with(&core, arguments.bug).map_err(anyhow::Error::from_boxed)?.problems {
            println!("# {}", problem.to_string().replace('\n', "\n# "));
        }
        println!("{}", core.to_yaml()?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", plan.to_yaml()?);
    let outcome = lived(plan, arguments).map_err(anyhow::Error::from_boxed)?;
    println!("{}", outcome.text(arguments.reads));
    for problem in &outcome.problems {
        println!("BROKEN {problem}");
    }
    for text in &outcome.ineffective {
        println!("INEFFECTIVE {text}");
    }
    let effective = outcome.ineffective.is_empty() || !arguments.kept;
    Ok(if outcome.problems.is_empty() && effective { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(file: &Path) -> anyhow::Result<Figures> {
    let text = fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// Never leaves half of a file behind.
fn keep(file: &Path, text: &str) -> std::io::Result<()> {
    let new = file.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(&new, file)
}

/// A table of all bugs; one that isn't caught is a failure.
fn each_bug(arguments: &Arguments, options: Options) -> anyhow::Result<ExitCode> {
    let most = arguments.seeds.unwrap_or(100);
    let queue = Mutex::new(Bug::iter());
    let missed = Mutex::new(Vec::new());
    let work = || -> anyhow::Result<()> {
        loop {
            let Some(bug) = queue.lock().unwrap_or_else(PoisonError::into_inner).next() else { return Ok(()) };
            let caught = catch(bug, arguments.first, most, options).map_err(anyhow::Error::from_boxed)?;
            let name = bug.to_string();
            if let Some(Caught { seed, tried, problems }) = caught {
                println!("{name:<26} {tried:>4} seeds, up to {seed}: {}", problems[0]);
            } else {
                println!("{name:<26} {most:>4} seeds, NOT CAUGHT");
                missed.lock().unwrap_or_else(PoisonError::into_inner).push(name);
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..arguments.threads.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| anyhow::bail!("a thread panicked")))
    })?;
    let missed = missed.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{} of {} bugs caught", Bug::iter().count() - missed.len(), Bug::iter().count());
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// After so many seeds without the event that is asked for nobody makes it.
const PASSED_OVER: u32 = 100_000;

fn many(arguments: &Arguments, options: Options) -> anyhow::Result<ExitCode> {
    let mut figures = Figures { next: arguments.first, ..Figures::default() };
    if let Some(file) = arguments.campaign.as_ref().filter(|file| file.exists()) {
        figures = read(file)?;
    }
    let (begun, before, from) = (Instant::now(), figures.seconds, figures.seeds);
    let (worked, worked_before) = (figures.processor_seconds, processor_seconds().unwrap_or_default());
    let most = arguments.minutes.map(|minutes| Duration::from_secs_f64(minutes * 60.0));
    let shared = Mutex::new((figures, 0_u64));
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| {
                let mut passed_over = 0_u32;
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
                    let happens = |name: &String| plan.events.iter().any(|event| event.action.name() == *name);
                    if let Some(name) = arguments.only.as_ref().filter(|name| !happens(name)) {
                        passed_over += 1;
                        if passed_over > PASSED_OVER {
                            eprintln!("in none of {PASSED_OVER} seeds in a row {name} happens");
                            return;
                        }
                        lock().1 -= 1;
                        continue;
                    }
                    passed_over = 0;
                    let outcome = lived(&plan, arguments);
                    let (figures, _) = &mut *lock();
                    match outcome {
                        Ok(outcome) => {
                            for problem in &outcome.problems {
                                println!("seed {seed} broke {problem}");
                            }
                            if !outcome.problems.is_empty() {
                                println!("  again: {}", arguments.command(seed));
                            }
                            figures.add(&plan, &outcome);
                        }
                        Err(error) => drop(figures.failed.insert(seed, vec![error.to_string()])),
                    }
                    let now = processor_seconds().unwrap_or_default();
                    figures.processor_seconds = worked + now - worked_before;
                    figures.seconds = before + begun.elapsed().as_secs_f64();
                    if let Some(file) = &arguments.campaign
                        && let Ok(text) = serde_json::to_string_pretty(figures)
                        && let Err(error) = keep(file, &text)
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
