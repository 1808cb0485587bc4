//! Whether the libraries of one store path can take the place of another one's.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::elf::{Offered, offered};

/// No output has more files, in as many folders.
const MAX_ENTRIES: usize = 200_000;
/// No library is larger, in bytes.
const MAX_FILE: u64 = 256 << 20;
/// Lost symbols that are named.
const NAMED: usize = 5;

/// The shared objects below a folder: each by its folder and soname, or by its path where it has
/// none, since it is then loaded by that.
type Libraries = BTreeMap<PathBuf, Offered>;

/// Why the libraries of `new` cannot take the place of those of `old`; `None`: they can.
///
/// # Errors
/// Where a folder cannot be read.
pub(super) fn lost(old: &Path, new: &Path) -> io::Result<Option<String>> {
    let (old, new) = match (libraries(old)?, libraries(new)?) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(reason), _) | (_, Err(reason)) => return Ok(Some(reason)),
    };
    let mut reasons = old.iter().filter_map(|(name, before)| {
        let name = name.display();
        let Some(after) = new.get(Path::new(&name.to_string())) else {
            return Some(format!("there is no {name}"));
        };
        let lost: Vec<_> = before.symbols.difference(&after.symbols).collect();
        if lost.is_empty() {
            return None;
        }
        let named: Vec<_> = lost.iter().take(NAMED).map(|it| it.as_str()).collect();
        let more = match lost.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!("{name} lacks {}{more}", named.join(", ")))
    });
    Ok(reasons.next())
}

fn libraries(root: &Path) -> io::Result<Result<Libraries, String>> {
    let mut found = Libraries::new();
    let (mut left, mut entries) = (vec![PathBuf::new()], 0);
    while let Some(folder) = left.pop() {
        let at = root.join(&folder);
        if !at.symlink_metadata()?.is_dir() {
            continue;
        }
        for entry in fs::read_dir(at)? {
            let entry = entry?;
            entries += 1;
            if entries > MAX_ENTRIES {
                return Ok(Err(format!("it has more than {MAX_ENTRIES} files")));
            }
            let (path, kind) = (folder.join(entry.file_name()), entry.file_type()?);
            if kind.is_dir() {
                left.push(path);
            } else if kind.is_file() {
                match library(&root.join(&path))? {
                    Ok(None) => {}
                    Ok(Some(library)) => {
                        let name = match &library.soname {
                            Some(soname) => folder.join(soname),
                            None => path,
                        };
                        found.insert(name, library);
                    }
                    Err(reason) => {
                        let path = path.display();
                        return Ok(Err(format!("{path} cannot be compared: {reason}")));
                    }
                }
            }
        }
    }
    Ok(Ok(found))
}

fn library(path: &Path) -> io::Result<Result<Option<Offered>, String>> {
    const MAGIC: &[u8] = b"\x7fELF";
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    Read::by_ref(&mut file)
        .take(MAGIC.len() as u64)
        .read_to_end(&mut bytes)?;
    if bytes != MAGIC {
        return Ok(Ok(None));
    }
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Ok(Err(format!("it is larger than {} MiB", MAX_FILE >> 20)));
    }
    Ok(offered(&bytes))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Links a shared object of one line of C, as `lib/libz.so.1` in a folder of its own.
    fn linked(temp: &Path, name: &str, code: &str, soname: &str, versions: &str) -> PathBuf {
        let out = temp.join(name);
        fs::create_dir_all(out.join("lib")).unwrap();
        let (source, script) = (temp.join("z.c"), temp.join("z.map"));
        fs::write(&source, code).unwrap();
        fs::write(&script, versions).unwrap();
        let linked = Command::new("cc")
            .args(["-shared", "-fPIC", "-nostdlib", "-o"])
            .arg(out.join("lib/libz.so.1.3"))
            .arg(format!("-Wl,-soname,{soname}"))
            .arg(format!("-Wl,--version-script,{}", script.display()))
            .arg(&source)
            .status()
            .unwrap();
        assert!(linked.success());
        out
    }

    const TWO: &str = "int inflate(void) { return 1; } int deflate(void) { return inner(); } int inner(void) { return 2; }";
    const ONE: &str = "int inflate(void) { return 3; }";
    const MAP: &str = "Z_1 { global: inflate; deflate; local: *; };";

    #[test]
    fn only_what_was_offered_has_to_be() {
        let temp = tempfile::tempdir().unwrap();
        let temp = temp.path();
        let code = TWO.replace("int inflate", "int inner(void); int inflate");
        let old = linked(temp, "old", &code, "libz.so.1", MAP);
        let offered = library(&old.join("lib/libz.so.1.3"))
            .unwrap()
            .unwrap()
            .unwrap();
        assert_eq!(offered.soname.as_deref(), Some("libz.so.1"));
        let symbols: Vec<_> = offered.symbols.iter().map(String::as_str).collect();
        assert_eq!(symbols, ["Z_1@Z_1", "deflate@Z_1", "inflate@Z_1"]);

        let more = format!("{code} int crc(void) {{ return 4; }}");
        let map = "Z_1 { global: inflate; deflate; local: *; }; Z_2 { global: crc; } Z_1;";
        let same = linked(temp, "same", &more, "libz.so.1", map);
        assert_eq!(lost(&old, &same).unwrap(), None);

        let cases = [
            (
                "less",
                ONE,
                "libz.so.1",
                "Z_1 { global: inflate; local: *; };",
            ),
            (
                "moved",
                &*code,
                "libz.so.1",
                "Z_2 { global: inflate; deflate; local: *; };",
            ),
            ("other", &*code, "libz.so.2", MAP),
        ];
        let reasons: Vec<_> = cases
            .iter()
            .map(|(name, code, soname, map)| lost(&old, &linked(temp, name, code, soname, map)))
            .map(|reason| reason.unwrap().unwrap())
            .collect();
        insta::assert_debug_snapshot!(reasons, @r#"
        [
            "lib/libz.so.1 lacks deflate@Z_1",
            "lib/libz.so.1 lacks Z_1@Z_1, deflate@Z_1, inflate@Z_1",
            "there is no lib/libz.so.1",
        ]
        "#);
    }

    #[test]
    fn what_is_no_library_does_not_count_and_a_broken_one_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let folder = |name: &str, content: &[u8]| {
            let folder = temp.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("libz.so"), content).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", folder.join("link")).unwrap();
            folder
        };
        let (script, other) = (folder("script", b"#!/bin/sh\n"), folder("other", b""));
        assert_eq!(lost(&script, &other).unwrap(), None);
        let broken = folder("broken", b"\x7fELF\x02\x01\x01 and no more than that");
        let reason = lost(&script, &broken).unwrap().unwrap();
        assert!(reason.contains("libz.so cannot be compared"), "{reason}");
    }
}
