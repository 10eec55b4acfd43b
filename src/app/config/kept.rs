//! The secrets' values: from the environment, from files that may change under us, or made up and kept (`files`).
//!
//! Made up only where nobody but this machine can knock; elsewhere a missing secret is refused. Deliberately absent:
//! comparing (that is the doors') and printing (that is the command's).

use std::io;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use hkdf::Hkdf;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::Config;
use super::files::{MadeUp, keep, read_file};
use super::secrets::{SecretPair, SecretSource};

const KEY_BYTES: usize = 32;

/// Why the secrets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// Listening beyond loopback without secrets.
    #[error(
        "{} not set, and CI_BIND={bind} can be reached from other machines; set them (or their _FILE twins), \
         or listen on 127.0.0.1", .variables.join(", ")
    )]
    Missing {
        /// The variables that have to be set.
        variables: Vec<&'static str>,
        /// The address.
        bind: std::net::IpAddr,
    },
    /// Somebody is to be told, and nothing to sign it with.
    #[error(
        "CI_OUTBOUND_URLS is set and CI_OUTBOUND_SECRET is not (nor CI_OUTBOUND_SECRET_FILE): give it `whsec_` and the \
         output of `openssl rand -base64 32`"
    )]
    Unsigned,
    /// A file could not be read or written.
    #[error("could not {action} {} for {variable}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The variable it stands for.
        variable: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file without a secret in it.
    #[error("{} is empty, so {variable} has no value", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// The variable it stands for.
        variable: &'static str,
    },
}

/// The secrets in force, and where to look for newer ones.
#[derive(Debug)]
pub struct Secrets {
    webhook: Door,
    gateway: Door,
    /// Nobody is told anything without it.
    outbound: Option<Door>,
    master_key: SecretString,
    made_up: Vec<MadeUp>,
}

impl Secrets {
    /// Resolves every secret. Takes the configuration's sources along, to read their files again later.
    pub fn load(config: &mut Config) -> Result<Self, SecretsError> {
        let mut missing = Vec::new();
        let mut made_up = Vec::new();
        let loopback = config.server.is_loopback();
        let mut required = |source: &mut SecretSource, variable, file: &str| {
            if !matches!(source, SecretSource::Unset) {
                return Ok(());
            }
            if !loopback {
                missing.push(variable);
                return Ok(());
            }
            let kept = keep(variable, &config.database.data_dir, file)?;
            *source = SecretSource::Value(kept.value.clone());
            made_up.push(kept);
            Ok(())
        };
        let secrets = &mut config.secrets;
        required(&mut secrets.webhook, "CI_WEBHOOK_SECRET", "webhook.secret")?;
        required(&mut secrets.gateway, "CI_GATEWAY_SECRET", "gateway.secret")?;
        required(&mut secrets.master_key, "CI_MASTER_KEY", "master.key")?;
        let outbound = &mut config.outbound;
        if !outbound.targets.is_empty() && matches!(outbound.secret, SecretSource::Unset) {
            return Err(SecretsError::Unsigned);
        }
        if !missing.is_empty() {
            return Err(SecretsError::Missing {
                variables: missing,
                bind: config.server.bind,
            });
        }
        let take = |source: &mut SecretSource| std::mem::replace(source, SecretSource::Unset);
        let source = |variable, source: &mut SecretSource| Source {
            variable,
            source: take(source),
        };
        let webhook = Door::load(
            source("CI_WEBHOOK_SECRET", &mut secrets.webhook),
            source("CI_WEBHOOK_SECRET_PREVIOUS", &mut secrets.webhook_previous),
        )?;
        let gateway = Door::load(
            source("CI_GATEWAY_SECRET", &mut secrets.gateway),
            source("CI_GATEWAY_SECRET_PREVIOUS", &mut secrets.gateway_previous),
        )?;
        let outbound = match (
            source("CI_OUTBOUND_SECRET", &mut outbound.secret),
            source("CI_OUTBOUND_SECRET_PREVIOUS", &mut outbound.secret_previous),
        ) {
            (current, _) if matches!(current.source, SecretSource::Unset) => None,
            (current, previous) => Some(Door::load(current, previous)?),
        };
        let master_key = source("CI_MASTER_KEY", &mut secrets.master_key).needed()?;
        Ok(Self {
            webhook,
            gateway,
            outbound,
            master_key,
            made_up,
        })
    }

    /// What the event and cron doors accept now.
    #[must_use]
    pub fn webhook(&self) -> SecretPair {
        self.webhook.now()
    }

    /// What the GraphQL door accepts now.
    #[must_use]
    pub fn gateway(&self) -> SecretPair {
        self.gateway.now()
    }

    /// What messages are signed with now; none where nobody is told anything.
    #[must_use]
    pub fn outbound(&self) -> Option<SecretPair> {
        self.outbound.as_ref().map(Door::now)
    }

    /// The secrets that were made up, now or at an earlier start.
    #[must_use]
    pub fn made_up(&self) -> &[MadeUp] {
        &self.made_up
    }

    /// Reads the files again. Returns whether a door's secrets changed; on an error all stay as they were.
    ///
    /// The master key is not among them: what was derived from it is stored.
    pub fn reload(&self) -> Result<bool, SecretsError> {
        let (webhook, gateway) = (self.webhook.read()?, self.gateway.read()?);
        let outbound = self.outbound.as_ref();
        let outbound = outbound.map(|door| Ok((door, door.read()?))).transpose()?;
        let changed = [
            self.webhook.replace(webhook),
            self.gateway.replace(gateway),
            outbound.is_some_and(|(door, pair)| door.replace(pair)),
        ];
        Ok(changed.contains(&true))
    }

    /// A key for one purpose, derived from the master key (HKDF-SHA256, RFC 5869).
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; KEY_BYTES] {
        let mut key = [0; KEY_BYTES];
        let master = Hkdf::<Sha256>::new(None, self.master_key.expose_secret().as_bytes());
        // Fails only beyond 255 blocks of the hash.
        if master.expand(purpose.as_bytes(), &mut key).is_err() {
            unreachable!("{KEY_BYTES} bytes are one block");
        }
        key
    }
}

#[derive(Debug)]
struct Door {
    current: Source,
    previous: Source,
    pair: RwLock<SecretPair>,
}

impl Door {
    fn load(current: Source, previous: Source) -> Result<Self, SecretsError> {
        let pair = SecretPair {
            current: current.needed()?,
            previous: previous.read()?,
        };
        Ok(Self {
            current,
            previous,
            pair: RwLock::new(pair),
        })
    }

    fn read(&self) -> Result<SecretPair, SecretsError> {
        Ok(SecretPair {
            current: self.current.needed()?,
            previous: self.previous.read()?,
        })
    }

    fn now(&self) -> SecretPair {
        self.pair
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn replace(&self, new: SecretPair) -> bool {
        let mut pair = self.pair.write().unwrap_or_else(PoisonError::into_inner);
        let changed = !pair.accepted().eq(new.accepted());
        *pair = new;
        changed
    }
}

#[derive(Debug)]
struct Source {
    variable: &'static str,
    source: SecretSource,
}

impl Source {
    fn read(&self) -> Result<Option<SecretString>, SecretsError> {
        match &self.source {
            SecretSource::Unset => Ok(None),
            SecretSource::Value(value) => Ok(Some(value.clone())),
            SecretSource::File(path) => read_file(path, self.variable).map(Some),
        }
    }

    fn needed(&self) -> Result<SecretString, SecretsError> {
        self.read()?.ok_or_else(|| SecretsError::Empty {
            path: PathBuf::from(self.variable),
            variable: self.variable,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    fn config(folder: &Path, variables: &[(&str, &str)]) -> Config {
        let data_dir = folder.join("data").to_string_lossy().into_owned();
        let lookup = |name: &str| {
            let mut all = variables
                .iter()
                .copied()
                .chain([("CI_DATA_DIR", data_dir.as_str())]);
            all.find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
        };
        Config::read(&lookup, &[]).unwrap()
    }

    #[test]
    fn on_loopback_secrets_are_made_up_once_and_kept_to_ourselves() {
        let folder = tempfile::tempdir().unwrap();
        let first = Secrets::load(&mut config(folder.path(), &[])).unwrap();
        let second = Secrets::load(&mut config(folder.path(), &[])).unwrap();
        assert!(first.webhook().accepted().eq(second.webhook().accepted()));
        assert!(!first.webhook().accepted().eq(first.gateway().accepted()));
        assert_eq!(first.derive("tags"), second.derive("tags"));
        assert_eq!(first.made_up().len(), 3);
        assert!(
            first.made_up().iter().all(|made| made.new)
                && !second.made_up().iter().any(|made| made.new)
        );
        for made in first.made_up() {
            assert_eq!(
                fs::metadata(&made.path).unwrap().permissions().mode() & 0o777,
                0o600
            );
            assert!(made.value.expose_secret().len() >= 64);
        }
    }

    #[test]
    fn beyond_loopback_every_missing_secret_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let variables = [("CI_BIND", "0.0.0.0"), ("CI_WEBHOOK_SECRET", "a")];
        let error = Secrets::load(&mut config(folder.path(), &variables))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("CI_GATEWAY_SECRET, CI_MASTER_KEY not set"),
            "{error}"
        );
        assert!(
            !folder.path().join("data").exists(),
            "nothing is made up there"
        );
    }

    #[test]
    fn a_changed_file_is_taken_over_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hook");
        fs::write(&file, "one\n").unwrap();
        let variables = [
            ("CI_WEBHOOK_SECRET_FILE", file.to_str().unwrap()),
            ("CI_WEBHOOK_SECRET_PREVIOUS", "zero"),
        ];
        let secrets = Secrets::load(&mut config(folder.path(), &variables)).unwrap();
        assert_eq!(
            secrets.webhook().accepted().collect::<Vec<_>>(),
            ["one", "zero"]
        );
        assert!(!secrets.reload().unwrap());
        fs::write(&file, "two\n").unwrap();
        assert!(secrets.reload().unwrap());
        assert_eq!(
            secrets.webhook().accepted().collect::<Vec<_>>(),
            ["two", "zero"]
        );
        fs::write(&file, "\n").unwrap();
        assert!(matches!(secrets.reload(), Err(SecretsError::Empty { .. })));
        assert_eq!(
            secrets.webhook().accepted().collect::<Vec<_>>(),
            ["two", "zero"]
        );
    }

    #[test]
    fn keys_differ_by_purpose_and_by_master_key() {
        let folder = tempfile::tempdir().unwrap();
        let keyed =
            |key| Secrets::load(&mut config(folder.path(), &[("CI_MASTER_KEY", key)])).unwrap();
        assert_ne!(keyed("a").derive("tags"), keyed("a").derive("signing"));
        assert_ne!(keyed("a").derive("tags"), keyed("b").derive("tags"));
    }
}
