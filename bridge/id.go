package bridge

import "parley/store"

// Surfaces name our rows by the same ids as the engine, and mustn't know how these are stored.
type (
	AccountID      = store.AccountID
	AgentID        = store.AgentID
	TeamID         = store.TeamID
	ConversationID = store.ConversationID
	MessageID      = store.MessageID
	DeliveryID     = store.DeliveryID
	EventID        = store.EventID
)
