//! A producer's message: split, checked, copied with its sequences.

use super::super::message::{MAX_FRAMES, check, copy_stamped, split};
use super::super::{Reason, inspect, stamp};
use super::{Rng, Sample};

fn trades(count: usize) -> Vec<u8> {
    Sample::new(1, count, &mut Rng(count as u64)).encode().unwrap()
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn message_of(frames: &[&[u8]], rest: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    for frame in frames {
        message.push(0x0A);
        message.extend(varint(frame.len()));
        message.extend_from_slice(frame);
    }
    message.extend_from_slice(rest);
    message
}

#[test]
fn a_message_is_split_checked_and_copied_with_sequences() {
    let (one, two) = (trades(1), trades(700));
    let message = message_of(&[&one, &two, &one], &[0x18, 0x05]);
    let (mut frames, end) = split(&message).expect("well formed");
    assert_eq!(end, message.len() - 2);
    assert_eq!(check(&message, &mut frames, true), []);
    assert_eq!(frames.iter().map(|frame| frame.records).collect::<Vec<_>>(), [1, 700, 1]);
    let mut copy = vec![0xFF; end];
    let begin = frames[1].begin as usize;
    let written = copy_stamped(&message, &frames[1..], 41, &mut copy);
    assert_eq!(written, end - begin);
    let (again, _) = split(&copy[..written]).expect("the fields are whole");
    for ((frame, original), sequence) in again.iter().zip([&two, &one]).zip(41..) {
        let mut expected = original.clone();
        stamp(&mut expected, sequence).expect("a frame");
        assert_eq!(frame.bytes(&copy), expected);
        assert_eq!(inspect(frame.bytes(&copy)).expect("a frame").header.sequence, sequence);
    }
}

#[test]
fn a_broken_frame_is_refused_and_the_others_are_not() {
    let good = trades(2);
    let mut bad = good.clone();
    let last = bad.len() - 1;
    bad[last] ^= 1;
    let message = message_of(&[&good, &bad, &[], &good], &[]);
    let (mut frames, _) = split(&message).expect("well formed");
    let refused = check(&message, &mut frames, true);
    let reasons: Vec<_> = refused.iter().map(|(index, error)| (*index, error.reason)).collect();
    assert_eq!(reasons, [(1, Reason::BadChecksum), (2, Reason::Truncated)]);
    assert_eq!(check(&message, &mut frames, false).len(), 1, "only the structure");
}

#[test]
fn what_is_no_message_breaks_at_its_byte() {
    let frame = trades(1);
    let message = message_of(&[&frame], &[0x0A]);
    assert_eq!(split(&message), Err(message.len() - 1), "a tag without a length");
    assert_eq!(split(&[0x0A, 0x05, 1, 2, 3, 4]), Err(0), "shorter than it says");
    assert_eq!(split(&[0x0A, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]), Err(0), "a length of 36 bits");
    assert_eq!(split(&[]), Ok((Vec::new(), 0)));
    let crowd = [0x0A, 0].repeat(MAX_FRAMES + 1);
    assert_eq!(split(&crowd), Err(2 * MAX_FRAMES), "more than may be");
    assert_eq!(split(&crowd[2..]).expect("as many as may be").0.len(), MAX_FRAMES);
    let mut rng = Rng(7);
    for _ in 0..20_000 {
        let noise: Vec<u8> = (0..rng.next() % 40).map(|_| rng.next() as u8 & 0x0F).collect();
        if let Ok((mut frames, end)) = split(&noise) {
            assert!(end <= noise.len());
            assert_eq!(check(&noise, &mut frames, true).len(), frames.len());
        }
    }
}
