//! The archive: an export's files as a tar, compressed, encrypted in the age format to one recipient.

use std::io::{self, Write};

use age::x25519::{Identity, Recipient};
use flate2::Compression;
use flate2::write::GzEncoder;
use secrecy::SecretString;

use super::document::Document;
use super::request::Form;

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key to encrypt to is none.
    #[error("the recipient is no age public key")]
    Recipient,
    /// It could not be encrypted.
    #[error("the archive cannot be encrypted")]
    Encrypt(#[from] age::EncryptError),
    /// It could not be written down.
    #[error("the archive cannot be written")]
    Write(#[from] io::Error),
    /// The document could not be written down.
    #[error("the export cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// A key pair for whoever has none: the public key, and the secret one, which is shown once and kept nowhere.
pub(super) fn key_pair() -> (String, SecretString) {
    let identity = Identity::generate();
    (identity.to_public().to_string(), identity.to_string())
}

/// Whether this is a public key of age (`age1…`, X25519).
pub(super) fn is_recipient(text: &str) -> bool {
    text.parse::<Recipient>().is_ok()
}

/// The files of an export by name.
fn files(document: &Document, form: Form) -> Result<Vec<(String, String)>, Error> {
    Ok(match form {
        Form::Json => vec![(
            "export.json".to_owned(),
            serde_json::to_string_pretty(document)? + "\n",
        )],
        Form::Csv => super::csv(document),
    })
}

/// Packs, compresses and encrypts an export. Open it with `age --decrypt -i key.txt | tar xz`.
pub(super) fn seal(document: &Document, form: Form, recipient: &str) -> Result<Vec<u8>, Error> {
    let recipient: Recipient = recipient.parse().map_err(|_no_key| Error::Recipient)?;
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients)?;
    let encrypted = encryptor.wrap_output(Vec::new())?;
    let mut tar = tar::Builder::new(GzEncoder::new(encrypted, Compression::default()));
    let made_at = u64::try_from(document.generated_at.timestamp()).unwrap_or(0);
    for (name, text) in files(document, form)? {
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(text.len()).unwrap_or(u64::MAX));
        header.set_mode(0o600);
        header.set_mtime(made_at);
        tar.append_data(&mut header, format!("export/{name}"), text.as_bytes())?;
    }
    let mut encrypted = tar.into_inner()?.finish()?;
    encrypted.flush()?;
    Ok(encrypted.finish()?)
}
