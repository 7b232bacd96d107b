//! Whether the process still does anything: what a probe for liveness goes by, whatever becomes of the API server and Azure.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often the heart beats, and after how long without a beat the process counts as stuck.
const BEAT: Duration = Duration::from_secs(5);
const STUCK: Duration = Duration::from_secs(60);

/// A task that is run like all others, and what is seen of it.
#[derive(Clone, Debug)]
pub struct Liveness {
    begun: Instant,
    /// Milliseconds from the begin to the last beat.
    beat: Arc<AtomicU64>,
}

impl Liveness {
    /// Begins to beat, until it is told to stop.
    pub fn start(stop: CancellationToken) -> Self {
        let liveness = Self { begun: Instant::now(), beat: Arc::default() };
        let beating = liveness.clone();
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                tokio::time::sleep(BEAT).await;
                beating.beat();
            }
        });
        liveness
    }

    fn beat(&self) {
        let elapsed = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.beat.store(elapsed, Ordering::Relaxed);
    }

    /// For how long nothing was done, if that is too long.
    pub fn stuck_for(&self) -> Option<Duration> {
        let silent = self.begun.elapsed().saturating_sub(Duration::from_millis(self.beat.load(Ordering::Relaxed)));
        (silent > STUCK).then_some(silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_stuck_when_its_tasks_are_not_run_for_a_minute() {
        let (stop, minutes) = (CancellationToken::new(), Duration::from_secs(600));
        let liveness = Liveness::start(stop.clone());
        assert_eq!(liveness.stuck_for(), None, "it has just begun");
        tokio::time::sleep(minutes).await;
        assert_eq!(liveness.stuck_for(), None, "it beats");
        stop.cancel();
        tokio::time::sleep(minutes).await;
        assert!(liveness.stuck_for().is_some_and(|silent| silent > STUCK), "nobody runs it any more");
    }
}
