package bridge

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// elsewhereReason marks an answer that was written elsewhere.
const elsewhereReason = "elsewhere"

// elsewhereNotice is shown with an answer that was written elsewhere.
const elsewhereNotice = "Answered elsewhere, not from here."

// answeredElsewhere shows an answer that somebody gave without Parley: it counts as one
//
func (w *work) answeredElsewhere(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	i, err := w.customerOf(a, in)
	if err != nil || i == nil {
		return err
	}
	if m, _ := w.named(a, in.ExternalID); m != nil {
		return nil // it is ours after all
	}
	c := w.conversationOf(a, in)
	if c == nil {
		if c, err = w.newConversation(ctx, tx, a, in, nil); err != nil {
			return err
		}
		w.recipients(c, in)
	}
	t, err := w.openThread(c)
	if err != nil {
		return err
	}
	before := c.LastExternalID
	m := w.inboundMessage(c, a, part, in)
	c.LastExternalID = before // that names the customer's last message
	m.Direction, m.Fate, m.Reason, m.IdentityID = "out", store.FateOut, elsewhereReason, nil
	m.AuthorUser, m.Notices = cmp.Or(in.Author, a.Name), append([]string{elsewhereNotice}, m.Notices...)
	c.LastFrom, c.WaitingSince = "agent", nil
	if c.status() == StatusSnoozed {
		w.endSnooze(c)
		c.Status = string(StatusOpen)
	}
	if w.settings(c).AutoPending && c.status() == StatusOpen {
		c.Status = string(StatusPending)
	}
	w.logParley(c, "answered elsewhere", detail{Message: m.ID})
	w.showSaid(c, t, m, payload{})
	w.card(c)
	return nil
}

// ownAgain ties what the provider shows of our own message to it; where all of it is there,
// its fate is known even if the answer was lost.
func (w *work) ownAgain(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	s := channels.Status{MessageID: in.Answers, External: []string{in.ExternalID}}
	if in.Status != nil {
		s = *in.Status
		s.MessageID = cmp.Or(s.MessageID, in.Answers)
	}
	m := w.statusMessage(a, &s)
	if m == nil || m.Direction == "in" {
		return nil
	}
	w.tieSent(a, m, in.ExternalID)
	if in.Status == nil {
		return nil
	}
	in.Status = &s
	return w.applyStatus(ctx, tx, a, part, in)
}

// tieSent ties a provider's id to a message of ours.
func (w *work) tieSent(a *store.Account, m *message, external string) {
	if external == "" {
		return
	}
	w.tie(a.ID, external, m.ConversationID, m.ID)
	if m.ExternalID == "" {
		m.ExternalID, m.dirty = external, true
	}
}

// watermark takes what is true of everything that was sent to a customer up to a time.
func (w *work) watermark(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound) error {
	i, s := w.byAddress[userKey{a.ID, in.From.Key}], in.Status
	if i == nil {
		return nil
	}
	for _, id := range keys(w.deliveries) {
		d := w.deliveries[id]
		l := w.lanes[d.LaneID]
		if d.Kind != kindReply || l == nil || d.SentAt == nil || d.SentAt.After(s.UpTo) {
			continue
		}
		c, m := w.convs[l.ConversationID], w.messages[d.MessageID]
		if c == nil || m == nil || c.AccountID != a.ID || w.rootOf(c) != i {
			continue
		}
		switch {
		case d.State == store.Sending && w.event.ReceivedAt.After(w.real.Add(-resultWait)):
			return relay.ErrNotYet // its own result is about to be written
		case rank(d.State) > 0:
			if err := w.receipt(ctx, tx, c, d, m, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// accountNotice tells an account's people what its provider says of it.
func (w *work) accountNotice(a *store.Account, in channels.Inbound) {
	for _, n := range in.Notices {
		w.tellCondition(ownFact{Account: a.ID, Text: n})
	}
}
