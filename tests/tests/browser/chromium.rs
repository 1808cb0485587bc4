//! Chromium, driven by its own driver.

use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, LoggingPrefsLogLevel};

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

/// On what, and how, somebody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    Desk,
    Phone,
    WithoutScripts,
}

/// As wide as many phones are, in CSS pixels.
pub(crate) const PHONE_WIDTH: i64 = 390;

/// A browser with a profile of its own: a person's session.
pub(crate) struct Browser {
    driver: WebDriver,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn open(driver: &ChromeDriver) -> Result<Self> {
        Self::open_in(Setting::Desk, driver).await
    }

    pub(crate) async fn open_in(setting: Setting, driver: &ChromeDriver) -> Result<Self> {
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
            "--hide-scrollbars",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1000",
            &profile_arg,
        ];
        for argument in arguments {
            capabilities.add_arg(argument)?;
        }
        capabilities.set_logging_prefs("browser", LoggingPrefsLogLevel::All)?;
        capabilities.set_logging_prefs("performance", LoggingPrefsLogLevel::All)?;
        match setting {
            Setting::Desk => {}
            Setting::Phone => {
                let metrics = json!({ "width": PHONE_WIDTH, "height": 844, "pixelRatio": 1.0 });
                let emulation = json!({ "deviceMetrics": metrics });
                capabilities.add_experimental_option("mobileEmulation", emulation)?;
            }
            Setting::WithoutScripts => {
                let blocked = 2;
                let prefs =
                    json!({ "profile.managed_default_content_settings.javascript": blocked });
                capabilities.add_experimental_option("prefs", prefs)?;
            }
        }
        let driver = WebDriver::new(&driver.url, capabilities).await?;
        Ok(Self {
            driver,
            _profile: profile,
        })
    }

    /// What the console shows, and which requests failed, since it was last asked.
    pub(crate) async fn complaints(&self) -> Result<Vec<String>> {
        let console = self.driver.get_log("browser").await?;
        let mut complaints: Vec<_> = console.into_iter().map(|entry| entry.message).collect();
        for entry in self.driver.get_log("performance").await? {
            let entry: Value = serde_json::from_str(&entry.message)?;
            let (event, params) = (&entry["message"], &entry["message"]["params"]);
            let response = &params["response"];
            let status = response["status"].as_u64().unwrap_or_default();
            let has_failed = match event["method"].as_str() {
                Some("Network.responseReceived") => status >= 400,
                // What is cancelled is what the next page made needless.
                Some("Network.loadingFailed") => params["canceled"] != true,
                _ => false,
            };
            if has_failed {
                complaints.push(params.to_string());
            }
        }
        Ok(complaints)
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
