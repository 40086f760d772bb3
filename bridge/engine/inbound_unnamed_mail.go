package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// A report about a mail (such as a bounce) normally names our Message-ID. Some don't: a server has replaced the
// id, or the report contains nothing of the mail. Then only the recipient's address connects it to a reply, and
// that proves little, since anybody can write such a report.

// NamesRecipientAlone reports whether the recipient is all that a receipt names of its message.
func NamesRecipientAlone(in channels.Inbound) bool {
	return namesRecipient(in) && in.Answers.Conversation == 0 && len(in.Status.External) == 0
}

// namesRecipient reports whether a receipt names a recipient, and no message by our own id.
func namesRecipient(in channels.Inbound) bool {
	return in.Status != nil && in.Status.MessageID == 0 && in.Status.Recipient != ""
}

// replyByRecipient finds the reply that a receipt is about by its recipient, if the receipt names one of our
// conversations but no message. It returns nil if there is no single such reply, or if no conversation of ours is
// named: unknown ids are those of another program.
func (w *work) replyByRecipient(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) (*Delivery, error) {
	if !namesRecipient(in) || in.Answers.Conversation == 0 {
		return nil, nil
	}
	return ReplySentTo(ctx, tx, w.Book, a, store.ConversationID(in.Answers.Conversation), in.Status.Recipient)
}

// applyUnmatched applies a receipt that matches no message of ours.
func (w *work) applyUnmatched(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if w.isOfOtherSystem(a, in.Status) {
		return nil
	}
	if NamesRecipientAlone(in) {
		return w.applyUnproven(ctx, tx, a, part, in)
	}
	return w.showUnmatchedBounce(ctx, tx, a, part, in)
}

// applyUnproven applies a report that names only a recipient. It may be about any mail by anybody, so it is
// handled as automatic mail, once for all of its recipients. If we sent a single reply to the recipient, its
// author is shown that the report may be about it. The reply's state doesn't change.
func (w *work) applyUnproven(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	s := in.Status
	if part == 0 {
		in.Kind, in.Status = channels.InboundMessage, nil
		if err := w.customerWrites(ctx, tx, a, part, in); err != nil {
			return err
		}
	}
	if s.State != channels.StateFailed {
		return nil
	}
	const anyConversation = 0
	d, err := ReplySentTo(ctx, tx, w.Book, a, anyConversation, s.Recipient)
	if err != nil || d == nil {
		return err
	}
	if d.State != store.Failed && !hasArrived(d) {
		w.showUnproven(d, s.Recipient)
	}
	return nil
}

// showUnproven shows in a reply's thread, once for each recipient, that a report may be about that reply. It
// doesn't show the report's text, which agents would take for a mail server's.
func (w *work) showUnproven(d *Delivery, recipient string) {
	m, p, key := w.Messages.Get(d.MessageID), d.DecodedPayload(), bridge.AddressKey(recipient)
	if slices.Contains(p.Reported, key) {
		return
	}
	p.Reported = append(p.Reported, key)
	d.SetPayload(p)
	content := &bridge.BounceOtherLine{Words: m.Text, Recipient: recipient}
	w.LineAbout(w.Conversations.Get(m.ConversationID), m, bridge.Line{Content: content})
}
