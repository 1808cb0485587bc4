//! The file with FIRST's scores, packed or not.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::epss::Scores;
use crate::source::{Reading, Source, SourceKind, Stamp, Unreadable};

/// No day's scores are longer, in bytes: 300,000 take about 10 MB.
const LONGEST: u64 = 256 << 20;

/// What a gzip file begins with.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// FIRST's scores of one day, as CSV, plain or packed with gzip.
#[derive(Debug)]
pub struct EpssFile(pub PathBuf);

impl Source for EpssFile {
    type Known = Scores;

    const KIND: SourceKind = SourceKind::Epss;

    fn path(&self) -> &Path {
        &self.0
    }

    fn stamp(&self) -> Result<Stamp, Unreadable> {
        Ok(Stamp::of_file(&self.0, &fs::metadata(&self.0)?)?)
    }

    fn read(&self) -> Result<Reading<Scores>, Unreadable> {
        let mut file = BufReader::new(File::open(&self.0)?);
        // What the file is called says nothing: a download may be called anything.
        if file.fill_buf()?.starts_with(GZIP) {
            parse(MultiGzDecoder::new(file))
        } else {
            parse(file)
        }
    }
}

fn parse(text: impl Read) -> Result<Reading<Scores>, Unreadable> {
    let mut text = BufReader::new(text).take(LONGEST);
    let (known, odd) = Scores::parse(&mut text)?;
    if text.limit() == 0 {
        return Err(Unreadable::TooLong(LONGEST));
    }
    Ok(Reading {
        entries: known.len(),
        known,
        odd,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use picket_domain::Advisory;

    use super::*;

    const TEXT: &str = "#model_version:v2025.03.14,score_date:2025-08-25T00:00:00+0000\n\
                        cve,epss,percentile\nCVE-2025-48384,0.97345,0.99912\n";

    fn packed(text: &str) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn scores_are_read_packed_or_not_whatever_the_name_says() {
        let dir = tempfile::tempdir().unwrap();
        let file = EpssFile(dir.path().join("scores.csv"));
        assert!(matches!(file.stamp(), Err(Unreadable::Io(_))));
        for bytes in [TEXT.as_bytes().to_vec(), packed(TEXT)] {
            fs::write(file.path(), bytes).unwrap();
            let read = file.read().unwrap();
            assert_eq!((read.entries, read.odd), (1, 0));
            let id = Advisory::parse("CVE-2025-48384").unwrap();
            assert!(read.known.of(&id).is_some());
        }
    }

    #[test]
    fn a_packed_file_that_was_cut_off_is_not_taken_for_a_short_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = EpssFile(dir.path().join("scores.csv.gz"));
        let whole = packed(TEXT);
        fs::write(file.path(), &whole[..whole.len() - 9]).unwrap();
        assert!(file.read().is_err());
    }
}
