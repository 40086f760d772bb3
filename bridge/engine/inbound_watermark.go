package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// applyWatermark applies a receipt that names a time instead of a message: "the customer has read everything up
// to 10:05". Errors: *book.NotYet while the result of one of these replies may be about to be written.
func (rc *Receipts) applyWatermark(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) error {
	sent := rc.repliesBegunBy(a, in)
	for _, d := range sent {
		if d.State == store.Sending && !rc.carriesFiles(d) && rc.Age() < ResultWait {
			return rc.PutAside(ResultWait - rc.Age())
		}
	}

	for _, d := range sent {
		if !d.IsAccepted() {
			continue
		}
		c := rc.Conversations.Get(rc.Outbox.Lanes[d.LaneID].ConversationID)
		m := rc.Messages.Get(d.MessageID)
		if err := rc.applyReceipt(ctx, tx, c, d, m, in.Status); err != nil {
			return err
		}
	}
	return nil
}

// carriesFiles reports whether a delivery has files. They are uploaded during its attempt, which may take long. A
// watermark that arrives during the upload is hardly about this delivery, and doesn't wait for its result.
func (rc *Receipts) carriesFiles(d *Delivery) bool {
	return len(d.DecodedPayload().Span.FilesOf(rc.Messages.Get(d.MessageID).Files)) > 0
}

// repliesBegunBy returns the replies to a customer whose latest attempt began no later than a receipt's time.
// Some may not have left yet.
func (rc *Receipts) repliesBegunBy(a *store.Account, in channels.Inbound) []*Delivery {
	customer := rc.People.At(NameKey{Account: a.ID, Name: in.From.Key})
	if customer == nil {
		return nil
	}

	var replies []*Delivery
	for _, id := range SortedKeys(rc.Conversations.Rows) {
		c := rc.Conversations.Get(id)
		if c.AccountID != a.ID || rc.People.RootOf(c) != customer {
			continue
		}
		for _, d := range rc.Messages.SentLately(c) {
			if !d.SentAt.After(in.Status.UpTo) && rc.Messages.Get(d.MessageID) != nil {
				replies = append(replies, d)
			}
		}
	}
	return replies
}
