//! What GraphQL's mutations and lists go to, over the database of a test.

use customer_intelligence::actions::consents::Consents;
use customer_intelligence::actions::desks::Desks;
use customer_intelligence::db::fenced::Reads;
use customer_intelligence::inbox::Writer;
use customer_intelligence::workers::Context;

/// Desks over what the workers of a test have, whose lists come from `reads`.
pub(crate) fn desks(context: &Context, reads: &Reads, writer: &Writer) -> Desks {
    let consents = Consents::new(
        context.pool.clone(),
        context.clock.clone(),
        context.pepper.clone(),
        context.settings,
    );
    Desks::new(&context.pool, reads, writer, &context.clock, consents)
}
