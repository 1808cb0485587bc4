//! The file with CISA's catalogue.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::exploited::Catalogue;
use crate::source::{Reading, Source, SourceKind, Stamp, Unreadable};

/// No catalogue is longer, in bytes: that of 2025 has 1.5 MB.
const LONGEST: u64 = 64 << 20;

/// CISA's catalogue of exploited vulnerabilities, as JSON.
#[derive(Debug)]
pub struct KevFile(pub PathBuf);

impl Source for KevFile {
    type Known = Catalogue;

    const KIND: SourceKind = SourceKind::Kev;

    fn path(&self) -> &Path {
        &self.0
    }

    fn stamp(&self) -> Result<Stamp, Unreadable> {
        Ok(Stamp::of_file(&self.0, &fs::metadata(&self.0)?)?)
    }

    fn read(&self) -> Result<Reading<Catalogue>, Unreadable> {
        let mut text = String::new();
        let file = fs::File::open(&self.0)?;
        file.take(LONGEST).read_to_string(&mut text)?;
        let (known, odd) = Catalogue::parse(&text)?;
        Ok(Reading {
            entries: known.len(),
            known,
            odd,
        })
    }
}
