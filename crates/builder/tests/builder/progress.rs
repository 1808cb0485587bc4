//! What a person sees while builds run.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use insta::assert_snapshot;
use picket_builder::Limits;
use picket_testkit::nix::NixConf;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::World;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Captured {
    /// The sentences, without the fields that follow them.
    fn sentences(&self) -> String {
        let bytes = self.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        let sentences = text
            .lines()
            .map(|line| line.split(" rev=").next().unwrap_or_default());
        sentences.collect::<Vec<_>>().join("\n")
    }
}

#[tokio::test]
async fn every_stage_and_build_is_told() {
    let conf = NixConf::default().with("max-jobs", "1");
    let world = World::with(Limits::default(), &conf);
    let base = world.revision('a', "{ }");
    let head = world.revision(
        'b',
        r#"rec {
          lib = mk "lib-1.0" "echo lib > $out";
          app = mk "app-2.0" "read x < ${lib}; echo > $out";
          bad = mk "bad-3.0" "read x < ${app}; exit 1";
        }"#,
    );
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("picket::progress=info"))
        .with_writer(captured.clone())
        .with_ansi(false)
        .without_time()
        .with_level(false)
        .with_target(false)
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    world.build(&base, &head).await.unwrap();
    drop(guard);
    assert_snapshot!(captured.sentences(), @"
    evaluating jobs.nix at aaaaaaaaaaaa
    evaluating jobs.nix at bbbbbbbbbbbb
    3 of 3 jobs differ from the base's
    3 derivations to build, 0 paths to substitute
    building 1 of 3: lib-1.0
    built 1 of 3: lib-1.0
    building 2 of 3: app-2.0
    built 2 of 3: app-2.0
    building 3 of 3: bad-3.0
    failed: bad-3.0
    ");
}
