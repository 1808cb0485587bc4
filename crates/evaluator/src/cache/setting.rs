//! What an evaluation depends on beside its tree.

use serde::Serialize;

use crate::job_set::JobSet;
use crate::limits::Limits;
use crate::request::{Request, Walk};
use crate::walk::WALKER;

/// Everything but the revision that an evaluation depends on.
#[derive(Serialize)]
pub(crate) struct Setting<'a> {
    job_set: &'a JobSet,
    walk: Walk,
    extras: bool,
    system: Option<&'a str>,
    nix: String,
    store_dir: &'a str,
    restricted: bool,
    depth: u32,
    jobs: u32,
    options: &'a [(String, String)],
    walker: &'static str,
    #[serde(skip)]
    pub(super) bounds: Bounds,
}

/// What an evaluation may take: it decides whether one comes to its end, not what it finds.
#[derive(Serialize)]
pub(super) struct Bounds {
    seconds: u64,
    job_seconds: u64,
    memory: Option<u64>,
    disk: u64,
    output: u64,
    losses: u32,
}

impl<'a> Setting<'a> {
    pub(crate) fn new(
        request: Request<'a>,
        limits: &Limits,
        options: &'a [(String, String)],
    ) -> Self {
        Self {
            job_set: request.jobs,
            walk: request.walk,
            extras: request.extras,
            system: request.system,
            nix: request.installed.version.to_string(),
            store_dir: &request.installed.store_dir,
            restricted: limits.restricted,
            depth: limits.depth,
            jobs: limits.jobs,
            options,
            walker: WALKER,
            bounds: Bounds {
                seconds: limits.seconds,
                job_seconds: limits.job_seconds,
                memory: limits.memory(),
                disk: limits.job_disk_bytes,
                output: limits.job_output_bytes,
                losses: limits.losses,
            },
        }
    }
}
