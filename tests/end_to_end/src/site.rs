//! A static server for folders, under a path, that records failed requests.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::{self, Next};
use axum::response::{Html, Response};
use axum::routing::get;
use std::future::IntoFuture;
use tower_http::services::ServeDir;

use crate::line::{self, Line, Speed, Transfer};

/// The page must work under any path, so the tests never serve it from the root.
const PATH: &str = "/some/path";

/// A document with an empty frame, on the page's own origin but out of the reach of its service worker.
const FRAME: &str = "/frame";
const FRAMED: &str = r#"<!doctype html><title>Frame</title><link rel="icon" href="data:,">
    <body style="margin: 0"><iframe style="border: 0"></iframe></body>"#;

type Failures = Arc<Mutex<Vec<String>>>;

/// The server; it ends with its tokio runtime.
pub struct Site {
    port: u16,
    failures: Failures,
    line: Option<Line>,
    /// Stops the server when dropped.
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Site {
    /// Serves `folder` on a free local port, and each folder of `also` under its name; if `isolated`, with the headers with
    /// which pages may share memory. Where a file has a gzipped one beside it, browsers get that.
    pub async fn serve(folder: &Path, also: &[(&str, PathBuf)], isolated: bool, speed: Option<Speed>) -> Result<Self> {
        let (failures, line) = (Failures::default(), speed.map(Line::new));
        let files = ServeDir::new(folder).precompressed_gzip();
        let mut app = Router::new().nest_service(PATH, files).route(FRAME, get(async || Html(FRAMED)));
        for (name, folder) in also {
            app = app.nest_service(&format!("{PATH}/{name}"), ServeDir::new(folder));
        }
        let mut app = app.layer(middleware::from_fn_with_state(failures.clone(), record));
        if isolated {
            app = app.layer(middleware::map_response(isolate));
        }
        if let Some(line) = &line {
            app = app.layer(middleware::from_fn_with_state(line.clone(), line::delay));
        }
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        tokio::spawn(async move {
            tokio::select! {
                served = axum::serve(listener, app).into_future() => served,
                _ = stopped => Ok(()),
            }
        });
        Ok(Self { port, failures, line, stop: Some(stop) })
    }

    /// Stops the server: no request is answered any more.
    pub fn stop(&mut self) {
        self.stop = None;
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}/", self.port)
    }

    /// The document with an empty frame.
    pub fn frame(&self) -> String {
        format!("http://127.0.0.1:{}{FRAME}", self.port)
    }

    /// What has come over the slow line, if there is one.
    pub fn transfers(&self) -> Vec<Transfer> {
        self.line.as_ref().map(Line::transfers).unwrap_or_default()
    }

    /// Status and path of each request that was answered with an error.
    pub fn failures(&self) -> Vec<String> {
        self.failures.lock().expect("no holder of the list panics").clone()
    }
}

async fn isolate(mut response: Response) -> Response {
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn record(State(failures): State<Failures>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        failures.lock().expect("no holder of the list panics").push(format!("{status} {path}"));
    }
    response
}
