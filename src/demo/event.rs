//! One row of the event log, and the body that Hasura posts for it.
//!
//! `created_at` has no zone, as in Hasura since 2.26. Pure.

use super::aeson;

/// A row of `hdb_catalog.event_log`.
#[derive(Clone, Debug)]
pub struct Event {
    /// Event id; the same at every attempt.
    pub id: String,
    /// Schema of the table.
    pub schema: String,
    /// Table name.
    pub table: String,
    /// Trigger name.
    pub trigger: String,
    /// `{op, data, session_variables, trace_context}` as JSON text.
    pub payload: String,
    /// Start of the writing transaction, without a zone.
    pub created_at: String,
    /// Failed attempts so far.
    pub tries: i32,
}

impl Event {
    /// The body of one attempt.
    pub fn body(&self, max_retries: i32) -> String {
        format!(
            concat!(
                r#"{{"created_at":{},"delivery_info":{{"current_retry":{},"max_retries":{}}},"event":{},"#,
                r#""id":{},"table":{{"name":{},"schema":{}}},"trigger":{{"name":{}}}}}"#
            ),
            quoted(&self.created_at),
            self.tries,
            max_retries,
            aeson::reencode(&self.payload),
            quoted(&self.id),
            quoted(&self.table),
            quoted(&self.schema),
            quoted(&self.trigger),
        )
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_hasuras_envelope() {
        let event = Event {
            id: "85558393-c75d-4d2f-9c15-e80591b83894".into(),
            schema: "commerce".into(),
            table: "bookings".into(),
            trigger: "ci_commerce_bookings".into(),
            payload: r#"{"op": "INSERT", "data": {"new": {"total_amount": 100.00}, "old": null}, "session_variables": null, "trace_context": null}"#.into(),
            created_at: "2026-01-02T03:04:05.678901".into(),
            tries: 2,
        };
        let body: serde_json::Value = serde_json::from_str(&event.body(5)).unwrap();
        assert_eq!(body["delivery_info"]["current_retry"], 2);
        assert_eq!(body["delivery_info"]["max_retries"], 5);
        assert_eq!(body["table"]["schema"], "commerce");
        assert_eq!(body["event"]["trace_context"], serde_json::Value::Null);
        assert!(event.body(5).contains(r#""total_amount": 100.0}"#));
    }
}
