//! One JSON value to one normalised value, leniently in spelling and strictly in meaning.
//!
//! Absent on purpose: defaults. What cannot be read is refused with a reason, never replaced.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::columns::{Column, ColumnType};
use super::refusal::{Fault, Reason};
use super::{instants, numbers};
use crate::domain::source::{Field, Fields, Value};

/// Longest word, in bytes.
const WORD_BYTES_MAX: usize = 64;
/// Longest label, in characters.
const LABEL_CHARACTERS_MAX: usize = 300;
/// Most words in a list.
const WORDS_MAX: usize = 64;
/// The one key of what stands for a value that a dead letter did not keep.
pub(super) const MASK: &str = "$type";

/// What is wrong with a value, without the value.
type Wrong = (Reason, &'static str);

/// The fields that an object carries, appended to `fields`; returns how many amounts were rounded.
///
/// An absent column is not carried. A null is carried as such where `nulls` says that it is a value.
pub(super) fn carry(
    columns: &[Column],
    object: &Map<String, Json>,
    nulls: bool,
    place: &str,
    fields: &mut Fields,
) -> Result<u32, Fault> {
    let mut rounded = 0;
    for column in columns {
        let Some(field) = column.field else { continue };
        match find(column, object) {
            Some(Json::Null) if nulls => fields.push((field, Value::Null)),
            None | Some(Json::Null) => {}
            Some(json) => {
                let (value, inexact) = read(column, json, place)?;
                rounded += u32::from(inexact);
                fields.push((field, value));
            }
        }
    }
    Ok(rounded)
}

/// What an object says for a column: under its name, else under an older one; null only if none says more.
pub(super) fn find<'a>(column: &Column, object: &'a Map<String, Json>) -> Option<&'a Json> {
    let mut found = None;
    for name in std::iter::once(&column.name).chain(column.aliases) {
        match object.get(*name) {
            Some(Json::Null) => found = found.or(Some(&Json::Null)),
            Some(json) if is_mask(json) && may_be_left_out(column.ty) => {}
            Some(json) => return Some(json),
            None => {}
        }
    }
    found
}

/// A column's value, which is not null, and whether it was rounded.
pub(super) fn read(column: &Column, json: &Json, place: &str) -> Result<(Value, bool), Fault> {
    value(column.ty, json).map_err(|(reason, wrong)| fault(reason, place, column.name, wrong))
}

/// A uuid that frames a row, if the object names one.
pub(super) fn id(
    column: &Column,
    object: &Map<String, Json>,
    place: &str,
) -> Result<Option<Uuid>, Fault> {
    match find(column, object) {
        None | Some(Json::Null) => Ok(None),
        Some(json) => match read(column, json, place)? {
            (Value::Id(id), _) => Ok(Some(id)),
            _ => Ok(None),
        },
    }
}

/// The instant in a column that is not null.
pub(super) fn instant(
    column: &Column,
    object: &Map<String, Json>,
    place: &str,
) -> Result<DateTime<Utc>, Fault> {
    let json = find(column, object).unwrap_or(&Json::Null);
    match read(column, json, place)? {
        (Value::At(at), _) => Ok(at),
        _ => Err(fault(
            Reason::WrongType,
            place,
            column.name,
            "is no timestamp",
        )),
    }
}

/// A fault in a column.
pub(super) fn fault(reason: Reason, place: &str, column: &str, wrong: &str) -> Fault {
    Fault::new(reason, format!("{place}.{column} {wrong}"))
}

/// Whether a row is still worth reading when a dead letter did not keep this: a name, a word of no fixed set.
const fn may_be_left_out(ty: ColumnType) -> bool {
    matches!(
        ty,
        ColumnType::Label | ColumnType::Words | ColumnType::Word { known: [] }
    )
}

/// Whether a value only says that there was one.
pub(super) fn is_mask(json: &Json) -> bool {
    json.as_object()
        .is_some_and(|object| object.len() == 1 && object.contains_key(MASK))
}

fn value(ty: ColumnType, json: &Json) -> Result<(Value, bool), Wrong> {
    if is_mask(json) {
        // Of a closed vocabulary only unknown words are left out of a letter.
        let unknown = matches!(ty, ColumnType::Fixed { .. });
        return Err((
            if unknown {
                Reason::UnknownValue
            } else {
                Reason::WrongType
            },
            "was not kept in the dead letter; redeliver it from Hasura",
        ));
    }
    let value = match ty {
        ColumnType::Money => return money(json),
        ColumnType::Uuid => Value::Id(uuid(json)?),
        ColumnType::Bool => Value::Bool(boolean(json)?),
        ColumnType::Int { min, max } => Value::Int(whole(json, min, max)?),
        ColumnType::At => Value::At(instants::instant(text(json)?).map_err(when)?),
        ColumnType::Day => Value::Day(instants::day(text(json)?).map_err(when)?),
        ColumnType::Word { .. } => Value::Text(word(json)?.to_owned()),
        ColumnType::Fixed { known } => Value::Text(fixed(json, known)?.to_owned()),
        ColumnType::Label => Value::Text(label(json)?.to_owned()),
        ColumnType::Currency => Value::Text(currency(json)?),
        ColumnType::Words => Value::Words(words(json)?),
        ColumnType::Payload => return Err((Reason::WrongType, "is no column of a row")),
    };
    Ok((value, false))
}

fn fixed<'j>(json: &'j Json, known: &[&str]) -> Result<&'j str, Wrong> {
    let word = word(json)?;
    if known.contains(&word) {
        return Ok(word);
    }
    Err((
        Reason::UnknownValue,
        "holds a word that this version does not know; redeliver it from Hasura after an upgrade",
    ))
}

fn uuid(json: &Json) -> Result<Uuid, Wrong> {
    let wrong = (
        Reason::WrongType,
        "is no uuid; send the row's id as the platform's column holds it",
    );
    Uuid::try_parse(json.as_str().ok_or(wrong)?.trim()).map_err(|_no_uuid| wrong)
}

fn boolean(json: &Json) -> Result<bool, Wrong> {
    match json {
        Json::Bool(flag) => Ok(*flag),
        Json::String(text) if text == "true" || text == "t" => Ok(true),
        Json::String(text) if text == "false" || text == "f" => Ok(false),
        _ => Err((Reason::WrongType, "is no boolean; send true or false")),
    }
}

fn money(json: &Json) -> Result<(Value, bool), Wrong> {
    let text = number_text(json)?;
    let (cents, rounded) = numbers::hundredths(&text).map_err(unfit)?;
    Ok((Value::Cents(cents), rounded))
}

fn whole(json: &Json, min: i64, max: i64) -> Result<i64, Wrong> {
    let number = numbers::whole(&number_text(json)?).map_err(unfit)?;
    if (min..=max).contains(&number) {
        Ok(number)
    } else {
        Err((
            Reason::OutOfRange,
            "is outside the bounds of its column; correct the row on the platform",
        ))
    }
}

fn number_text(json: &Json) -> Result<Cow<'_, str>, Wrong> {
    match json {
        Json::Number(number) => Ok(Cow::Borrowed(number.as_str())),
        Json::String(text) => Ok(Cow::Borrowed(text)),
        _ => Err((
            Reason::WrongType,
            "is no number; send a JSON number or a decimal string",
        )),
    }
}

const fn unfit(unfit: numbers::Unfit) -> Wrong {
    match unfit {
        numbers::Unfit::NotANumber => (
            Reason::WrongType,
            "is no number; send a JSON number or a decimal string",
        ),
        numbers::Unfit::NotWhole => (Reason::WrongType, "has a fraction; send a whole number"),
        numbers::Unfit::NotFinite => (
            Reason::OutOfRange,
            "is NaN or infinite; correct the row on the platform",
        ),
        numbers::Unfit::TooLarge => (
            Reason::OutOfRange,
            "is larger than can be kept; correct the row on the platform",
        ),
    }
}

const fn when(unfit: instants::Unfit) -> Wrong {
    match unfit {
        instants::Unfit::NotOne => (
            Reason::WrongType,
            "is no date or timestamp; send it as ISO 8601 with a four-digit year",
        ),
        instants::Unfit::NoOffset => (
            Reason::WrongType,
            "has no offset from UTC; make the column a timestamptz",
        ),
        instants::Unfit::NotFinite => (
            Reason::OutOfRange,
            "is infinite; correct the row on the platform",
        ),
    }
}

fn text(json: &Json) -> Result<&str, Wrong> {
    json.as_str()
        .ok_or((Reason::WrongType, "is no text; send a JSON string"))
}

fn storable(text: &str) -> Result<&str, Wrong> {
    if text.contains('\0') {
        return Err((
            Reason::UnstorableText,
            "contains NUL, which PostgreSQL cannot store",
        ));
    }
    Ok(text)
}

fn word(json: &Json) -> Result<&str, Wrong> {
    let text = storable(text(json)?)?;
    if text.len() > WORD_BYTES_MAX {
        return Err((Reason::OutOfRange, "is longer than the 64 bytes of a word"));
    }
    Ok(text)
}

fn label(json: &Json) -> Result<&str, Wrong> {
    let text = storable(text(json)?)?;
    if text.len() > LABEL_CHARACTERS_MAX && text.chars().count() > LABEL_CHARACTERS_MAX {
        return Err((
            Reason::OutOfRange,
            "is longer than the 300 characters of a label",
        ));
    }
    Ok(text)
}

fn currency(json: &Json) -> Result<String, Wrong> {
    let wrong = (
        Reason::WrongType,
        "is no currency; send the three letters of ISO 4217",
    );
    let text = json.as_str().ok_or(wrong)?.trim();
    if text.len() == 3 && text.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        Ok(text.to_ascii_uppercase())
    } else {
        Err(wrong)
    }
}

fn words(json: &Json) -> Result<Vec<String>, Wrong> {
    let list = json.as_array().ok_or((
        Reason::WrongType,
        "is no list; send a JSON array of strings",
    ))?;
    if list.len() > WORDS_MAX {
        return Err((Reason::OutOfRange, "has more than 64 entries"));
    }
    list.iter()
        .map(|entry| word(entry).map(str::to_owned))
        .collect()
}

/// Whether a field is carried with a value.
pub(super) fn has(fields: &[(Field, Value)], field: Field) -> bool {
    fields
        .iter()
        .any(|(name, value)| *name == field && *value != Value::Null)
}
