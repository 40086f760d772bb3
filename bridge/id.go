package bridge

import "parley/store"

// Surfaces have names of their own for the ids of rows: they mustn't know how rows are kept.
type (
	// AccountID names a channel's or a surface's account.
	AccountID = store.AccountID
	// AgentID names an agent.
	AgentID = store.AgentID
	// TeamID names a team.
	TeamID = store.TeamID
	// ContactID names a customer.
	ContactID = store.ContactID
	// IdentityID names one of a customer's addresses.
	IdentityID = store.IdentityID
	// ConversationID is the number of a conversation.
	ConversationID = store.ConversationID
	// MessageID names a message of a conversation.
	MessageID = store.MessageID
	// DeliveryID names a delivery.
	DeliveryID = store.DeliveryID
	// EventID names an event of the journal.
	EventID = store.EventID
	// RecordID names the record of a customer.
	RecordID = store.RecordID
	// TemplateID names a template for messages.
	TemplateID = store.TemplateID
	// SurfaceUser names a person of a surface, as the surface does.
	SurfaceUser = store.SurfaceUser
)
