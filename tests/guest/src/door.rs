//! The rig's door into a guest, which needs neither network nor accounts nor agent.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
    time::timeout,
};

use crate::qemu::DOOR;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// What came back from a script that was run through the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its exit code; nothing when it took too long, negative when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote.
    pub out: String,
    /// What it complained about.
    pub err: String,
}

#[derive(Deserialize)]
struct Line {
    id: u64,
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs a script as root in the guest of a folder.
///
/// # Errors
/// When the guest doesn't answer in time.
pub async fn run(folder: &Path, script: &str, limit: Duration) -> anyhow::Result<Answer> {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let request = json!({"id": id, "script": script, "seconds": limit.as_secs()}).to_string();
    let talk = async {
        let stream = UnixStream::connect(folder.join(DOOR)).await.context("the guest's door isn't there")?;
        let mut stream = BufReader::new(stream);
        // The newline before it ends what an earlier talk may have left half said.
        stream.get_mut().write_all(format!("\n{request}\n").as_bytes()).await?;
        loop {
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line).await? == 0 {
                bail!("the guest's door was shut");
            }
            // Answers to earlier requests, whole or in part, come first.
            let Ok(line) = serde_json::from_slice::<Line>(&line) else { continue };
            if line.id == id {
                let text = |data: &str| anyhow::Ok(String::from_utf8_lossy(&STANDARD.decode(data)?).into_owned());
                return Ok(Answer { code: line.code, out: text(&line.out)?, err: text(&line.err)? });
            }
        }
    };
    timeout(limit + Duration::from_secs(20), talk).await.context("nobody answers behind the guest's door")?
}
