//! Who is told what happens, and how it is signed. Receivers stand here and nowhere else: nothing that is delivered or
//! asked can name one.

use std::time::Duration;

use reqwest::Url;

use super::reader::Reader;
use super::secrets::SecretSource;
use crate::workers::dispatch::Target;

/// What a receiver without a name is called.
const UNNAMED: &str = "default";

/// Receivers of messages.
#[derive(Debug)]
pub struct OutboundConfig {
    /// `CI_OUTBOUND_URLS`: `name=https://…`, with commas between them; a single one may do without a name. Nobody is
    /// told anything where there is none.
    pub targets: Vec<Target>,
    /// `CI_OUTBOUND_TIMEOUT_MS`, default 3000: longest that a send may take. Whoever takes back a consent waits for it.
    pub timeout: Duration,
    /// `CI_OUTBOUND_SECRET`: `whsec_` and base64; what is sent is signed with it (Standard Webhooks).
    pub secret: SecretSource,
    /// `CI_OUTBOUND_SECRET_PREVIOUS`: signed with as well, during a rotation.
    pub secret_previous: SecretSource,
}

impl OutboundConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let targets = reader.shown_as(
            "CI_OUTBOUND_URLS",
            "who is told what happens: name=https://… with commas between; nobody unless set",
            |text| {
                let targets = targets(text)?;
                let shown = shown(&targets);
                Ok((targets, shown))
            },
        );
        let timeout = reader.number(
            "CI_OUTBOUND_TIMEOUT_MS",
            3_000,
            100..=8_000,
            "milliseconds that a send may take; whoever takes back a consent waits for it",
        );
        Self {
            targets: targets.unwrap_or_default(),
            timeout: Duration::from_millis(timeout.into()),
            secret: reader.secret(
                "CI_OUTBOUND_SECRET",
                "what is sent is signed with it: whsec_ and base64 (Standard Webhooks)",
            ),
            secret_previous: reader.secret(
                "CI_OUTBOUND_SECRET_PREVIOUS",
                "signed with as well, during a rotation",
            ),
        }
    }
}

fn targets(text: &str) -> Result<Vec<Target>, String> {
    let mut found: Vec<Target> = Vec::new();
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let named = part.split_once('=').filter(|(name, _)| !name.contains(':'));
        let (name, url) = named.unwrap_or((UNNAMED, part));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 40 || !name.chars().all(plain) {
            return Err("a receiver's name is made of small letters, digits, - and _".to_owned());
        }
        let url: Url = url.parse().map_err(|_wrong| format!("{name} has no URL"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(format!("{name} has to be an http or https URL"));
        }
        if found.iter().any(|one| one.name == name) {
            return Err(format!("{name} stands there twice"));
        }
        let name = name.to_owned();
        found.push(Target { name, url });
    }
    Ok(found)
}

/// Names and hosts; a path or a query may hold a token.
fn shown(targets: &[Target]) -> String {
    let one = |target: &Target| {
        let host = target.url.host_str().unwrap_or_default();
        format!("{}={}://{host}/…", target.name, target.url.scheme())
    };
    targets.iter().map(one).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_have_names_and_a_single_one_may_do_without() {
        let found = targets("https://hooks.example/a?b=c").unwrap();
        assert_eq!((found[0].name.as_str(), found.len()), ("default", 1));
        let found = targets("talk=https://talk.example/x, shop=http://127.0.0.1:9/y,").unwrap();
        assert_eq!(
            shown(&found),
            "talk=https://talk.example/…,shop=http://127.0.0.1/…"
        );
        for wrong in [
            "talk",
            "talk=",
            "ftp://x.example",
            "T=https://a.example",
            "a=https://a.example,a=https://b.example",
            "=https://a.example",
        ] {
            assert!(targets(wrong).is_err(), "{wrong}");
        }
    }
}
