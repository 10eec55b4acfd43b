//! What goes out: put down once, in order, gone with the person.

mod tables;
