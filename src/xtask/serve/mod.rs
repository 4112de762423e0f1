//! A small static server for the built folder, on loopback: what a hoster's web server should do, done right.
//!
//! It answers GET and HEAD for the files it has read at start and nothing else, so no path can lead out of the folder. It sends the
//! precompressed form that the browser takes, the security headers, and lets browsers keep what is named after its content.

mod request;
mod site;

use std::io::{BufReader, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::args::Args;
use crate::dist;
use crate::project::Project;

use request::Request;
pub use site::Site;

/// How long an idle connection stays open.
const IDLE: Duration = Duration::from_secs(30);
/// How many ports are tried beyond the wanted one.
const ATTEMPTS: u16 = 50;

/// Where to listen.
#[derive(Clone, Copy)]
pub enum Port {
    /// Exactly here; 0 lets the system choose.
    Exactly(u16),
    /// Here or at the next free one.
    From(u16),
}

/// `cargo xtask serve`: serves a built folder with a `config.json` of choice; prints the address and stays.
pub fn main(project: &Project, args: &mut Args) -> Result<ExitCode> {
    let folder = args.value::<PathBuf>("--dir")?;
    let config = args.value::<PathBuf>("--config")?;
    let port = args.value("--port")?.unwrap_or(0);
    let prefix = args.value::<String>("--prefix")?.unwrap_or_default();
    args.finish()?;
    let folder = folder.map_or_else(|| dist::up_to_date(project), Ok)?;
    let config = config.map(std::fs::read_to_string).transpose().context("reading the config file")?;
    let address = start(Site::read(&folder, config, &prefix)?, Port::Exactly(port))?;
    println!("{address}");
    loop {
        thread::park();
    }
}

/// Serves a site until this process ends; returns its address.
pub fn start(site: Site, port: Port) -> Result<String> {
    let listener = bind(port)?;
    let port = listener.local_addr()?.port();
    let address = format!("http://localhost:{port}/{}", site.prefix());
    let site = Arc::new(site);
    // `localhost` is both; where there is no IPv6, the other one does.
    if let Ok(second) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
        accept(second, Arc::clone(&site));
    }
    accept(listener, site);
    Ok(address)
}

fn bind(port: Port) -> Result<TcpListener> {
    let (first, last) = match port {
        Port::Exactly(port) => (port, port),
        Port::From(port) => (port, port.saturating_add(ATTEMPTS)),
    };
    let addresses: Vec<_> = (first..=last).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))).collect();
    TcpListener::bind(addresses.as_slice()).with_context(|| format!("no free port from {first} to {last}"))
}

fn accept(listener: TcpListener, site: Arc<Site>) {
    thread::spawn(move || {
        for stream in listener.incoming().filter_map(std::result::Result::ok) {
            let site = Arc::clone(&site);
            thread::spawn(move || converse(&stream, &site));
        }
    });
}

/// Answers requests until the browser hangs up. An error means that it did, so there is nobody to tell.
fn converse(stream: &TcpStream, site: &Site) {
    let _ = stream.set_read_timeout(Some(IDLE));
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Ok(Some(request)) = Request::read(&mut reader) {
        let last = request.is_last();
        if writer.write_all(&site.answer(&request)).is_err() || last {
            return;
        }
    }
}
