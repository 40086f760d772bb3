package bridge

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// rank orders what is known of a delivery: it only rises.
func rank(state string) int {
	switch state {
	case store.Accepted:
		return 1
	case "sent":
		return 2
	case store.Delivered:
		return 3
	case store.Read:
		return 4
	}
	return 0
}

// replyLanded notes that the provider took a reply.
func (w *work) replyLanded(c *conv, f ownFact) {
	m := w.messages[f.Message]
	if m == nil {
		return
	}
	if f.External != "" {
		m.ExternalID, m.dirty = f.External, true
		w.tie(c.AccountID, f.External, c.ID, m.ID)
		c.addRef(f.External)
	}
	before, d := m.Fate, w.replyOf(m)
	switch before {
	case store.FateFailed, store.FateOut:
		return // a bounce came first
	case store.FateWaiting, store.FateUnclear:
		if d != nil && d.Progress != textMark(m.Text) && (d.Progress != "" || m.Reason == editedReason) {
			w.tellWith(c, m, Line{Kind: LineEditLate})
		}
	case store.FateUndone, store.FateDropped: // taken back while it was under way
		m.Direction = "out"
		w.tellWith(c, m, Line{Kind: LineDeleteLate})
	default:
		m.Direction = "out"
		w.tellWith(c, m, Line{Kind: LineEditLate})
	}
	m.Fate, m.dirty = store.FateOut, true
	if w.settings(c).Receipts != "failures" {
		w.mark(c, m, MarkSent)
	}
}

// takenBack says that a reply was deleted, undone or edited into something else.
func takenBack(m *message) bool {
	switch m.Fate {
	case store.FateUndone, store.FateDropped, store.FateInside, store.FateAsk:
		return true
	}
	return false
}

// replyFailed tells the author that the customer didn't get it.
func (w *work) replyFailed(c *conv, f ownFact) {
	m := w.messages[f.Message]
	if m == nil || takenBack(m) {
		return // the customer isn't to get it
	}
	m.Fate, m.Reason, m.dirty = store.FateFailed, f.Class, true
	w.logParley(c, "not delivered", detail{Message: m.ID, Reason: f.Text})
	w.mark(c, m, MarkWarning)
	w.tellWith(c, m, Line{Kind: LineFailed, Reason: f.Text, Hint: f.Hint, Verbs: []Verb{VerbSendAgain}, Args: Args{Delivery: f.Delivery}})
	w.unanswered(c)
}

// replyLate tells that a reply still isn't out.
func (w *work) replyLate(c *conv, f ownFact) {
	m := w.messages[f.Message]
	if m == nil {
		return
	}
	d := w.replyOf(m)
	line := Line{Kind: LineRetrying, Reason: f.Text, Hint: f.Hint}
	if d != nil && d.FirstAt != nil {
		line.Since = *d.FirstAt
	}
	w.tellWith(c, m, line)
}

// replyUnclear asks a person about what nobody can tell.
func (w *work) replyUnclear(c *conv, f ownFact) {
	m := w.messages[f.Message]
	if m == nil {
		return
	}
	w.logParley(c, "unclear", detail{Message: m.ID, Reason: f.Text})
	if takenBack(m) {
		w.tellWith(c, m, Line{Kind: LineUnclear, Reason: f.Text})
		return
	}
	m.Fate, m.dirty = store.FateUnclear, true
	w.mark(c, m, MarkWarning)
	w.tellWith(c, m, Line{Kind: LineUnclear, Reason: f.Text, Verbs: []Verb{VerbSendAgain, VerbMarkSent}, Args: Args{Delivery: f.Delivery}})
}

// applyStatus takes what the provider tells of one of our messages.
func (w *work) applyStatus(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	m := w.statusMessage(a, in.Status)
	if m == nil || m.Direction == "in" { // or one that the customer sent
		return w.unmatchedStatus(ctx, tx, a, part, in)
	}
	c, d := w.convs[m.ConversationID], w.replyOf(m)
	if c == nil || d == nil || w.lanes[d.LaneID] == nil {
		return nil
	}
	s := in.Status
	switch {
	case s.Delayed:
		w.tellWith(c, m, Line{Kind: LineDelayed, Reason: s.Reason})
	case s.State == channels.StateFailed:
		if rank(d.State) >= rank(store.Delivered) || d.State == store.Failed {
			return nil
		}
		d.State, d.ErrorClass, d.ErrorText, d.dirty = store.Failed, string(s.Class), s.Reason, true
		w.replyFailed(c, ownFact{Message: m.ID, Delivery: d.ID, Class: string(s.Class), Text: bounceText(s)})
	case rank(string(s.State)) > rank(d.State):
		d.State, d.dirty = string(s.State), true
		w.receiptSays(c, m)
		if s.State == channels.StateRead && w.settings(c).Receipts == "read" {
			w.mark(c, m, MarkRead)
		}
	}
	return nil
}

// receiptSays ends what was open about a message: the provider has it, whether or not
// its answer came, or a bounce.
func (w *work) receiptSays(c *conv, m *message) {
	switch m.Fate {
	case store.FateWaiting, store.FateUnclear, store.FateFailed:
		m.Fate, m.dirty = store.FateOut, true
		if w.settings(c).Receipts != "failures" {
			w.mark(c, m, MarkSent)
		}
	}
}

func bounceText(s *channels.Status) string {
	if s.Recipient == "" {
		return s.Reason
	}
	return s.Recipient + ": " + s.Reason
}

func (w *work) statusMessage(a *store.Account, s *channels.Status) *message {
	if m := w.messages[s.MessageID]; m != nil && w.convs[m.ConversationID] != nil && w.convs[m.ConversationID].AccountID == a.ID {
		return m
	}
	for _, id := range s.External {
		if x, ok := w.external[userKey{a.ID, id}]; ok && w.messages[x.MessageID] != nil {
			return w.messages[x.MessageID]
		}
	}
	return nil
}
