//! The remote schema that Hasura joins.
