//! The golden frames read in Rust: through flatc's accessors and in place as `repr(C)` rows, both
//! compared with the manifest; and every layout compared with schemas/layout.csv.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use alphapulse_gen::fbs;
use alphapulse_gen::layout::{self, MessageType};
use alphapulse_gen::record::{self, Layout};
use serde_json::{Map, Value, json};

/// As the manifest prints a value: 64-bit numbers as text, raw bytes as hexadecimal.
trait Describe {
    fn describe(self) -> Value;
}

macro_rules! describe_number {
    ($($number:ty),*) => {$(
        impl Describe for $number {
            fn describe(self) -> Value {
                if size_of::<Self>() == 8 { json!(self.to_string()) } else { json!(self) }
            }
        }
    )*};
}
describe_number!(u8, i8, u16, i16, u32, i32, u64, i64);

macro_rules! describe_enum {
    ($name:ident) => {
        impl Describe for layout::$name {
            fn describe(self) -> Value {
                self.0.describe()
            }
        }
        impl Describe for fbs::$name {
            fn describe(self) -> Value {
                self.0.describe()
            }
        }
    };
}

macro_rules! describe_flags {
    ($name:ident) => {
        impl Describe for layout::$name {
            fn describe(self) -> Value {
                self.0.describe()
            }
        }
        impl Describe for fbs::$name {
            fn describe(self) -> Value {
                self.bits().describe()
            }
        }
    };
}

macro_rules! describe_run {
    ($name:ident, $describe:ident) => {
        impl Describe for layout::$name {
            fn describe(self) -> Value {
                $describe(&self.0)
            }
        }
        impl Describe for &fbs::$name {
            fn describe(self) -> Value {
                $describe(&self.0)
            }
        }
        impl HasLayouts for layout::$name {
            fn layouts() -> Layouts {
                Layouts {
                    name: Self::NAME,
                    size: size_of::<Self>(),
                    fields: Vec::new(),
                }
            }
        }
    };
}

macro_rules! describe_bytes {
    ($name:ident) => {
        describe_run!($name, hex);
    };
}

macro_rules! describe_text {
    ($name:ident) => {
        describe_run!($name, text);
    };
}

macro_rules! describe_struct {
    ($name:ident { $($field:ident),* }) => {
        impl Describe for layout::$name {
            fn describe(self) -> Value {
                let mut fields = Map::new();
                $(fields.insert(stringify!($field).to_owned(), self.$field.describe());)*
                Value::Object(fields)
            }
        }
        impl Describe for &fbs::$name {
            fn describe(self) -> Value {
                let mut fields = Map::new();
                $(fields.insert(stringify!($field).to_owned(), self.$field().describe());)*
                Value::Object(fields)
            }
        }
        impl HasLayouts for layout::$name {
            fn layouts() -> Layouts {
                let fields = vec![$((
                    stringify!($field),
                    std::mem::offset_of!(layout::$name, $field),
                    size_of_field(|s: &layout::$name| &s.$field),
                )),*];
                Layouts { name: Self::NAME, size: size_of::<Self>(), fields }
            }
        }
    };
}

/// One struct as Rust lays it out; fields are (name, offset, size).
pub struct Layouts {
    name: &'static str,
    size: usize,
    fields: Vec<(&'static str, usize, usize)>,
}

trait HasLayouts {
    fn layouts() -> Layouts;
}

fn size_of_field<S, F>(_: fn(&S) -> &F) -> usize {
    size_of::<F>()
}

fn hex(bytes: &[u8]) -> Value {
    json!(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>())
}

fn text(bytes: &[u8]) -> Value {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    json!(std::str::from_utf8(&bytes[..end]).unwrap())
}

fn in_place<T: Layout + Describe>(bytes: &[u8]) -> Vec<Value> {
    let rows = record::rows::<T>(bytes).expect("rows are whole and aligned");
    rows.iter().map(|row| row.describe()).collect()
}

#[path = "golden/fields.rs"]
mod fields;

fn schemas() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

/// The frames, in memory that is aligned as a frame's must be.
fn golden(entry: &Value) -> (Vec<u64>, usize) {
    let bytes = fs::read(
        schemas()
            .join("golden")
            .join(entry["file"].as_str().unwrap()),
    )
    .unwrap();
    let mut words = vec![0_u64; bytes.len().div_ceil(8)];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks(8)) {
        let mut buffer = [0; 8];
        buffer[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_le_bytes(buffer);
    }
    (words, bytes.len())
}

fn as_bytes(words: &[u64], len: usize) -> &[u8] {
    // SAFETY: any initialised words are bytes; `len` is at most their number of bytes.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), len) }
}

fn manifest() -> Vec<Value> {
    let text = fs::read_to_string(schemas().join("golden/manifest.json")).unwrap();
    let mut manifest: Value = serde_json::from_str(&text).unwrap();
    manifest["frames"]
        .as_array_mut()
        .unwrap()
        .drain(..)
        .collect()
}

#[test]
fn every_field_of_every_frame_is_what_the_manifest_says() {
    let entries = manifest();
    assert_eq!(
        entries.len(),
        layout::RECORDS.len(),
        "one golden file for every record type"
    );
    for entry in &entries {
        let record = entry["record"].as_str().unwrap();
        let (words, len) = golden(entry);
        let bytes = as_bytes(&words, len);
        let expected = entry["rows"].as_array().unwrap();
        if entry["frame"] == false {
            assert_eq!(&fields::describe_rows(record, bytes), expected, "{record}");
            continue;
        }
        assert_eq!(json!(bytes.len()), entry["size"], "{record}");
        assert!(fbs::frame_buffer_has_identifier(bytes), "{record}");
        let frame = fbs::root_as_frame(bytes).unwrap_or_else(|e| panic!("{record}: {e}"));
        assert_eq!(frame.header().describe(), entry["header"], "{record}");
        let context = frame.context().describe();
        for (name, value) in entry["context"].as_object().unwrap() {
            assert_eq!(&context[name], value, "{record}.{name}");
        }
        assert_eq!(json!(frame.records_type().0), entry["member"], "{record}");
        assert_eq!(
            &fields::describe_frame(&frame),
            expected,
            "{record} by accessors"
        );
        if let Some(custom) = frame.records_as_custom_rows() {
            assert_eq!(json!(custom.stride()), entry["custom"]["stride"]);
            assert_eq!(
                custom.schema_hash().describe(),
                entry["custom"]["schema_hash"]
            );
            assert_eq!(hex(custom.data().unwrap().bytes()), entry["custom"]["data"]);
        } else {
            let rows = row_bytes(bytes, &frame, entry["stride"].as_u64().unwrap() as usize);
            assert_eq!(
                &fields::describe_rows(record, rows),
                expected,
                "{record} in place"
            );
        }
        let extensions = frame.extensions().unwrap().bytes();
        assert_eq!(hex(extensions), entry["extensions"], "{record}");
        assert_eq!(walk(extensions), tlvs(entry), "{record}");
    }
}

/// The bytes of the rows inside the frame: what a ring slot or a socket holds.
fn row_bytes<'a>(bytes: &'a [u8], frame: &fbs::Frame<'a>, stride: usize) -> &'a [u8] {
    let table = frame.records().unwrap();
    // SAFETY: the frame is verified, and `rows` is the first field of every record table.
    let rows = unsafe {
        table
            .get::<flatbuffers::ForwardsUOffset<flatbuffers::Vector<u8>>>(4, None)
            .unwrap()
    };
    let start = rows.bytes().as_ptr() as usize - bytes.as_ptr() as usize;
    // the vector's length counts rows, seen as bytes above
    &bytes[start..start + rows.len() * stride]
}

fn walk(mut extensions: &[u8]) -> Vec<(u64, Value)> {
    let mut found = Vec::new();
    while let [kind, length, rest @ ..] = extensions {
        let (value, rest) = rest.split_at(usize::from(*length));
        found.push((u64::from(*kind), hex(value)));
        extensions = rest;
    }
    found
}

fn tlvs(entry: &Value) -> Vec<(u64, Value)> {
    let listed = entry["tlvs"].as_array().unwrap();
    listed
        .iter()
        .map(|t| (t["type"].as_u64().unwrap(), t["bytes"].clone()))
        .collect()
}

#[test]
fn the_checksum_covers_all_but_sequence_and_checksum() {
    for entry in manifest().iter().filter(|e| e["frame"] == true) {
        let (words, len) = golden(entry);
        let mut bytes = as_bytes(&words, len).to_vec();
        let header = {
            let frame = fbs::root_as_frame(as_bytes(&words, len)).unwrap();
            frame.header().0.as_ptr() as usize - words.as_ptr() as usize
        };
        let offset = |name| {
            let layouts = layout::FrameHeader::layouts();
            header + layouts.fields.iter().find(|f| f.0 == name).unwrap().1
        };
        let (checksum, sequence) = (offset("checksum"), offset("sequence"));
        bytes[checksum..checksum + 4].fill(0);
        bytes[sequence..sequence + 8].fill(0);
        assert_eq!(
            json!(crc32fast::hash(&bytes)),
            entry["header"]["checksum"],
            "{}",
            entry["file"]
        );
    }
}

#[test]
fn the_table_of_record_types_agrees_with_the_manifest() {
    for entry in manifest().iter().filter(|e| e["frame"] == true) {
        let message_type = entry["header"]["message_type"].as_u64().unwrap() as u8;
        let found = record::record_type(MessageType(message_type)).unwrap();
        assert_eq!(json!(found.name), entry["record"]);
        assert_eq!(json!(found.member), entry["member"]);
        if found.stride != 0 {
            assert_eq!(json!(found.stride), entry["stride"]);
        }
    }
}

#[test]
fn every_layout_is_the_one_in_the_table() {
    let table = fs::read_to_string(schemas().join("layout.csv")).unwrap();
    let mut pinned = BTreeMap::new();
    for line in table.lines().skip(1) {
        let column: Vec<&str> = line.split(',').collect();
        let place: (usize, usize) = (column[3].parse().unwrap(), column[4].parse().unwrap());
        pinned.insert((column[0].to_owned(), column[1].to_owned()), place);
    }
    let mut compared = 0;
    for layouts in fields::layouts() {
        let key = (layouts.name.to_owned(), String::new());
        assert_eq!(pinned[&key], (0, layouts.size), "{}", layouts.name);
        compared += 1;
        for (field, offset, size) in layouts.fields {
            let key = (layouts.name.to_owned(), field.to_owned());
            assert_eq!(pinned[&key], (offset, size), "{}.{field}", layouts.name);
            compared += 1;
        }
    }
    let words = pinned
        .keys()
        .filter(|(s, f)| is_run(s) && !f.is_empty())
        .count();
    assert_eq!(
        compared + words,
        pinned.len(),
        "the words of raw runs are the only fields left out"
    );
}

fn is_run(name: &str) -> bool {
    fields::layouts()
        .iter()
        .any(|l| l.name == name && l.fields.is_empty())
}
