//! Reading variables one by one, remembering what was asked for, what was found and what was wrong.

use std::fmt::{self, Display};
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;

use super::secrets::SecretSource;

/// One variable as `config print` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The variable.
    pub name: String,
    /// Its value, with secrets masked; empty when it has none.
    pub shown: String,
    /// Where the value came from.
    pub origin: Origin,
    /// What it is for, with its unit.
    pub meaning: &'static str,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The environment.
    Environment,
    /// A file that the environment names.
    File,
    /// Nobody can set it.
    Fixed,
}

impl Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Fixed => "fixed",
        })
    }
}

/// Whether something is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

impl Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::On => "on",
            Self::Off => "off",
        })
    }
}

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err("it is neither on nor off"),
        }
    }
}

const MASK: &str = "********";

pub(super) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    entries: Vec<Entry>,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            entries: Vec::new(),
            problems: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (Vec<Entry>, Vec<String>) {
        (self.entries, self.problems)
    }

    /// A value with a default.
    pub(super) fn value<T>(&mut self, name: &'static str, default: T, meaning: &'static str) -> T
    where
        T: FromStr + Display,
        T::Err: Display,
    {
        let parse = |text: &str| text.parse::<T>().map_err(|error| error.to_string());
        let read = self
            .text(name)
            .and_then(|text| self.parsed(name, &text, parse));
        let origin = if read.is_some() {
            Origin::Environment
        } else {
            Origin::Default
        };
        let value = read.unwrap_or(default);
        self.note(name, value.to_string(), origin, meaning);
        value
    }

    /// A whole number with a default, within limits.
    pub(super) fn number(
        &mut self,
        name: &'static str,
        default: u32,
        limits: std::ops::RangeInclusive<u32>,
        meaning: &'static str,
    ) -> u32 {
        let value = self.value(name, default, meaning);
        if limits.contains(&value) {
            return value;
        }
        self.problems.push(format!(
            "{name}={value} is outside {} to {}",
            limits.start(),
            limits.end()
        ));
        default
    }

    /// Something that is not a setting and shown all the same.
    pub(super) fn fixed(&mut self, name: &str, value: String, meaning: &'static str) {
        self.note(name, value, Origin::Fixed, meaning);
    }

    /// A folder without a default.
    pub(super) fn folder(&mut self, name: &'static str, meaning: &'static str) -> Option<PathBuf> {
        let text = self.text(name);
        let origin = if text.is_some() {
            Origin::Environment
        } else {
            Origin::Default
        };
        self.note(name, text.clone().unwrap_or_default(), origin, meaning);
        text.map(PathBuf::from)
    }

    /// A value that is shown otherwise than it is, such as a URL with a password.
    pub(super) fn shown_as<T>(
        &mut self,
        name: &'static str,
        meaning: &'static str,
        parse: impl FnOnce(&str) -> Result<(T, String), String>,
    ) -> Option<T> {
        let read = self
            .text(name)
            .and_then(|text| self.parsed(name, &text, parse));
        let origin = if read.is_some() {
            Origin::Environment
        } else {
            Origin::Default
        };
        let (value, shown) =
            read.map_or((None, String::new()), |(value, shown)| (Some(value), shown));
        self.note(name, shown, origin, meaning);
        value
    }

    /// A secret: from `name`, or from the file that `name_FILE` names.
    pub(super) fn secret(&mut self, name: &'static str, meaning: &'static str) -> SecretSource {
        let twin = format!("{name}_FILE");
        let (value, file) = (self.text(name), self.text(&twin));
        let masked = if value.is_some() {
            MASK.to_owned()
        } else {
            String::new()
        };
        let origin = |set| {
            if set {
                Origin::Environment
            } else {
                Origin::Default
            }
        };
        self.note(
            name,
            masked,
            if file.is_some() {
                Origin::File
            } else {
                origin(value.is_some())
            },
            meaning,
        );
        self.note(
            &twin,
            file.clone().unwrap_or_default(),
            origin(file.is_some()),
            "file that holds it; read again on SIGHUP and when it changes",
        );
        match (value, file) {
            (Some(_), Some(_)) => {
                self.problems
                    .push(format!("{name} and {twin} are both set; set one of them"));
                SecretSource::Unset
            }
            (Some(value), None) => SecretSource::Value(SecretString::from(value)),
            (None, Some(path)) => SecretSource::File(path.into()),
            (None, None) => SecretSource::Unset,
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                // The value itself is not repeated: it may be a secret in the wrong place.
                self.problems
                    .push(format!("{name} cannot be read: {error}"));
                None
            }
        }
    }

    fn note(&mut self, name: &str, shown: String, origin: Origin, meaning: &'static str) {
        self.entries.push(Entry {
            name: name.to_owned(),
            shown,
            origin,
            meaning,
        });
    }
}
