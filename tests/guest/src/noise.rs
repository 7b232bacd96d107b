//! How many marks are read under a noisy console.
//!
//! The marks are written by the loop of the very unit that seals, in a guest that isn't sealed otherwise; only the pause
//! between two marks is shorter.

use std::time::Duration;

use anyhow::{Context as _, bail};
use azimage_core::{
    guest::{console, linux::script},
    image_version::facts,
};
use azimage_test_guest::{
    cache::cache,
    image::{Image, Provisioner, Suite},
    machine::Machine,
    provisioned, seal,
};

/// Lines of the kernel a second.
pub const RATES: [u32; 5] = [0, 5, 50, 200, 500];

/// Writes that many marks at each rate. True when each of them was read.
pub async fn run(suite: Suite, seals: u32, rates: &[u32]) -> anyhow::Result<bool> {
    let image = Image::get(suite, Provisioner::CloudInit).await?;
    let folder = cache()?.join("run").join(format!("{}-noise", std::process::id()));
    let mut machine = provisioned::get(&image).await?.resume(folder.clone()).await?;
    let mut preparation = seal::preparation("noise");
    preparation.delay = Duration::from_secs(3600);
    let view = machine.run_command("seal", &script(&preparation), Duration::from_secs(3 * 60)).await?;
    if view.exit_code != 0 {
        bail!("the seal can't be scheduled: {}", view.output);
    }
    machine
        .set_up(&format!("systemctl stop azimage-seal.timer; echo on >/proc/sys/kernel/printk_devkmsg; {UNIT}"))
        .await?;
    println!(
        "| lines of the kernel a second | seals | read as sealed | marks written | of them whole |\n| --: | --: | --: | --: | --: |"
    );
    let mut all = true;
    for &rate in rates {
        let (read, whole) = at_rate(&machine, rate, seals).await?;
        println!("| {rate} | {seals} | {read} | {} | {whole} |", seals * 3);
        all &= read == seals;
    }
    machine.kill().await?;
    std::fs::remove_dir_all(folder)?;
    Ok(all)
}

/// The unit without its steps, but with what it says and its loop of marks.
const UNIT: &str = "sed '/^stop_packages$/,$d' /run/azimage-seal/unit.sh >/run/marks.sh
grep -q '^mark()' /run/marks.sh
cat >>/run/marks.sh <<'END'
sleep() { command sleep 0.2; }
sync() { :; }
fail() { trap - EXIT; exit 1; }
seal=0
while [ $seal -lt $SEALS ]; do
    NONCE=$PREFIX-$seal-0a1b2c3d-0000-4000-8000-00000000abcd
    mark
    seal=$((seal + 1))
done
trap - EXIT
END";

async fn at_rate(machine: &Machine, rate: u32, seals: u32) -> anyhow::Result<(u32, usize)> {
    let before = machine.console().len();
    let noise = format!(
        "systemd-run --quiet --unit=rig-noise python3 -c 'import time\nk = open(\"/dev/kmsg\", \"w\"); begin = time.time(); n = 0\n\
         while True:\n    while n < (time.time() - begin) * {rate}:\n\
         \u{20}       k.write(f\"<4>noise: iptables denied {{n}} IN=eth0 OUT= SRC=10.0.0.4 DST=10.0.0.5 LEN=60 PROTO=TCP\\n\"); k.flush(); n += 1\n\
         \u{20}   time.sleep(0.002)'"
    );
    if rate > 0 {
        machine.set_up(&noise).await?;
    }
    let marks = format!(
        "PREFIX=r{rate} SEALS={seals} sh /run/marks.sh; code=$?; systemctl stop rig-noise 2>/dev/null; exit $code"
    );
    let answer = machine.door(&marks, Duration::from_secs(30 * 60)).await?;
    if answer.code != Some(0) {
        bail!("the marks weren't written: {}{}", answer.out, answer.err);
    }
    // What the port still holds comes out.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let console = machine.console();
    let log = console.get(before..).context("the console's log got shorter")?;
    let (mut read, mut whole) = (0, 0);
    for seal in 0..seals {
        let nonce = format!("r{rate}-{seal}-0a1b2c3d-0000-4000-8000-00000000abcd");
        read += u32::from(console::read(log, &nonce) == facts::Console::Sealed);
        whole += seal::marks(log, &nonce);
    }
    Ok((read, whole))
}
