//! Opening byte streams: TCP, with TLS where the address says so.
//!
//! Certificates are always checked, against the web's authorities and those a test adds. A route sends one host and port to
//! another socket address, as a hosts file would, without weakening that check.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::Uri;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A stream of bytes in both directions.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// What differs from the plain network.
#[derive(Clone, Debug, Default)]
pub struct NetworkOptions {
    /// Where connections to a host and port go instead.
    pub routes: BTreeMap<(String, u16), SocketAddr>,
    /// Certificates of authorities to trust beside the web's, in PEM.
    pub authorities_pem: Vec<u8>,
}

/// Opens streams.
#[derive(Clone)]
pub(crate) struct Dialer {
    routes: Arc<BTreeMap<(String, u16), SocketAddr>>,
    tls: TlsConnector,
}

impl Dialer {
    /// A dialer with these options.
    pub fn new(options: &NetworkOptions) -> io::Result<Self> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for certificate in CertificateDer::pem_slice_iter(&options.authorities_pem) {
            roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { routes: Arc::new(options.routes.clone()), tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Opens a stream to the target's host.
    pub async fn dial(&self, target: &Target) -> io::Result<Box<dyn ByteStream>> {
        let tcp = match self.routes.get(&(target.host.clone(), target.port)) {
            Some(address) => TcpStream::connect(address).await?,
            None => TcpStream::connect((target.host.as_str(), target.port)).await?,
        };
        tcp.set_nodelay(true)?;
        if !target.secure {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(target.host.clone()).map_err(io::Error::other)?;
        Ok(Box::new(self.tls.connect(name, tcp).await?))
    }
}

/// Where an address points.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Target {
    /// The whole address.
    pub uri: Uri,
    /// Whether TLS is used.
    pub secure: bool,
    /// The host, without brackets.
    pub host: String,
    /// The port, the scheme's own if none is given.
    pub port: u16,
}

impl Target {
    /// Reads an absolute `ws:`, `wss:`, `http:` or `https:` address.
    pub fn parse(url: &str) -> io::Result<Self> {
        let uri: Uri = url.parse().map_err(io::Error::other)?;
        let secure = match uri.scheme_str() {
            Some("wss" | "https") => true,
            Some("ws" | "http") => false,
            _ => return Err(io::Error::other(format!("not an address to connect to: {url}"))),
        };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self { uri, secure, host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> Option<(bool, String, u16)> {
        Target::parse(url).ok().map(|target| (target.secure, target.host, target.port))
    }

    #[test]
    fn reads_addresses() {
        assert_eq!(parts("ws://localhost:5280/ws"), Some((false, "localhost".into(), 5280)));
        assert_eq!(parts("wss://example.org/ws"), Some((true, "example.org".into(), 443)));
        assert_eq!(parts("http://[::1]/x"), Some((false, "::1".into(), 80)));
        assert_eq!(parts("ftp://example.org/"), None);
        assert_eq!(parts("/relative"), None);
    }

    #[tokio::test]
    async fn a_route_leads_elsewhere() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let routes = [(("example.invalid".to_owned(), 80), listener.local_addr().unwrap())].into();
        let dialer = Dialer::new(&NetworkOptions { routes, ..NetworkOptions::default() }).unwrap();
        assert!(dialer.dial(&Target::parse("http://example.invalid/").unwrap()).await.is_ok());
        assert!(dialer.dial(&Target::parse("http://example.invalid:81/").unwrap()).await.is_err());
    }
}
