//! Runs seeds, replays one, or continues a campaign.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use azimage_simulation::{
    detection::{Detection, detect},
    figures::{Figures, processor_seconds},
    generate::{self, Options},
    plan::Plan,
    run::{Outcome, SetupError, run_checking_determinism, run_with},
    sabotage::Bug,
    shrink::shrink,
};
use clap::Parser;
use strum::IntoEnumIterator;
use tokio::time::Instant;

/// Deterministic simulation of azimage between an API server in memory and a simulated Azure.
#[derive(Debug, Parser)]
#[command(name = "cargo simulate")]
#[allow(clippy::struct_excessive_bools, reason = "each is a separate flag")]
struct Arguments {
    /// Runs this seed alone and prints its history.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs the plan of this file alone and prints its history.
    #[arg(long, conflicts_with = "seed")]
    plan: Option<PathBuf>,
    /// Fails if a fault or an event of the plan has no effect. For plans that are kept.
    #[arg(long, requires = "plan")]
    kept: bool,
    /// Shows reads in the history, too.
    #[arg(long)]
    reads: bool,
    /// Shrinks the plan of `--seed` or `--plan` to a small one that breaks the same law, and prints it.
    #[arg(long)]
    shrink: bool,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// The number of seeds.
    #[arg(long)]
    seeds: Option<u64>,
    /// Stops after this many minutes.
    #[arg(long)]
    minutes: Option<f64>,
    /// Keeps the figures in this file, and continues after its last seed.
    #[arg(long)]
    campaign: Option<PathBuf>,
    /// Prints the figures of this file.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Seeds that run at the same time.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// The highest rate of faults and crashes: in a thousand calls.
    #[arg(long, default_value_t = 60)]
    faults: u32,
    /// Second versions of image definitions, and people who change what is latest.
    #[arg(long)]
    successors: bool,
    /// Skips seeds without an event of this name, such as `RegionFails` or `DeleteNamespace`. The figures list the names.
    #[arg(long, value_name = "EVENT")]
    only: Option<String>,
    /// Runs each seed three times, the third time by its recorded faults alone. The histories must be equal byte by byte.
    #[arg(long)]
    check_determinism: bool,
    /// Runs with a deliberate bug.
    #[arg(long)]
    bug: Option<Bug>,
    /// Prints for each deliberate bug how many seeds it takes to detect it, `--seeds` at most.
    #[arg(long, conflicts_with = "bug")]
    each_bug: bool,
}

impl Arguments {
    /// How a seed is run again.
    fn command(&self, seed: u64) -> String {
        let usual = Options::default().per_thousand;
        let faults = if self.faults == usual { String::new() } else { format!(" --faults {}", self.faults) };
        let check_determinism = if self.check_determinism { " --check-determinism" } else { "" };
        let successors = if self.successors { " --successors" } else { "" };
        format!("cargo simulate --seed {seed}{faults}{successors}{check_determinism}")
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(file) = &arguments.report {
        println!("{}", read(file)?);
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options { per_thousand: arguments.faults, successors: arguments.successors, ..Options::default() };
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
        None => run_seeds(&arguments, options),
    }
}

/// Runs a plan.
fn run_plan(plan: &Plan, arguments: &Arguments) -> Result<Outcome, SetupError> {
    if arguments.check_determinism {
        run_checking_determinism(plan, arguments.bug)
    } else {
        run_with(plan, arguments.bug)
    }
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
    let outcome = run_plan(plan, arguments).map_err(anyhow::Error::from_boxed)?;
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

/// Writes a file in one step, so that it is never half written.
fn write_atomically(file: &Path, text: &str) -> std::io::Result<()> {
    let new = file.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(&new, file)
}

/// Prints a table of all bugs. An undetected bug is a failure.
fn each_bug(arguments: &Arguments, options: Options) -> anyhow::Result<ExitCode> {
    let most = arguments.seeds.unwrap_or(100);
    let queue = Mutex::new(Bug::iter());
    let missed = Mutex::new(Vec::new());
    let work = || -> anyhow::Result<()> {
        loop {
            let Some(bug) = queue.lock().unwrap_or_else(PoisonError::into_inner).next() else { return Ok(()) };
            let detected = detect(bug, arguments.first, most, options).map_err(anyhow::Error::from_boxed)?;
            let name = bug.to_string();
            if let Some(Detection { seed, tried, problems }) = detected {
                println!("{name:<26} {tried:>4} seeds, up to {seed}: {}", problems[0]);
            } else {
                println!("{name:<26} {most:>4} seeds, NOT DETECTED");
                missed.lock().unwrap_or_else(PoisonError::into_inner).push(name);
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..arguments.threads.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| anyhow::bail!("a thread panicked")))
    })?;
    let missed = missed.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{} of {} bugs detected", Bug::iter().count() - missed.len(), Bug::iter().count());
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// After how many seeds in a row without the event of `--only` the search ends.
const MAX_SKIPPED: u32 = 100_000;

fn run_seeds(arguments: &Arguments, options: Options) -> anyhow::Result<ExitCode> {
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
                let mut skipped = 0_u32;
                loop {
                    let seed = {
                        let (figures, begun_seeds) = &mut *lock();
                        let late = most.is_some_and(|most| begun.elapsed() >= most);
                        // Without a limit a hundred seeds run.
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
                        skipped += 1;
                        if skipped > MAX_SKIPPED {
                            eprintln!("{name} happens in none of {MAX_SKIPPED} seeds in a row");
                            return;
                        }
                        lock().1 -= 1;
                        continue;
                    }
                    skipped = 0;
                    let outcome = run_plan(&plan, arguments);
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
                        && let Err(error) = write_atomically(file, &text)
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
