//! Chromium, steered by a ChromeDriver of its own, with an empty profile.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use serde_json::json;
use tempfile::TempDir;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, DesiredCapabilities, WebDriver};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::variable;

/// How long a tab takes to crash.
const CRASHING: Duration = Duration::from_millis(300);

/// How a browser is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// The window's width and height.
    pub window: (u32, u32),
    /// Ask for the dark scheme.
    pub dark: bool,
    /// Write a log of all network traffic; see [`Browser::net_log`].
    pub net_log: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { window: (1280, 800), dark: false, net_log: false }
    }
}

/// A browser; ends when dropped.
pub struct Browser {
    /// Steers it.
    pub driver: WebDriver,
    options: Options,
    profile: TempDir,
    _chromedriver: Child,
}

/// How a tab ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TabEnd {
    /// Somebody closes it.
    Closed,
    /// Its process dies.
    Crashed,
}

/// Records what the page's policy refuses, from the first moment of every document.
const WATCH_VIOLATIONS: &str = "globalThis.__violations = []; addEventListener('securitypolicyviolation', (event) => \
    __violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));";

impl Browser {
    /// Starts one.
    pub async fn start(options: &Options) -> Result<Self> {
        let mut chromedriver = Command::new(variable("CHROMEDRIVER")?)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("chromedriver")?;
        let mut lines = BufReader::new(chromedriver.stdout.take().context("a pipe")?).lines();
        let port = loop {
            let line = lines.next_line().await?.context("chromedriver ended")?;
            let number = line.split("on port ").nth(1).map(|rest| rest.trim_end_matches('.').to_owned());
            // The first line repeats the 0 that it was given.
            if let Some(Ok(port @ 1..)) = number.map(|number| number.parse::<u16>()) {
                break port;
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let profile = tempfile::tempdir()?;
        let capabilities = capabilities(options, &profile)?;
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await?;
        let browser = Self { driver, options: options.clone(), profile, _chromedriver: chromedriver };
        browser.prepare_tab().await?;
        Ok(browser)
    }

    async fn prepare_tab(&self) -> Result<()> {
        let tools = self.driver.cdp();
        let watch = json!({ "source": WATCH_VIOLATIONS });
        tools.send_raw("Page.addScriptToEvaluateOnNewDocument", watch).await?;
        if self.options.dark {
            let dark = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
            tools.send_raw("Emulation.setEmulatedMedia", dark).await?;
        }
        self.resize(self.options.window).await
    }

    /// Gives the tab another width and height.
    pub async fn resize(&self, (width, height): (u32, u32)) -> Result<()> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", metrics).await?;
        Ok(())
    }

    /// Ends the only tab, and goes on in an empty one.
    pub async fn replace_tab(&self, end: TabEnd) -> Result<()> {
        let (old, tools) = (self.driver.window().await?, self.driver.cdp().connect().await?);
        let new = self.driver.new_tab().await?;
        self.driver.switch_to_window(new).await?;
        self.prepare_tab().await?;
        if end == TabEnd::Crashed {
            // Nobody is left to answer.
            let _ = timeout(CRASHING, tools.send_raw("Page.crash", ())).await;
        }
        self.driver.cdp().send_raw("Target.closeTarget", json!({ "targetId": old.to_string() })).await?;
        Ok(())
    }

    /// Kills all shared workers, without a word to the pages that use them.
    pub(crate) async fn kill_workers(&self) -> Result<()> {
        let tools = self.driver.cdp();
        let found = tools.send_raw("Target.getTargets", json!({})).await?;
        let targets = found["targetInfos"].as_array().context("no list of targets")?;
        for worker in targets.iter().filter(|target| target["type"] == "shared_worker") {
            tools.send_raw("Target.closeTarget", json!({ "targetId": worker["targetId"] })).await?;
        }
        Ok(())
    }

    /// Ends the browser and reads its log of network traffic.
    pub async fn net_log(self) -> Result<String> {
        let Self { driver, profile, _chromedriver, options: _ } = self;
        driver.quit().await?;
        let log = std::fs::read_to_string(profile.path().join("net-log.json")).context("no network log")?;
        if log.is_empty() {
            bail!("the network log is empty");
        }
        Ok(log)
    }
}

fn capabilities(options: &Options, profile: &TempDir) -> Result<ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    capabilities.set_binary(&variable("PLAUSCH_CHROMIUM")?)?;
    let own = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--lang=en",
    ];
    for argument in own {
        capabilities.add_arg(argument)?;
    }
    capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
    if options.net_log {
        capabilities.add_arg(&format!("--log-net-log={}", profile.path().join("net-log.json").display()))?;
        // Whatever is asked for, nothing leaves this machine.
        capabilities.add_arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1")?;
    }
    Ok(capabilities)
}
