//! Holds proposals against what people made of conflicts.
//!
//! `conflicts FOLDER...`: each FOLDER has a folder a pick, with the files `base/PATH`, `ours/PATH`,
//! `theirs/PATH`, `truth/PATH` of every PATH that conflicts (absent where that side has none), and
//! `other`, a file with the paths beside these in which people departed from the clean merge.
//! Prints a line a pick, with a letter for each of its files (`=` as people made it, `#` otherwise,
//! `0` no proposal), and how many picks are whole.

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use picket_proposal::{ConflictedFile, propose};

fn main() -> Result<(), Box<dyn Error>> {
    for folder in std::env::args().skip(1) {
        let (mut picks, mut identical, mut made) = (0, 0, 0);
        for pick in entries(Path::new(&folder))? {
            let letters = judge(&pick)?;
            let other = fs::read_to_string(pick.join("other")).is_ok_and(|other| !other.is_empty());
            let whole = !other && letters.chars().all(|letter| letter == '=');
            picks += 1;
            identical += usize::from(whole);
            made += usize::from(!letters.contains('0'));
            println!("{} {letters}{}", pick.display(), if other { " +" } else { "" });
        }
        println!("{folder}: {picks} picks, {made} proposals, {identical} as people made them");
    }
    Ok(())
}

fn judge(pick: &Path) -> Result<String, Box<dyn Error>> {
    let sides = ["base", "ours", "theirs"];
    let mut paths = BTreeSet::new();
    for side in sides {
        find(&pick.join(side), Path::new(""), &mut paths)?;
    }
    let read = |side: &str, path: &str| fs::read(pick.join(side).join(path)).ok();
    let versions: Vec<_> = paths
        .iter()
        .map(|path| (path, sides.map(|side| read(side, path))))
        .collect();
    let files: Vec<_> = versions
        .iter()
        .map(|(path, [base, ours, theirs])| ConflictedFile {
            path,
            base: base.as_deref(),
            ours: ours.as_deref(),
            theirs: theirs.as_deref(),
        })
        .collect();
    let out = std::env::var_os("OUT").map(PathBuf::from);
    let mut letters = String::new();
    for (file, proposal) in files.iter().zip(propose(&files)) {
        letters.push(match proposal {
            None => '0',
            Some(proposal) => {
                if out.is_some() {
                    for rule in &proposal.rules {
                        println!("  {} {rule:?}", file.path);
                    }
                }
                if let (Some(out), Some(content)) = (&out, &proposal.content) {
                    let to = out.join(pick.file_name().unwrap_or_default()).join(file.path);
                    fs::create_dir_all(to.parent().unwrap_or(out))?;
                    fs::write(to, content)?;
                }
                if proposal.content == read("truth", file.path) { '=' } else { '#' }
            }
        });
    }
    Ok(letters)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn find(root: &Path, below: &Path, paths: &mut BTreeSet<String>) -> Result<(), Box<dyn Error>> {
    let folder = root.join(below);
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            find(root, &path, paths)?;
        } else if let Some(path) = path.to_str() {
            paths.insert(path.to_owned());
        }
    }
    Ok(())
}
