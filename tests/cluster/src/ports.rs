//! Free ports on loopback.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

use rand::Rng;

/// Below the range from which systems take ports for outgoing connections (32768 and up on Linux), so that a port is
/// not lost to some client between our look and the server's bind, nor while a stopped API server waits to be started
/// again.
const RANGE: std::ops::Range<u16> = 20_000..32_768;

static GIVEN: Mutex<Option<BTreeSet<u16>>> = Mutex::new(None);

/// A port that is free now and was not given out in this process before. Another process may still take it, so the
/// caller has to be ready to try once more.
#[allow(
    clippy::disallowed_methods,
    reason = "this runs beside other runs, on real machines, and needs a name that none of them has"
)]
pub(crate) fn free_port() -> anyhow::Result<u16> {
    for _ in 0..1000 {
        let port = rand::rng().random_range(RANGE);
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
            && given.get_or_insert_with(BTreeSet::new).insert(port)
        {
            return Ok(port);
        }
    }
    anyhow::bail!("found no free port on 127.0.0.1 between {} and {}", RANGE.start, RANGE.end)
}
