//! What can go wrong, each as one sentence that names what is wrong and what to do.

/// Any failure that a person gets to see. Its `Display` is the sentence that they see.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Setting(#[from] crate::model::config::SettingError),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
