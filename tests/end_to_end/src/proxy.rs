//! Where the browser's requests to other places end up: a proxy that lets nothing through and remembers what was asked
//! for, by pages, workers and service workers alike. Requests to this machine do not come here.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

type Requests = Arc<Mutex<Vec<String>>>;

/// Where Chrome asks for updates, the time and the like for its own sake, whatever it shows; the last is the start page of
/// Debian's Chromium, with a profile that lasts.
const CHROMES_OWN: [&str; 4] = [".google.com", ".googleapis.com", ".gvt1.com", "start.duckduckgo.com"];

/// The proxy; it ends with the runtime that it was started in.
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

    /// The flag that sends a browser here.
    pub fn flag(&self) -> String {
        format!("proxy-server=127.0.0.1:{}", self.port)
    }

    /// What was asked for: method and address; but for what the browser asks for its own sake.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().expect("no holder of the list panics");
        requests.iter().filter(|request| !CHROMES_OWN.iter().any(|own| host(request).ends_with(own))).cloned().collect()
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
        return Ok(()); // a connection made ready, and asked for nothing
    }
    let request = line.trim_end().trim_end_matches("HTTP/1.1").trim_end();
    requests.lock().expect("no holder of the list panics").push(request.to_owned());
    Ok(stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?)
}
