//! The panics of a run. The controller survives them, so they are captured for the laws.

use std::{
    cell::RefCell,
    panic::{set_hook, take_hook},
    sync::Once,
};

thread_local! {
    /// The panics of the run on this thread, if there is one.
    static CAPTURED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Does `work` and captures this thread's panics, which aren't printed then.
pub(crate) fn capture<T>(work: impl FnOnce() -> T) -> T {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            let kept =
                CAPTURED.with_borrow_mut(|captured| captured.as_mut().map(|captured| captured.push(panic.to_string())));
            if kept.is_none() {
                usual(panic);
            }
        }));
    });
    CAPTURED.set(Some(Vec::new()));
    let result = work();
    CAPTURED.set(None);
    result
}

/// The panics on this thread so far.
pub(crate) fn captured() -> Vec<String> {
    CAPTURED.with_borrow(|captured| captured.clone().unwrap_or_default())
}
