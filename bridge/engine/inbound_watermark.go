package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// applyWatermark applies a receipt that names a time instead of a message: "the customer has read everything up
// to 10:05". Errors: *book.NotYet while the result of one of these replies may be about to be written.
func (w *work) applyWatermark(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) error {
	sent := w.repliesBegunBy(a, in)
	for _, d := range sent {
		if d.State == store.Sending && !w.carriesFiles(d) && w.Age() < ResultWait {
			return w.PutAside(ResultWait - w.Age())
		}
	}

	for _, d := range sent {
		if !d.IsAccepted() {
			continue
		}
		c := w.Conversations.Get(w.Outbox.Lanes[d.LaneID].ConversationID)
		m := w.Messages.Get(d.MessageID)
		if err := w.applyReceipt(ctx, tx, c, d, m, in.Status); err != nil {
			return err
		}
	}
	return nil
}

// carriesFiles reports whether a delivery has files. They are uploaded during its attempt, which may take long. A
// watermark that arrives during the upload is hardly about this delivery, and doesn't wait for its result.
func (w *work) carriesFiles(d *Delivery) bool {
	return len(d.DecodedPayload().Span.FilesOf(w.Messages.Get(d.MessageID).Files)) > 0
}

// repliesBegunBy returns the replies to a customer whose latest attempt began no later than a receipt's time.
// Some may not have left yet.
func (w *work) repliesBegunBy(a *store.Account, in channels.Inbound) []*Delivery {
	customer := w.People.At(NameKey{Account: a.ID, Name: in.From.Key})
	if customer == nil {
		return nil
	}

	var replies []*Delivery
	for _, id := range SortedKeys(w.Conversations.Rows) {
		c := w.Conversations.Get(id)
		if c.AccountID != a.ID || w.People.RootOf(c) != customer {
			continue
		}
		for _, d := range w.Messages.SentLately(c) {
			if !d.SentAt.After(in.Status.UpTo) && w.Messages.Get(d.MessageID) != nil {
				replies = append(replies, d)
			}
		}
	}
	return replies
}
