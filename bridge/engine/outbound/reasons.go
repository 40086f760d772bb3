package outbound

// ClickedReason marks a reply that somebody has sent by a click, whoever wrote it.
const ClickedReason = "clicked"

// RevivedReason marks a reply that was taken back and is sent after all. It leaves even if its message was deleted in the chat.
const RevivedReason = "revived"

// OptedOutHint says what helps if a customer wants no messages.
const OptedOutHint = "Only the customer can allow it again, by writing START. Until then reach them another way."
