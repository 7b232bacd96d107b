//! Waits: each has a bound, and says what it waited for.

use std::time::Duration;

use anyhow::bail;
use tokio::time::Instant;

/// How often it looks again.
const PACE: Duration = Duration::from_millis(250);

/// Looks again and again until something is there.
///
/// # Errors
/// When it isn't there within the limit, or the look itself fails.
pub async fn until<T>(
    what: &str,
    limit: Duration,
    mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let begin = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if begin.elapsed() > limit {
            bail!("{what} didn't come within {} s", limit.as_secs());
        }
        tokio::time::sleep(PACE).await;
    }
}
