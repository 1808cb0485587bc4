//! Merges of small trees; some of them are made by git, too, with the same outcome.

#![no_main]

#[path = "../../crates/treemerge/tests/engine/fuzzed/mod.rs"]
mod fuzzed;
#[path = "../../crates/treemerge/tests/engine/repository.rs"]
mod repository;
#[path = "../../crates/treemerge/tests/engine/steps.rs"]
mod steps;

/// git takes milliseconds for what this engine does in microseconds: it sees one input of so many.
const SHARE: u64 = 256;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzzed::trees(data);
    if hash(data).is_multiple_of(SHARE) {
        let [base, ours, theirs] = fuzzed::case(data);
        repository::agreed(&base, &ours, &theirs);
    }
});

/// FNV-1a: the same input is compared each time, wherever it comes from.
fn hash(data: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    data.iter().fold(start, step)
}
