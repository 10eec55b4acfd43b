//! Doors: router, webhook, GraphQL handler, health, metrics.
