package store

// The ids of rows are types, so that none can be given in the place of another. In the database and in JSON they are
// plain numbers. Channels, which know nothing of our rows, carry them as such.
type (
	// AccountID names an account: a channel's, or a surface's.
	AccountID int64
	// AgentID names an agent.
	AgentID int64
	// TeamID names a team.
	TeamID int64
	// ContactID names a customer.
	ContactID int64
	// IdentityID names one of a customer's addresses.
	IdentityID int64
	// ConversationID is the number of a conversation, which people read and say: #12.
	ConversationID int64
	// MessageID names a message of a conversation.
	MessageID int64
	// DeliveryID names a delivery, which waits in a lane or has left it.
	DeliveryID int64
	// LaneID names a lane: the queue of one conversation's deliveries to one place.
	LaneID int64
	// GateID names a gate: one budget of a provider that several lanes spend.
	GateID int64
	// EventID names an event of the journal.
	EventID int64
	// TemplateID names a template for messages.
	TemplateID int64
)

// SurfaceUser names a person of a chat in which agents work, as that chat does: U012AB3CD in Slack, an object id in Teams.
type SurfaceUser string
