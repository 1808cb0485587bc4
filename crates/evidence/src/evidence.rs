//! All sources together.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::epss_file::EpssFile;
use crate::kev_file::KevFile;
use crate::known::Known;
use crate::osv_files::OsvFiles;
use crate::source::{Source, SourceKind};
use crate::watched::{Standing, Watched};

/// Where the sources are; each may be missing, and need not be there yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// The file with CISA's catalogue.
    pub kev: Option<PathBuf>,
    /// Files and folders with OSV records.
    pub osv: Vec<PathBuf>,
    /// The file with FIRST's scores.
    pub epss: Option<PathBuf>,
}

/// All sources, and what they last said together.
///
/// Who asks what is known never waits for a disk: [`Evidence::look`] reads, and is called on a
/// thread that may wait.
#[derive(Debug, Default)]
pub struct Evidence {
    kev: Option<Watched<KevFile>>,
    osv: Vec<Watched<OsvFiles>>,
    epss: Option<Watched<EpssFile>>,
    /// Held while somebody looks.
    looking: Mutex<()>,
    known: Mutex<Arc<Known>>,
}

impl Evidence {
    /// The sources at these places, which are not read yet.
    pub fn new(places: Places) -> Self {
        let osv = places.osv.into_iter();
        Self {
            kev: places.kev.map(|path| Watched::new(KevFile(path))),
            osv: osv.map(|path| Watched::new(OsvFiles(path))).collect(),
            epss: places.epss.map(|path| Watched::new(EpssFile(path))),
            ..Self::default()
        }
    }

    /// Reads what was replaced since it was read last. Blocks on the disk, for seconds where
    /// sources are large. What cannot be read stays as it last was.
    pub fn look(&self) {
        let _alone = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        self.kev.iter().for_each(|it| self.look_at(it));
        self.osv.iter().for_each(|it| self.look_at(it));
        self.epss.iter().for_each(|it| self.look_at(it));
    }

    /// What is known now.
    pub fn known(&self) -> Arc<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known)
    }

    /// How each source is.
    pub fn standings(&self) -> Vec<Standing> {
        let name = |kind: SourceKind| kind.name().to_owned();
        let kev = self.kev.iter().map(|it| it.standing(name(SourceKind::Kev)));
        let osv = (1..).zip(&self.osv).map(|(number, it)| {
            let name = format!("{}-{number}", SourceKind::Osv.name());
            it.standing(name)
        });
        let epss = self.epss.iter();
        let epss = epss.map(|it| it.standing(name(SourceKind::Epss)));
        kev.chain(osv).chain(epss).collect()
    }

    /// What is small is not kept waiting for what is large.
    fn look_at<S: Source>(&self, source: &Watched<S>) {
        let before = source.known();
        source.look();
        if !Arc::ptr_eq(&before, &source.known()) {
            let known = Arc::new(self.gathered());
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
        }
    }

    fn gathered(&self) -> Known {
        let (kev, epss) = (self.kev.as_ref(), self.epss.as_ref());
        Known {
            exploited: kev.map(Watched::known).unwrap_or_default(),
            scores: epss.map(Watched::known).unwrap_or_default(),
            advisories: self.osv.iter().map(Watched::known).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use picket_domain::Advisory;

    use super::*;

    #[test]
    fn one_source_that_breaks_leaves_the_others_and_what_it_knew() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let evidence = Evidence::new(Places {
            kev: Some(at("kev.json")),
            osv: vec![at("one.jsonl"), at("two")],
            epss: Some(at("epss.csv")),
        });
        assert!(evidence.known().is_empty());
        fs::write(at("one.jsonl"), r#"{"id": "CVE-2026-1000"}"#).unwrap();
        fs::write(
            at("epss.csv"),
            "cve,epss,percentile\nCVE-2026-1000,0.5,0.9\n",
        )
        .unwrap();
        evidence.look();
        let told = |evidence: &Evidence| {
            let standings = evidence.standings().into_iter();
            let told = standings.map(|it| (it.name, it.entries, it.problem.is_some()));
            told.collect::<Vec<_>>()
        };
        let expected = [
            ("kev", 0, true),
            ("osv-1", 1, false),
            ("osv-2", 0, true),
            ("epss", 1, false),
        ];
        let expected = expected.map(|(name, entries, fails)| (name.to_owned(), entries, fails));
        assert_eq!(told(&evidence), expected);
        let known = evidence.known();
        evidence.look();
        assert!(Arc::ptr_eq(&known, &evidence.known()), "nothing changed");
        fs::write(at("one.jsonl"), "<html>").unwrap();
        fs::remove_file(at("epss.csv")).unwrap();
        evidence.look();
        let known = evidence.known();
        let facts = known.of(&Advisory::parse("CVE-2026-1000").unwrap());
        assert!(facts.likelihood.is_some() && facts.records.len() == 1);
        let failing = told(&evidence).iter().filter(|it| it.2).count();
        assert_eq!(failing, 4);
    }

    #[test]
    fn without_a_source_nothing_is_known_and_nothing_is_wrong() {
        let evidence = Evidence::default();
        evidence.look();
        assert!(evidence.known().is_empty() && evidence.standings().is_empty());
    }
}
