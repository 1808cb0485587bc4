//! The archive of the VEX repository.

use std::collections::BTreeSet;
use std::io;

use flate2::{Compression, GzBuilder};
use picket_domain::{Facts, Timestamp};
use picket_statements::{OpenVex, Package, Site, Statements, VexIndex, document_path};
use tar::{Builder, Header};

use super::document::Document;

/// Packages that there is a document of: the first, by name.
const MOST_PACKAGES: usize = 2_000;

/// The archive of all channels: a document for each package of which somebody decided anything. What
/// nobody decided about changes nothing for a scanner.
///
/// It is a function of what is stated: made again, it has the same bytes.
pub(super) fn archive(channels: &[(&Facts, &Statements)], site: &Site) -> io::Result<Document> {
    let packages = packages(channels);
    let documents = OpenVex::of_packages(channels, site, packages.into_iter());
    let updated_at = documents.iter().map(|(_, document)| document.updated_at());
    let updated_at = updated_at.max().unwrap_or(Timestamp::from_unix(0));
    let gzip = GzBuilder::new().write(Vec::new(), Compression::fast());
    let mut archive = Builder::new(gzip);
    let index = VexIndex::new(updated_at, documents.iter().map(|(package, _)| *package));
    add(&mut archive, "index.json", &index, updated_at)?;
    for (package, document) in &documents {
        add(
            &mut archive,
            &document_path(package),
            document,
            document.updated_at(),
        )?;
    }
    let bytes = archive.into_inner()?.finish()?;
    Ok(Document::new(bytes, "application/gzip"))
}

fn packages<'s>(channels: &[(&Facts, &'s Statements)]) -> BTreeSet<&'s Package> {
    let statements = channels
        .iter()
        .flat_map(|(_, statements)| statements.iter());
    let decided = statements.filter(|statement| statement.is_decided());
    let packages: BTreeSet<_> = decided.filter_map(|it| it.about.package()).collect();
    packages.into_iter().take(MOST_PACKAGES).collect()
}

fn add<W: io::Write>(
    archive: &mut Builder<W>,
    path: &str,
    document: &impl serde::Serialize,
    at: Timestamp,
) -> io::Result<()> {
    let bytes = serde_json::to_vec(document)?;
    let mut header = Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(u64::try_from(at.as_unix()).unwrap_or_default());
    archive.append_data(&mut header, path, bytes.as_slice())?;
    Ok(())
}
