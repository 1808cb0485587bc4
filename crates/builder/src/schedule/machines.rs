//! The machines that Nix builds on: this one, and those of its setting `builders`.

use std::collections::BTreeSet;
use std::fs;

use picket_nix::Settings;
use picket_nix::derivation::Recipe;

/// More jobs at a time than this are not started for remote machines.
const REMOTE_MAX: u64 = 64;
/// So deep may files of builders include each other.
const INCLUDE_MAX: u32 = 4;
/// What Nix builds itself, on any machine.
const BUILTIN: &str = "builtin";

/// Where something is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// On this machine, or on another one that has room.
    Here,
    /// On another machine only.
    Elsewhere,
}

impl Lane {
    pub(crate) const ALL: [Self; 2] = [Self::Here, Self::Elsewhere];
}

/// One machine.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Machine {
    systems: BTreeSet<String>,
    jobs: u64,
    features: BTreeSet<String>,
    /// Features that everything must ask for that it builds.
    mandatory: BTreeSet<String>,
}

/// All machines.
#[derive(Debug, Clone)]
pub(crate) struct Machines {
    here: Machine,
    elsewhere: Vec<Machine>,
}

impl Machines {
    /// The machines that Nix is set to use. Reads files that the settings name.
    pub(crate) fn of(settings: &Settings) -> Self {
        let mut systems: BTreeSet<_> = settings.extra_platforms.iter().cloned().collect();
        systems.insert(settings.system.clone());
        Self {
            here: Machine {
                systems,
                jobs: settings.max_jobs,
                features: settings.system_features.iter().cloned().collect(),
                mandatory: BTreeSet::new(),
            },
            elsewhere: parse(&settings.builders, &settings.system, 0),
        }
    }

    /// How much is built at a time.
    pub(crate) fn jobs(&self, lane: Lane) -> usize {
        let jobs = match lane {
            // Even where nothing is to be built here, something has to ask Nix.
            Lane::Here => self.here.jobs.max(1),
            Lane::Elsewhere => self.remote_jobs(),
        };
        usize::try_from(jobs).unwrap_or(usize::MAX)
    }

    fn remote_jobs(&self) -> u64 {
        let jobs = self.elsewhere.iter().map(|machine| machine.jobs);
        jobs.fold(0, u64::saturating_add).min(REMOTE_MAX)
    }

    /// The setting `max-jobs` for what is built there.
    pub(crate) fn max_jobs(&self, lane: Lane) -> u64 {
        match lane {
            Lane::Here => self.here.jobs.min(1),
            Lane::Elsewhere => 0,
        }
    }

    /// Whether some machine builds this.
    pub(crate) fn build(&self, recipe: &Recipe) -> bool {
        self.build_on(Lane::Here, recipe) || self.build_on(Lane::Elsewhere, recipe)
    }

    /// Whether a machine of this lane builds this.
    pub(crate) fn build_on(&self, lane: Lane, recipe: &Recipe) -> bool {
        match lane {
            Lane::Here => {
                recipe.system == BUILTIN
                    || (self.here.jobs > 0 && self.here.builds(recipe))
                    || self.build_on(Lane::Elsewhere, recipe)
            }
            Lane::Elsewhere => self.elsewhere.iter().any(|machine| machine.builds(recipe)),
        }
    }
}

impl Machine {
    fn builds(&self, recipe: &Recipe) -> bool {
        let has =
            |feature: &String| self.features.contains(feature) || self.mandatory.contains(feature);
        (recipe.system == BUILTIN || self.systems.contains(&recipe.system))
            && recipe.features.iter().all(has)
            && self.mandatory.is_subset(&recipe.features)
    }
}

/// Reads the setting `builders`: machines, separated by `;` or line ends, `@` before a file's name.
///
/// The fields of a machine: its address, its systems, an ssh key, how many jobs at a time, its
/// speed, its features, and those that are mandatory; `-` stands for none given.
fn parse(builders: &str, system: &str, depth: u32) -> Vec<Machine> {
    let lines = builders.split(['\n', ';']).map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .flat_map(|line| match line.strip_prefix('@') {
            // A file that is not there means that there are no machines, to Nix too.
            Some(file) if depth < INCLUDE_MAX => {
                let text = fs::read_to_string(file.trim()).unwrap_or_default();
                parse(&text, system, depth + 1)
            }
            Some(_) => Vec::new(),
            None => vec![machine(line, system)],
        })
        .collect()
}

fn machine(line: &str, system: &str) -> Machine {
    let fields: Vec<_> = line.split_whitespace().collect();
    let field = |at: usize| fields.get(at).copied().filter(|field| *field != "-");
    let list = |at: usize| {
        let items = field(at).unwrap_or_default().split(',');
        items.filter(|item| !item.is_empty()).map(str::to_owned)
    };
    let mut systems: BTreeSet<_> = list(1).collect();
    if systems.is_empty() {
        systems.insert(system.to_owned());
    }
    Machine {
        systems,
        jobs: field(3).and_then(|jobs| jobs.parse().ok()).unwrap_or(1),
        features: list(5).collect(),
        mandatory: list(6).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machines(max_jobs: u64, builders: &str) -> Machines {
        Machines::of(&Settings {
            max_jobs,
            cores: 1,
            substitute: true,
            system: "x86_64-linux".into(),
            extra_platforms: vec!["i686-linux".into()],
            system_features: vec!["big-parallel".into()],
            builders: builders.into(),
        })
    }

    fn recipe(system: &str, features: &[&str]) -> Recipe {
        Recipe {
            system: system.into(),
            features: features.iter().map(ToString::to_string).collect(),
            ..Recipe::default()
        }
    }

    #[test]
    fn this_machine_builds_for_its_systems_and_features() {
        let machines = machines(2, "");
        assert!(machines.build(&recipe("x86_64-linux", &[])));
        assert!(machines.build(&recipe("i686-linux", &["big-parallel"])));
        assert!(machines.build(&recipe("builtin", &[])));
        assert!(!machines.build(&recipe("aarch64-linux", &[])));
        assert!(!machines.build(&recipe("x86_64-linux", &["kvm"])));
        assert_eq!(machines.jobs(Lane::Here), 2);
        assert_eq!(machines.jobs(Lane::Elsewhere), 0);
    }

    #[test]
    fn other_machines_build_what_this_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("machines");
        fs::write(&file, "# of others\nssh-ng://arm aarch64-linux - 3 1 kvm\n").unwrap();
        let builders = format!("@{} ; ssh://big - key 2 1 - huge", file.display());
        let machines = machines(0, &builders);
        assert!(machines.build(&recipe("aarch64-linux", &["kvm"])));
        assert!(!machines.build(&recipe("aarch64-linux", &["huge"])));
        assert!(machines.build(&recipe("x86_64-linux", &["huge"])));
        // It takes only what asks for its mandatory feature, and here nothing is built.
        assert!(!machines.build(&recipe("x86_64-linux", &[])));
        assert!(machines.build(&recipe("builtin", &[])));
        assert_eq!(machines.jobs(Lane::Elsewhere), 5);
        assert_eq!(machines.jobs(Lane::Here), 1);
        assert_eq!(machines.max_jobs(Lane::Here), 0);
    }

    #[test]
    fn builders_that_include_themselves_come_to_an_end() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("machines");
        fs::write(&file, format!("@{}", file.display())).unwrap();
        let machines = machines(1, &format!("@{}", file.display()));
        assert_eq!(machines.jobs(Lane::Elsewhere), 0);
    }
}
