//! Many objects and small budgets, under virtual time: no request is sent before its Retry-After, no namespace starves, and at
//! rest there is only one list per definition and period.

mod drift;
mod fleet;
mod storm;
