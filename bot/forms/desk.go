package forms

import (
	"context"
	"time"

	"parley/bridge"
	"parley/channels"
)

// Engine is all that the surface of a chat needs from the engine, the part of Parley that handles conversations.
type Engine interface {
	Desk
	SweepDesk
	Memory

	// MayStart checks whether a user may start a conversation with a customer. If the customer can have only one and has
	// one already, open is that conversation; otherwise open.ID is 0.
	// Errors: *bridge.Problem, with the Field of the form that is invalid.
	MayStart(ctx context.Context, user bridge.SurfaceUser, s bridge.Start) (open bridge.Facts, err error)
	// ReplyOpened and ReplyClosed record who is writing a reply in a form, so that colleagues can see it: before the form is
	// shown, and when it was closed without being submitted. at is when the form was made.
	ReplyOpened(ctx context.Context, conversation bridge.ConversationID, user bridge.SurfaceUser, at time.Time) error
	ReplyClosed(ctx context.Context, conversation bridge.ConversationID, user bridge.SurfaceUser, at time.Time) error
	// OpenThreads returns the roots of open conversations that began before a time: at most 500, those that were used most
	// recently.
	OpenThreads(ctx context.Context, before time.Time) ([]bridge.Place, error)
	// Report shows people whether the chat works, or why it doesn't and what to do about it.
	Report(c channels.Condition)
}

// Desk is what a surface asks the engine for to make forms and windows.
type Desk interface {
	Conversations
	Choices
}

// Conversations is asked for what a user may see of conversations.
// Errors: bridge.ErrNoConversation where there is none; *bridge.Problem, for people, where the
// user may not see it.
type Conversations interface {
	Facts(ctx context.Context, id bridge.ConversationID, user bridge.SurfaceUser) (bridge.Facts, error)
	FactsAt(ctx context.Context, at bridge.Place, user bridge.SurfaceUser) (bridge.Facts, error)
	SaidAt(ctx context.Context, at bridge.Place, user bridge.SurfaceUser) ([]bridge.Said, error)
	WordsAt(ctx context.Context, at bridge.Place, user bridge.SurfaceUser) (text, mark string, err error)

	// Spoken returns the latest messages of a conversation, oldest first, and which of them the post at a place shows.
	Spoken(ctx context.Context, id bridge.ConversationID, at bridge.Place, user bridge.SurfaceUser) (
		list []bridge.SpokenMessage, shown []bridge.MessageID, err error)
	List(ctx context.Context, q bridge.ListQuery, user bridge.SurfaceUser) (bridge.Listing, error)
	History(ctx context.Context, id bridge.ConversationID, page int, user bridge.SurfaceUser) (bridge.History, error)

	// Profile returns what is known of a conversation's customer.
	Profile(ctx context.Context, id bridge.ConversationID, user bridge.SurfaceUser) (bridge.Profile, error)

	// Suggested returns the replies that an analysis suggested in a conversation, by the id of its suggestions. It returns
	// nil if they are out of date.
	Suggested(
		ctx context.Context, conversation bridge.ConversationID, id bridge.EventID, user bridge.SurfaceUser,
	) ([]bridge.SuggestedReply, error)

	// Attend tells the engine that somebody begins to answer. It doesn't block.
	Attend(conversation bridge.ConversationID)
}

// Choices is asked for the lists that forms offer to choose from.
type Choices interface {
	People(ctx context.Context) ([]bridge.AgentRef, error)
	Assignable(ctx context.Context, id bridge.ConversationID, user bridge.SurfaceUser) (people []bridge.AgentRef, teams []string, err error)
	TagNames(ctx context.Context) ([]bridge.Tag, error)
	ListChoices(ctx context.Context, user bridge.SurfaceUser) (bridge.ListChoices, error)
	Accounts(ctx context.Context, user bridge.SurfaceUser) ([]bridge.AccountRef, error)
	// Canned returns the canned replies that the user may use, filled in for a conversation; for the zero Facts, as they were written.
	Canned(ctx context.Context, f bridge.Facts, user bridge.SurfaceUser) ([]bridge.Canned, error)
	Templates(ctx context.Context, which bridge.TemplatesFor, user bridge.SurfaceUser) (bridge.Templates, error)

	// Count returns as how many texts the provider of an account counts a text. ok is false if the provider doesn't count.
	Count(account, text string) (n bridge.Count, ok bool)
}
