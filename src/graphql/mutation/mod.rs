//! What can be changed: one Input and one Payload each, whose status says what became of it. Errors are for what is
//! broken. Each field's roles stand in `access`.

mod consents;
mod exports;
mod models;
mod said;
mod wishes;
pub(in crate::graphql) mod privacy;

use async_graphql::{Context, Object, Result};

use super::errors::told;
use super::operations::Desk;
use super::types::channel::{StateChannelPreferenceInput, StateChannelPreferencePayload};
use super::types::consent::{SetCustomerConsentInput, SetCustomerConsentPayload};
use super::types::dead_letter::{
    DropDeadLetterInput, DropDeadLetterPayload, DropDeadLetterStatus, RedriveDeadLetterInput,
    RedriveDeadLetterPayload,
};
use super::types::erasure::{
    AllowCustomerReturnInput, AllowCustomerReturnPayload, RequestCustomerErasureInput,
    RequestCustomerErasurePayload,
};
use super::types::export::{RequestCustomerExportInput, RequestCustomerExportPayload};
use super::types::model::{RollBackModelInput, RollBackModelPayload};
use super::types::model_settings::{
    SetChurnHorizonInput, SetEngagementWeightsInput, SetModelSettingPayload,
};
use super::types::retention::{SetRetentionInput, SetRetentionPayload};
use crate::actions::dead_letters::Redriven;

/// The root of all mutations.
pub(super) struct Mutation;

/// What those who run the service can do.
#[Object(
    name = "Mutation",
    rename_fields = "snake_case",
    rename_args = "snake_case"
)]
impl Mutation {
    /// Reads a dead letter again, after an upgrade learnt to, and takes it in if that works now.
    async fn redrive_dead_letter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which letter.")] input: RedriveDeadLetterInput,
    ) -> Result<Option<RedriveDeadLetterPayload>> {
        let desk = Desk::of(ctx, "redrive_dead_letter")?;
        let (Some(desk), Some(id)) = (desk, input.id.0) else {
            return Ok(Some(Redriven::NotFound.into()));
        };
        let redriven = desk.letters.redrive(desk.tenant, id, desk.actor).await;
        let redriven = redriven.map_err(|error| told("redrive_dead_letter", &error))?;
        tracing::info!(letter = %id, outcome = ?redriven, "a dead letter was tried again");
        Ok(Some(redriven.into()))
    }

    /// Drops a dead letter for good.
    async fn drop_dead_letter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which letter.")] input: DropDeadLetterInput,
    ) -> Result<Option<DropDeadLetterPayload>> {
        let desk = Desk::of(ctx, "drop_dead_letter")?;
        let gone = match (desk, input.id.0) {
            (Some(desk), Some(id)) => desk
                .letters
                .drop(desk.tenant, id, desk.actor)
                .await
                .map_err(|error| told("drop_dead_letter", &error))?,
            _ => false,
        };
        let status = if gone {
            DropDeadLetterStatus::Dropped
        } else {
            DropDeadLetterStatus::NotFound
        };
        Ok(Some(DropDeadLetterPayload { status }))
    }

    /// Asks for everything that is held about a person, as an encrypted archive at an address that works once. What opens
    /// it and where it is are told in this answer and never again.
    async fn request_customer_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose data, and in which form.")] input: RequestCustomerExportInput,
    ) -> Result<Option<RequestCustomerExportPayload>> {
        Box::pin(exports::request(ctx, input)).await
    }

    /// Writes down what a customer said about a purpose: a yes, a no, that they were asked. What is sent from then on goes
    /// by it.
    async fn set_customer_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who said what, and what shows it.")] input: SetCustomerConsentInput,
    ) -> Result<Option<SetCustomerConsentPayload>> {
        Box::pin(consents::set(ctx, input)).await
    }

    /// Writes down by which channel a customer asked to be reached, or that they take that back. It comes before whatever
    /// was learned, from this answer on.
    async fn state_channel_preference(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who asked for what.")] input: StateChannelPreferenceInput,
    ) -> Result<Option<StateChannelPreferencePayload>> {
        Box::pin(wishes::state(ctx, input)).await
    }

    /// One step back: the model that spoke before the present one speaks again, from now on.
    async fn roll_back_model(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which model, and why.")] input: RollBackModelInput,
    ) -> Result<Option<RollBackModelPayload>> {
        Box::pin(models::roll_back(ctx, input)).await
    }

    /// Sets how far ahead churn looks, and asks for the training from which on it holds.
    async fn set_churn_horizon(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many months.")] input: SetChurnHorizonInput,
    ) -> Result<Option<SetModelSettingPayload>> {
        Box::pin(models::set_horizon(ctx, input)).await
    }

    /// Sets what the parts of the engagement score weigh, from now on.
    async fn set_engagement_weights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What each part weighs.")] input: SetEngagementWeightsInput,
    ) -> Result<Option<SetModelSettingPayload>> {
        Box::pin(models::set_weights(ctx, input)).await
    }

    /// Asks for a person, or for categories of what is known about them, to be erased. The service carries it out: at
    /// once, unless a legal hold forbids it. See `erasure_requests`.
    async fn request_customer_erasure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, what of them, and why.")] input: RequestCustomerErasureInput,
    ) -> Result<Option<RequestCustomerErasurePayload>> {
        Box::pin(privacy::request_erasure(ctx, input)).await
    }

    /// Lets an erased person lawfully return: what happens from now on is accepted, nothing from before comes back.
    async fn allow_customer_return(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and why.")] input: AllowCustomerReturnInput,
    ) -> Result<Option<AllowCustomerReturnPayload>> {
        Box::pin(privacy::allow_return(ctx, input)).await
    }

    /// Sets how long the tenant keeps something.
    async fn set_retention(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which clock, and to what.")] input: SetRetentionInput,
    ) -> Result<Option<SetRetentionPayload>> {
        Box::pin(privacy::set_retention(ctx, input)).await
    }
}
