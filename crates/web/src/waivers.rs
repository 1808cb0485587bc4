//! What pages show of waivers: jobs that releases go without, because the team said so.

use picket_domain::{BuildState, JobName};

use crate::look::Look;
use crate::time::When;

/// A waiver that is in force.
pub(crate) struct WaiverView {
    pub(crate) jobs: String,
    pub(crate) by: String,
    pub(crate) until: When,
    pub(crate) reason: String,
}

/// The waivers that are in force, the last one first.
pub(crate) fn in_force(look: &Look<'_>) -> Vec<WaiverView> {
    let waivers = look.facts.log.waivers().iter().rev();
    let in_force = waivers.filter(|it| look.now < it.until);
    let view = |it: &picket_domain::Waiver| WaiverView {
        jobs: it.jobs.to_string(),
        by: it.by.to_string(),
        until: When::new(it.until, look.now),
        reason: it.reason.clone(),
    };
    in_force.map(view).collect()
}

/// Names of jobs that are put into a form for a person.
const NAMED: usize = 20;

/// Patterns for the jobs that keep a build from passing though the change breaks none of them;
/// empty where there are none.
pub(crate) fn suggested(state: &BuildState<'_>) -> String {
    let (BuildState::NoMachine { jobs, .. } | BuildState::GivenUp { jobs, .. }) = state else {
        return String::new();
    };
    match jobs.first().and_then(system) {
        Some(of) if jobs.len() > 1 && jobs.iter().all(|job| system(job) == Some(of)) => {
            format!("*.{of}")
        }
        _ => {
            let names = jobs.iter().take(NAMED).map(ToString::to_string);
            names.collect::<Vec<_>>().join("\n")
        }
    }
}

/// The system that a job is for, where its name ends in one, as nixpkgs' job sets have it.
fn system(job: &JobName) -> Option<&str> {
    let (_, last) = job.as_str().rsplit_once('.')?;
    let (_, kernel) = last.rsplit_once('-')?;
    matches!(kernel, "linux" | "darwin").then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggested_for(jobs: &[&str]) -> String {
        let jobs = jobs.iter().map(|name| JobName::parse(name).unwrap());
        suggested(&BuildState::GivenUp {
            until: picket_domain::Timestamp::from_unix(0),
            jobs: jobs.collect(),
            cause: None,
        })
    }

    #[test]
    fn a_system_is_named_where_all_jobs_are_of_one() {
        let of_one = ["openssl.aarch64-linux", "nixos.tests.login.aarch64-linux"];
        assert_eq!(suggested_for(&of_one), "*.aarch64-linux");
        let of_two = ["openssl.aarch64-linux", "openssl.x86_64-darwin"];
        assert_eq!(suggested_for(&of_two), of_two.join("\n"));
        assert_eq!(suggested_for(&of_one[..1]), of_one[0]);
        assert_eq!(suggested_for(&["nixos.iso-image"]), "nixos.iso-image");
        assert_eq!(suggested_for(&[]), "");
        assert_eq!(suggested(&BuildState::Due), "");
    }
}
