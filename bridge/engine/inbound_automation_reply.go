package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/routing"
	"parley/store"
)

// SendByItself queues a text of an automation to the customer, if an automatic reply to what the customer wrote last may be sent, and the
// conversation had none of this automation. age is how late it is for the reply; 0 if that doesn't count. It returns false if nothing is
// sent.
// Errors: the database's.
func (w *work) SendByItself(
	ctx context.Context, tx pgx.Tx, c *Conversation, automation, text string, age time.Duration,
) (bool, error) {
	m := w.Messages.LastOfCustomer(c)
	if c.Identity == nil || c.WaitingSince == nil || m == nil || m.Automatic != "" || m.Revision != nil {
		return false, nil
	}
	if m.IdentityID == nil || *m.IdentityID != w.People.RootOf(c).ID { // of somebody in copy
		return false, nil
	}
	row := store.AutoReply{Words: checksum(m.Text), Occasion: fmt.Sprintf("automation %d %s", c.ID, automation)}
	replies := routing.Replies{Always: routing.Text{Text: text}}
	return w.sendByItself(ctx, tx, c, row, replies, routing.Message{Age: age}, false)
}
