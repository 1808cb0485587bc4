//! `picket serve` is stopped and started.

use anyhow::{Context, Result};
use picket_domain::PrNumber;
use picket_tests::{Stage, run};

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

/// Another address, another base_url: the two would supersede each other's releases without end.
#[tokio::test(flavor = "multi_thread")]
async fn no_second_one_works_on_the_same_data() -> Result<()> {
    let stage = Stage::open().await?;
    let first = std::fs::read_to_string(&stage.world.config_file)?;
    let address = stage.world.web.socket_addrs(|| None)?[0].to_string();
    let elsewhere = first.replace(&address, "127.0.0.1:0");
    let database = stage.dir().join("data/picket.db");
    let data = stage.dir().join("data").display().to_string();
    let other_data = elsewhere.replace(
        &format!("data_dir = {data:?}"),
        &format!(
            "data_dir = \"other\"\ndatabase_url = \"sqlite://{}\"",
            database.display()
        ),
    );
    let pid = std::fs::read_to_string(stage.dir().join("data/lock"))?;
    for (config, what) in [
        (elsewhere, data),
        (other_data, database.display().to_string()),
    ] {
        let file = stage.dir().join("second.toml");
        std::fs::write(&file, config)?;
        let file = file.display().to_string();
        let second = run(["serve", "--allow-demo-sign-in", "--config", &file])?;
        assert_eq!(second.code, Some(1), "{second:?}");
        let said = format!(
            "{what} is in use by another picket (process {})",
            pid.trim()
        );
        assert!(second.stderr.contains(&said), "{second:?}");
        // Those that only read or look may run meanwhile.
        for command in [
            &["audit-log", "verify"][..],
            &["check-config", "--allow-demo-sign-in"],
        ] {
            let ran = run(command.iter().copied().chain(["--config", &file]))?;
            assert_eq!(ran.code, Some(0), "{ran:?}");
        }
    }
    Ok(())
}
