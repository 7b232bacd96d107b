//! A guest for people.

use std::{
    io::{BufRead as _, Write as _},
    time::Duration,
};

use azimage_test_guest::{
    cache::cache,
    image::{Image, Provisioner, Suite},
    provisioned,
};

/// Runs each line as root in a ready guest, until there are no more.
pub async fn run(suite: Suite, provisioner: Provisioner) -> anyhow::Result<bool> {
    let image = Image::get(suite, provisioner).await?;
    let folder = cache()?.join("run").join(format!("{}-shell", std::process::id()));
    let mut machine = provisioned::get(&image).await?.resume(folder.clone()).await?;
    let program = std::env::current_exe()?;
    println!(
        "Each line is run by root in the guest, through the rig's door; Ctrl-D ends it.\n\
         console: tail -f {folder}/serial.log\n\
         ssh:     ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ProxyCommand='{program} pipe {folder}/ssh.sock' -i {key} {user}@guest",
        folder = folder.display(),
        program = program.display(),
        key = machine.key().private.display(),
        user = machine.instance().admin,
    );
    let mut lines = std::io::stdin().lock().lines();
    loop {
        print!("# ");
        std::io::stdout().flush()?;
        let Some(line) = lines.next() else { break };
        if !machine.running()? {
            println!("The machine is off.");
            break;
        }
        match machine.door(&line?, Duration::from_secs(10 * 60)).await {
            Ok(answer) => print!("{}{}", answer.out, answer.err),
            Err(error) => println!("{error:#}"),
        }
    }
    machine.kill().await?;
    std::fs::remove_dir_all(folder)?;
    Ok(true)
}
