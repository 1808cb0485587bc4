//! Paths inside a tree.

/// A path relative to a folder of the tree, made plain; `None` where it leads out of the tree.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<_> = folder.split('/').filter(|it| !it.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The folder that a file is in; empty for the tree's own.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The package that a file belongs to by where it is: `by-name/he/hello/package.nix` to the set
/// `by-name`, the package `hello` and its folder.
pub(crate) fn by_name_package(path: &str) -> Option<(&str, &str, &str)> {
    let at = match path.strip_prefix("by-name/") {
        Some(_) => 0,
        None => path.find("/by-name/")? + 1,
    };
    let root = at + "by-name".len();
    let (shard, rest) = path[root + 1..].split_once('/')?;
    let (name, _) = rest.split_once('/')?;
    let end = root + 1 + shard.len() + 1 + name.len();
    Some((&path[..root], name, &path[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_plain_and_stay_inside() {
        assert_eq!(join("a/b", "../c/./d").unwrap(), "a/c/d");
        assert_eq!(join("a", "..").unwrap(), "");
        assert_eq!(join("a", "../.."), None);
    }

    #[test]
    fn packages_are_told_by_their_folder() {
        assert_eq!(
            by_name_package("pkgs/by-name/he/hello/package.nix"),
            Some(("pkgs/by-name", "hello", "pkgs/by-name/he/hello"))
        );
        assert_eq!(by_name_package("pkgs/by-name/README.md"), None);
        assert_eq!(by_name_package("pkgs/a/default.nix"), None);
    }
}
