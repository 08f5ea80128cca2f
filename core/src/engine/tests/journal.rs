//! The journal: its causal chain, its sequences, and what a damaged one does.

use super::*;

#[test]
fn frames_tell_the_causal_chain() {
    let mut it = Journaled::new(engine());
    it.submit(request(1));
    it.say(1, ExecType::NEW);
    it.hear(&[trade(1, 1, UNIT)]);
    let contexts: Vec<(MessageType, FrameContext)> = it
        .frames
        .iter()
        .map(|bytes| frame::verify(bytes).unwrap())
        .map(|info| (info.header.message_type, info.context))
        .collect();
    let of = |kind: MessageType| contexts.iter().find(|found| found.0 == kind).unwrap().1;
    let (request, fill) = (of(MessageType::ORDER_REQUEST), of(MessageType::FILL));
    let submitted = contexts.iter().find(|found| found.1.message_id == fill.causation_id).unwrap().1;
    assert_eq!(submitted.causation_id, request.message_id);
    assert_eq!(fill.trace_id, request.trace_id);
    assert_ne!(fill.message_id, submitted.message_id);
}

#[test]
fn journal_sequences_are_dense_and_ascend_within_a_type() {
    let mut it = Journaled::new(engine());
    let a = it.working(1);
    let b = it.working(2);
    it.hear(&[trade(a, 1, UNIT), trade(b, 1, UNIT), trade(a, 2, UNIT), report(b, ExecType::CANCELED)]);
    let mut reports = Vec::new();
    let mut fills = Vec::new();
    for bytes in &it.frames {
        let info = frame::verify(bytes).unwrap();
        match info.header.message_type {
            MessageType::EXECUTION_REPORT => {
                reports.extend(
                    rows_of::<ExecutionReport>(info.rows(bytes)).unwrap().map(|r| r.journal_sequence),
                );
            }
            MessageType::FILL => {
                fills.extend(rows_of::<Fill>(info.rows(bytes)).unwrap().map(|r| r.journal_sequence));
            }
            _ => {}
        }
    }
    let dense: Vec<u64> = (1..=it.engine.state().sequence()).collect();
    assert_eq!(reports, dense);
    assert!(fills.is_sorted());
    assert_eq!(fills.len(), 3);
}

#[test]
fn a_changed_cut_or_reordered_journal_is_refused() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, UNIT)]);
    let reports: Vec<usize> = (0..it.frames.len())
        .filter(|&at| {
            frame::verify(&it.frames[at]).unwrap().header.message_type == MessageType::EXECUTION_REPORT
        })
        .collect();
    // cut out
    let mut replay = engine();
    let mut result = Ok(());
    for (at, frame) in it.frames.iter().enumerate() {
        if at != reports[1] && result.is_ok() {
            result = replay.apply_events(frame);
        }
    }
    assert!(matches!(result, Err(EngineError::Journal(_))), "{result:?}");
    // reordered
    let mut replay = engine();
    assert!(matches!(replay.apply_events(&it.frames[reports[1]]), Err(EngineError::Journal(_))));
    // every changed byte of a report is seen
    let intact = &it.frames[reports[0]];
    for at in 0..intact.len() {
        let mut changed = intact.clone();
        changed[at] ^= 1;
        let mut replay = engine();
        replay.apply_events(&it.frames[0]).unwrap();
        let outcome = replay.apply_events(&changed);
        // The relay's sequence is not part of what a producer says, nor of the checksum.
        let info = frame::verify(intact).unwrap();
        let sequence = info.header_offset + 16;
        if !(sequence..sequence + 8).contains(&at) {
            assert!(outcome.is_err(), "byte {at}");
        }
    }
}

#[test]
fn a_snapshot_cut_anywhere_is_refused() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, UNIT)]);
    let bytes = snapshot::write(it.engine.state());
    assert!(snapshot::restore(&bytes, 10).is_ok());
    for end in 0..bytes.len() {
        assert!(snapshot::restore(&bytes[..end], 10).is_err(), "cut at {end}");
    }
}

#[test]
fn span_ids_are_never_zero_and_differ_by_parent_and_step() {
    let mut seen = std::collections::HashSet::new();
    for parent in 0..1_000_u64 {
        for step in 0..10 {
            let span = derive_span(SpanId(parent.to_be_bytes()), step);
            assert_ne!(span.0, [0; 8]);
            assert!(seen.insert(span.0));
        }
    }
}
