package inbound

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/book"
	"parley/channels"
	"parley/store"
)

// Reports that don't name the mail that they are about: a server has replaced its Message-ID, or they return nothing of it.

// NamesRecipientAlone reports whether a receipt tells of its message only to whom that was sent.
func NamesRecipientAlone(in channels.Inbound) bool {
	return namesRecipient(in) && in.Answers.Conversation == 0 && len(in.Status.External) == 0
}

// namesRecipient reports whether a receipt names a recipient, and no message by our own id.
func namesRecipient(in channels.Inbound) bool {
	return in.Status != nil && in.Status.MessageID == 0 && in.Status.Recipient != ""
}

// replyByRecipient returns the reply that a receipt which names no known message is about, by its recipient; nil if nobody can tell. Ids
// that are not known are another program's, unless the receipt names a conversation of ours, too.
func (rc *Receipts) replyByRecipient(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) (*book.Delivery, error) {
	isOfConversation := namesRecipient(in) && in.Answers.Conversation != 0
	if !isOfConversation && !NamesRecipientAlone(in) {
		return nil, nil
	}
	return book.ReplySentTo(ctx, tx, rc.Book, a, store.ConversationID(in.Answers.Conversation), in.Status.Recipient)
}

// applyUnmatched applies a receipt that fits no message of ours. A report that names a recipient alone may be about anybody's mail: it is
// automatic mail like any other, whose sender may be silenced.
func (rc *Receipts) applyUnmatched(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if rc.isOfOtherSystem(a, in.Status) {
		return nil
	}
	if NamesRecipientAlone(in) {
		in.Kind, in.Status = channels.InboundMessage, nil
		return rc.intake.customerWrites(ctx, tx, a, part, in)
	}
	return rc.intake.showUnmatchedBounce(ctx, tx, a, part, in)
}
