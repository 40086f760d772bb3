package bridge

import "parley/store"

// The ids of rows, by the names that surfaces have for them: they mustn't know how rows are kept.
type (
	AccountID      = store.AccountID      // AccountID names a channel's or a surface's account.
	AgentID        = store.AgentID        // AgentID names an agent.
	TeamID         = store.TeamID         // TeamID names a team.
	ConversationID = store.ConversationID // ConversationID is the number of a conversation.
	MessageID      = store.MessageID      // MessageID names a message of a conversation.
	DeliveryID     = store.DeliveryID     // DeliveryID names a delivery.
	EventID        = store.EventID        // EventID names an event of the journal.
)
