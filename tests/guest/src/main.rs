//! The rig's command line.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use azimage_test_guest::{
    image::{self, Image, Provisioner, Suite},
    machine::{Identity, Machine, PROVISIONING},
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
    /// Start a guest, wait until it is ready, and run scripts from the command line through its agent
    Try {
        #[arg(long, value_enum, default_value = "trixie")]
        suite: Suite,
        #[arg(long, value_enum, default_value = "cloud-init")]
        provisioner: Provisioner,
        scripts: Vec<String>,
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
    match arguments.command {
        Action::Image { suite, provisioner } => {
            let image = Image::get(suite, provisioner).await?;
            println!("{}", image.folder.display());
            Ok(true)
        }
        Action::Try { suite, provisioner, scripts } => {
            let image = Image::get(suite, provisioner).await?;
            let folder = image::cache()?.join("run").join(format!("try-{}", std::process::id()));
            let begin = tokio::time::Instant::now();
            let mut machine =
                Machine::create(folder, &image, &image.disk(), &Identity::new("builder-7", "azureuser", 41)).await?;
            machine.start()?;
            eprintln!("{}", machine.folder().display());
            machine.wait_door(PROVISIONING).await?;
            eprintln!("door after {} s", begin.elapsed().as_secs());
            machine.wait_ready(PROVISIONING).await?;
            eprintln!("ready after {} s", begin.elapsed().as_secs());
            let frozen = machine.freeze().await?;
            eprintln!("frozen after {} s", begin.elapsed().as_secs());
            let mut machine = frozen.resume(frozen.folder().with_extension("again")).await?;
            eprintln!("resumed after {} s", begin.elapsed().as_secs());
            for script in scripts {
                println!("{:?}", machine.run_command("try", &script, Duration::from_mins(2)).await?);
                eprintln!("after {} s", begin.elapsed().as_secs());
            }
            let admin = machine.instance().admin.clone();
            println!("{:?}", machine.ssh(&admin, machine.key(), "id; sudo id; loginctl", Duration::from_mins(1)).await?);
            machine.press_power_button().await?;
            machine.wait_off(Duration::from_mins(3)).await?;
            eprintln!("off after {} s", begin.elapsed().as_secs());
            Ok(true)
        }
        Action::Room { folder } => room::live(folder).await,
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
