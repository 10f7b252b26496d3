//! Fetches a text from a URL, within limits. Only the worker does this: the page's Content-Security-Policy forbids
//! requests to other servers.

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, DedicatedWorkerGlobalScope, DomException, ReadableStreamDefaultReader, ReferrerPolicy,
    RequestCredentials, RequestInit, Response, Url,
};

use super::decode::{LARGEST, too_large};
use crate::error::{Error, Result};

/// The most bytes and seconds that a fetch may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub bytes: usize,
    pub seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: LARGEST, seconds: 60 }
    }
}

/// The host of an address.
///
/// # Errors
/// [`Error::NotAnAddress`] if it is not an `http://` or `https://` URL.
pub fn host(address: &str) -> Result<String> {
    let url = Url::new(address).ok().filter(|url| ["http:", "https:"].contains(&url.protocol().as_str()));
    url.map(|url| url.host()).ok_or_else(|| Error::NotAnAddress(address.to_owned()))
}

/// Fetches the bytes at an address, from any server that allows it (CORS). For the visitor's privacy neither cookies
/// nor a referrer are sent.
///
/// # Errors
/// [`Error::NotAnAddress`], [`Error::AddressUnreachable`], [`Error::AddressAnswers`], [`Error::AddressSlow`],
/// [`Error::TextTooLarge`].
pub async fn fetch(address: &str, limits: Limits) -> Result<Vec<u8>> {
    host(address)?;
    let how = RequestInit::new();
    how.set_credentials(RequestCredentials::Omit);
    how.set_referrer_policy(ReferrerPolicy::NoReferrer);
    how.set_signal(Some(&AbortSignal::timeout_with_u32(limits.seconds * 1000)));
    get(address, &how, limits.bytes).await.map_err(|failure| match failure {
        Failure::TooLarge => too_large(),
        Failure::Status(status) => Error::AddressAnswers { address: address.to_owned(), status },
        Failure::Other(error) => match error.dyn_ref::<DomException>().map(DomException::name).as_deref() {
            Some("TimeoutError") => Error::AddressSlow { address: address.to_owned(), seconds: limits.seconds },
            _ => Error::AddressUnreachable(address.to_owned()),
        },
    })
}

/// Fetches a file next to the worker's script.
///
/// # Errors
/// The reason, as the end of a sentence.
pub async fn beside(path: &str) -> Result<Vec<u8>, String> {
    get(path, &RequestInit::new(), LARGEST).await.map_err(|failure| match failure {
        Failure::TooLarge => "it is too large".to_owned(),
        Failure::Status(status) => format!("the server answers {status}"),
        Failure::Other(error) => js_sys::Error::from(error).message().into(),
    })
}

/// Why a fetch failed.
enum Failure {
    TooLarge,
    Status(u16),
    Other(JsValue),
}

impl From<JsValue> for Failure {
    fn from(error: JsValue) -> Self {
        Self::Other(error)
    }
}

/// The body of the response, if it has at most `most` bytes; a longer one is cancelled as soon as that is known.
async fn get(address: &str, how: &RequestInit, most: usize) -> Result<Vec<u8>, Failure> {
    let worker: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let response = JsFuture::from(worker.fetch_with_str_and_init(address, how)).await?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err(Failure::Status(response.status()));
    }
    let Some(body) = response.body() else { return Ok(Vec::new()) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut bytes = Vec::new();
    loop {
        let part = Reflect::get(&JsFuture::from(reader.read()).await?, &"value".into())?;
        if part.is_undefined() {
            return Ok(bytes);
        }
        bytes.extend(part.unchecked_into::<Uint8Array>().to_vec());
        if bytes.len() > most {
            let _ = reader.cancel();
            return Err(Failure::TooLarge);
        }
    }
}
