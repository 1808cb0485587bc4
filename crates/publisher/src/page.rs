//! The page of a release folder.

use std::fmt::{self, Write};

use crate::manifest::{FileDigest, Manifest, ManifestPick};
use crate::release_file::ReleaseFile;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;\
padding:0 1rem}h1{overflow-wrap:anywhere}table{border-collapse:collapse}\
td,th{text-align:left;padding:.2rem 1rem .2rem 0}code{font-size:.85em;overflow-wrap:anywhere}@media(prefers-color-scheme:dark){body{background:#111;\
color:#ddd}a{color:#8cf}}";

/// The page's HTML, with the hashes of the files that the manifest lists by now. It is small, since
/// `nix-channel` downloads it at every update.
pub(crate) fn html(manifest: &Manifest) -> String {
    let mut page = String::new();
    write_page(&mut page, manifest).expect("writing to a string does not fail");
    page
}

fn write_page(page: &mut String, manifest: &Manifest) -> fmt::Result {
    let name = Escaped(manifest.name.as_str());
    let official = manifest.base.release.as_ref();
    let official = official.map_or_else(String::new, |release| format!(", {release}"));
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{name}</title>\n\
         <style>{STYLE}</style>\n<h1>{name}</h1>\n\
         <p>Release {} of the channel {}, commit <code>{}</code>, on the official channel's \
         <code>{}</code>{}.</p>\n",
        manifest.seq,
        Escaped(manifest.channel.as_str()),
        manifest.rev,
        manifest.base.rev,
        Escaped(&official),
    )?;
    if let Some(tree) = &manifest.tree {
        let hash = tree.sri();
        writeln!(
            page,
            "<p>narHash of what the archives hold: <code>{hash}</code></p>"
        )?;
    }
    picks(page, manifest)?;
    files(page, manifest)?;
    let paths = manifest.store_paths.len();
    writeln!(
        page,
        "<p>{paths} store path{} in the binary cache <code>{}</code>.</p>",
        if paths == 1 { "" } else { "s" },
        Escaped(manifest.binary_cache_url.as_str()),
    )?;
    for key in &manifest.public_keys {
        writeln!(
            page,
            "<p>Signed by <code>{}</code></p>",
            Escaped(&key.to_string())
        )?;
    }
    Ok(())
}

fn picks(page: &mut String, manifest: &Manifest) -> fmt::Result {
    if manifest.picks.is_empty() {
        return page.write_str("<p>No fix beyond the official channel's.</p>\n");
    }
    let (own, upstreams): (Vec<_>, Vec<_>) = manifest.picks.iter().partition(|it| it.pr.is_own());
    for (heading, picks) in [("Fixes", upstreams), ("The team's own patches", own)] {
        if picks.is_empty() {
            continue;
        }
        writeln!(page, "<h2>{heading}</h2>\n<ul>")?;
        for pick in picks {
            write_pick(page, pick)?;
        }
        page.write_str("</ul>\n")?;
    }
    for aside in &manifest.set_aside {
        let reason = Escaped(&aside.reason);
        writeln!(page, "<p>Not in it: #{}, {reason}</p>", aside.pr)?;
    }
    Ok(())
}

fn write_pick(page: &mut String, pick: &ManifestPick) -> fmt::Result {
    write!(page, "<li>#{}", pick.pr)?;
    if let Some(title) = &pick.title {
        write!(page, " {}", Escaped(title))?;
    }
    for advisory in &pick.advisories {
        write!(page, " <strong>{}</strong>", Escaped(advisory.as_str()))?;
    }
    for package in &pick.versions {
        write!(page, " {}", Escaped(&package.words()))?;
    }
    if let Some(stand_in) = pick.stand_in {
        write!(page, " ({}, not fixed yet)", stand_in.done())?;
    }
    writeln!(page, " <code>{}</code></li>", pick.head.short())
}

fn files(page: &mut String, manifest: &Manifest) -> fmt::Result {
    // The folder's address has no slash at its end (Nix takes it as a prefix), so that a relative
    // link would miss the folder.
    let folder = format!("/releases/{}/{}", manifest.channel, manifest.name);
    page.write_str("<h2>Files</h2>\n<table>\n<tr><th>Name<th>Bytes<th>SHA-256\n")?;
    for (name, FileDigest { sha256, size }) in &manifest.files {
        let name = Escaped(name);
        writeln!(
            page,
            "<tr><td><a href=\"{folder}/{name}\">{name}</a><td>{size}<td><code>{sha256}</code>"
        )?;
    }
    for file in [
        ReleaseFile::Manifest,
        ReleaseFile::Signature,
        ReleaseFile::Sha256Sums,
    ] {
        let name = file.file_name();
        writeln!(
            page,
            "<tr><td><a href=\"{folder}/{name}\">{name}</a><td><td>"
        )?;
    }
    page.write_str("</table>\n")
}

/// Text from anywhere, made harmless in HTML.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let text = Escaped("<script>alert('\"&')</script>").to_string();
        assert_eq!(
            text,
            "&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;"
        );
    }
}
