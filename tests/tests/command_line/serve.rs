//! `picket serve` is stopped and started.

use anyhow::{Context, Result};
use picket_domain::PrNumber;
use picket_tests::Stage;

const OPENSSL: PrNumber = PrNumber(4245);

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_the_middle_of_a_build_stops_it_cleanly() -> Result<()> {
    let mut stage = Stage::open().await?;
    stage.approve(OPENSSL).await?;
    stage.until_pick(OPENSSL, "building").await?;
    let running = stage.picket.take().context("picket runs")?;
    running.stop()?;
    assert!(stage.channel().await.is_err(), "nothing listens any more");

    stage.start()?;
    let json = stage.until_pick(OPENSSL, "released").await?;
    assert_eq!(json["releases"].as_array().map(Vec::len), Some(2));
    Ok(())
}
