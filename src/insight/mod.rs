//! Reads of the read models, batched by ids.
