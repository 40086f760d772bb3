package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// ReplySentTo returns the only reply that was sent to a recipient in the 72 hours before the event. It looks in one conversation or, if
// conversation is 0, in all those of the account that the recipient began. It returns nil if there is no reply or more than one.
func ReplySentTo(
	ctx context.Context, tx pgx.Tx, b *Book, a *store.Account, conversation store.ConversationID, recipient string,
) (*Delivery, error) {
	recipient = bridge.AddressKey(recipient)
	rows, err := store.RepliesBefore(ctx, tx, a.ID, conversation, recipient, b.Event.ReceivedAt)
	if err != nil {
		return nil, err
	}

	var found *store.Delivery
	for i := range rows {
		d := &Delivery{Delivery: rows[i]}
		sent := d.DecodedPayload()
		went := slices.ContainsFunc(slices.Concat(sent.Meant, sent.Copied, sent.Before), func(key string) bool {
			return bridge.AddressKey(key) == recipient
		})
		leftWithFound := found != nil && found.LaneID == d.LaneID && found.SentAt.Equal(*d.SentAt) // as one mail
		if !went || leftWithFound {
			continue
		}
		if found != nil {
			return nil, nil
		}
		found = &rows[i]
	}
	if found == nil || b.Messages.Get(found.MessageID) == nil {
		return nil, b.Err
	}

	b.Outbox.addDelivery(*found)
	d := b.Outbox.Delivery(found.ID)
	b.Messages.readOf(b.Outbox.RunOf(d))
	return d, b.Err
}
