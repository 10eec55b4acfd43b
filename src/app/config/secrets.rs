//! Where the secrets come from. Their values are resolved, made up and reloaded in `kept`.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::reader::Reader;

/// Where one secret comes from.
#[derive(Debug)]
pub enum SecretSource {
    /// Nobody set it.
    Unset,
    /// The variable itself.
    Value(SecretString),
    /// The file that the `…_FILE` twin names; read again on request.
    File(PathBuf),
}

/// The sources of all secrets.
#[derive(Debug)]
pub struct SecretsConfig {
    /// `CI_WEBHOOK_SECRET`: what Hasura sends with events and cron calls.
    pub webhook: SecretSource,
    /// `CI_WEBHOOK_SECRET_PREVIOUS`: also accepted, during a rotation.
    pub webhook_previous: SecretSource,
    /// `CI_GATEWAY_SECRET`: what Hasura sends with GraphQL requests.
    pub gateway: SecretSource,
    /// `CI_GATEWAY_SECRET_PREVIOUS`: also accepted, during a rotation.
    pub gateway_previous: SecretSource,
    /// `CI_MASTER_KEY`: peppers, log tags and the signing key derive from it. Back it up apart from the database.
    pub master_key: SecretSource,
}

impl SecretsConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            webhook: reader.secret("CI_WEBHOOK_SECRET", "secret of the event and cron doors"),
            webhook_previous: reader.secret(
                "CI_WEBHOOK_SECRET_PREVIOUS",
                "also accepted by them, during a rotation",
            ),
            gateway: reader.secret("CI_GATEWAY_SECRET", "secret of the GraphQL door"),
            gateway_previous: reader.secret(
                "CI_GATEWAY_SECRET_PREVIOUS",
                "also accepted by it, during a rotation",
            ),
            master_key: reader.secret("CI_MASTER_KEY", "key that all other keys derive from"),
        }
    }
}

/// What one door accepts.
#[derive(Clone, Debug)]
pub struct SecretPair {
    /// The one to send.
    pub current: SecretString,
    /// The one that is still accepted, during a rotation.
    pub previous: Option<SecretString>,
}

impl SecretPair {
    /// Everything that is accepted.
    pub fn accepted(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.current)
            .chain(&self.previous)
            .map(ExposeSecret::expose_secret)
    }
}
