package outbound

// ClickedReason marks a reply that somebody has sent by a click, whoever wrote it.
const ClickedReason = "clicked"

// RevivedReason marks a reply that an agent sends whatever its chat says of it: its message was deleted there while it was under way, or
// the chat can't be read. It leaves without being read again.
const RevivedReason = "revived"

// OptedOutHint says what helps if a customer wants no messages.
const OptedOutHint = "Only the customer can allow it again, by writing START. Until then reach them another way."

// AdvertisingHint says what helps if a customer wants no advertising.
const AdvertisingHint = "Only the customer can allow advertising again, where it was stopped. Answers and other templates may be sent."

// OutdatedTemplateReason marks a parked reply whose template was changed or deleted since its words were read: it can't be sent any more.
const OutdatedTemplateReason = "template_outdated"
