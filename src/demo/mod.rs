//! The labelled stand-in for the platform and for Hasura; speaks to the server only over HTTP.
