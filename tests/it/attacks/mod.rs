//! What somebody would try who means harm, and what comes of it.

mod tenants;
mod fence;
