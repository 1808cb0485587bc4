//! Starting the lanes.

use std::sync::Arc;
use std::time::Duration;

use picket_domain::Lane as Name;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::assess::Assess;
use crate::build::Build;
use crate::comment::CommentLane;
use crate::engine::Engine;
use crate::measure::Measure;
use crate::mirrors::Mirrors;
use crate::observe::Observe;
use crate::push::Push;
use crate::read::Read;
use crate::reception::ReceptionLane;
use crate::release::Releasing;
use crate::retain::Retain;
use crate::settings::Channel;
use crate::supervise::{Bell, Rhythm, supervise};
use crate::watch::Watch;

/// How long a step may take before its lane counts as stuck: longer than the bounds that the working
/// crates set themselves.
const LONGEST_STEP: Duration = Duration::from_secs(7 * 3_600);

impl Engine {
    /// Works until cancelled; a build that runs then is ended.
    ///
    /// # Errors
    /// Where the database does not take the channels' rules.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> anyhow::Result<()> {
        for channel in &self.channels {
            let rules = channel.policy.digest();
            self.store.set_rules(channel.name(), rules).await?;
        }
        let bell = Bell::new();
        let rhythm = Rhythm {
            bell: bell.clone(),
            interval: self.interval,
            stop: stop.clone(),
        };
        let tasks = TaskTracker::new();
        for channel in self.channels.clone() {
            self.start_channel(&Arc::new(channel), &rhythm, &tasks);
        }
        let (board, engine) = (Arc::clone(&self.board), Arc::clone(&self));
        macro_rules! lane {
            ($name:expr, $work:ident) => {{
                let (engine, bell) = (Arc::clone(&self), bell.clone());
                let make = move || $work::new(Arc::clone(&engine), bell.clone());
                let (key, board, rhythm) = (($name, None), Arc::clone(&board), rhythm.clone());
                tasks.spawn(supervise(key, board, rhythm, LONGEST_STEP, make));
            }};
        }
        lane!(Name::Watch, Watch);
        lane!(Name::Read, Read);
        lane!(Name::Reception, ReceptionLane);
        lane!(Name::Observe, Observe);
        self.start_commenting(&rhythm, &tasks);
        if !self.mirrors.is_empty() {
            lane!(Name::Mirror, Mirrors);
        }
        let retain = move || Retain::new(Arc::clone(&engine));
        let key = (Name::Retain, None);
        tasks.spawn(supervise(key, board, rhythm, LONGEST_STEP, retain));
        tasks.spawn(self.pass_on_rings(stop, bell));
        tasks.close();
        tasks.wait().await;
        Ok(())
    }

    /// Where it is switched off there is no such lane, and no request is made.
    fn start_commenting(self: &Arc<Self>, rhythm: &Rhythm, tasks: &TaskTracker) {
        let Some(setting) = self.commenting.clone() else {
            return;
        };
        let engine = Arc::clone(self);
        let make = move || CommentLane::new(Arc::clone(&engine), Arc::clone(&setting));
        let (key, board) = ((Name::Comment, None), Arc::clone(&self.board));
        let lane = supervise(key, board, rhythm.clone(), LONGEST_STEP, make);
        tasks.spawn(lane);
    }

    fn start_channel(
        self: &Arc<Self>,
        channel: &Arc<Channel>,
        rhythm: &Rhythm,
        tasks: &TaskTracker,
    ) {
        let start = |name: Name| (name, Some(channel.name().clone()));
        let (board, bell) = (&self.board, &rhythm.bell);
        macro_rules! lane {
            ($name:expr, $work:ident) => {{
                let (engine, channel, bell) = (Arc::clone(self), Arc::clone(channel), bell.clone());
                let make =
                    move || $work::new(Arc::clone(&engine), Arc::clone(&channel), bell.clone());
                let (board, rhythm) = (Arc::clone(board), rhythm.clone());
                tasks.spawn(supervise(start($name), board, rhythm, LONGEST_STEP, make));
            }};
        }
        lane!(Name::Assess, Assess);
        if self.measuring.is_some() {
            lane!(Name::Measure, Measure);
        }
        lane!(Name::Build, Build);
        lane!(Name::Release, Releasing);
        if channel.push_to.is_some() {
            lane!(Name::Push, Push);
        }
    }

    /// The web side rings once for whoever waits; every lane must hear it.
    async fn pass_on_rings(self: Arc<Self>, stop: CancellationToken, bell: Bell) {
        while stop
            .run_until_cancelled(self.wake.notified())
            .await
            .is_some()
        {
            bell.ring();
        }
    }
}
