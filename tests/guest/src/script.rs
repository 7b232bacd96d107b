//! One script in one guest, for whoever writes scripts.

use std::time::Duration;

use azimage_core::guest::console;
use azimage_test_guest::{cache::cache, image::Image, provisioned, seal};
use tokio::time::Instant;

/// Runs it and tells what comes of it, step by step. True when the machine is off in the end.
pub async fn run(image: &Image, script: &str, nonce: &str, set_up: &str, keep: bool) -> anyhow::Result<bool> {
    let frozen = provisioned::get(image).await?;
    let folder = cache()?.join("run").join(format!("script-{}", std::process::id()));
    let begin = Instant::now();
    let said = |what: &str| println!("{:>4} s  {what}", begin.elapsed().as_secs());
    let mut machine = frozen.resume(folder.clone()).await?;
    said(&format!("the guest goes on, in {}", folder.display()));
    machine.set_up(set_up).await?;
    let before = machine.console().len();
    let view = machine.run_command("seal", script, Duration::from_secs(5 * 60)).await?;
    said(&format!("the run command has ended: {} {}", view.execution_state, view.exit_code));
    print!("{}{}", view.output, view.error);
    let off = machine.wait_off(Duration::from_secs(4 * 60)).await.is_ok();
    said(if off { "the machine is off" } else { "the machine still runs" });
    let console = machine.console();
    for line in String::from_utf8_lossy(&console[before..]).lines().filter(|line| line.contains("azimage")) {
        println!("console: {line:?}");
    }
    said(&format!(
        "what the controller reads in the console: {}",
        seal::words(&console::read(&machine.console(), nonce))
    ));
    if keep && !off {
        said("it goes on until Ctrl-C");
        tokio::signal::ctrl_c().await?;
    }
    machine.kill().await?;
    if !keep {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(off)
}
