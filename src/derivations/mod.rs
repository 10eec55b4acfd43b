//! Read models that change because time passed.
