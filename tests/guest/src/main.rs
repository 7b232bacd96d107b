//! The rig's command line.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

mod ci;
mod matrix;
mod noise;
mod script;
mod shell;

use anyhow::Context as _;
use azimage_test_guest::{
    cache::{cache, clean},
    door,
    image::{Image, Provisioner, Suite},
    room,
};
use clap::{Parser, Subcommand};

/// Real Linux guests, and the seal tried out on them.
#[derive(Parser)]
#[command(name = "azimage-guest")]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Build the image of a guest, or find it in the cache
    Image {
        #[arg(long, value_enum, default_value = "trixie")]
        suite: Suite,
        #[arg(long, value_enum, default_value = "cloud-init")]
        provisioner: Provisioner,
    },
    /// Run a script as a run command of a ready guest, and tell what comes of it
    Script {
        #[arg(long, value_enum, default_value = "trixie")]
        suite: Suite,
        #[arg(long, value_enum, default_value = "cloud-init")]
        provisioner: Provisioner,
        /// The nonce that the script puts into its words on the console
        #[arg(long, default_value = "n-1")]
        nonce: String,
        /// A script that is run before, as root through the rig's own door
        #[arg(long, default_value = "")]
        set_up: String,
        /// Leave the guest running, with its door open, until Ctrl-C
        #[arg(long)]
        keep: bool,
        /// The script
        file: PathBuf,
    },
    /// What is tried with each change: one seal, one failure, two machines from the sealed disk
    Ci {
        #[arg(long, value_enum, default_value = "trixie")]
        suite: Suite,
    },
    /// Count the marks that are read under a noisy console
    Noise {
        #[arg(long, value_enum, default_value = "trixie")]
        suite: Suite,
        /// How many seals at each rate of noise
        #[arg(long, default_value_t = 100)]
        seals: u32,
        /// Only at this rate: lines of the kernel a second; may be repeated
        #[arg(long = "rate", default_values_t = noise::RATES)]
        rates: Vec<u32>,
    },
    /// Play all cases, or some of them, and print the table of what came of them
    Matrix {
        #[arg(long, value_enum, default_value = "trixie")]
        suite: Suite,
        /// Only this case; may be repeated
        #[arg(long = "case")]
        cases: Vec<String>,
        /// How many at a time
        #[arg(long, default_value_t = 2)]
        lanes: usize,
    },
    /// A ready guest to look around in
    Shell {
        #[arg(long, value_enum, default_value = "trixie")]
        suite: Suite,
        #[arg(long, value_enum, default_value = "cloud-init")]
        provisioner: Provisioner,
    },
    /// Run a script as root through the door of a guest that runs
    Door {
        /// The guest's folder, as another command told it
        folder: PathBuf,
        script: String,
    },
    /// Live in a room: used by the rig itself
    #[command(hide = true)]
    Room { folder: PathBuf },
    /// Connect standard input and output with a socket: used by the rig itself
    #[command(hide = true)]
    Pipe { socket: PathBuf },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("azimage-guest: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<bool> {
    // Those three are parts of a run, or look into one.
    if !matches!(arguments.command, Action::Room { .. } | Action::Pipe { .. } | Action::Door { .. }) {
        clean(&cache()?.join("run"))?;
    }
    match arguments.command {
        Action::Image { suite, provisioner } => {
            let image = Image::get(suite, provisioner).await?;
            println!("{}", image.folder.display());
            Ok(true)
        }
        Action::Script { suite, provisioner, file, nonce, set_up, keep } => {
            let image = Image::get(suite, provisioner).await?;
            let script = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            script::run(&image, &script, &nonce, &set_up, keep).await
        }
        Action::Room { folder } => room::live(folder).await,
        Action::Ci { suite } => Box::pin(ci::run(suite)).await,
        Action::Noise { suite, seals, rates } => noise::run(suite, seals, &rates).await,
        Action::Matrix { suite, cases, lanes } => matrix::run(suite, &cases, lanes).await,
        Action::Shell { suite, provisioner } => shell::run(suite, provisioner).await,
        Action::Door { folder, script } => {
            let answer = door::run(&folder, &script, Duration::from_secs(2 * 60)).await?;
            print!("{}", answer.out);
            eprint!("{}", answer.err);
            Ok(answer.code == Some(0))
        }
        Action::Pipe { socket } => pipe(&socket),
    }
}

/// Ends with the connection, whatever comes from the standard input.
fn pipe(socket: &std::path::Path) -> anyhow::Result<bool> {
    let mut reader = UnixStream::connect(socket).context("the guest's room is closed")?;
    let mut writer = reader.try_clone()?;
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut writer);
        let _ = writer.shutdown(std::net::Shutdown::Write);
    });
    let mut output = std::io::stdout();
    let mut buffer = [0; 8192];
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            return Ok(true);
        }
        output.write_all(&buffer[..count])?;
        output.flush()?;
    }
}
