//! The jobs of a file instead of the top level.

use picket_impact::{Impact, JobSet, Setting};

use crate::world::{APP, Edit, World, told};

fn impact(edit: Edit<'_>) -> Impact {
    let world = World::new();
    let setting = Setting {
        job_set: JobSet::File("jobs.nix".to_owned()),
        ..world.setting()
    };
    let (base, head) = (world.commit(&[]), world.commit(&[edit]));
    world.between(setting, &base, &head)
}

#[test]
fn a_package_changes_the_jobs_that_need_it() {
    let app = APP.replace("version = \"1\"", "version = \"2\"");
    let impact = impact(&[("pkgs/app/default.nix", Some(&app))]);
    let expected = ["~ app.x86_64-linux 1>2", "~ nested.user 1>1"];
    assert_eq!(told(&impact), expected);
    assert_eq!(impact.attributes, 3);
    assert_eq!(impact.exact.unwrap().estimate_unknown, Vec::<String>::new());
}

#[test]
fn the_file_itself_may_change_all() {
    let jobs = "{ nixpkgs }: { app.x = (import nixpkgs { }).app; }";
    let impact = impact(&[("jobs.nix", Some(jobs))]);
    let found = told(&impact);
    assert!(found.contains(&"- nested.user 1>".to_owned()), "{found:?}");
    assert_eq!(impact.exact.unwrap().estimate_unknown.len(), 1);
}
