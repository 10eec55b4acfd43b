//! Spans and metrics by name, in one place; nothing here ever carries personal data.
