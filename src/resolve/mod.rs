//! Which person is a fact about? Links, dossiers and what waits for them.
