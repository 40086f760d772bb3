package inbound

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/channels"
	"parley/store"
)

// A report about a mail (a bounce, for example) normally names our Message-ID. Some don't: a server has replaced the id, or the report
// returns nothing of the mail. Then only the recipient can tell which reply it is about, and that proves little.

// NamesRecipientAlone reports whether a receipt names nothing of its message but the recipient.
func NamesRecipientAlone(in channels.Inbound) bool {
	return namesRecipient(in) && in.Answers.Conversation == 0 && len(in.Status.External) == 0
}

// namesRecipient reports whether a receipt names a recipient, and no message by our own id.
func namesRecipient(in channels.Inbound) bool {
	return in.Status != nil && in.Status.MessageID == 0 && in.Status.Recipient != ""
}

// replyByRecipient finds the reply that a receipt is about by its recipient, if the receipt names no known message. It returns nil if
// nobody can tell, or if the receipt doesn't name a conversation of ours: ids that are not known are another program's.
func (rc *Receipts) replyByRecipient(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) (*book.Delivery, error) {
	if !namesRecipient(in) || in.Answers.Conversation == 0 {
		return nil, nil
	}
	return book.ReplySentTo(ctx, tx, rc.Book, a, store.ConversationID(in.Answers.Conversation), in.Status.Recipient)
}

// applyUnmatched applies a receipt that fits no message of ours.
func (rc *Receipts) applyUnmatched(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if rc.isOfOtherSystem(a, in.Status) {
		return nil
	}
	if NamesRecipientAlone(in) {
		return rc.applyUnproven(ctx, tx, a, part, in)
	}
	return rc.intake.showUnmatchedBounce(ctx, tx, a, part, in)
}

// applyUnproven applies a report that names only a recipient. It may be about anybody's mail, and anybody may have written it: it is
// handled as automatic mail, once for all recipients that it names. If a single reply went to the recipient, the reply's author is
// told that the report may be about it. The reply stays as it is.
func (rc *Receipts) applyUnproven(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	s := in.Status
	if part == 0 {
		in.Kind, in.Status = channels.InboundMessage, nil
		if err := rc.intake.customerWrites(ctx, tx, a, part, in); err != nil {
			return err
		}
	}
	if s.State != channels.StateFailed {
		return nil
	}
	d, err := book.ReplySentTo(ctx, tx, rc.Book, a, 0, s.Recipient)
	if err != nil || d == nil {
		return err
	}
	if d.State != store.Failed && !hasArrived(d) {
		rc.tellUnproven(d, s.Recipient)
	}
	return nil
}

// tellUnproven tells in a reply's thread, once for each recipient, that a report names the recipient and may be about the reply. It
// doesn't show the report's words, which the reply's author would take for a server's.
func (rc *Receipts) tellUnproven(d *book.Delivery, recipient string) {
	m, p, key := rc.Messages.Rows[d.MessageID], d.DecodedPayload(), bridge.AddressKey(recipient)
	if slices.Contains(p.Reported, key) {
		return
	}
	p.Reported = append(p.Reported, key)
	d.SetPayload(p)
	told := &bridge.BounceOtherLine{Words: m.Text, Recipient: recipient}
	rc.LineAbout(rc.Conversations.Rows[m.ConversationID], m, bridge.Line{Content: told})
}
