package store

// The ids of rows are types, so that none can be given in the place of another. In the database and in JSON they are
// plain numbers. Channels, which know nothing of our rows, carry them as such.

type (
	AccountID      int64 // of a channel's account, or of a surface's
	AgentID        int64
	TeamID         int64
	ContactID      int64 // of a customer
	IdentityID     int64 // of one of a customer's addresses
	ConversationID int64 // the number of a conversation, which people read and say: #12
	MessageID      int64 // of a message in a conversation
	DeliveryID     int64 // of a delivery, which waits in a lane or has left it
	EventID        int64 // of an event in the journal
)
