package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// What a blocked customer says is stored in a conversation that is closed as blocked, and shown in no thread. It is read on the page Inbox,
// whose list Blocked has the conversation, and shown in the thread once the customer is unblocked.

// keepBlocked stores what a blocked customer says. isBlocked is false for everybody else, and for what isn't said by a customer.
func (w *work) keepBlocked(
	ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound,
) (isBlocked bool, err error) {
	if !NamesCustomer(in.Kind) || in.Kind == channels.InboundElsewhere || in.Kind == channels.InboundIdentity {
		return false, nil
	}
	customer, err := w.People.CustomerOf(a, in)
	if err != nil || customer == nil || !customer.Blocked {
		return false, err
	}

	if in.Consent != nil {
		w.setConsent(customer, nil, wish{Consent: *in.Consent, at: saidAt(w.Writer, in)})
	}
	switch {
	case in.Kind == channels.InboundEdit:
		in.ExternalID = ""
		in.Notices = append(slices.Clone(in.Notices), "It came as a change of an earlier message.")
	case in.Kind != channels.InboundMessage && (in.Consent == nil || in.Text == ""):
		return true, nil // a reaction or a deletion: what was said stays
	}
	c, err := w.blockedConversation(ctx, tx, a, customer)
	if err != nil {
		return true, err
	}
	if c == nil {
		if c, err = w.MakeConversation(ctx, tx, a, in, nil); err != nil {
			return true, err
		}
		c.Status, c.CloseReason, c.ResolvedAt = string(bridge.StatusClosed), bridge.CloseBlocked, &w.Now
		w.Recipients(c, in, 0)
	}
	w.inboundMessage(c, a, part, in)
	return true, nil
}

// blockedConversation returns the latest conversation with an account that was closed because its customer was blocked, or nil.
func (w *work) blockedConversation(
	ctx context.Context, tx pgx.Tx, a *store.Account, customer *store.Identity,
) (latest *Conversation, err error) {
	ids, err := store.ConversationsOf(ctx, tx, customer.ID, true)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		w.Conversations.Get(id)
	}
	for _, id := range SortedKeys(w.Conversations.Rows) { // this batch may have made w
		c := w.Conversations.Rows[id]
		isTheirs := c.Identity != nil && c.Identity.ContactID == customer.ContactID
		if isTheirs && c.AccountID == a.ID && c.CloseReason == bridge.CloseBlocked {
			latest = c
		}
	}
	return latest, nil
}

func unblockVerb() useCase {
	return useCase{
		Rules:  Rules{Name: bridge.VerbUnblock, Deed: store.DeedUnblocked},
		DoInTx: (*work).unblock,
	}
}

// unblock lets what a customer says be shown again, and shows what came meanwhile.
func (w *work) unblock(ctx context.Context, tx pgx.Tx, r Request) error {
	customer := w.People.RootOf(r.Conversation)
	switch {
	case customer == nil || !customer.Blocked && r.Conversation.CloseReason != bridge.CloseBlocked: // the page of settings unblocks as well
		w.Refuse(r, "not_blocked", "This customer is not blocked.", "A silenced sender of automatic mail is shown again by !unsilence ADDRESS")
		return nil
	case !r.Agent.Opens(store.OpensBlocked, w.Dir.OwnRoles):
		w.Refuse(r, "not_allowed", "Only admins, and roles that open the list Blocked, unblock customers.", "Ask one of them.")
		return nil
	}
	if err := store.SetBlocked(ctx, tx, customer.ID, false); err != nil {
		return err
	}
	w.People.NoteBlocked(customer, false)
	w.Log.Did(r, nil)
	ids, err := store.ConversationsOf(ctx, tx, customer.ID, true)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := w.showBlocked(ctx, tx, r, w.Conversations.Get(id)); err != nil {
			return err
		}
	}
	return nil
}

// mostShown is how many messages of a customer who was blocked are shown in a thread.
const mostShown = 50

// showBlocked tells a conversation's thread that its customer isn't blocked any more, and shows there what came last meanwhile.
func (w *work) showBlocked(ctx context.Context, tx pgx.Tx, r Request, c *Conversation) error {
	said, err := store.SaidSince(ctx, tx, c.ID, OrZero(c.ResolvedAt))
	if err != nil {
		return err
	}
	for _, m := range w.Messages.Latest(c) { // this batch may have made some
		if w.Messages.Rows[m.ID].Fresh && m.Direction == store.DirectionIn {
			said = append(said, m.ID)
		}
	}
	more := max(0, len(said)-mostShown)
	n := NewPrefetch(1)
	n.Messages = said[more:]
	if err := w.LoadMore(n); err != nil {
		return err
	}

	c.CloseReason = bridge.CloseUnblocked
	t, err := w.OpenThread(c)
	if err != nil {
		return err
	}
	line := bridge.Line{
		Content: bridge.LineResolved,
		Verb:    r.Verb,
		By:      w.Dir.Ref(r.Surface, r.Agent.ID),
		Verbs:   []bridge.Verb{bridge.VerbReopen},
		Args:    bridge.Args{Conversation: c.ID},
	}
	if more > 0 {
		line.Text = fmt.Sprintf("Earlier messages that only the page Inbox shows: %d.", more)
	}
	w.Line(c, line)
	for _, id := range said[more:] {
		if m := w.Messages.Get(id); m != nil {
			w.showSaid(c, t, m, Payload{})
		}
	}
	c.RefreshCard()
	return nil
}
