//! The trace a request belongs to, so that a span here is found from Hasura's side.
//!
//! Read from `traceparent` (W3C) or B3 headers (which Hasura sends); only well-formed ids, nothing else of the
//! request, ever reach a span.

use axum::http::HeaderMap;

/// The trace id of a request, 16 or 32 hexadecimal digits.
#[must_use]
pub fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    text("traceparent")
        .and_then(|parent| parent.split('-').nth(1))
        .or_else(|| text("x-b3-traceid"))
        .or_else(|| text("b3").and_then(|b3| b3.split('-').next()))
        .map(str::trim)
        .filter(|id| is_trace_id(id))
}

fn is_trace_id(id: &str) -> bool {
    let hexadecimal = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    matches!(id.len(), 16 | 32) && hexadecimal && id.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "80f198ee56343ba864fe8b2a57d3eff7";

    fn of(name: &'static str, value: &str) -> Option<String> {
        let headers = [(name.parse().unwrap(), value.parse().unwrap())]
            .into_iter()
            .collect();
        trace_id(&headers).map(str::to_owned)
    }

    #[test]
    fn both_families_of_headers_are_read() {
        assert_eq!(
            of("traceparent", &format!("00-{ID}-e457b5a2e4d86bd1-01")).unwrap(),
            ID
        );
        assert_eq!(of("x-b3-traceid", ID).unwrap(), ID);
        assert_eq!(of("b3", &format!("{ID}-e457b5a2e4d86bd1-1")).unwrap(), ID);
    }

    #[test]
    fn what_is_no_trace_id_is_left_out() {
        for bad in [
            "",
            "0",
            "anna@example.org",
            "00000000000000000000000000000000",
        ] {
            assert_eq!(of("x-b3-traceid", bad), None, "{bad}");
        }
    }
}
