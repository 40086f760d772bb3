package inbound

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/usecase"
	"parley/bridge/engine/verb"
	"parley/channels"
	"parley/store"
)

// What a blocked customer says is stored in the customer's latest conversation, which is closed, and shown in no thread. It is read on
// the page Inbox, whose list Blocked has the conversation, and shown in the thread once the customer is unblocked.

// keepBlocked stores what a blocked customer says. isBlocked is false for everybody else, and for what isn't said by a customer.
func (it *UseCases) keepBlocked(
	ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound,
) (isBlocked bool, err error) {
	if !NamesCustomer(in.Kind) || in.Kind == channels.InboundElsewhere || in.Kind == channels.InboundIdentity {
		return false, nil
	}
	customer, err := it.People.CustomerOf(a, in)
	if err != nil || customer == nil || !customer.Blocked {
		return false, err
	}

	if in.Consent != nil {
		it.setConsent(customer, nil, wish{Consent: *in.Consent, at: saidAt(it.Writer, in)})
	}
	switch {
	case in.Kind == channels.InboundEdit:
		in.ExternalID = ""
		in.Notices = append(slices.Clone(in.Notices), "It came as a change of an earlier message.")
	case in.Kind != channels.InboundMessage && (in.Consent == nil || in.Text == ""):
		return true, nil // a reaction or a deletion: what was said stays
	}
	c, err := it.blockedConversation(ctx, tx, a, in, customer)
	if err != nil {
		return true, err
	}
	if c == nil {
		if c, err = it.MakeConversation(ctx, tx, a, in, nil); err != nil {
			return true, err
		}
		c.Status, c.CloseReason, c.ResolvedAt = string(bridge.StatusClosed), bridge.CloseBlocked, &it.Now
		it.replies.Recipients(c, in, 0)
	}
	it.inboundMessage(c, a, part, in)
	return true, nil
}

// blockedConversation returns the latest conversation of a blocked customer with an account, or nil if there is none that is over.
func (it *UseCases) blockedConversation(
	ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound, customer *store.Identity,
) (*book.Conversation, error) {
	latest := it.Conversations.LatestOf(customer) // this batch may have made it
	ids, err := store.LatestConversations(ctx, tx, []store.AccountID{a.ID}, []string{in.From.Key})
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if c := it.Conversations.Get(id); latest == nil || latest.LastAt.Before(c.LastAt) {
			latest = c
		}
	}
	if latest == nil || latest.AccountID != a.ID || latest.BridgeStatus().Open() {
		return nil, nil
	}
	return latest, nil
}

func unblockVerb() usecase.Case[*UseCases] {
	return usecase.Case[*UseCases]{
		Rules:  verb.Rules{Name: bridge.VerbUnblock, Deed: store.DeedUnblocked},
		DoInTx: (*UseCases).unblock,
	}
}

// unblock lets what a customer says be shown again, and shows what came meanwhile.
func (it *UseCases) unblock(ctx context.Context, tx pgx.Tx, r book.Request) error {
	customer := it.People.RootOf(r.Conversation)
	switch {
	case customer == nil || !customer.Blocked:
		it.Refuse(r, "not_blocked", "This customer is not blocked.", "A silenced sender of automatic mail is shown again by !unsilence ADDRESS")
		return nil
	case !r.Agent.Opens(store.OpensBlocked, it.Dir.OwnRoles):
		it.Refuse(r, "not_allowed", "Only admins, and roles that open the list Blocked, unblock customers.", "Ask one of them.")
		return nil
	}
	if err := store.SetBlocked(ctx, tx, customer.ID, false); err != nil {
		return err
	}
	it.People.NoteBlocked(customer, false)
	it.Log.Did(r, nil)
	ids, err := store.ConversationsOf(ctx, tx, customer.ID, true)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := it.showBlocked(r, it.Conversations.Get(id)); err != nil {
			return err
		}
	}
	return nil
}

// showBlocked tells a conversation's thread that its customer isn't blocked any more, and shows there what came meanwhile.
func (it *UseCases) showBlocked(r book.Request, c *book.Conversation) error {
	blockedAt := book.OrZero(c.ResolvedAt)
	c.CloseReason = bridge.CloseUnblocked
	t, err := it.OpenThread(c)
	if err != nil {
		return err
	}
	it.Line(c, bridge.Line{
		Content: bridge.LineResolved,
		Verb:    r.Verb,
		By:      it.Dir.Ref(r.Surface, r.Agent.ID),
		Verbs:   []bridge.Verb{bridge.VerbReopen},
		Args:    bridge.Args{Conversation: c.ID},
	})
	latest := slices.Clone(it.Messages.Latest(c))
	slices.SortFunc(latest, func(a, b store.Message) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	for _, said := range latest {
		if m := it.Messages.Get(said.ID); m != nil && said.Direction == store.DirectionIn && !said.CreatedAt.Before(blockedAt) {
			it.showSaid(c, t, m, outbound.Payload{})
		}
	}
	c.RefreshCard()
	return nil
}
