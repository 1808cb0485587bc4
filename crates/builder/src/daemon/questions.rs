//! Questions about the store.

use std::collections::BTreeSet;
use std::io;

use picket_domain::{PathInfo, Sha256, StorePath};
use tokio::io::{AsyncRead, AsyncWrite};

use super::batch::{batches, keep_refusal};
use super::client::{Client, ClientError, Result};
use super::paths::{all_outputs, parse};
use super::wire::{Request, garbled};

const OP_QUERY_PATH_INFO: u64 = 26;
const OP_QUERY_VALID_PATHS: u64 = 31;
const OP_QUERY_MISSING: u64 = 40;

/// What would have to be done for some derivations to be there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Derivations that would be built.
    pub(crate) build: Vec<StorePath>,
    /// How many paths would be substituted.
    pub(crate) substitute: usize,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Client<R, W> {
    /// The paths among these that are in the store.
    pub(crate) async fn valid(&mut self, paths: &[StorePath]) -> Result<BTreeSet<StorePath>> {
        let request = Request::default()
            .number(OP_QUERY_VALID_PATHS)
            .texts(paths.iter().map(StorePath::as_str))
            .number(0); // do not substitute
        self.ask(request).await?;
        Ok(self.paths().await?.into_iter().collect())
    }

    pub(crate) async fn missing(&mut self, drvs: &[StorePath]) -> Result<Missing> {
        let request = Request::default()
            .number(OP_QUERY_MISSING)
            .texts(drvs.iter().map(all_outputs));
        self.ask(request).await?;
        let build = self.paths().await?;
        let substitute = self.paths().await?.len();
        let _unknown = self.paths().await?;
        let (_download_size, _nar_size) = (self.from.number().await?, self.from.number().await?);
        Ok(Missing { build, substitute })
    }

    /// What the store knows of each of these paths; `None`: it is not there.
    pub(crate) async fn path_infos(
        &mut self,
        paths: &[StorePath],
    ) -> Result<Vec<Option<PathInfo>>> {
        let texts: Vec<_> = paths.iter().map(StorePath::as_str).collect();
        let mut infos = Vec::new();
        let mut asked = paths.iter();
        for batch in batches(&texts) {
            self.send_all(OP_QUERY_PATH_INFO, batch).await?;
            let mut refused = None;
            for path in asked.by_ref().take(batch.len()) {
                let info = self.path_info(path).await;
                infos.push(keep_refusal(info, &mut refused)?.flatten());
            }
            refused.map_or(Ok(()), |message| Err(ClientError::Refused(message)))?;
        }
        Ok(infos)
    }

    async fn path_info(&mut self, path: &StorePath) -> Result<Option<PathInfo>> {
        self.drain(&mut |_| {}).await?;
        if self.from.number().await? == 0 {
            return Ok(None);
        }
        let deriver = self.from.text().await?;
        let nar_hash = self.from.text().await?;
        let mut references = self.paths().await?;
        references.sort();
        let _registered = self.from.number().await?;
        let nar_size = self.from.number().await?;
        let _ultimate = self.from.number().await?;
        let signatures = self.from.texts().await?;
        let content_address = self.from.text().await?;
        Ok(Some(PathInfo {
            path: path.clone(),
            nar_hash: parse_hash(&nar_hash)?,
            nar_size,
            references,
            deriver: StorePath::parse(&deriver).ok(),
            content_address: Some(content_address).filter(|ca| !ca.is_empty()),
            signatures,
        }))
    }

    async fn paths(&mut self) -> Result<Vec<StorePath>> {
        let texts = self.from.texts().await?;
        let paths: io::Result<Vec<_>> = texts.iter().map(|text| parse(text)).collect();
        Ok(paths?)
    }
}

/// Reads a NAR hash, which the protocol has in hexadecimal, with or without its algorithm.
fn parse_hash(text: &str) -> io::Result<Sha256> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    digits
        .parse()
        .map_err(|_| garbled("a NAR hash that is no SHA-256"))
}
