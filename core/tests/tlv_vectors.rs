//! The shared vectors of schemas/vectors/tlv.json, through the crate's public functions.

use std::path::Path;

use alphapulse_core::frame::tlv;
use serde_json::Value;

fn document() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/vectors/tlv.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Type and value of each TLV that a vector names.
fn expected(vector: &Value) -> Vec<(u64, Vec<u8>)> {
    let tlvs = vector["tlvs"].as_array().unwrap();
    tlvs.iter().map(|tlv| (tlv["type"].as_u64().unwrap(), bytes(&tlv["value"]))).collect()
}

#[test]
fn every_vector_is_read() {
    let document = document();
    let vectors = document["vectors"].as_array().unwrap();
    assert!(vectors.len() > 10);
    for vector in vectors {
        let extensions = bytes(&vector["extensions"]);
        let mut found = Vec::new();
        let mut written = Vec::new();
        for item in tlv::walk(&extensions) {
            let item = item.unwrap();
            assert_eq!(&extensions[item.offset..item.offset + item.value.len()], item.value);
            found.push((u64::from(item.tlv_type), item.value.to_vec()));
            tlv::push(&mut written, item.tlv_type, item.value).unwrap();
        }
        assert_eq!(found, expected(vector), "{}", vector["name"]);
        assert_eq!(written, extensions, "{}", vector["name"]);
        for (tlv_type, value) in expected(vector).iter().rev() {
            let first = expected(vector).into_iter().find(|(other, _)| other == tlv_type).unwrap();
            let known = tlv::find(&extensions, u8::try_from(*tlv_type).unwrap()).unwrap().unwrap();
            assert_eq!(known.value, first.1, "{}: {value:?}", vector["name"]);
        }
    }
}

#[test]
fn every_refusal_names_its_byte() {
    let document = document();
    let refused = document["refused"].as_array().unwrap();
    assert!(refused.len() > 5);
    for vector in refused {
        let error = tlv::check(&bytes(&vector["extensions"])).unwrap_err();
        assert_eq!(error.reason.code(), vector["reason"], "{}", vector["name"]);
        assert_eq!(Some(error.offset as u64), vector["offset"].as_u64(), "{}", vector["name"]);
    }
}
