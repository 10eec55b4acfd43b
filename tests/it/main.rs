//! Integration tests: one binary, one throw-away PostgreSQL server, one database per test.
//!
//! The modules say `cfg(test)` so that the lints know their helpers for tests too.

#[cfg(test)]
mod support;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod database;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod cron;
#[cfg(test)]
mod embedded;
#[cfg(test)]
mod door;
#[cfg(test)]
mod graphql;
#[cfg(test)]
mod hasura;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod intake;
#[cfg(test)]
mod learning;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod models;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod property;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod stories;
