package inbound

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/channels"
	"parley/store"
)

// earlyEditReason is the reason of a customer's message that was stored as its edit says, because the edit came before the
// message.
const earlyEditReason = "came_edited"

// customerEdits shows what a customer's message says now. The original is kept. An edit that comes before its message is stored
// in the message's place, and so is each further one until the message comes.
func (it *UseCases) customerEdits(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	i, err := it.People.CustomerOf(a, in)
	if err != nil {
		return err
	}

	m, c := it.MessageByExternalID(a, in.Change.Target)
	if c == nil {
		return it.editComesFirst(ctx, tx, a, part, in)
	}
	if !isWrittenBy(it.People, m, i) {
		in.Kind, in.ExternalID = channels.InboundMessage, ""
		in.Notices = append(in.Notices, "It came as a change of a message that somebody else wrote.")
		return it.customerWrites(ctx, tx, a, part, in)
	}

	it.Line(c, bridge.Line{Content: &bridge.ChangedLine{Before: quoteOf(&m.Message)}, Text: in.Text})
	it.Log.ByCustomer(c, store.DeedChangedMessage, book.Detail{Message: m.ID})
	if m.Reason == earlyEditReason {
		m.Text, m.Dirty = in.Text, true
	}

	if c.BridgeStatus().Open() {
		c.LastAt, c.LastFrom = it.Now, "customer"
		c.LastPreview = clean.Preview(in.Text)
		it.reopenFor(c, in)
		c.RefreshCard()
	}

	return nil
}

// editComesFirst stores an edit in the place of its message, which has not come yet.
func (it *UseCases) editComesFirst(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	in.Kind, in.ExternalID = channels.InboundMessage, in.Change.Target
	in.Notices = append(in.Notices, "The customer changed this message before it arrived here.")
	if err := it.customerWrites(ctx, tx, a, part, in); err != nil {
		return err
	}

	if m, _ := it.MessageByExternalID(a, in.Change.Target); m != nil && m.Fresh {
		m.Reason, m.Dirty = earlyEditReason, true
	}
	return nil
}

// isWrittenBy reports whether a message is a customer's own, written with any of the customer's keys. Nobody else can change
// or delete it.
func isWrittenBy(people *book.People, m *book.Message, customer *store.Identity) bool {
	if m.IdentityID == nil || customer == nil {
		return false
	}
	author := people.Identities[*m.IdentityID] // all keys of whoever writes in a chat are loaded
	return author != nil && author.Root() == customer.Root()
}

// customerDeletes shows that the customer deleted a message. The message is kept. Of a message that isn't known, or is somebody
// else's, the line says no more than that.
func (it *UseCases) customerDeletes(a *store.Account, in channels.Inbound) error {
	i, err := it.People.CustomerOf(a, in)
	if err != nil || i == nil {
		return err
	}

	m, c := it.MessageByExternalID(a, in.Change.Target)
	if c != nil && !isWrittenBy(it.People, m, i) {
		if c = it.Conversations.LatestOf(i); c != nil {
			it.Line(c, bridge.Line{Content: &bridge.DeletedLine{}})
		}
		return nil
	}
	if c == nil {
		_, known := it.Messages.External[book.NameKey{Account: a.ID, Name: in.Change.Target}]
		if !known && in.Change.Target != "" {
			it.Messages.LinkExternalID(a.ID, in.Change.Target, 0, 0) // so that the message is known to be deleted when it comes
			if c = it.Conversations.LatestOf(i); c != nil {
				it.Line(c, bridge.Line{Content: &bridge.DeletedLine{}})
			}
		}
		return nil
	}

	it.Line(c, bridge.Line{Content: &bridge.DeletedLine{Message: quoteOf(&m.Message)}})
	it.Log.ByCustomer(c, store.DeedDeletedMessage, book.Detail{Message: m.ID})
	return nil
}

// applyEarlyChange handles a message whose edit or deletion came before it. It returns true if nothing is left to be
// done, because the edited text is shown already.
func (it *UseCases) applyEarlyChange(a *store.Account, in *channels.Inbound) bool {
	x, known := it.Messages.External[book.NameKey{Account: a.ID, Name: in.ExternalID}]
	hasEarlyChange := known && in.ExternalID != ""
	if !hasEarlyChange || in.Kind != channels.InboundMessage {
		return false
	}
	if x.MessageID == 0 {
		in.Notices = append(in.Notices, "The customer deleted this message before it arrived here.")
		return false
	}

	m, c := it.MessageByExternalID(a, in.ExternalID)
	wasStoredEdited := m != nil && m.Reason == earlyEditReason
	if c == nil || !wasStoredEdited {
		return false
	}

	m.Reason, m.Dirty = "", true
	it.Line(c, bridge.Line{Content: &bridge.ChangedLine{Before: quoteOf(&store.Message{Text: in.Text})}, Text: m.Text})
	return true
}
