//! The lane that keeps copies of the public folder up to date: after each release, and from time to
//! time.
//!
//! A release waits for none of them, and none for another: each is a task of its own, and the lane only
//! sees to it that they run. A run that fails is on the board until one goes through; the log has a
//! line when a mirror begins to fail, and one when it is up to date again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use picket_bucket::{Depth, Mirror, Report, Target};
use picket_domain::{ChannelName, ReleaseName, Timestamp};
use picket_publisher::{LatestFile, PublicDir};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::task::JoinHandle;
use tracing::info;

use crate::engine::{Engine, blocking, now};
use crate::lane::Lane;
use crate::settings::MirrorSetting;
use crate::supervise::{Bell, Work};

/// So often a run also asks for the list of what is there, in seconds.
const LISTED_SECONDS: i64 = 24 * 3_600;
/// The lane is rung when a run ends; this is for one that panicked.
const LOOK_AGAIN_SECONDS: i64 = 60;

pub(crate) struct Mirrors {
    engine: Arc<Engine>,
    bell: Bell,
    all: Vec<One>,
}

/// A mirror.
struct One {
    setting: MirrorSetting,
    /// The run that is under way.
    running: Option<Running>,
    /// What was published when a run last went through, and when that was.
    current: Option<(Published, Timestamp)>,
    /// When what is there was last listed.
    listed_at: Option<Timestamp>,
}

/// A run that is under way, or ended and was not looked at yet. It does not outlive this.
struct Running {
    task: JoinHandle<()>,
    ended: oneshot::Receiver<Ended>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is published, as far as it tells whether a mirror has it: where channels lead, and when it was
/// stated last.
type Published = BTreeMap<ChannelName, (Option<ReleaseName>, Option<std::time::SystemTime>)>;

/// A run, as it began.
struct Run {
    began: Timestamp,
    depth: Depth,
    published: Published,
}

/// A run that ended.
struct Ended {
    run: Run,
    outcome: anyhow::Result<Report>,
}

impl Work for Mirrors {
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        let (public, channels) = (self.engine.dirs.public(), self.channels());
        let published = blocking(move || published(public, &channels)).await?;
        let mut wake_at = None;
        for one in &mut self.all {
            one.gather(lane);
            let at = one.begin(lane, &self.engine, &self.bell, &published);
            wake_at = wake_at.into_iter().chain([at]).min();
        }
        Ok(wake_at)
    }

    /// A run that is broken off goes on where it was, the next time.
    async fn end(&mut self) {
        for one in &mut self.all {
            if let Some(mut running) = one.running.take() {
                running.task.abort();
                // It is cancelled, or was done.
                let _ = (&mut running.task).await;
            }
        }
    }
}

impl Mirrors {
    pub(crate) fn new(engine: Arc<Engine>, bell: Bell) -> Self {
        let all = engine.mirrors.iter().map(|setting| One {
            setting: setting.clone(),
            running: None,
            current: None,
            listed_at: None,
        });
        let all = all.collect();
        Self { engine, bell, all }
    }

    fn channels(&self) -> Vec<ChannelName> {
        let channels = self.engine.channels.iter();
        channels.map(|channel| channel.name().clone()).collect()
    }
}

impl One {
    fn name(&self) -> String {
        self.setting.target.to_string()
    }

    fn step(&self) -> String {
        format!("bringing the mirror {} up to date", self.setting.target)
    }

    /// Takes note of a run that ended.
    fn gather(&mut self, lane: &Lane) {
        let Some(running) = &mut self.running else {
            return;
        };
        let outcome = match running.ended.try_recv() {
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Closed) => Err(anyhow!("the run broke down; the log says where")),
            Ok(ended) => ended.outcome.map(|report| (report, ended.run)),
        };
        self.running = None;
        match outcome {
            Ok((report, run)) => {
                lane.mirror(&self.name(), |standing| {
                    standing.current_at = Some(run.began);
                    standing.written_bytes += report.written_bytes;
                    standing.objects = report.objects;
                    standing.bytes = report.bytes;
                });
                if lane.recovers(&self.step()) {
                    info!("the mirror {} is up to date again", self.name());
                }
                if run.depth == Depth::Listing {
                    self.listed_at = Some(run.began);
                }
                self.current = Some((run.published, run.began));
            }
            Err(error) => {
                lane.mirror(&self.name(), |standing| standing.failures += 1);
                lane.failed_aside(&self.step(), &error, None);
            }
        }
    }

    /// Begins a run where one is due; when the next look is worth while.
    fn begin(
        &mut self,
        lane: &Lane,
        engine: &Arc<Engine>,
        bell: &Bell,
        published: &Published,
    ) -> Timestamp {
        lane.mirror(&self.name(), |_| {});
        let every = i64::from(self.setting.every_seconds);
        if self.running.is_some() {
            return now().plus_seconds(LOOK_AGAIN_SECONDS);
        }
        if let Some((current, at)) = &self.current
            && current == published
            && now().seconds_since(*at) < every
        {
            return at.plus_seconds(every);
        }
        // Before the first release there is nothing to copy.
        if published.values().all(|(release, _)| release.is_none()) {
            return now().plus_seconds(every);
        }
        if !lane.is_due(&self.step()) {
            // The lane looks by itself when a failed step is due.
            return now().plus_seconds(every);
        }
        let is_listed = |at: Timestamp| now().seconds_since(at) < LISTED_SECONDS;
        let depth = match self.listed_at {
            Some(at) if is_listed(at) => Depth::Record,
            Some(_) | None => Depth::Listing,
        };
        let run = Run {
            began: now(),
            depth,
            published: published.clone(),
        };
        let (public, target) = (engine.dirs.public(), self.setting.target.clone());
        let (bell, (tell, ended)) = (bell.clone(), oneshot::channel());
        let task = tokio::spawn(async move {
            let outcome = update(public, &target, depth).await;
            // Nobody listens where the lane broke down.
            let _ = tell.send(Ended { run, outcome });
            bell.ring();
        });
        self.running = Some(Running { task, ended });
        now().plus_seconds(LOOK_AGAIN_SECONDS)
    }
}

/// Everything is opened anew: credentials may have been replaced.
async fn update(public: PathBuf, target: &Target, depth: Depth) -> anyhow::Result<Report> {
    let mirror = Mirror::open(PublicDir::new(public), target)?;
    Ok(mirror.update(depth).await?)
}

fn published(public: PathBuf, channels: &[ChannelName]) -> anyhow::Result<Published> {
    let public = PublicDir::new(public);
    let mut published = Published::new();
    for channel in channels {
        let statement = public.latest_file(channel, LatestFile::Statement);
        let stated = std::fs::metadata(statement)
            .and_then(|it| it.modified())
            .ok();
        // What cannot be read is told where the run looks at it.
        let release = public.current(channel).ok().flatten();
        published.insert(channel.clone(), (release, stated));
    }
    Ok(published)
}
