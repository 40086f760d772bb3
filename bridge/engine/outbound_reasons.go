package engine

// OptedOutHint says what helps if a customer wants no messages.
const OptedOutHint = "Only the customer can allow it again, by writing START. Until then reach them another way."

// AdvertisingHint says what helps if a customer wants no advertising.
const AdvertisingHint = "Only the customer can allow advertising again, where it was stopped. Answers and other templates may be sent."
