//! Panics of a run, which the controller outlives: each is heard, and is for the laws.

use std::{
    cell::RefCell,
    panic::{set_hook, take_hook},
    sync::Once,
};

thread_local! {
    /// Those of the run on this thread, if there is one.
    static HEARD: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Does something during which this thread's panics are kept in place of being printed.
pub(crate) fn listen<T>(work: impl FnOnce() -> T) -> T {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            let kept = HEARD.with_borrow_mut(|heard| heard.as_mut().map(|heard| heard.push(panic.to_string())));
            if kept.is_none() {
                usual(panic);
            }
        }));
    });
    HEARD.set(Some(Vec::new()));
    let result = work();
    HEARD.set(None);
    result
}

/// The panics on this thread so far.
pub(crate) fn heard() -> Vec<String> {
    HEARD.with_borrow(|heard| heard.clone().unwrap_or_default())
}
