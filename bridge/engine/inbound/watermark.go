package inbound

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// applyWatermark applies a receipt, such as "read", to all replies that were sent to a customer up to a time.
// Errors: *book.NotYet while the result of one of them may be about to be written.
func (rc *Receipts) applyWatermark(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) error {
	sent := rc.sentUpTo(a, in)

	for _, d := range sent {
		if d.State == store.Sending && !rc.carriesFiles(d) && rc.Age() < book.ResultWait {
			return rc.Wait(book.ResultWait - rc.Age())
		}
	}

	for _, d := range sent {
		if book.StateRank(d.State) == 0 { // nothing proves that it was sent
			continue
		}
		c := rc.Conversations.Rows[rc.Outbox.Lanes[d.LaneID].ConversationID]
		m := rc.Messages.Rows[d.MessageID]
		if err := rc.applyReceipt(ctx, tx, c, d, m, in.Status); err != nil {
			return err
		}
	}
	return nil
}

// carriesFiles reports whether a delivery has files, which are uploaded after its attempt began: while it is being sent, a watermark isn't
// about it.
func (rc *Receipts) carriesFiles(d *book.Delivery) bool {
	return len(d.DecodedPayload().Span.Of(rc.Messages.Rows[d.MessageID].Files)) > 0
}

// sentUpTo returns the replies to a customer whose latest attempt began up to a receipt's time.
func (rc *Receipts) sentUpTo(a *store.Account, in channels.Inbound) []*book.Delivery {
	i := rc.People.ByAddress[book.NameKey{Account: a.ID, Name: in.From.Key}]
	if i == nil {
		return nil
	}

	var list []*book.Delivery
	for _, id := range book.SortedKeys(rc.Outbox.Deliveries) {
		d := rc.Outbox.Deliveries[id]
		l := rc.Outbox.Lanes[d.LaneID]
		if d.Kind != outbound.KindReply || l == nil {
			continue
		}
		if d.SentAt == nil || d.SentAt.After(in.Status.UpTo) {
			continue
		}
		c := rc.Conversations.Rows[l.ConversationID]
		if c == nil || c.AccountID != a.ID {
			continue
		}
		if rc.Messages.Rows[d.MessageID] != nil && rc.People.RootOf(c) == i {
			list = append(list, d)
		}
	}
	return list
}
