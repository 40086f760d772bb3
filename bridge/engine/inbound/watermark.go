package inbound

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// applyWatermark applies a receipt that names a time instead of a message: "the customer has read everything up
// to 10:05". Errors: *book.NotYet while the result of one of these replies may be about to be written.
func (rc *Receipts) applyWatermark(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) error {
	sent := rc.repliesBegunBy(a, in)
	for _, d := range sent {
		if d.State == store.Sending && !rc.carriesFiles(d) && rc.Age() < book.ResultWait {
			return rc.PutAside(book.ResultWait - rc.Age())
		}
	}

	for _, d := range sent {
		if !d.IsAccepted() {
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

// carriesFiles reports whether a delivery has files. They are uploaded during its attempt, which may take long. A
// watermark that arrives during the upload is hardly about this delivery, and doesn't wait for its result.
func (rc *Receipts) carriesFiles(d *book.Delivery) bool {
	return len(d.DecodedPayload().Span.FilesOf(rc.Messages.Rows[d.MessageID].Files)) > 0
}

// repliesBegunBy returns the replies to a customer whose latest attempt began no later than a receipt's time.
// Some may not have left yet. The batch has loaded the conversation and the message of each.
func (rc *Receipts) repliesBegunBy(a *store.Account, in channels.Inbound) []*book.Delivery {
	customer := rc.People.ByAddress[book.NameKey{Account: a.ID, Name: in.From.Key}]
	if customer == nil {
		return nil
	}

	var replies []*book.Delivery
	for _, id := range book.SortedKeys(rc.Outbox.Deliveries) {
		d := rc.Outbox.Deliveries[id]
		lane := rc.Outbox.Lanes[d.LaneID]
		if d.Kind != outbound.KindReply || lane == nil {
			continue
		}
		if d.SentAt == nil || d.SentAt.After(in.Status.UpTo) {
			continue
		}
		c := rc.Conversations.Rows[lane.ConversationID]
		if c == nil || c.AccountID != a.ID {
			continue
		}
		if rc.Messages.Rows[d.MessageID] != nil && rc.People.RootOf(c) == customer {
			replies = append(replies, d)
		}
	}
	return replies
}
