//! Thin loops: idempotent, timer and wake-up, no input, visible status.
