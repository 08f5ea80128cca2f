//! The shared vectors of schemas/vectors/instrument_ids.json, through the crate's public functions.

use std::path::Path;

use alphapulse_core::identity::{
    IdentityError, Place, Result, decode, from_bytes, parse_address, parse_text, to_bytes, to_text,
};
use alphapulse_gen::layout::{IdScheme, InstrumentId};
use serde_json::Value;

fn document() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/vectors/instrument_ids.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn all<'a>(document: &'a Value, key: &str) -> &'a Vec<Value> {
    let vectors = document[key].as_array().unwrap();
    assert!(vectors.len() > 30, "{key}");
    vectors
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key].as_str().unwrap_or_else(|| panic!("{key} of {vector}"))
}

fn number<T: TryFrom<u64>>(vector: &Value, key: &str) -> T {
    vector[key]
        .as_u64()
        .and_then(|value| T::try_from(value).ok())
        .unwrap_or_else(|| panic!("{key} of {vector}"))
}

fn make(vector: &Value) -> Result<InstrumentId> {
    match text(vector, "kind") {
        "text" => return parse_text(text(vector, "text")).map(|bytes| from_bytes(&bytes)),
        "decode" => {
            let id = from_bytes(&parse_text(text(vector, "id"))?);
            return decode(&id).map(|_| id);
        }
        _ => {}
    }
    let place = Place::new(number(vector, "asset_type"), number(vector, "venue"))?;
    match text(vector, "kind") {
        "symbol" => place.symbol(text(vector, "symbol")),
        "isin" => place.isin(text(vector, "isin")),
        "pair" => place.pair(text(vector, "base"), text(vector, "quote")),
        "numeric" => Ok(place.numeric(text(vector, "number").parse().unwrap())),
        "hash" => place.hash(text(vector, "canonical_key"), number(vector, "attempt")),
        "address" => place.address(&parse_address(text(vector, "address"))?),
        kind => panic!("unknown kind {kind}"),
    }
}

#[test]
fn every_vector_is_reproduced() {
    for vector in all(&document(), "vectors") {
        let id = make(vector).unwrap_or_else(|error| panic!("{vector}: {error}"));
        let bytes = to_bytes(&id);
        assert_eq!(to_text(&bytes), text(vector, "id"), "{vector}");
        assert_eq!(parse_text(text(vector, "id")).unwrap(), bytes);
        assert_eq!(from_bytes(&bytes), id);
        assert_eq!(id.asset_id.to_string(), text(vector, "asset_id"));
        assert_eq!(IdScheme(id.scheme).name(), Some(text(vector, "scheme")));
        assert_eq!(id.salt, number::<u32>(vector, "salt"));
        assert_eq!(id.venue, number::<u16>(vector, "venue"));
        assert_eq!(id.asset_type, number::<u8>(vector, "asset_type"));
        assert_eq!(decode(&id).unwrap().as_deref(), vector["decoded"].as_str(), "{vector}");
    }
}

#[test]
fn every_refusal_is_reproduced() {
    for vector in all(&document(), "refused") {
        let error: IdentityError = make(vector).expect_err(&vector.to_string());
        assert_eq!(error.code(), text(vector, "reason"), "{vector}");
        assert!(!error.to_string().is_empty());
    }
}
