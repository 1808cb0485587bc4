//! Trees that reach for what is not theirs, or take what they can get.
//!
//! Each has a job `ok` beside what it tries. Whatever it tries, `ok` is evaluated, nothing of the
//! outside gets into the store or into a message, and what became of it is told in words.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use picket_evaluator::{Limits, Sandbox};
use picket_testkit::nix::NixConf;

use crate::world::World;

/// What the world around a tree has, and no tree may see.
const SECRET: &str = "the-secret-of-the-outside";

struct Case {
    name: &'static str,
    /// The value of the job `evil`; `@OUTSIDE@` is a folder beside the tree.
    evil: &'static str,
    files: &'static [(&'static str, &'static str)],
}

const fn case(name: &'static str, evil: &'static str) -> Case {
    Case {
        name,
        evil,
        files: &[],
    }
}

const fn with(
    name: &'static str,
    evil: &'static str,
    files: &'static [(&'static str, &'static str)],
) -> Case {
    Case { name, evil, files }
}

/// Reaches for what is outside.
const READS: &[Case] = &[
    case(
        "a file of the machine",
        r#"mk "a" (builtins.readFile "/etc/hostname")"#,
    ),
    case(
        "a file beside the tree",
        r#"mk "a" (builtins.readFile @OUTSIDE@/secret)"#,
    ),
    case(
        "a file by ..",
        r#"mk "a" (builtins.readFile ../outside/secret)"#,
    ),
    with(
        "a file by a link",
        r#"mk "a" (builtins.readFile ./link)"#,
        &[("link", "-> ../outside/secret")],
    ),
    with(
        "a file by a linked folder",
        r#"mk "a" (builtins.readFile ./folder/secret)"#,
        &[("folder", "-> ../outside")],
    ),
    with(
        "a source that is a link",
        r#"mkWith { name = "a"; src = ./link; } "x""#,
        &[("link", "-> ../outside/secret")],
    ),
    with(
        "a source that is a linked folder",
        r#"mkWith { name = "a"; src = "${./folder}/"; } "x""#,
        &[("folder", "-> ../outside")],
    ),
    with(
        "code by a link",
        r#"mk "a" (import ./link)"#,
        &[("link", "-> ../outside/code.nix")],
    ),
    case(
        "a copy of the outside",
        r#"mk "a" "${builtins.path { path = @OUTSIDE@; name = "x"; }}""#,
    ),
    case("a copy of /", r#"mkWith { name = "a"; src = /.; } "x""#),
    case(
        "whether a file is there",
        r#"mk "a-${if builtins.pathExists @OUTSIDE@/secret then "yes" else "no"}" "x""#,
    ),
    case(
        "a digest of a file",
        r#"mk "a" (builtins.hashFile "sha256" @OUTSIDE@/secret)"#,
    ),
    case(
        "the names in the store",
        r#"mk "a" (toString (builtins.attrNames (builtins.readDir (/. + builtins.storeDir))))"#,
    ),
    case(
        "the environment",
        r#"mk "a" "[${builtins.getEnv "SECRET"}${builtins.getEnv "PATH"}]""#,
    ),
    case(
        "its own process",
        r#"mk "a" (builtins.readFile /proc/self/environ)"#,
    ),
    case("the search path", r#"mk "a" "${<outside>}""#),
    case(
        "the network",
        r#"mk "a" (builtins.readFile (builtins.fetchurl "http://127.0.0.1:9/x"))"#,
    ),
    case(
        "a repository",
        r#"mk "a" "${builtins.fetchGit "@OUTSIDE@"}""#,
    ),
    case(
        "a tree by fetchTree",
        r#"mk "a" (builtins.readFile "${builtins.fetchTree { type = "path"; path = "@OUTSIDE@"; }}/secret")"#,
    ),
    case(
        "a flake",
        r#"mk "a" (builtins.getFlake "path:@OUTSIDE@").outPath"#,
    ),
    case(
        "a program",
        r#"mk "a" (builtins.exec [ "/bin/sh" "-c" "echo 1" ])"#,
    ),
    case("a build", r#"mk "a" (import (mk "built" "echo 1 > $out"))"#),
    case(
        "another derivation's name",
        r#"mk "a" "x" // { outPath = (mk "victim" "x").outPath; }"#,
    ),
    case(
        "a derivation that is not there",
        r#"mk "a" "x" // { drvPath = "${builtins.storeDir}/00000000000000000000000000000000-a.drv"; }"#,
    ),
    case(
        "another system",
        r#"mk "a" "x" // { system = "riscv64-linux"; }"#,
    ),
    case(
        "outputs that it has not",
        r#"mk "a" "x" // { outputs = [ "out" "dev" ]; dev = mk "b" "x"; }"#,
    ),
    case(
        "an output that nobody knows",
        r#"mkWith { name = "a"; __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; } "x""#,
    ),
];

/// Takes what it can get.
const TAKES: &[Case] = &[
    case("no end", "let x = x; in x"),
    case(
        "no end in depth",
        r#"let f = n: 1 + f (n + 1); in mk "a" (toString (f 1))"#,
    ),
    case(
        "time",
        r#"let f = n: if n == 0 then 0 else f (n - 1) + f (n - 1); in mk "a" (toString (f 60))"#,
    ),
    case(
        "memory",
        r#"mk "a" (toString (builtins.length (builtins.genList (n: n) 200000000)))"#,
    ),
    case(
        "memory at once",
        r#"let d = n: if n == 0 then "0123456789abcdef" else let h = d (n - 1); in h + h; in mk "a" (builtins.substring 0 3 (d 27))"#,
    ),
    case(
        "more names than are looked at",
        r#"builtins.listToAttrs (builtins.genList (n: { name = "j${toString n}"; value = mk "a" "x"; }) 100000)"#,
    ),
    case("sets without end", "let s = { a = s; b = s; c = s; }; in s"),
    case("a set in a set without end", "let s = { inherit s; }; in s"),
    case(
        "the error output",
        r#"builtins.foldl' (a: n: builtins.trace "flood ${toString n}" a) (mk "a" "x") (builtins.genList (n: n) 1000000)"#,
    ),
    case(
        "a message without end",
        r#"let d = n: if n == 0 then "0123456789abcdef" else let h = d (n - 1); in h + h; in throw (d 20)"#,
    ),
    case(
        "a message that drives a terminal",
        r#"throw (builtins.fromJSON "\"\\u001b[2J\\u001b]0;owned\\u0007<b>\\u202e\"")"#,
    ),
    case(
        "an answer that it makes up",
        r#"builtins.trace "\"{\"job\":{}}\"" (throw "{}")"#,
    ),
    case(
        "a disk that is full",
        r#"throw "writing to file: No space left on device""#,
    ),
    with(
        "copies",
        r#"mk "a" (toString (map (n: builtins.path { path = ./large; name = "c${toString n}"; }) (builtins.genList (n: n) 10000)))"#,
        &[("large/file", LARGE)],
    ),
    case(
        "a large file of its own",
        r#"let d = n: if n == 0 then "0123456789abcdef" else let h = d (n - 1); in h + h; in mk "a" "${builtins.toFile "x" (d 22)}""#,
    ),
    case(
        "a description without end",
        r#"mk "a" "x" // { name = builtins.genList (n: n) 1000000; pname = let d = n: if n == 0 then "x" else let h = d (n - 1); in h + h; in d 20; }"#,
    ),
    case(
        "outputs without end",
        r#"mk "a" "x" // { outputs = builtins.genList toString 1000000; }"#,
    ),
    with(
        "a file that ends too early",
        r#"mk "a" (import ./cut.nix)"#,
        &[("cut.nix", "{ broken")],
    ),
    with(
        "a text that does not end",
        r#"mk "a" (import ./cut.nix)"#,
        &[("cut.nix", "''never")],
    ),
    case(
        "a name that is a line",
        r#"{ "a\n<script>" = mk "a" "x"; }"#,
    ),
];

/// A file of 8 KiB.
const LARGE: &str = {
    const BYTES: [u8; 1 << 13] = [b'x'; 1 << 13];
    match std::str::from_utf8(&BYTES) {
        Ok(text) => text,
        Err(_) => panic!("it is ASCII"),
    }
};

fn tight() -> Limits {
    Limits {
        seconds: 120,
        job_seconds: 15,
        memory_bytes: Some(1 << 30),
        job_disk_bytes: 32 << 20,
        job_output_bytes: 1 << 20,
        jobs: 1000,
        depth: 8,
        ..Limits::default()
    }
}

async fn world() -> World {
    let conf =
        NixConf::default().with("experimental-features", "nix-command flakes ca-derivations");
    let world = World::with(tight(), &conf, &[("SECRET", SECRET)]).await;
    let outside = world.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), SECRET).unwrap();
    fs::write(outside.join("code.nix"), format!("\"{SECRET}\"")).unwrap();
    fs::write(outside.join("flake.nix"), "{ outputs = _: { }; }").unwrap();
    world
}

/// What became of each, in words.
async fn told(world: &World, cases: &[Case]) -> String {
    let outside = world.path("outside").display().to_string();
    let mut told = String::new();
    for (number, case) in cases.iter().enumerate() {
        let evil = case.evil.replace("@OUTSIDE@", &outside);
        let jobs = format!("{{ ok = mk \"ok\" \"echo > $out\"; evil = {evil}; }}");
        let revision = world.revision(number, &jobs, case.files);
        let begun = Instant::now();
        let evaluated = world.evaluate(&revision).await;
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", case.name);
        let mut jobs = evaluated.jobs.iter();
        let ok = jobs.any(|(name, job)| name.as_str() == "ok" && job.is_ok());
        let all = format!("{evaluated:?}");
        assert!(ok && !all.contains(SECRET), "{}: {all}", case.name);
        let lines = world.told(&evaluated);
        let lines = lines.lines().filter(|line| !line.starts_with("ok:"));
        let lines: Vec<_> = lines.collect();
        let _ = writeln!(told, "{}\n  {}", case.name, lines.join("\n  "));
    }
    assert!(
        !holds(&world.store.store_dir(), SECRET),
        "it is in the store"
    );
    told
}

/// Whether any file below a folder has this text in it.
fn holds(dir: &Path, text: &str) -> bool {
    fs::read_dir(dir).unwrap().any(|entry| {
        let entry = entry.unwrap();
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => holds(&entry.path(), text),
            kind if kind.is_file() => {
                String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).contains(text)
            }
            _ => false,
        }
    })
}

#[tokio::test]
async fn nothing_of_the_outside_gets_in() {
    let world = world().await;
    assert_ne!(
        world.evaluator.sandbox().await,
        Sandbox::None,
        "there is a sandbox"
    );
    assert_snapshot!(told(&world, READS).await);
}

#[tokio::test]
async fn nothing_of_the_outside_gets_in_where_there_is_landlock_alone() {
    let mut world = world().await;
    world.evaluator = world.evaluator.with_sandbox(Sandbox::Landlock);
    told(&world, READS).await;
}

#[tokio::test]
async fn nothing_is_taken_beyond_bounds() {
    assert_snapshot!(told(&world().await, TAKES).await);
}
