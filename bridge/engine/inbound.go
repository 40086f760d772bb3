package engine

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// This file adds customers' messages to conversations. A channel decodes an event, such as the bytes of a mail,
// into inbounds: a message, a receipt, an edit and so on. For a message, a conversation is found or opened, the
// message is added, and posts are queued that show it in the conversation's thread in Slack or Teams (a
// surface).

// ApplyInbound applies one inbound of an account. part is its index among the inbounds of its event. Errors:
// *book.NotYet, *relay.EventError, the database's.
func (it *InboundUseCases) ApplyInbound(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	opensWithoutMessage := in.Opens && in.Kind != channels.InboundMessage
	if opensWithoutMessage {
		it.openWindow(a, in)
	}

	if isBlocked, err := it.keepBlocked(ctx, tx, a, part, in); isBlocked || err != nil {
		return err
	}

	switch in.Kind {
	case channels.InboundStatus:
		return it.Receipts.applyStatus(ctx, tx, a, part, in)
	case channels.InboundTemplate:
		return it.templates.ApplyTemplateState(ctx, tx, a, in)
	case channels.InboundMessage, channels.InboundConsent:
		return it.customerSays(ctx, tx, a, part, in)
	case channels.InboundOwn:
		return it.Receipts.applyOwnCopy(ctx, tx, a, part, in)
	case channels.InboundElsewhere:
		return it.elsewhere.answeredElsewhere(ctx, tx, a, part, in)
	case channels.InboundReaction:
		return it.customerReacts(ctx, tx, a, part, in)
	case channels.InboundEdit:
		return it.customerEdits(ctx, tx, a, part, in)
	case channels.InboundDelete:
		return it.customerDeletes(a, in)
	case channels.InboundIdentity:
		return it.applyIdentity(a, in)
	case channels.InboundNotice:
		it.notifyAdmins(a, in)
		return nil
	}

	return fmt.Errorf("inbound: unknown kind of inbound %q", in.Kind)
}

// openWindow opens a conversation's reply window, the time in which the provider allows free text to the
// customer, after the customer did something other than writing, such as clicking a button.
func (it *InboundUseCases) openWindow(a *store.Account, in channels.Inbound) {
	c := it.ConversationOf(a, in)
	if c == nil {
		return
	}
	it.PartApplied = true
	it.replies.OpenWindow(c, in)
	it.replies.PostOffers(c)
	c.RefreshCard()
}

// notifyAdmins posts a provider's notices about an account to the admins.
func (it *InboundUseCases) notifyAdmins(a *store.Account, in channels.Inbound) {
	for _, n := range in.Notices {
		it.TellCondition(Fact{Account: a.ID, Text: n}, NoPage)
	}
}
