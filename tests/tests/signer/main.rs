//! A signer of its own: the service publishes without having a key, goes on serving while the signer is
//! away, and whoever takes the service over gets nothing signed that the signer's rules forbid.

mod killed;
mod outage;
mod program;
mod taken_over;

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use picket_domain::PrNumber;
use picket_tests::{Picket, SignServer, Stage};

const MASTODON: PrNumber = PrNumber(4242);
const NGINX: PrNumber = PrNumber(4247);

/// A stage whose Picket has no key, and the signer that has it.
struct Signed {
    stage: Stage,
    setting: SignServer,
    signer: Option<Picket>,
}

impl Signed {
    async fn make() -> Result<Self> {
        let stage = Stage::make().await?;
        let setting = SignServer {
            key: stage.dir().join("signing.key"),
            state: stage.dir().join("signer"),
            socket: stage.dir().join("signer.socket"),
            store_dir: stage.world.store.store_dir(),
        };
        let config = fs::read_to_string(&stage.world.config_file)?;
        let own = format!("key_files = [{:?}]", stage.dir().join("signing.key"));
        ensure!(config.contains(&own), "{config}");
        let server = format!("server = {:?}", setting.socket);
        fs::write(&stage.world.config_file, config.replace(&own, &server))?;
        let signer = Some(Picket::sign_server(&setting)?);
        Ok(Self {
            stage,
            setting,
            signer,
        })
    }

    fn log(&self) -> Result<Vec<serde_json::Value>> {
        read_log(&self.setting.state)
    }
}

/// What a signer wrote down.
fn read_log(state: &Path) -> Result<Vec<serde_json::Value>> {
    let text = fs::read_to_string(state.join("log.jsonl"))?;
    let lines = text.lines().map(serde_json::from_str);
    Ok(lines.collect::<Result<_, _>>()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_signed_by_another_process() -> Result<()> {
    let mut signed = Signed::make().await?;
    outage::the_service_waits_for_its_signer_once(&mut signed).await?;
    outage::a_release_goes_out(&signed).await?;
    outage::while_the_signer_is_away_all_is_served_and_what_is_new_waits(&mut signed).await?;
    taken_over::nothing_is_signed_that_the_rules_forbid(&signed)?;
    outage::the_service_starts_without_its_signer(&mut signed).await
}
