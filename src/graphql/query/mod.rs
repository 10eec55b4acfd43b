//! The root. Each field's roles stand in `access`.

mod audit;
mod conditions;
mod dead_letters;
mod exports;
mod models;
mod privacy;
mod tours;

use async_graphql::{Context, Object, Result};
use futures::future::join_all;

use self::conditions::{conditions, order};
use super::access;
use super::errors::FieldError;
use super::limits::MOST_LISTED;
use super::loaders;
use super::scalars::{TimestamptzScalar, UuidScalar};
use super::types::audit::AuditConnection;
use super::types::dead_letter::{DeadLetter, DeadLetterConnection};
use super::types::erasure::ErasureRequestConnection;
use super::types::export::ExportRequestConnection;
use super::types::insight::CustomerInsight;
use super::types::list::{CustomerInsightConnection, CustomerInsightFilter, CustomerInsightOrder};
use super::types::model::{ModelKind, ModelVersion};
use super::types::model_settings::TenantModelSettings;
use super::types::retention::{RetentionReview, RetentionTime};
use super::types::tour::{AlsoBooked, CheckoutPrefill, GroupSentiment, TourAudienceMember};
use crate::domain::moment::Moment;
use crate::insight::PageRequest;

const PERSONS_UNLESS_TOLD: u32 = 50;

/// The root of all queries.
pub(super) struct Query;

/// What can be asked about the people of one operator.
#[Object(
    name = "Query",
    rename_fields = "snake_case",
    rename_args = "snake_case"
)]
impl Query {
    /// The insight about a person, for a remote relationship: null for unknown and erased persons, those of other
    /// tenants and anything that is no uuid or instant; never an error. Merges, names of tours and places, consent
    /// and erasures are always today's.
    async fn customer_insight(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `PersonProfile`; of a merged one, the survivor answers.")]
        person_profile_id: UuidScalar,
        #[graphql(
            desc = "What had happened by then, whenever it was recorded, derived at that instant; the present unless told."
        )]
        as_of: Option<TimestamptzScalar>,
        #[graphql(
            desc = "What had been recorded by then, whenever it happened; everything unless told."
        )]
        known_at: Option<TimestamptzScalar>,
    ) -> Option<CustomerInsight> {
        let moment = loaders::moment(as_of, known_at)?;
        loaders::person(ctx, "customer_insight", person_profile_id.0?, moment).await
    }

    /// The insights about several persons, in the order asked for, each null like `customer_insight`.
    async fn customer_insights_by_ids(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `PersonProfile`s.")] person_profile_ids: Vec<UuidScalar>,
    ) -> Option<Vec<Option<CustomerInsight>>> {
        let each = person_profile_ids.into_iter().map(|id| async move {
            loaders::person(ctx, "customer_insights_by_ids", id.0?, Moment::NOW).await
        });
        Some(join_all(each).await)
    }

    /// Persons filtered and ordered by what is known about them, which Hasura cannot do with a remote field. Join them
    /// back to their profiles by `person_profile_id`.
    async fn customer_insights(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where", desc = "Which persons; all unless told.")] filter: Option<
            CustomerInsightFilter,
        >,
        #[graphql(
            desc = "In which order, most important first, at most 5 values; by id unless told."
        )]
        order_by: Option<Vec<CustomerInsightOrder>>,
        #[graphql(desc = "How many, at most 200; 50 unless told.")] first: Option<i64>,
        #[graphql(desc = "Go on behind this cursor, in the same order.")] after: Option<String>,
    ) -> Result<Option<CustomerInsightConnection>> {
        access::tenant(ctx, "customer_insights")?;
        let first = loaders::bounded(first, PERSONS_UNLESS_TOLD, MOST_LISTED);
        let request = PageRequest {
            conditions: conditions(filter.unwrap_or_default()).map_err(FieldError::to_graphql)?,
            order: order(order_by.unwrap_or_default()).map_err(FieldError::to_graphql)?,
            first: first.ok_or_else(|| FieldError::Argument("first").to_graphql())?,
            after,
        };
        let Some(page) = loaders::page(ctx, &request).await else {
            return Ok(None);
        };
        match page {
            Ok(page) => Ok(Some(CustomerInsightConnection::new(
                page,
                request.after.is_some(),
            ))),
            Err(error) => {
                let told = FieldError::from(&error);
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::warn!(error, "a list of insights is answered with an error");
                Err(told.to_graphql())
            }
        }
    }

    /// Who did what and who read about whom, the latest first: every link of the tenant's chains.
    #[expect(
        clippy::too_many_arguments,
        reason = "GraphQL's arguments are the method's"
    )]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only about this person and everyone merged with them; also of an erased one."
        )]
        person_profile_id: Option<UuidScalar>,
        #[graphql(desc = "Only this act, such as `erased`; `read` for reads.")] act: Option<String>,
        #[graphql(desc = "Only by this user, or in this role.")] actor: Option<String>,
        #[graphql(desc = "Only from this instant on.")] from: Option<TimestamptzScalar>,
        #[graphql(desc = "Only before this instant.")] to: Option<TimestamptzScalar>,
        #[graphql(desc = "How many, at most 200; 50 unless told.")] first: Option<i64>,
        #[graphql(desc = "Go on behind this cursor.")] after: Option<String>,
    ) -> Result<Option<AuditConnection>> {
        let arguments = audit::Arguments {
            person: person_profile_id,
            act,
            actor,
            from,
            to,
            first,
            after,
        };
        Box::pin(audit::page(ctx, arguments)).await
    }

    /// Requests for persons' data and how far each is, the latest first.
    async fn export_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only about this person, by the id that was asked for.")]
        person_profile_id: Option<UuidScalar>,
        #[graphql(desc = "How many, at most 200; 50 unless told.")] first: Option<i64>,
        #[graphql(desc = "Go on behind this cursor.")] after: Option<String>,
    ) -> Result<Option<ExportRequestConnection>> {
        Box::pin(exports::page(ctx, person_profile_id, first, after)).await
    }

    /// Deliveries that could not be understood, the latest first, for those who run the service. A tenant header
    /// restricts them.
    async fn dead_letters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only with this code, such as `wrong_type`.")] reason: Option<String>,
        #[graphql(desc = "How many, at most 200; 50 unless told.")] first: Option<i64>,
        #[graphql(desc = "Go on behind this cursor.")] after: Option<String>,
    ) -> Result<Option<DeadLetterConnection>> {
        // On the heap: joins have thousands of root fields, which share the room of the largest.
        Box::pin(dead_letters::page(ctx, reason, first, after)).await
    }

    /// One of them; null when there is none with this id.
    async fn dead_letter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The letter's id.")] id: UuidScalar,
    ) -> Result<Option<DeadLetter>> {
        Box::pin(dead_letters::one(ctx, id.0)).await
    }

    /// What the tenant decided about its models: the horizon of churn, the weights of the engagement score.
    async fn model_settings(&self, ctx: &Context<'_>) -> Result<Option<TenantModelSettings>> {
        Box::pin(models::settings(ctx)).await
    }

    /// What was learned from the tenant's customers: every version with its report, the latest first.
    async fn models(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this kind.")] kind: Option<ModelKind>,
        #[graphql(desc = "How many of each kind, at most 50; 10 unless told.")] first: Option<i64>,
    ) -> Result<Option<Vec<ModelVersion>>> {
        Box::pin(models::versions(ctx, kind, first)).await
    }

    /// Erasures, the latest first: how far each is, until when it has to be done, and its receipt. Whom one was about is
    /// not told.
    async fn erasure_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 200; 50 unless told.")] first: Option<i64>,
        #[graphql(desc = "Go on behind this cursor.")] after: Option<String>,
    ) -> Result<Option<ErasureRequestConnection>> {
        Box::pin(privacy::erasures(ctx, first, after)).await
    }

    /// How long the tenant keeps what.
    async fn retention(&self, ctx: &Context<'_>) -> Result<Option<Vec<RetentionTime>>> {
        Box::pin(privacy::retention(ctx)).await
    }

    /// Persons who have been inactive for so long that somebody should look at them, those flagged first before the
    /// others.
    async fn retention_reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 200; 50 unless told.")] first: Option<i64>,
    ) -> Result<Option<Vec<RetentionReview>>> {
        Box::pin(privacy::reviews(ctx, first)).await
    }

    /// What people who travelled a tour travelled as well, the surest first; each pair of at least five people. Empty
    /// while nothing was learned about it.
    async fn also_booked(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tour.")] tour_template_id: UuidScalar,
        #[graphql(desc = "How many, at most 10; 5 unless told.")] first: Option<i64>,
    ) -> Result<Option<Vec<AlsoBooked>>> {
        Box::pin(tours::also_booked(ctx, tour_template_id.0, first)).await
    }

    /// Who would like a tour that they have not travelled or booked, the strongest taste first. Empty while nothing was
    /// learned about it; without minors, agencies and those who object to profiling.
    async fn tour_audience(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tour.")] tour_template_id: UuidScalar,
        #[graphql(desc = "How many, at most 500; 50 unless told.")] first: Option<i64>,
    ) -> Result<Option<Vec<TourAudienceMember>>> {
        Box::pin(tours::audience(ctx, tour_template_id.0, first)).await
    }

    /// What customers say about their trips: about a tour, a region, or everything unless told, or what a group of customers
    /// says; null where fewer than 10 people said something.
    async fn group_sentiment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "About this tour.")] tour_template_id: Option<UuidScalar>,
        #[graphql(desc = "About this region; not together with a tour.")] region: Option<String>,
        #[graphql(
            desc = "By this group of customers, as `cluster_id` of `cluster` says; not together with a tour or region."
        )]
        cluster_id: Option<i64>,
    ) -> Result<Option<GroupSentiment>> {
        Box::pin(tours::sentiment(
            ctx,
            (tour_template_id, region),
            cluster_id,
        ))
        .await
    }

    /// What a checkout may fill in before the person does; null for unknown persons and minors, and unless the person
    /// granted personalisation.
    async fn checkout_prefill(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `PersonProfile`; of a merged one, the survivor answers.")]
        person_profile_id: UuidScalar,
    ) -> Result<Option<CheckoutPrefill>> {
        Box::pin(tours::prefill(ctx, person_profile_id.0)).await
    }
}
