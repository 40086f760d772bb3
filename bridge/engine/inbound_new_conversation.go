package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// audienceWait is how long a message waits for a private channel of its readers: after a start it takes a while to learn who is in which.
const audienceWait = 10 * time.Minute

// newConversation opens a conversation that a customer begins. previous is the one that it continues, or nil.
func (w *work) newConversation(
	ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound, previous *Conversation,
) (*Conversation, error) {
	c, err := w.MakeConversation(ctx, tx, a, in, previous)
	if err != nil {
		return nil, err
	}
	if !c.IsRestricted() {
		home, _ := w.Dir.HomeOf(a, c.Conversation)
		v, problem := w.visibleByRecord(c.readers, a.ID, home)
		if age := w.Age(); problem != nil && age < audienceWait {
			w.PartApplied = true // the conversation took its number
			return nil, w.PutAside(audienceWait - age)
		}
		if problem != nil { // nobody else may see it: it waits for an admin
			const what = "who may read this customer's new conversations is set on the record: %s %s Then replay"
			return nil, fmt.Errorf(what, problem.Text, problem.Hint)
		}
		c.Visibility = v
	}
	w.Log.ByCustomer(c, store.DeedOpened, nil)
	return c, nil
}

// MakeConversation opens a conversation with in.From, which a customer or an agent begins, and adds it to the
// batch. previous is the conversation that it continues, or nil. Without a subject, agents see the first words of
// the text instead; the customer never gets these as a subject.
func (w *work) MakeConversation(
	ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound, previous *Conversation,
) (*Conversation, error) {
	id, err := w.Conversations.TakeNumber(ctx, tx)
	if err != nil {
		return nil, err
	}

	ch := w.Channel(a.ID)
	c := &Conversation{
		Fresh:    true,
		Account:  a,
		Threads:  map[store.AccountID]*Thread{},
		Identity: w.People.At(NameKey{Account: a.ID, Name: in.From.Key}),
		Conversation: &store.Conversation{
			ID:                id,
			AccountID:         a.ID,
			TeamID:            a.TeamID,
			Kind:              store.KindCustomer,
			Status:            string(bridge.StatusOpen),
			Exclusive:         ch != nil && !ch.Capabilities().Threads,
			Subject:           cmp.Or(in.Subject, Topic(in.Text)),
			Via:               in.Envelope.Via,
			LastMessage:       store.LastMessage{LastAt: w.Now},
			ConversationTimes: store.ConversationTimes{CreatedAt: w.Now},
		},
	}
	if t := w.Dir.FindTeam(a.Alias(in.Envelope.Via).Team); t != nil {
		c.TeamID = &t.ID
	}
	if c.Identity != nil {
		c.IdentityID = &c.Identity.ID
		last := w.Conversations.Get(w.Conversations.Latest[c.Identity.ID])
		if last != nil && c.Exclusive {
			c.WindowFrom = last.WindowFrom  // the reply window is the customer's, whichever conversation opened it
			c.Via = cmp.Or(c.Via, last.Via) // it was opened at the number that the customer wrote to
			w.WatchWindow(c)
		}
		w.Conversations.Latest[c.Identity.ID] = id
		w.People.NameByRecord(c)
	}

	if previous != nil {
		c.PreviousID = &previous.ID
		c.Visibility = previous.Visibility
		c.Refs = slices.Clone(previous.Refs)
		c.Subject = cmp.Or(c.Subject, previous.Subject)
	}

	w.Conversations.Rows[id] = c
	return c, nil
}
