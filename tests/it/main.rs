//! Integration tests: one binary, one throw-away PostgreSQL server, one database per test.
