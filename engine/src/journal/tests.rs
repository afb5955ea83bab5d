//! Journals written to memory and read back: whole, cut, damaged, gone on with.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use super::frame::{FRAME_LEN, HEADER_LEN};
use super::*;
use crate::cancel::CancelPhase;
use crate::id::{LeaseId, NodeId, PoolId};
use crate::limit::{Concern, Limit};
use crate::outcome::{Counts, OutcomeKind};

type Stamped = (Duration, Record);

/// A storage whose bytes can be looked at.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn holding(bytes: &[u8]) -> Self {
        Self(Arc::new(Mutex::new(bytes.to_vec())))
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Storage for Memory {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn cut(&mut self, offset: u64) -> io::Result<()> {
        self.0.lock().unwrap().truncate(offset as usize);
        Ok(())
    }
}

/// Writes each group as a frame of its own.
fn written(groups: &[Vec<Stamped>]) -> Vec<u8> {
    let (journal, queue) = Journal::modelled();
    let mut file = frame::header().to_vec();
    for group in groups {
        for (at, record) in group {
            journal.record(*at, record);
        }
        let mut frame = Vec::new();
        queue.take(&mut frame);
        assert!(frame::seal(&mut frame, file.len() as u64));
        file.extend(frame);
    }
    file
}

/// What becomes a frame is for the thread to say.
fn written_by_thread(groups: &[Vec<Stamped>]) -> Vec<u8> {
    let memory = Memory::default();
    append(&Journal::start(memory.clone()).unwrap(), groups);
    memory.bytes()
}

fn append(journal: &Journal, groups: &[Vec<Stamped>]) {
    for group in groups {
        let mut last = Position::default();
        for (at, record) in group {
            last = journal.record(*at, record);
        }
        journal.flush();
        journal.wait(last).unwrap();
    }
}

#[test]
fn what_may_wait_is_written_after_a_while_or_when_it_is_wanted_or_in_the_end() {
    let memory = Memory::default();
    let journal = Journal::start(memory.clone()).unwrap();
    journal.note_lazily(b"alone");
    while memory.bytes().len() == HEADER_LEN {
        std::thread::yield_now();
    }
    journal.note_lazily(b"with");
    journal.wait(journal.note(b"another")).unwrap();
    // Who waits for it need not wait long, and nothing is lost at the end.
    journal.wait(journal.note_lazily(b"wanted")).unwrap();
    journal.note_lazily(b"last");
    drop(journal);
    let notes: Vec<Record> = read(&memory.bytes()[..]).unwrap().records.into_iter().map(|(_, record)| record).collect();
    let texts = ["alone", "with", "another", "wanted", "last"];
    assert_eq!(notes, texts.map(|text| Record::Note(text.as_bytes().to_vec())));
}

#[test]
fn what_may_wait_is_in_the_frame_of_what_may_not() {
    let (journal, queue) = Journal::modelled();
    journal.note_lazily(b"with");
    journal.note(b"another");
    let mut frame = Vec::new();
    queue.take(&mut frame);
    let holds = |text: &[u8]| frame.windows(text.len()).any(|window| window == text);
    assert!(holds(b"with") && holds(b"another") && !queue.has_some());
}

/// Where each frame begins, and where the last ends.
fn borders(file: &[u8]) -> Vec<usize> {
    let mut borders = vec![HEADER_LEN];
    while let Some(payload) = frame::open(file, borders[borders.len() - 1]) {
        borders.push(borders[borders.len() - 1] + FRAME_LEN + payload.len());
    }
    borders
}

fn record() -> impl Strategy<Value = Record> {
    let node = || (0u32..u32::MAX).prop_map(|index| NodeId::from_index(index as usize));
    let text = || ".{0,200}";
    let outcome = || {
        use OutcomeKind::{Bug, Cancelled, Failed, Skipped, Succeeded, TimedOut};
        proptest::sample::select(vec![Succeeded, Failed, Skipped, Cancelled, TimedOut, Bug])
    };
    let phase = proptest::sample::select(vec![CancelPhase::Running, CancelPhase::Stopping, CancelPhase::Killing]);
    let limit = proptest::sample::select(vec![Limit::Node, Limit::Idle, Limit::Lease, Limit::Run, Limit::Cleanup]);
    let lease = (0u32..u32::MAX).prop_map(|index| Concern::Lease(LeaseId::from_index(index as usize)));
    let concern = prop_oneof![node().prop_map(Concern::Node), lease, Just(Concern::Run)];
    let ended = (node(), outcome(), text());
    let skipped = (node(), outcome(), proptest::option::of(0..u32::MAX - 1), text());
    prop_oneof![
        any::<usize>().prop_map(|nodes| Record::RunStarted { nodes }),
        (node(), any::<u32>()).prop_map(|(node, attempt)| Record::NodeStarted { node, attempt }),
        (node(), any::<u32>(), time(), text()).prop_map(|(node, attempt, delay, text)| Record::NodeRetried {
            node,
            attempt,
            delay,
            text
        }),
        ended.prop_map(|(node, outcome, text)| Record::NodeEnded { node, outcome, text }),
        skipped.prop_map(|(node, outcome, because, text)| {
            let because = because.map(|index| NodeId::from_index(index as usize));
            Record::NodeSkipped { node, outcome, because, text }
        }),
        (0u32..u32::MAX, any::<u32>(), any::<u32>()).prop_map(|(pool, from, to)| Record::PoolResized {
            pool: PoolId::from_index(pool as usize),
            from,
            to
        }),
        (concern, limit, phase.clone()).prop_map(|(of, limit, phase)| Record::TimeUp { of, limit, phase }),
        phase.prop_map(|phase| Record::StopRequested { phase }),
        any::<[usize; 6]>().prop_map(|[succeeded, failed, skipped, cancelled, timed_out, bugs]| {
            Record::RunEnded { counts: Counts { succeeded, failed, skipped, cancelled, timed_out, bugs } }
        }),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Record::Note),
    ]
}

fn time() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_nanos)
}

fn groups() -> impl Strategy<Value = Vec<Vec<Stamped>>> {
    proptest::collection::vec(proptest::collection::vec((time(), record()), 1..5), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(groups in groups(), room in 0usize..40) {
        let mut file = written_by_thread(&groups);
        let end = file.len() as u64;
        file.resize(file.len() + room, 0);
        let expected = Recording { version: VERSION, records: groups.concat(), tail: Tail::Clean, end };
        prop_assert_eq!(read(&*file).unwrap(), expected);
    }

    #[test]
    fn cut_at_any_byte_all_whole_frames_are_read_and_it_can_be_gone_on_with(groups in groups()) {
        let file = written(&groups);
        let borders = borders(&file);
        prop_assert_eq!(borders.len(), groups.len() + 1);
        let more = vec![vec![(Duration::from_secs(9), Record::Note(b"more".to_vec()))]];
        for cut in 0..file.len() {
            let recording = read(&file[..cut]).unwrap();
            let n_frames = borders.iter().filter(|&&border| border <= cut).count().saturating_sub(1);
            let end = if cut < HEADER_LEN { 0 } else { borders[n_frames] };
            prop_assert_eq!(&recording.records, &groups[..n_frames].concat());
            prop_assert_eq!(recording.end, end as u64);
            let is_cut = cut < HEADER_LEN || file[end..cut].iter().any(|&byte| byte != 0);
            prop_assert_eq!(recording.tail, if is_cut { Tail::Torn { offset: end as u64 } } else { Tail::Clean });

            // A thread each: not for every byte.
            if cut % 17 == 0 {
                let memory = Memory::holding(&file[..cut]);
                append(&Journal::extend(memory.clone(), &recording).unwrap(), &more);
                let both = [&groups[..n_frames], &more].concat();
                prop_assert_eq!(read(&*memory.bytes()).unwrap().records, both.concat());
            }
        }
    }

    #[test]
    fn zeros_from_any_byte_on_read_as_a_cut(groups in groups()) {
        let file = written(&groups);
        for cut in 0..file.len() {
            let mut zeroed = file.clone();
            zeroed[cut..].fill(0);
            // Zeros where zeros were before change nothing.
            if zeroed != file {
                let (zeroed, short) = (read(&*zeroed).unwrap(), read(&file[..cut]).unwrap());
                prop_assert!(zeroed.records.starts_with(&short.records), "{cut}");
                prop_assert!(groups.concat().starts_with(&zeroed.records), "{cut}");
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_damage_where_good_records_follow(groups in groups(), bit in 0u32..8) {
        let file = written(&groups);
        let borders = borders(&file);
        for at in 0..file.len() {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << bit;
            let frame = borders.iter().rposition(|&border| border <= at);
            match (frame, read(&*flipped)) {
                (None, Err(JournalError::NotAJournal | JournalError::Damaged { offset: 0, .. })) => {}
                (Some(frame), Err(JournalError::Damaged { offset, next })) => {
                    prop_assert_eq!([offset, next], [borders[frame] as u64, borders[frame + 1] as u64]);
                    let (salvaged, _) = salvage(&*flipped).unwrap();
                    prop_assert_eq!(salvaged.records, [&groups[..frame], &groups[frame + 1..]].concat().concat());
                }
                (Some(frame), Ok(recording)) => {
                    prop_assert_eq!(frame + 1, groups.len(), "only what was written last may be torn");
                    prop_assert_eq!(recording.tail, Tail::Torn { offset: borders[frame] as u64 });
                    prop_assert_eq!(recording.records, groups[..frame].concat());
                }
                (frame, other) => prop_assert!(false, "byte {at} of frame {frame:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_journal_from_the_future_is_refused_by_its_version() {
    let mut file = written(&[]);
    file[8] = 2;
    let crc = crc32fast::hash(&file[..12]);
    file[12..16].copy_from_slice(&crc.to_le_bytes());
    let error = read(&*file).unwrap_err();
    let expected = "the journal has format version 2, this program reads up to 1: read it with a newer one";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_record_of_an_unknown_kind_is_nonsense_and_the_rest_is_salvaged() {
    let note = |text: &str| (Duration::ZERO, Record::Note(text.into()));
    let mut file = written(&[vec![note("first")]]);
    let offset = file.len() as u64;
    // The first record of a frame has a known kind, or the frame is not taken for one.
    let mut odd = vec![0, 0, 0, 0, 0, 0, 0, 0, 3, 8, 0, b'a', 2, 11, 0];
    assert!(frame::seal(&mut odd, offset));
    file.extend(odd);
    assert!(matches!(read(&*file), Err(JournalError::Nonsense { offset: at, .. }) if at == offset));
    let (recording, damages) = salvage(&*file).unwrap();
    assert_eq!(recording.records, [note("first"), note("a")]);
    assert_eq!(damages.len(), 1);
}
