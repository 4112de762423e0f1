//! `cargo xtask run`: the app in release mode at an address to open, with a server and two accounts to try it with.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::args::Args;
use crate::process::{command, run};
use crate::project::Project;
use crate::serve::{Port, Site};
use crate::servers::{Data, Kind, Server, free_offset};
use crate::setup::{Program, ensure};
use crate::{dist, say, serve};

/// Where the app is served if nobody says otherwise.
const PORT: u16 = 8420;

const PYTHON: Program = Program { name: "python3", package: "python3", purpose: "writing the example data" };

/// Runs until interrupted.
pub fn main(project: &Project, args: &mut Args) -> Result<ExitCode> {
    let own_server = args.value::<String>("--server")?;
    let port = args.value("--port")?.map_or(Port::From(PORT), Port::Exactly);
    let data = if args.flag("--fresh") { Data::Fresh } else { Data::Kept };
    args.finish()?;
    if let Some(address) = &own_server {
        check_address(address)?;
    }
    say::step("the app");
    let folder = dist::up_to_date(project)?;
    match own_server {
        Some(address) => {
            open(&folder, &json!({ "websocket_url": address }), port, "the accounts of your server")?;
            loop {
                thread::park();
            }
        }
        None => with_prosody(project, &folder, port, data),
    }
}

fn with_prosody(project: &Project, folder: &Path, port: Port, data: Data) -> Result<ExitCode> {
    say::step("an XMPP server");
    let mut server = Server::start(project, Kind::Prosody, free_offset(&[Kind::Prosody], 0)?, data)?;
    seed(project, &server)?;
    let config = json!({ "default_domain": "localhost", "websocket_url": server.variable("XMPP_WS")?, "allow_registration": true });
    open(folder, &config, port, "romeo@localhost, password romeo; and juliet@localhost, password juliet")?;
    while server.runs() {
        thread::sleep(Duration::from_secs(1));
    }
    bail!("the XMPP server has ended by itself")
}

/// Accounts, contacts, history and a group; nothing when they are there already.
fn seed(project: &Project, server: &Server) -> Result<()> {
    ensure(&[&PYTHON])?;
    let mut script = command("python3");
    script.arg(project.root.join("tests/servers/seed.py")).arg("--db").arg(server.database()?);
    run(script.args(["demo", "--port", server.variable("XMPP_C2S_PORT")?]).stdout(std::process::Stdio::null()))
}

fn open(folder: &Path, config: &Value, port: Port, accounts: &str) -> Result<()> {
    let address = serve::start(Site::read(folder, Some(config.to_string()), "")?, port)?;
    say::step("ready");
    println!("    open      {address}");
    println!("    accounts  {accounts}");
    println!("    end       Ctrl+C");
    Ok(())
}

/// As the app itself will have it: `wss://`, or `ws://` to this machine.
fn check_address(address: &str) -> Result<()> {
    if address.starts_with("wss://") {
        return Ok(());
    }
    let Some(rest) = address.strip_prefix("ws://") else { bail!("--server takes a WebSocket address: wss://…") };
    let authority = rest.split('/').next().unwrap_or_default();
    let host =
        authority.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(authority, |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    let loopback = host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
    if !loopback {
        bail!("ws:// would send the password in the clear: use wss://");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_text_stays_on_this_machine() {
        for good in ["wss://example.org/ws", "ws://localhost:5280/ws", "ws://127.0.0.1/ws", "ws://[::1]:5280/ws"] {
            assert!(check_address(good).is_ok(), "{good}");
        }
        for bad in [
            "ws://example.org/ws",
            "ws://localhost.example.org/ws",
            "ws://localhost@example.org/",
            "https://example.org",
            "ws://127.0.0.1.example/",
        ] {
            assert!(check_address(bad).is_err(), "{bad}");
        }
    }
}
