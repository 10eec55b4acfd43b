//! What is learned about people: the arithmetic of models, pure.
//!
//! A model is trained from many people's histories and holds nothing of any of them; a person is scored by it at an
//! instant. Deliberately absent: where histories come from, and where versions of models are kept (that is `models`).

pub mod registry;
