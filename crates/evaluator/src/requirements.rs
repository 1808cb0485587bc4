//! Which Nix a tree asks for.

use std::fs;
use std::path::Path;

use picket_nix::{Installed, NixVersion};
use tokio::task::spawn_blocking;

/// Largest file that is read, in bytes.
const SIZE_MAX: u64 = 64 << 10;

/// The files that say it, and how each is read.
const FILES: [(&str, Reading); 2] = [
    ("lib/minver.nix", minver_literal),
    ("lib/minfeatures.nix", minfeatures_version),
];

type Reading = fn(&str) -> Option<NixVersion>;

/// A tree asks for a newer Nix than there is.
#[derive(Debug, Clone, thiserror::Error)]
#[error("its {file} asks for Nix {wanted} or newer, and Nix {found} is installed")]
pub struct NixTooOld {
    /// The tree's file that says so.
    pub file: &'static str,
    /// The installed version.
    pub found: NixVersion,
    /// The oldest version that the tree works with.
    pub wanted: NixVersion,
}

/// Checks that a tree works with the installed Nix.
///
/// # Errors
/// Where the tree says that it asks for a newer one.
pub async fn check_requirements(installed: &Installed, tree: &Path) -> Result<(), NixTooOld> {
    let tree = tree.to_owned();
    let wanted = spawn_blocking(move || {
        FILES.map(|(file, read)| {
            let wanted = text_of(&tree.join(file)).and_then(|nix| read(&nix));
            wanted.map(|wanted| (file, wanted))
        })
    });
    // Trees that say nothing ask for nothing; of what cannot be read without evaluating it, the
    // tree's own check decides.
    let wanted = wanted.await.unwrap_or_default().into_iter().flatten();
    for (file, wanted) in wanted {
        if !installed.version.is_at_least(&wanted) {
            let found = installed.version.clone();
            return Err(NixTooOld {
                file,
                found,
                wanted,
            });
        }
    }
    Ok(())
}

/// The text of a file of the tree; `None`: there is none that could be read as such. The tree's author made it: it may be a link to anywhere, a folder, or very long.
fn text_of(file: &Path) -> Option<String> {
    let metadata = fs::symlink_metadata(file).ok()?;
    if !metadata.is_file() || metadata.len() > SIZE_MAX {
        return None;
    }
    fs::read_to_string(file).ok()
}

/// The newest version that `lib/minfeatures.nix` compares Nix's own with: its list of features says
/// `builtins.compareVersions "2.18" builtins.nixVersion != 1` for "at least 2.18".
fn minfeatures_version(nix: &str) -> Option<NixVersion> {
    let lines = nix
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    let code: Vec<_> = lines.flat_map(str::split_whitespace).collect();
    let compared = code.windows(3).filter_map(|words| match words {
        ["builtins.compareVersions" | "compareVersions", version, own] => {
            let own = own.trim_end_matches([')', ';']);
            matches!(own, "builtins.nixVersion" | "nixVersion").then_some(*version)
        }
        _ => None,
    });
    let versions = compared.filter_map(|quoted| {
        let version = quoted.strip_prefix('"')?.strip_suffix('"')?;
        version.parse::<NixVersion>().ok()
    });
    versions.reduce(|a, b| if a.is_at_least(&b) { a } else { b })
}

/// The version that `lib/minver.nix` asks for, where the file is what it has always been: one
/// string, with or without comments.
fn minver_literal(nix: &str) -> Option<NixVersion> {
    let mut code = String::new();
    let mut rest = nix;
    while let Some(start) = rest.find(['#', '"']).map(|at| rest.split_at(at)) {
        let (before, at) = start;
        code.push_str(before);
        let Some(comment) = at.strip_prefix('#') else {
            rest = at;
            break;
        };
        rest = comment.split_once('\n').map_or("", |(_, after)| after);
    }
    let (literal, after) = rest.strip_prefix('"')?.split_once('"')?;
    let only_comments_after = after
        .lines()
        .map(str::trim)
        .all(|line| line.is_empty() || line.starts_with('#'));
    if code.trim().is_empty() && only_comments_after {
        literal.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minver_is_read_without_evaluating_it() {
        let read = |nix| minver_literal(nix).map(|version| version.to_string());
        assert_eq!(read("\"2.18.0\"\n").as_deref(), Some("2.18.0"));
        assert_eq!(
            read("# Expose the \"minimum\" version\n\n\"2.3.17\" # so\n").as_deref(),
            Some("2.3.17")
        );
        assert_eq!(read("let a = \"2.18\"; in a"), None);
        assert_eq!(read("\"2.\" + \"18\""), None);
        assert_eq!(read("\"${toString 2}.18\""), None);
        assert_eq!(read("# nothing"), None);
    }

    #[test]
    fn minfeatures_is_read_without_evaluating_it() {
        let read = |nix| minfeatures_version(nix).map(|version| version.to_string());
        let nix = r#"
            let features = [
              { description = "the `nixVersion` builtin"; condition = builtins ? nixVersion; }
              { description = "at least 2.18";
                # builtins.compareVersions "9.9" builtins.nixVersion
                condition = builtins ? nixVersion
                  && builtins.compareVersions "2.18" builtins.nixVersion != 1; }
              { condition = (compareVersions "2.3.17" builtins.nixVersion) != 1; }
            ]; in { }"#;
        assert_eq!(read(nix).as_deref(), Some("2.18"));
        assert_eq!(
            read("builtins.compareVersions version builtins.nixVersion"),
            None
        );
        assert_eq!(read("builtins.compareVersions \"2.18\" other"), None);
        assert_eq!(read(""), None);
    }

    #[tokio::test]
    async fn a_tree_that_asks_for_a_newer_nix_is_told_by_either_file() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("lib")).unwrap();
        let installed = Installed {
            version: "2.8.0".parse().unwrap(),
            store_dir: "/s".to_owned(),
        };
        assert!(check_requirements(&installed, dir.path()).await.is_ok());
        let file = dir.path().join("lib/minfeatures.nix");
        fs::write(
            &file,
            "builtins.compareVersions \"2.18\" builtins.nixVersion",
        )
        .unwrap();
        let error = check_requirements(&installed, dir.path())
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "its lib/minfeatures.nix asks for Nix 2.18 or newer, and Nix 2.8.0 is installed"
        );
        fs::remove_file(&file).unwrap();
        let outside = dir.path().join("outside");
        fs::write(
            &outside,
            "builtins.compareVersions \"2.18\" builtins.nixVersion",
        )
        .unwrap();
        std::os::unix::fs::symlink(&outside, &file).unwrap();
        assert!(
            check_requirements(&installed, dir.path()).await.is_ok(),
            "no link is followed"
        );
    }
}
