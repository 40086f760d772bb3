package inbound

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/book"
	"parley/routing"
	"parley/store"
)

// SendByItself queues a text of an automation to the customer, if an automatic reply to what the customer wrote last may be sent, and the
// conversation had none of this automation. age is how late it is for the reply; 0 if that doesn't count. It returns false if nothing is
// sent.
// Errors: the database's.
func (it *UseCases) SendByItself(
	ctx context.Context, tx pgx.Tx, c *book.Conversation, automation, text string, age time.Duration,
) (bool, error) {
	m := it.Messages.LastOfCustomer(c)
	if c.Identity == nil || c.WaitingSince == nil || m == nil || m.Automatic != "" || m.Revision != nil {
		return false, nil
	}
	sender, lane := it.People.RootOf(c), it.CustomerLane(c)
	if m.IdentityID == nil || *m.IdentityID != sender.ID { // of somebody in copy
		return false, nil
	}
	row := store.AutoReply{
		MessageID: store.MessageID(it.IDs.Next()), AccountID: c.AccountID, IdentityID: sender.ID, Words: checksum(m.Text), At: it.Now,
		Occasion: fmt.Sprintf("automation %d %s", c.ID, automation),
	}
	found, err := store.FindAutoReplied(ctx, tx, row, c.ID)
	if _, isSent := found.Last[row.Occasion]; err != nil || isSent {
		return false, err
	}
	message := routing.Message{
		ByPerson: true, Refuses: it.refusesReplies(c, sender), Answered: len(it.Outbox.Waiting(lane)) > 0, BegunByUs: found.BegunByUs,
		Age: age, FirstName: firstName(sender),
		Sent: routing.SentReplies{Day: found.Day, Hour: found.Hour, SameWords: found.SameWords, Repeated: found.Repeated},
	}
	replies := routing.Replies{Always: routing.Text{Text: text}}
	reply := replies.ReplyTo(message, it.Dir.Hours[c.AccountID], it.Now, it.Dir.Zone(nil, c.AccountID))
	if reply.Text == "" {
		return false, nil
	}
	if allKnow, err := store.AllKnow(ctx, tx, store.KnowsAutoReply); err != nil || !allKnow {
		return false, err
	}
	it.queueAutoReply(c, row, lane, reply)
	return true, store.KeepAutoReply(ctx, tx, row)
}
