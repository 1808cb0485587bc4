//! What the documents link to in the repository is there.

use std::fs;

use super::root;

#[test]
fn links_between_files_lead_somewhere() {
    let (mut links, mut folders) = (0, vec![root()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && name != "nixpkgs" && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(".md") {
                let text = fs::read_to_string(&path).unwrap();
                for target in text.split("](").skip(1) {
                    let target = target.split([')', '#']).next().unwrap();
                    let is_here = !target.is_empty() && !target.contains("://");
                    assert!(
                        !is_here || folder.join(target).exists(),
                        "{}: {target} is not there",
                        path.display()
                    );
                    links += usize::from(is_here);
                }
            }
        }
    }
    assert!(links > 40, "only {links} links were found");
}
