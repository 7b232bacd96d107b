//! Real answers, changed at random or on purpose: decoders neither panic nor tell contents.

use azimage_azure::ErrorKind;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use crate::{
    calls::{READS, Read},
    surroundings::{Always, Bad, PLANTED},
};

fn decode(read: Read, status: u16, body: Vec<u8>) -> Result<String, azimage_azure::Error> {
    let headers = vec![("retry-after", "7".to_owned())];
    let (_, client) = Always::client(&Bad::Answer { status, headers, body: Bytes::from(body) });
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(read.send(&client))
}

#[test]
fn a_real_answer_is_read() {
    for read in READS {
        decode(read, 200, read.answer().into()).unwrap();
    }
}

/// All documents that differ from this one in a single place.
fn otherwise(document: &Value, put: &Value) -> Vec<Value> {
    let mut all = vec![put.clone()];
    match document {
        Value::Object(fields) => {
            for (name, field) in fields {
                for changed in otherwise(field, put) {
                    let mut copy = fields.clone();
                    copy.insert(name.clone(), changed);
                    all.push(Value::Object(copy));
                }
                let mut copy = fields.clone();
                copy.remove(name);
                copy.insert(format!("{name}-unknown"), put.clone());
                all.push(Value::Object(copy));
            }
        }
        Value::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                for changed in otherwise(entry, put) {
                    let mut copy = entries.clone();
                    copy[index] = changed;
                    all.push(Value::Array(copy));
                }
            }
        }
        _ => {}
    }
    all
}

#[test]
fn any_value_in_any_place_is_read_or_told_without_it() {
    let puts = [
        Value::from(PLANTED),
        Value::Null,
        Value::from(-1),
        Value::from(u64::MAX),
        Value::from(1e308),
        Value::from(true),
        serde_json::json!([]),
        serde_json::json!([PLANTED]),
        serde_json::json!({PLANTED: PLANTED}),
    ];
    let mut count = 0;
    for read in READS {
        let document: Value = serde_json::from_str(&read.answer()).unwrap();
        for put in &puts {
            for changed in otherwise(&document, put) {
                count += 1;
                if let Err(error) = decode(read, 200, changed.to_string().into()) {
                    assert_eq!(*error.kind(), ErrorKind::Malformed, "{read:?} {changed}");
                    assert!(!format!("{error} {error:?}").contains(PLANTED), "{read:?}: {error}");
                }
            }
        }
    }
    println!("{count} documents");
}

proptest! {
    #[test]
    fn answers_with_bytes_changed_never_panic(
        which in 0..READS.len(),
        status in prop_oneof![Just(200_u16), 400_u16..600],
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 0..12),
        refused in any::<bool>(),
    ) {
        let read = READS[which];
        let text = match (refused, which % 2) {
            (false, _) => read.answer(),
            (true, 0) => include_str!("answers/error.json").to_owned(),
            (true, _) => include_str!("answers/throttled.json").to_owned(),
        };
        let mut body = text.into_bytes();
        for (place, byte, edit) in edits {
            if body.is_empty() {
                break;
            }
            let place = place.index(body.len());
            match edit {
                0 => body[place] = byte,
                1 => body.insert(place, byte),
                _ => body.truncate(place.max(1)),
            }
        }
        let _ = decode(read, status, body);
    }
}
