//! Types and arithmetic, pure: no clock, no randomness, no database, no JSON.
