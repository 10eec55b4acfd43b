//! Payload to facts, pure: one file per source context.
