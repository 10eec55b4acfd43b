//! What GraphQL's mutations and lists go to, over the database of a test.

use customer_intelligence::actions::consents::Consents;
use customer_intelligence::actions::desks::Desks;
use customer_intelligence::inbox::Writer;
use customer_intelligence::workers::Context;

/// Desks over what the workers of a test have.
pub(crate) fn desks(context: &Context, writer: &Writer) -> Desks {
    let consents = Consents::new(
        context.pool.clone(),
        context.clock.clone(),
        context.pepper.clone(),
        context.settings,
    );
    Desks::new(&context.pool, writer, &context.clock, consents)
}
