package outbound

// ClickedReason marks a reply that a click sent, whoever wrote it.
const ClickedReason = "clicked"

// RevivedReason marks a reply that was taken back, its message perhaps deleted, and is
// sent after all: that the message is gone does not stop it.
const RevivedReason = "revived"

// ElsewhereReason marks an answer that somebody wrote elsewhere.
const ElsewhereReason = "elsewhere"

// MachineReason marks an answer that was written elsewhere, most likely by a machine.
const MachineReason = "machine"

// OptedOutHint says what helps when a customer forbade messages.
const OptedOutHint = "Only the customer can allow it again, by writing START. Until then reach them another way."
