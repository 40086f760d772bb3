package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// placement is the result of place: the conversation that a customer's message goes to. For example, a customer
// answers a mail of conversation #12, which is closed. Then conversation is the new #57, begins is true, and
// continues is #12.
type placement struct {
	conversation *Conversation // nil if the sender has exceeded the limit of new conversations
	begins       bool          // the message begins the conversation
	joins        bool          // the message answers nothing, and joins the sender's open conversation
	continues    *Conversation // the conversation that it continues, which is over, or nil
}

// place finds or opens the conversation for a message. known is the conversation that the message belongs to by
// what it answers, or nil. place returns the first of these:
//
//  1. known, if it can go on;
//  2. a new conversation that continues known, if the sender takes part in known;
//  3. the sender's open conversation, if the account joins such mails;
//  4. a new conversation, if its sender may begin one.
func (w *work) place(
	ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound, known *Conversation,
) (placement, error) {
	if known != nil && !w.needsNewConversation(known, in) {
		return placement{conversation: known}, nil
	}

	if known != nil && w.TakesPart(known, in) {
		c, err := w.newConversation(ctx, tx, a, in, known)
		if err != nil {
			return placement{}, err
		}
		known.RefreshCard() // its card links to the new conversation
		return placement{conversation: c, begins: true, continues: known}, nil
	}

	// Either the message answers nothing known, or a mail of a conversation that is over was forwarded to a stranger.
	if c := w.conversationToJoin(a, in); c != nil {
		return placement{conversation: c, joins: true}, nil
	}
	if !w.takeOpening(a, in) && !w.hasOwnReaders(a, in) {
		return placement{}, nil
	}
	c, err := w.newConversation(ctx, tx, a, in, nil)
	return placement{conversation: c, begins: true}, err
}

// hasOwnReaders reports whether the sender's record names who alone reads their conversations: these are never shown in a thread of the
// day, which others read.
func (w *work) hasOwnReaders(a *store.Account, in channels.Inbound) bool {
	sender := w.People.At(NameKey{Account: a.ID, Name: in.From.Key})
	return sender != nil && len(w.People.recordOf(sender.ID).VisibleTo) > 0
}
