//! A proxy that refuses and records the browser's requests to other hosts, from pages, workers and service workers.
//! Requests to this machine bypass it.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

type Requests = Arc<Mutex<Vec<String>>>;

/// Hosts that browsers themselves contact, for updates, the time and the like: Chrome, the start page of Debian's
/// Chromium with a persistent profile, Firefox.
const BROWSERS_OWN: [&str; 6] =
    [".google.com", ".googleapis.com", ".gvt1.com", "start.duckduckgo.com", ".mozilla.com", ".mozilla.org"];

/// The proxy; it ends with its tokio runtime.
pub struct Proxy {
    port: u16,
    requests: Requests,
}

impl Proxy {
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let requests = Requests::default();
        let noted = requests.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(refuse(stream, noted.clone()));
            }
        });
        Ok(Self { port, requests })
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Method and address of each recorded request, without the browser's own.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().expect("no holder of the list panics");
        requests
            .iter()
            .filter(|request| !BROWSERS_OWN.iter().any(|own| host(request).ends_with(own)))
            .cloned()
            .collect()
    }
}

/// The host in `CONNECT host:443` or `GET http://host/path`.
fn host(request: &str) -> &str {
    let address = request.split_once(' ').map_or(request, |(_, address)| address);
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    address.split(['/', ':']).next().unwrap_or_default()
}

async fn refuse(mut stream: TcpStream, requests: Requests) -> Result<()> {
    let mut line = String::new();
    BufReader::new(&mut stream).read_line(&mut line).await?;
    if line.is_empty() {
        return Ok(()); // a preconnection without a request
    }
    let request = line.trim_end().trim_end_matches("HTTP/1.1").trim_end();
    requests.lock().expect("no holder of the list panics").push(request.to_owned());
    Ok(stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?)
}
