//! A slow line between site and browser: all answers share its rate, and each is late by its latency. Chromium's own
//! throttling leaves alone what workers fetch.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_core::Stream;
use tokio::time::Sleep;

/// What goes at once: small enough for answers to share the line as they would a real one.
const PIECE: usize = 1400;

/// The speed of a line.
#[derive(Debug, Clone, Copy)]
pub struct Speed {
    pub bytes_per_second: f64,
    pub latency: Duration,
}

/// An answer that came over the line.
#[derive(Debug, Clone)]
pub struct Transfer {
    pub path: String,
    /// When it was asked for, and when its last byte had come, in milliseconds since 1970, as pages tell the time.
    pub asked: f64,
    pub done: f64,
    /// Of the body, as sent.
    pub bytes: usize,
}

/// The line.
#[derive(Clone)]
pub struct Line {
    speed: Speed,
    /// When what was handed to it so far will have gone.
    free: Arc<Mutex<Instant>>,
    transfers: Arc<Mutex<Vec<Transfer>>>,
}

impl Line {
    pub fn new(speed: Speed) -> Self {
        Self { speed, free: Arc::new(Mutex::new(Instant::now())), transfers: Arc::default() }
    }

    /// The answers that have come.
    pub fn transfers(&self) -> Vec<Transfer> {
        self.transfers.lock().expect("no holder of the list panics").clone()
    }

    /// When so many bytes will have gone, if they are sent now.
    fn send(&self, bytes: usize) -> Instant {
        let mut free = self.free.lock().expect("no holder of the time panics");
        *free = (*free).max(Instant::now()) + Duration::from_secs_f64(bytes as f64 / self.speed.bytes_per_second);
        *free
    }
}

/// Sends an answer over the line.
pub async fn delay(State(line): State<Line>, request: Request, next: Next) -> Response {
    let (path, asked) = (request.uri().path().to_owned(), now());
    tokio::time::sleep(line.speed.latency).await;
    let (head, body) = next.run(request).await.into_parts();
    // Files are all there is, and none is large.
    let left = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let transfer = Transfer { path, asked, done: asked, bytes: left.len() };
    let sent = Sent { line, left, piece: None, transfer };
    Response::from_parts(head, Body::from_stream(sent))
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e3
}

/// A body on its way.
struct Sent {
    line: Line,
    left: Bytes,
    /// The piece that is being sent.
    piece: Option<(Bytes, Pin<Box<Sleep>>)>,
    transfer: Transfer,
}

impl Stream for Sent {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.piece.is_none() && !this.left.is_empty() {
            let bytes = this.left.split_to(PIECE.min(this.left.len()));
            let gone = this.line.send(bytes.len());
            this.piece = Some((bytes, Box::pin(tokio::time::sleep_until(gone.into()))));
        }
        let Some((bytes, sleep)) = &mut this.piece else { return Poll::Ready(None) };
        if pin!(sleep).poll(context).is_pending() {
            return Poll::Pending;
        }
        let bytes = std::mem::take(bytes);
        this.piece = None;
        if this.left.is_empty() {
            this.transfer.done = now();
            this.line.transfers.lock().expect("no holder of the list panics").push(this.transfer.clone());
        }
        Poll::Ready(Some(Ok(bytes)))
    }
}
