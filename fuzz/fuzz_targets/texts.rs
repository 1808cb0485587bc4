//! Line diffs and three-way merges of any texts.

#![no_main]

#[path = "../../crates/treemerge/tests/engine/fuzzed/mod.rs"]
mod fuzzed;
#[path = "../../crates/treemerge/tests/engine/repository.rs"]
mod repository;
#[path = "../../crates/treemerge/tests/engine/steps.rs"]
mod steps;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::texts(data));
