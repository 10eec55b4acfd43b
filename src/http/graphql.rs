//! `/graphql`: the remote schema over HTTP, as the GraphQL-over-HTTP specification wants it.
//!
//! Secret, then headers, then size, then JSON, and only then GraphQL. Hasura looks at the body alone, other clients at
//! the status too: those that accept `application/graphql-response+json` get 400 where nothing was executed.
//! Deliberately absent: batches, uploads, cookies, pages for people.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tracing::Instrument;

use super::keys::Keys;
use super::limits::Limits;
use super::trace;
use crate::graphql::{Call, Caller, Refusal, Schema};

/// The path of the door.
pub const PATH: &str = "/graphql";

const SESSION_PREFIX: &str = "x-hasura-";

/// What the door needs. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    keys: Keys,
    schema: Schema,
    /// Longest body in bytes.
    body_bytes: usize,
    /// Time a client has to send a body.
    body_timeout: Duration,
    /// Time until a request is answered, whatever happens. Reads end earlier by themselves.
    answer_timeout: Duration,
}

impl Door {
    /// A door that admits holders of `keys`; bodies have the schema's limit of length.
    #[must_use]
    pub fn new(keys: Keys, schema: Schema, limits: &Limits) -> Self {
        let body_bytes = schema.limits().body_bytes;
        Self {
            keys,
            schema,
            body_bytes,
            body_timeout: limits.body_timeout,
            answer_timeout: limits.answer_timeout,
        }
    }
}

/// The door's one route.
pub fn router(door: Door) -> Router {
    Router::new()
        .route(PATH, get(receive).post(receive))
        .with_state(door)
}

async fn receive(State(door): State<Door>, request: Request) -> Response {
    let span = tracing::info_span!(
        "http.graphql.answer",
        trace_id = trace::trace_id(request.headers())
    );
    async {
        let format = Format::accepted(request.headers());
        let answer = tokio::time::timeout(door.answer_timeout, door.answer(request));
        match answer.await.unwrap_or(Err(Trouble::TooSlow)) {
            Ok((status, body)) => format.response(status.unwrap_or(StatusCode::OK), body),
            Err(trouble) => trouble.response(format),
        }
    }
    .instrument(span)
    .await
}

impl Door {
    async fn answer(&self, request: Request) -> Result<(Option<StatusCode>, Vec<u8>), Trouble> {
        let (head, body) = request.into_parts();
        if !self.keys.admit(&head.headers) {
            return Err(Trouble::Unauthorized);
        }
        let caller = caller(&head.headers)?;
        let call = if head.method == Method::POST {
            let bytes = self.collect(&head.headers, body).await?;
            Call::from_json(serde_json::from_slice(&bytes).map_err(|_no_json| Trouble::NoJson)?)?
        } else {
            let Query(parameters) =
                Query::try_from_uri(&head.uri).map_err(|_no_parameters| Trouble::NoParameters)?;
            from_parameters(parameters)?
        };
        let answer = self.schema.answer(call, caller).await?;
        let status = (!answer.is_executed()).then_some(StatusCode::BAD_REQUEST);
        match (answer.to_json(), Format::accepted(&head.headers)) {
            (Ok(body), Format::GraphqlResponse) => Ok((status, body)),
            (Ok(body), Format::Json) => Ok((None, body)),
            (Err(error), _) => {
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::error!(error, "an answer could not be written down");
                Err(Trouble::Unwritable)
            }
        }
    }

    async fn collect(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Trouble> {
        if !is_json(headers) {
            return Err(Trouble::ContentType);
        }
        let body = Limited::new(body, self.body_bytes).collect();
        match tokio::time::timeout(self.body_timeout, body).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Trouble::TooLarge),
            Ok(Err(_)) | Err(_) => Err(Trouble::Incomplete),
        }
    }
}

/// Reads the session variables; one that is sent twice could be read in two ways.
fn caller(headers: &HeaderMap) -> Result<Caller, Trouble> {
    let session = headers
        .keys()
        .filter(|name| name.as_str().starts_with(SESSION_PREFIX));
    for name in session {
        if headers.get_all(name).iter().nth(1).is_some() {
            return Err(Trouble::TwiceInHead);
        }
    }
    Ok(Caller::read(|name| {
        headers.get(name).map(|value| value.to_str().unwrap_or(""))
    }))
}

/// Parameters of a GET, as the specification names them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

fn from_parameters(parameters: Parameters) -> Result<Call, Trouble> {
    let json = |text: Option<String>| match text.filter(|text| !text.is_empty()) {
        Some(text) => serde_json::from_str(&text).map_err(|_no_json| Trouble::NoJson),
        None => Ok(Json::Null),
    };
    let call = Call::from_json(json!({
        "query": parameters.query,
        "operationName": parameters.operation_name,
        "variables": json(parameters.variables)?,
        "extensions": json(parameters.extensions)?,
    }))?;
    Ok(Call {
        only_query: true,
        ..call
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let Some((media, parameters)) = value.map(|value| value.split_once(';').unwrap_or((value, "")))
    else {
        return false;
    };
    let charset = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"'))
    });
    media.trim().eq_ignore_ascii_case("application/json")
        && charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"))
}

/// In which media type to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// What clients that know the specification prefer.
    GraphqlResponse,
    /// What everybody else (Hasura too) expects.
    Json,
}

impl Format {
    /// Whichever the client ranks higher; plain JSON when it does not say.
    fn accepted(headers: &HeaderMap) -> Self {
        let mut best = (Self::Json, 0.0_f32);
        let lines = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|line| line.to_str().ok());
        for range in lines.flat_map(|line| line.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default();
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
            let format = match media.to_ascii_lowercase().as_str() {
                "application/graphql-response+json" => Self::GraphqlResponse,
                "application/json" | "application/*" | "*/*" => Self::Json,
                _ => continue,
            };
            let quality: f32 = quality.unwrap_or(1.0);
            if quality > best.1 {
                best = (format, quality);
            }
        }
        best.0
    }

    fn response(self, status: StatusCode, body: impl Into<Body>) -> Response {
        let media = match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        };
        let mut response = (status, body.into()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Why a request was not answered by GraphQL.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the secret is missing or wrong")]
    Unauthorized,
    #[error("a session header is there twice")]
    TwiceInHead,
    #[error("the body must be application/json in UTF-8")]
    ContentType,
    #[error("the body is too large")]
    TooLarge,
    #[error("the body did not arrive")]
    Incomplete,
    #[error("not JSON, or nested too deep")]
    NoJson,
    #[error("the parameters cannot be read")]
    NoParameters,
    #[error("no answer in time")]
    TooSlow,
    #[error("the answer could not be written down")]
    Unwritable,
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Trouble {
    fn status(&self, format: Format) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete => StatusCode::REQUEST_TIMEOUT,
            Self::Unwritable => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooSlow => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(Refusal::RateLimited(_)) => StatusCode::TOO_MANY_REQUESTS,
            Self::Refused(Refusal::OnlyQuery) => StatusCode::METHOD_NOT_ALLOWED,
            // Plain JSON says 200 where the request was well formed and only its document is at fault.
            Self::Refused(Refusal::Syntax(..) | Refusal::TooMuch(_)) if format == Format::Json => {
                StatusCode::OK
            }
            Self::TwiceInHead | Self::NoJson | Self::NoParameters | Self::Refused(_) => {
                StatusCode::BAD_REQUEST
            }
        }
    }

    /// The stable name of what is wrong, as in `extensions.code`; a refusal names itself.
    const fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "UNAUTHENTICATED",
            Self::ContentType => "UNSUPPORTED_MEDIA_TYPE",
            Self::TooLarge => "TOO_LARGE",
            Self::Incomplete => "INCOMPLETE",
            Self::TwiceInHead | Self::NoJson | Self::NoParameters | Self::Refused(_) => {
                "BAD_REQUEST"
            }
            Self::TooSlow => "UNAVAILABLE",
            Self::Unwritable => "INTERNAL",
        }
    }

    fn response(&self, format: Format) -> Response {
        let body = if let Self::Refused(refusal) = self {
            refusal.to_json()
        } else {
            let extensions = json!({ "code": self.code() });
            json!({ "errors": [{ "message": self.to_string(), "extensions": extensions }] })
        };
        let mut response = format.response(self.status(format), body.to_string());
        let headers = response.headers_mut();
        match self {
            Self::Refused(Refusal::OnlyQuery) => {
                headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
            }
            Self::Refused(Refusal::RateLimited(wait)) => {
                let seconds = wait.as_secs().saturating_add(1);
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &header::HeaderName, values: &[&str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_answer_has_the_media_type_that_the_client_prefers() {
        let accepted = |values: &[&str]| Format::accepted(&headers(&header::ACCEPT, values));
        assert_eq!(accepted(&[]), Format::Json);
        assert_eq!(accepted(&["*/*"]), Format::Json);
        assert_eq!(
            accepted(&["application/graphql-response+json"]),
            Format::GraphqlResponse
        );
        let both = "application/graphql-response+json, application/json;q=0.9";
        assert_eq!(accepted(&[both]), Format::GraphqlResponse);
        let other = "application/graphql-response+json;q=0.1, application/json";
        assert_eq!(accepted(&[other]), Format::Json);
    }

    #[test]
    fn only_json_in_utf_8_is_read() {
        let read = |value: &str| is_json(&headers(&header::CONTENT_TYPE, &[value]));
        assert!(read("application/json"));
        assert!(read("application/json; charset=utf-8"));
        assert!(read("Application/JSON;charset=\"UTF-8\""));
        for other in [
            "text/plain",
            "application/json; charset=iso-8859-1",
            "multipart/form-data",
        ] {
            assert!(!read(other), "{other}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn a_session_header_that_is_there_twice_is_refused() {
        let role = header::HeaderName::from_static("x-hasura-role");
        assert!(caller(&headers(&role, &["manager"])).is_ok());
        assert!(caller(&headers(&role, &["manager", "admin"])).is_err());
    }
}
