//! Who signs, as the configuration says.

use std::path::Path;
use std::sync::Arc;

use picket_publisher::{CacheSettings, PublicDir, Publisher};
use picket_signer::Client;

use crate::config::Signing;

/// In the data folder: the public keys of a signer of its own, for the time that it is away.
const KEPT_KEYS: &str = "signer-keys";

/// A publisher whose signatures come from there.
///
/// # Errors
/// Where another process signs, and neither answers nor ever did: its public keys are not known then.
pub(crate) async fn publisher(
    signing: Signing,
    data_dir: &Path,
    public: PublicDir,
    settings: CacheSettings,
) -> anyhow::Result<Publisher> {
    match signing {
        Signing::Keys(keys) => Ok(Publisher::new(public, keys, settings)?),
        Signing::Server(socket) => {
            let kept = data_dir.join(KEPT_KEYS);
            let open = move || Client::open(&socket, &kept);
            let client = tokio::task::spawn_blocking(open).await??;
            Ok(Publisher::signed_by(Arc::new(client), public, settings))
        }
    }
}
