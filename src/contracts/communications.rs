//! Communications: that somebody was written to, read it or answered. Never what was written, never a contact's
//! name or identifiers.

use super::columns::{
    Column, ColumnType, Happens, ID, LEG, PERSON, TENANT, TableContract, UPDATED, at, fixed, frame,
    one_of, uuid, word,
};
use super::commerce::{BOOKING, joined};
use super::events::{EventContract, Part, Says};
use crate::domain::source::{Field, SourceKind};

const SCHEMA: &str = "communications";

const CONTACT: Column = uuid("contact_id", Field::Contact);
const CONVERSATION: Column = uuid("conversation_id", Field::Conversation);
const CHANNEL_TYPE: Column = fixed(
    "channel_type",
    Field::ChannelType,
    &["WHATSAPP", "EMAIL", "WEBCHAT", "SMS"],
);

/// `communications.channel_accounts`.
pub(super) const CHANNEL_ACCOUNTS: TableContract = TableContract::rows(
    (SCHEMA, "channel_accounts"),
    "ci_communications_channel_accounts",
    SourceKind::ChannelAccount,
    &[
        ID,
        TENANT,
        CHANNEL_TYPE,
        one_of("status", Field::Status, &["ACTIVE", "INACTIVE"]),
        UPDATED,
    ],
);

/// `communications.contacts`: the link to a person and nothing else.
pub(super) const CONTACTS: TableContract = TableContract::rows(
    (SCHEMA, "contacts"),
    "ci_communications_contacts",
    SourceKind::Contact,
    &[
        ID,
        TENANT,
        PERSON,
        at("created_at", Field::CreatedAt),
        UPDATED,
    ],
);

const CONVERSATION_FACTS: &[Column] = &[
    CONTACT,
    BOOKING,
    LEG,
    at("opened_at", Field::OpenedAt),
    at("last_message_at", Field::LastMessageAt),
    at("resolved_at", Field::ResolvedAt),
];

/// `communications.conversations`.
pub(super) const CONVERSATIONS: TableContract = TableContract::rows(
    (SCHEMA, "conversations"),
    "ci_communications_conversations",
    SourceKind::Conversation,
    &joined::<{ CONVERSATION_FACTS.len() + 4 }>(
        CONVERSATION_FACTS,
        &[
            ID,
            TENANT,
            one_of("status", Field::Status, &["OPEN", "RESOLVED"]),
            UPDATED,
        ],
    ),
)
.announcing(&[(Happens::Becomes("RESOLVED"), "ConversationResolved")]);

const DIRECTION: Column = fixed("direction", Field::Direction, &["INBOUND", "OUTBOUND"]);

const MESSAGE_FACTS: &[Column] = &[
    CONVERSATION,
    uuid("channel_account_id", Field::ChannelAccount),
    DIRECTION,
    uuid("template_id", Field::MessageTemplate),
    word("trigger_event", Field::TriggerEvent),
    at("sent_at", Field::SentAt),
    at("delivered_at", Field::DeliveredAt),
    at("read_at", Field::ReadAt),
];

/// `communications.messages`.
pub(super) const MESSAGES: TableContract = TableContract::rows(
    (SCHEMA, "messages"),
    "ci_communications_messages",
    SourceKind::Message,
    &joined::<{ MESSAGE_FACTS.len() + 4 }>(
        MESSAGE_FACTS,
        &[
            ID,
            TENANT,
            one_of(
                "status",
                Field::Status,
                &["SENT", "DELIVERED", "READ", "FAILED", "RECEIVED"],
            ),
            UPDATED,
        ],
    ),
)
.announcing(&[
    (Happens::Becomes("DELIVERED"), "MessageDelivered"),
    (Happens::Becomes("READ"), "MessageRead"),
    (
        Happens::AppearsAs(Field::Direction, "INBOUND"),
        "MessageReceived",
    ),
]);

/// `communications.domain_events`.
pub(super) const DOMAIN_EVENTS: TableContract =
    TableContract::domain_events(SCHEMA, "ci_communications_domain_events");

/// Fields of a message in an event: the channel is named outright.
const TOLD_MESSAGE: &[Column] =
    &joined::<{ MESSAGE_FACTS.len() + 1 }>(MESSAGE_FACTS, &[CHANNEL_TYPE]);
const RECEIVED_MESSAGE: &[Column] = &[
    CONVERSATION,
    uuid("channel_account_id", Field::ChannelAccount),
    CHANNEL_TYPE,
    at("sent_at", Field::SentAt).aka(&["received_at"]),
];

const MESSAGE_ID: Column = frame("message_id", ColumnType::Uuid);
/// The conversation of a message, with whom it is.
const CONVERSATION_TOLD: Part =
    Part::told(SourceKind::Conversation, CONVERSATION, &[CONTACT, BOOKING]);
/// The contact, and the person it belongs to.
const CONTACT_TOLD: Part = Part::told(SourceKind::Contact, CONTACT, &[PERSON]);

const fn message(columns: &'static [Column], says: &'static [(Field, Says)]) -> Part {
    Part::subject(SourceKind::Message, MESSAGE_ID, columns, says)
}

/// `MessageDelivered`.
pub(super) const MESSAGE_DELIVERED: EventContract = EventContract::new(
    SCHEMA,
    "MessageDelivered",
    &[
        message(
            TOLD_MESSAGE,
            &[
                (Field::Status, Says::Word("DELIVERED")),
                (Field::Direction, Says::Word("OUTBOUND")),
                (Field::DeliveredAt, Says::OccurredAt),
            ],
        ),
        CONVERSATION_TOLD,
        CONTACT_TOLD,
    ],
);

/// `MessageRead`, which implies that it was delivered.
pub(super) const MESSAGE_READ: EventContract = EventContract::new(
    SCHEMA,
    "MessageRead",
    &[
        message(
            TOLD_MESSAGE,
            &[
                (Field::Status, Says::Word("READ")),
                (Field::Direction, Says::Word("OUTBOUND")),
                (Field::ReadAt, Says::OccurredAt),
            ],
        ),
        CONVERSATION_TOLD,
        CONTACT_TOLD,
    ],
);

/// `MessageReceived`: the customer wrote. What state such a message is in is left to its row.
pub(super) const MESSAGE_RECEIVED: EventContract = EventContract::new(
    SCHEMA,
    "MessageReceived",
    &[
        message(
            RECEIVED_MESSAGE,
            &[
                (Field::Direction, Says::Word("INBOUND")),
                (Field::SentAt, Says::OccurredAt),
            ],
        ),
        CONVERSATION_TOLD,
        CONTACT_TOLD,
    ],
)
.aka(&["InboundMessageReceived"]);

/// `ConversationResolved`; may happen again after reopening.
pub(super) const CONVERSATION_RESOLVED: EventContract = EventContract::new(
    SCHEMA,
    "ConversationResolved",
    &[
        Part::subject(
            SourceKind::Conversation,
            CONVERSATION,
            CONVERSATION_FACTS,
            &[
                (Field::Status, Says::Word("RESOLVED")),
                (Field::ResolvedAt, Says::OccurredAt),
            ],
        ),
        CONTACT_TOLD,
    ],
);
