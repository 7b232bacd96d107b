//! What people read: each text beside its reason, so that neither drowns the other, and all of them can be listed.

pub mod listed;

use std::fmt;

use azimage_crds::{ConditionType, Reason};

/// Ends a text about what is tried again only when somebody asks for it.
pub(crate) const TRY_AGAIN: &str = "set the annotation azimage.dev/reconcile-requested-at to try again";

/// A text for people, and its reason for machines.
pub trait Message: fmt::Display {
    /// The condition that says it, beside `Ready`.
    fn condition(&self) -> ConditionType;

    /// Why, for machines.
    fn reason(&self) -> Reason;
}

/// A message, and what is added to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct With<M, A>(pub(crate) M, pub(crate) A);

impl<M: fmt::Display, A: fmt::Display> fmt::Display for With<M, A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.0, self.1)
    }
}

impl<M: Message, A: fmt::Display> Message for With<M, A> {
    fn condition(&self) -> ConditionType {
        self.0.condition()
    }

    fn reason(&self) -> Reason {
        self.0.reason()
    }
}

/// A message as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The conditions that may say it.
    pub conditions: &'static [ConditionType],
    /// Its reason.
    pub reason: Reason,
    /// Its text, with `<placeholders>` for its values.
    pub text: String,
}

/// All messages of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Messages {
    /// The enum, with its module.
    pub name: &'static str,
    /// A message for each of its variants, in order.
    pub listed: Vec<Listed>,
}

/// All phrases of an enum, which stand in messages or are added to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrases {
    /// The enum, with its module.
    pub name: &'static str,
    /// Where they stand.
    pub place: &'static str,
    /// What they tell.
    pub about: String,
    /// A text for each of its variants, in order.
    pub texts: Vec<String>,
}

/// Declares an enum of messages. Of each variant it takes its values, the conditions that may say it, its reason and its
/// text, in which the values stand by their names:
///
/// ```text
/// Storage { storage: String } => SourceReady / SourceUnsupported: "A disk has the storage type {storage}: detach it",
/// ```
macro_rules! messages {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $(
                $(#[$doc:meta])*
                $variant:ident $({ $($(#[$what:meta])* $field:ident: $type:ty),+ $(,)? })?
                    => $first:ident $(| $other:ident)* / $reason:ident: $text:literal
            ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        $vis enum $name {
            $($(#[$doc])* $variant $({ $($(#[$what])* $field: $type),+ })?),+
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    $(Self::$variant $({ $($field),+ })? => ::std::write!(formatter, $text)),+
                }
            }
        }

        impl $crate::message::Message for $name {
            fn condition(&self) -> ::azimage_crds::ConditionType {
                match self {
                    $(Self::$variant { .. } => ::azimage_crds::ConditionType::$first),+
                }
            }

            fn reason(&self) -> ::azimage_crds::Reason {
                match self {
                    $(Self::$variant { .. } => ::azimage_crds::Reason::$reason),+
                }
            }
        }

        impl $name {
            /// All of them, for the page that lists them.
            pub(crate) fn messages() -> $crate::message::Messages {
                $crate::message::Messages {
                    name: concat!(module_path!(), "::", stringify!($name)),
                    listed: vec![$({
                        $($(let $field = concat!("<", stringify!($field), ">");)+)?
                        $crate::message::Listed {
                            conditions: &[
                                ::azimage_crds::ConditionType::$first
                                $(, ::azimage_crds::ConditionType::$other)*
                            ],
                            reason: ::azimage_crds::Reason::$reason,
                            text: format!($text),
                        }
                    }),+],
                }
            }
        }
    };
}

/// Declares an enum of phrases that stand in messages or are added to them; the text in brackets says where.
macro_rules! phrases {
    (
        $(#[doc = $about:literal])+
        $vis:vis enum $name:ident [$place:literal] {
            $($variant:ident $({ $($field:ident: $type:ty),+ $(,)? })? => $text:literal),+ $(,)?
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        $vis enum $name {
            $($variant $({ $($field: $type),+ })?),+
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    $(Self::$variant $({ $($field),+ })? => ::std::write!(formatter, $text)),+
                }
            }
        }

        impl $name {
            /// All of them, for the page that lists them.
            pub(crate) fn phrases() -> $crate::message::Phrases {
                $crate::message::Phrases {
                    name: concat!(module_path!(), "::", stringify!($name)),
                    place: $place,
                    about: concat!($($about),+).trim().to_owned(),
                    texts: vec![$({
                        $($(let $field = concat!("<", stringify!($field), ">");)+)?
                        format!($text)
                    }),+],
                }
            }
        }
    };
}

pub(crate) use {messages, phrases};
