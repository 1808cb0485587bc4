//! Having derivations built.

use std::collections::BTreeMap;

use picket_domain::StorePath;
use tokio::io::{AsyncRead, AsyncWrite};

use super::client::{Client, Result};
use super::event::Event;
use super::paths::{all_outputs, parse};
use super::status::{BuildResult, Status};
use super::wire::Request;

const OP_BUILD_PATHS_WITH_RESULTS: u64 = 46;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Client<R, W> {
    /// Builds all outputs of these derivations, as far as that goes.
    pub(crate) async fn build(
        &mut self,
        drvs: &[StorePath],
        on_event: &mut (dyn FnMut(Event) + Send),
    ) -> Result<BTreeMap<StorePath, BuildResult>> {
        let request = Request::default()
            .number(OP_BUILD_PATHS_WITH_RESULTS)
            .texts(drvs.iter().map(all_outputs))
            .number(0); // build mode: normal
        self.send(request).await?;
        self.drain(on_event).await?;
        let mut results = BTreeMap::new();
        for _ in 0..self.from.count().await? {
            let of = self.from.text().await?;
            let result = self.build_result().await?;
            let drv = of.split(['!', '^']).next().unwrap_or_default();
            results.insert(parse(drv)?, result);
        }
        Ok(results)
    }

    async fn build_result(&mut self) -> Result<BuildResult> {
        let status = Status::of_code(self.from.number().await?);
        let message = self.from.text().await?;
        // How often it was built, whether twice alike, start and stop.
        for _ in 0..4 {
            self.from.number().await?;
        }
        for _ in 0..self.from.count().await? {
            let (_id, _realisation) = (self.from.text().await?, self.from.text().await?);
        }
        Ok(BuildResult { status, message })
    }
}
