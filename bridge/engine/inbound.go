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
func (w *work) ApplyInbound(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	opensWithoutMessage := in.Opens && in.Kind != channels.InboundMessage
	if opensWithoutMessage {
		w.openWindow(a, in)
	}

	if isBlocked, err := w.keepBlocked(ctx, tx, a, part, in); isBlocked || err != nil {
		return err
	}

	switch in.Kind {
	case channels.InboundStatus:
		return w.applyStatus(ctx, tx, a, part, in)
	case channels.InboundTemplate:
		return w.ApplyTemplateState(ctx, tx, a, in)
	case channels.InboundMessage, channels.InboundConsent:
		return w.customerSays(ctx, tx, a, part, in)
	case channels.InboundOwn:
		return w.applyOwnCopy(ctx, tx, a, part, in)
	case channels.InboundElsewhere:
		return w.answeredElsewhere(ctx, tx, a, part, in)
	case channels.InboundReaction:
		return w.customerReacts(ctx, tx, a, part, in)
	case channels.InboundEdit:
		return w.customerEdits(ctx, tx, a, part, in)
	case channels.InboundDelete:
		return w.customerDeletes(a, in)
	case channels.InboundIdentity:
		return w.applyIdentity(a, in)
	case channels.InboundNotice:
		w.notifyAdmins(a, in)
		return nil
	}

	return fmt.Errorf("inbound: unknown kind of inbound %q", in.Kind)
}

// openWindow opens a conversation's reply window, the time in which the provider allows free text to the
// customer, after the customer did something other than writing, such as clicking a button.
func (w *work) openWindow(a *store.Account, in channels.Inbound) {
	c := w.ConversationOf(a, in)
	if c == nil {
		return
	}
	w.PartApplied = true
	w.OpenWindow(c, in)
	w.PostOffers(c)
	c.RefreshCard()
}

// notifyAdmins posts a provider's notices about an account to the admins.
func (w *work) notifyAdmins(a *store.Account, in channels.Inbound) {
	for _, n := range in.Notices {
		w.TellCondition(Fact{Account: a.ID, Text: n}, NoPage)
	}
}
