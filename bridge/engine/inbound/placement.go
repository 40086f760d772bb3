package inbound

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/book"
	"parley/channels"
	"parley/store"
)

// placement says into which conversation a customer's message goes.
type placement struct {
	conversation *book.Conversation // nil means that none may begin: its sender has begun very many
	begins       bool               // the message begins it
	continues    *book.Conversation // the conversation that it continues, which is over; nil if there is none
	quotesUnseen bool               // what the message quotes wasn't said in the conversation, so that its thread doesn't show that
}

// place finds the conversation for a message, or makes it. known is the conversation to which the message belongs by what it answers, or
// nil. The first of these that fits takes the message:
//
//  1. known, if it can go on;
//  2. a new conversation that continues known, if the sender takes part in that;
//  3. the open conversation of its sender, if the account joins such mails: then place may add a notice to in;
//  4. a new conversation, if its sender may begin one.
func (it *UseCases) place(
	ctx context.Context, tx pgx.Tx, a *store.Account, in *channels.Inbound, known *book.Conversation,
) (placement, error) {
	if known != nil && !it.needsNewConversation(known, *in) {
		return placement{conversation: known}, nil
	}

	if known != nil && it.TakesPart(known, *in) {
		c, err := it.newConversation(ctx, tx, a, *in, known)
		if err != nil {
			return placement{}, err
		}
		known.RefreshCard() // its card leads to the new conversation
		return placement{conversation: c, begins: true, continues: known}, nil
	}

	// Either the message answers nothing that we know, or a mail of a conversation that is over was passed on to a stranger.
	if c := it.conversationToJoin(a, in); c != nil {
		return placement{conversation: c, quotesUnseen: true}, nil
	}
	if !it.takeOpening(a, *in) {
		return placement{}, nil
	}
	c, err := it.newConversation(ctx, tx, a, *in, nil)
	return placement{conversation: c, begins: true, quotesUnseen: true}, err
}
