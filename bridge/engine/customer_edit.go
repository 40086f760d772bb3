package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// cameEdited is the reason of a customer's message that was stored from its edit, because the edit
// came before the message.
const cameEdited = "came_edited"

// customerEdits shows what a customer's message says now; the original is kept. An edit that
// comes before its message is stored in the message's place.
func (w *work) customerEdits(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if _, err := w.people.customerOf(a, in); err != nil {
		return err
	}
	m, c := w.named(a, in.Target)
	if m == nil || c == nil || m.Direction != store.DirectionIn {
		in.Kind, in.ExternalID = channels.InboundMessage, in.Target
		in.Notices = append(in.Notices, "The customer changed this message before it arrived here.")
		if err := w.customerWrites(ctx, tx, a, part, in); err != nil {
			return err
		}
		if m, _ := w.named(a, in.Target); m != nil {
			m.Reason, m.dirty = cameEdited, true
		}
		return nil
	}
	w.line(c, bridge.Line{Content: &bridge.ChangedLine{Before: quoteOf(&m.Message)}, Text: in.Text})
	w.log.byCustomer(c, store.DeedChangedMessage, detail{Message: m.ID})
	if c.status().Open() {
		c.LastAt, c.LastFrom, c.LastPreview = w.now, "customer", preview(in.Text)
		w.wakeFor(c, in)
		c.refreshCard()
	}
	return nil
}

// customerDeletes says that the customer took a message back; it is kept.
func (w *work) customerDeletes(a *store.Account, in channels.Inbound) error {
	i, err := w.people.customerOf(a, in)
	if err != nil || i == nil {
		return err
	}
	m, c := w.named(a, in.Target)
	if m == nil || c == nil {
		if _, told := w.messages.external[userKey{a.ID, in.Target}]; !told && in.Target != "" {
			w.messages.tie(a.ID, in.Target, 0, 0) // if it comes, it is known to be deleted
			if c = w.convs.latestOf(i); c != nil {
				w.line(c, bridge.Line{Content: &bridge.DeletedLine{}})
			}
		}
		return nil
	}
	w.line(c, bridge.Line{Content: &bridge.DeletedLine{Message: quoteOf(&m.Message)}})
	w.log.byCustomer(c, store.DeedDeletedMessage, detail{Message: m.ID})
	return nil
}

// cameChanged deals with a message whose edit or deletion came before it. True means that nothing is
// left to be done, because the edited text is shown already.
func (w *work) cameChanged(a *store.Account, in *channels.Inbound) bool {
	x, known := w.messages.external[userKey{a.ID, in.ExternalID}]
	if !known || in.ExternalID == "" || in.Kind != channels.InboundMessage {
		return false
	}
	if x.MessageID == 0 {
		in.Notices = append(in.Notices, "The customer deleted this message before it arrived here.")
		return false
	}
	m, c := w.named(a, in.ExternalID)
	if m == nil || c == nil || m.Reason != cameEdited {
		return false
	}
	m.Reason, m.dirty = "", true
	w.line(c, bridge.Line{Content: &bridge.ChangedLine{Before: quoteOf(&store.Message{Text: in.Text})}, Text: m.Text})
	return true
}
