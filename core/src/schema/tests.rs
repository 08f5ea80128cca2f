use super::*;

#[test]
fn random_bytes_are_no_schema() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..2000 {
        let length = (next() % 600) as usize;
        let mut bytes: Vec<u8> = (0..length).map(|_| next() as u8).collect();
        if round % 2 == 0 && length >= 8 {
            bytes[..8].copy_from_slice(b"\x08\0\0\0BFBS");
        }
        assert!(Schema::read(&bytes, "").is_err());
    }
}

const SENTIMENT: &[u8] = include_bytes!("../../../tests/data/schemas/sentiment.bfbs");
const NOTE: &[u8] = include_bytes!("../../../tests/data/schemas/note.bfbs");
const UNIONS: &[u8] = include_bytes!("../../../tests/data/schemas/unions.bfbs");

#[test]
fn a_struct_is_found_by_its_rows_or_by_name() {
    let schema = Schema::read(SENTIMENT, "").unwrap();
    assert_eq!(schema.root, "desk.Sentiment");
    assert_eq!(schema.stride(), 104);
    assert_eq!(schema.instrument_offsets(), [0]);
    let named = Schema::read(SENTIMENT, "desk.Sentiment").unwrap();
    assert_eq!(named.hash, schema.hash);
    assert_ne!(Schema::read(SENTIMENT, "desk.Level").unwrap().hash, schema.hash);
    let Layout::Struct(shape) = &schema.layout else { panic!("a struct") };
    let names: Vec<_> = shape.fields.iter().map(|f| (f.name.as_str(), f.at, f.size)).collect();
    assert!(names.contains(&("score", 24, 8)) && names.contains(&("digest", 80, 8)), "{names:?}");
    let votes = shape.fields.iter().find(|field| field.name == "votes").unwrap();
    assert_eq!(votes.kind, Kind::Fixed { signed: true, decimals: 0 });
}

#[test]
fn a_table_is_the_root_or_nothing() {
    let schema = Schema::read(NOTE, "").unwrap();
    assert_eq!((schema.root.as_str(), schema.stride()), ("desk.Note", 0));
    let Layout::Table(tables) = &schema.layout else { panic!("a table") };
    assert_eq!(tables.len(), 2);
    assert_eq!(Schema::read(NOTE, "desk.Author").unwrap_err().reason, SchemaReason::Unsupported);
    assert_eq!(Schema::read(NOTE, "desk.Nobody").unwrap_err().reason, SchemaReason::UnknownRoot);
    assert_eq!(Schema::read(UNIONS, "").unwrap_err().reason, SchemaReason::Unsupported);
}

#[test]
fn too_large_is_refused_before_it_is_read() {
    assert_eq!(Schema::read(&vec![0; MAX_SCHEMA + 1], "").unwrap_err().reason, SchemaReason::TooLarge);
}

/// Whatever a damaged schema says, reading it and then using what was read harms nobody.
#[test]
fn damaged_schemas_do_no_harm() {
    for whole in [SENTIMENT, NOTE, UNIONS] {
        let mut read = 0;
        for bit in (0..whole.len() * 8).step_by(13) {
            let mut bytes = whole.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(schema) = Schema::read(&bytes, "") {
                use_it(&schema);
                read += 1;
            }
        }
        for length in (0..whole.len()).step_by(11) {
            if let Ok(schema) = Schema::read(&whole[..length], "") {
                use_it(&schema);
            }
        }
        assert!(read < whole.len() * 8);
    }
}

/// Bytes exchanged between places, as a bit flip never does.
#[test]
fn shuffled_schemas_do_no_harm() {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for whole in [SENTIMENT, NOTE] {
        for _ in 0..2_000 {
            let mut bytes = whole.to_vec();
            for _ in 0..=next(3) {
                let (from, to) = (next(bytes.len() / 4) * 4, next(bytes.len() / 4) * 4);
                bytes.copy_within(from..from + 4, to);
            }
            if let Ok(schema) = Schema::read(&bytes, "") {
                use_it(&schema);
            }
        }
    }
}

fn use_it(schema: &Schema) {
    let shared = std::sync::Arc::new(schema.clone());
    let text = "score > 0.5 and votes < 3 and at.x > 0";
    let _ = crate::frame::Predicate::compile(text, None, &[(200, shared)]);
    if let Layout::Table(tables) = &schema.layout {
        let plan = TablePlan::new(&tables[0]);
        let row = [8, 0, 0, 0, 4, 0, 4, 0, 4, 0, 0, 0];
        let _ = plan.gather(&row);
        let _ = schema.verify_table(&row, 1);
    }
}
