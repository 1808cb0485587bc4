//! Files and folders with OSV records.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::osv::{Advisories, Parsed, Record};
use crate::source::{Reading, Source, SourceKind, Stamp, Unreadable};

/// No record is longer, in bytes.
const LONGEST: u64 = 8 << 20;
/// Folders below folders that are looked into.
const DEEPEST: usize = 12;
/// Files that are looked at.
const MOST_FILES: usize = 1_000_000;
/// Records that are kept.
const MOST_RECORDS: usize = 1_000_000;

/// A file of one record (`.json`) or of one a line (`.jsonl`), or a folder of such, with the folders
/// in it. Links in a folder are not followed, and what is hidden is not looked at.
#[derive(Debug)]
pub struct OsvFiles(pub PathBuf);

impl Source for OsvFiles {
    type Known = Advisories;

    const KIND: SourceKind = SourceKind::Osv;

    fn path(&self) -> &Path {
        &self.0
    }

    fn stamp(&self) -> Result<Stamp, Unreadable> {
        let mut stamp: Option<Stamp> = None;
        walk(&self.0, |path, file| {
            let of_file = Stamp::of_file(path, file)?;
            stamp = Some(stamp.map_or(of_file, |it| it.and(of_file)));
            Ok(())
        })?;
        stamp.ok_or(Unreadable::Empty)
    }

    fn read(&self) -> Result<Reading<Advisories>, Unreadable> {
        let mut reader = Reader::default();
        walk(&self.0, |path, _| reader.file(path))?;
        reader.done()
    }
}

/// Shows each file, the folder's order being any.
fn walk(
    top: &Path,
    mut each: impl FnMut(&Path, &Metadata) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut seen = 0;
    let mut ahead = vec![(top.to_owned(), fs::metadata(top)?, 0)];
    while let Some((path, entry, depth)) = ahead.pop() {
        if entry.is_dir() {
            if depth == DEEPEST {
                let what = "folders below each other";
                return Err(Unreadable::TooMany {
                    most: DEEPEST,
                    what,
                });
            }
            let below = children(&path)?.into_iter();
            ahead.extend(below.map(|(path, entry)| (path, entry, depth + 1)));
        } else if depth == 0 || has_records(&path) {
            seen += 1;
            if seen > MOST_FILES {
                let what = "files";
                return Err(Unreadable::TooMany {
                    most: MOST_FILES,
                    what,
                });
            }
            each(&path, &entry)?;
        }
    }
    Ok(())
}

/// The files and folders in a folder; what goes away meanwhile is not in it.
fn children(folder: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let mut children = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        match entry.metadata() {
            Ok(it) if !is_hidden && (it.is_file() || it.is_dir()) => {
                children.push((entry.path(), it));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(children)
}

fn has_records(path: &Path) -> bool {
    [Some("json"), Some("jsonl")].contains(&path.extension().and_then(OsStr::to_str))
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    records: Vec<Record>,
    withdrawn: usize,
    odd: usize,
}

impl Reader {
    fn file(&mut self, path: &Path) -> Result<(), Unreadable> {
        let is_list = path.extension() == Some(OsStr::new("jsonl"));
        let read = File::open(path).and_then(|file| {
            let file = BufReader::new(file);
            if is_list {
                self.lines(file)
            } else {
                self.whole(file)
            }
        });
        if read.is_err() {
            self.odd += 1;
        }
        if self.records.len() > MOST_RECORDS {
            let what = "records";
            return Err(Unreadable::TooMany {
                most: MOST_RECORDS,
                what,
            });
        }
        Ok(())
    }

    /// A file that is one record.
    fn whole(&mut self, file: impl Read) -> io::Result<()> {
        let mut bytes = Vec::new();
        file.take(LONGEST + 1).read_to_end(&mut bytes)?;
        self.record(&bytes);
        Ok(())
    }

    /// A file of a record a line.
    fn lines(&mut self, mut file: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut bounded = Read::take(&mut file, LONGEST + 1);
            if bounded.read_until(b'\n', &mut line)? == 0 || self.records.len() > MOST_RECORDS {
                return Ok(());
            }
            if line.len() as u64 > LONGEST && !line.ends_with(b"\n") {
                file.skip_until(b'\n')?;
            }
            if !line.trim_ascii().is_empty() {
                self.record(&line);
            }
        }
    }

    fn record(&mut self, json: &[u8]) {
        let text = (json.len() as u64 <= LONGEST).then_some(json);
        let text = text.and_then(|json| std::str::from_utf8(json).ok());
        match text.map_or(Parsed::Odd, Record::parse) {
            Parsed::Record(record) => self.records.push(*record),
            Parsed::Withdrawn => self.withdrawn += 1,
            Parsed::Odd => self.odd += 1,
        }
    }

    fn done(self) -> Result<Reading<Advisories>, Unreadable> {
        match (self.records.len() + self.withdrawn, self.odd) {
            (0, 0) => Err(Unreadable::Empty),
            (0, odd) => Err(Unreadable::AllOdd(odd)),
            (_, odd) => Ok(Reading {
                entries: self.records.len(),
                known: Advisories::new(self.records),
                odd,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use picket_domain::Advisory;

    use super::*;

    fn record(id: &str) -> String {
        format!(r#"{{"id": "{id}"}}"#)
    }

    fn has(reading: &Reading<Advisories>, id: &str) -> bool {
        let id = Advisory::parse(id).unwrap();
        reading.known.of(&id).next().is_some()
    }

    #[test]
    fn folders_are_read_with_what_is_below_and_odd_files_cost_themselves() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for folder in ["2026/11", ".git"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        fs::write(at("2026/11/a.json"), record("CVE-2026-1000")).unwrap();
        let long = format!(
            r#"{{"id": "CVE-2026-6666", "x": "{}"}}"#,
            "x".repeat(9 << 20)
        );
        let lines = [
            &record("CVE-2026-1001"),
            "{",
            "",
            &long,
            &record("CVE-2026-1002"),
        ];
        fs::write(at("2026/b.jsonl"), lines.join("\n")).unwrap();
        fs::write(at("2026/c.json"), [0xff, 0xfe]).unwrap();
        fs::write(at("d.json"), &long).unwrap();
        fs::write(at("README.md"), "nothing").unwrap();
        fs::write(at(".git/x.json"), record("CVE-2026-1003")).unwrap();
        symlink(at("2026/11/a.json"), at("link.json")).unwrap();
        symlink(dir.path(), at("loop")).unwrap();
        let gone = r#"{"id": "CVE-2026-1004", "withdrawn": "2026-01-01T00:00:00Z"}"#;
        fs::write(at("gone.json"), gone).unwrap();
        let read = OsvFiles(dir.path().to_owned()).read().unwrap();
        assert_eq!((read.entries, read.odd), (3, 4));
        let found = ["1000", "1001", "1002", "1003", "1004", "6666"];
        let found = found.map(|id| has(&read, &format!("CVE-2026-{id}")));
        assert_eq!(found, [true, true, true, false, false, false]);
    }

    #[test]
    fn one_file_is_enough_and_each_change_of_any_file_shows() {
        let dir = tempfile::tempdir().unwrap();
        let folder = OsvFiles(dir.path().to_owned());
        assert!(matches!(folder.stamp(), Err(Unreadable::Empty)));
        let file = OsvFiles(dir.path().join("all.jsonl"));
        assert!(matches!(file.stamp(), Err(Unreadable::Io(_))));
        fs::write(file.path(), record("CVE-2026-1000")).unwrap();
        assert_eq!(file.read().unwrap().entries, 1);
        let (one, first) = (file.stamp().unwrap(), folder.stamp().unwrap());
        assert_eq!(first, folder.stamp().unwrap());
        fs::write(dir.path().join("b.json"), record("CVE-2026-1001")).unwrap();
        assert_ne!(first, folder.stamp().unwrap());
        assert_eq!(one, file.stamp().unwrap());
    }

    #[test]
    fn what_holds_no_record_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = OsvFiles(dir.path().join("all.jsonl"));
        fs::write(file.path(), "<html>\n</html>\n").unwrap();
        assert!(matches!(file.read(), Err(Unreadable::AllOdd(2))));
        fs::write(file.path(), "\n").unwrap();
        assert!(matches!(file.read(), Err(Unreadable::Empty)));
        let deep = dir.path().join("x/".repeat(DEEPEST));
        fs::create_dir_all(deep).unwrap();
        let folder = OsvFiles(dir.path().to_owned());
        assert!(matches!(folder.stamp(), Err(Unreadable::TooMany { .. })));
    }
}
