//! Chromium, driven by its own driver.

use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;
use thirtyfour::prelude::*;

/// A running `chromedriver`; ended when dropped, and every browser with it.
pub(crate) struct ChromeDriver {
    child: Child,
    url: String,
}

impl ChromeDriver {
    /// Starts it on a free port, which it names in its first lines.
    pub(crate) fn start() -> Result<Self> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run chromedriver: install Debian's chromium-driver")?;
        let lines = BufReader::new(child.stdout.take().context("its output is a pipe")?).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let url = format!(
            "http://127.0.0.1:{}",
            port.context("chromedriver named no port")?
        );
        Ok(Self { child, url })
    }
}

impl Drop for ChromeDriver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser with a profile of its own: a person's session.
pub(crate) struct Browser {
    driver: WebDriver,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn open(driver: &ChromeDriver) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut capabilities = DesiredCapabilities::chrome();
        let profile_arg = format!("--user-data-dir={}", profile.path().display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1000",
            &profile_arg,
        ];
        for argument in arguments {
            capabilities.add_arg(argument)?;
        }
        let driver = WebDriver::new(&driver.url, capabilities).await?;
        Ok(Self {
            driver,
            _profile: profile,
        })
    }

    pub(crate) async fn close(self) -> Result<()> {
        Ok(self.driver.quit().await?)
    }
}

impl Deref for Browser {
    type Target = WebDriver;

    fn deref(&self) -> &WebDriver {
        &self.driver
    }
}
