package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// A customer may edit or delete a message in a chat such as WhatsApp. Its post in the agents' chat stays as it
// is; a line below shows the change. Providers may deliver the edit or the deletion before the message itself.
// For example, "Friday" is changed to "Monday", and the edit arrives first: it is stored and shown as the
// message, and when "Friday" arrives, a line shows both texts.

// customerEdits shows the new text of a customer's message. The original is kept. An edit that arrives before
// its message is stored in place of the message, and so are further edits until the message arrives.
func (w *work) customerEdits(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	i, err := w.People.CustomerOf(a, in)
	if err != nil {
		return err
	}

	m, c := w.MessageByExternalID(a, in.Change.Target)
	if c == nil {
		return w.storeEarlyEdit(ctx, tx, a, part, in)
	}
	if !isWrittenBy(w.People, m, i) { // nobody can change another person's message: w is shown as a message of its own
		in.Kind = channels.InboundMessage
		in.ExternalID = ""
		in.Notices = append(in.Notices, "It came as a change of a message that somebody else wrote.")
		return w.customerWrites(ctx, tx, a, part, in)
	}

	w.applyCustomerEdit(c, m, in)
	return nil
}

// applyCustomerEdit applies a customer's edit of message m.
func (w *work) applyCustomerEdit(c *Conversation, m *Message, in channels.Inbound) {
	w.Log.ByCustomer(c, store.DeedChangedMessage, Detail{Message: m.ID})
	editedAt, editedText := saidAt(w.Writer, in), WordsOrRemarks(in.Text, in.Notices)
	newestAt, newestText := newestChange(w.Writer, m)
	if m.IsDeleted() { // the deletion has overtaken this edit
		if !editedAt.Before(newestAt) {
			m.Revision.Text, m.Revision.Notices, m.Dirty = in.Text, in.Notices, true
		}
		w.Line(c, bridge.Line{Content: &bridge.DeletedLine{Message: Quote(&store.Message{Text: editedText})}})
		return
	}
	if editedAt.Before(newestAt) { // a newer edit has overtaken this one: show this text as the one before
		showChange(w.Writer, c, m, Quote(&store.Message{Text: editedText}), newestText, newestAt)
		return
	}

	showChange(w.Writer, c, m, Quote(&m.Message), editedText, editedAt)
	if m.Reason == bridge.ReasonCameEdited {
		m.Text = in.Text
	}
	m.Revision = &store.Revision{Text: in.Text, Notices: in.Notices, At: editedAt, EventID: w.Event.ID}
	m.Dirty = true

	if c.BridgeStatus().Open() {
		c.LastAt, c.LastFrom = w.Now, store.FromCustomer
		c.LastPreview = Preview(in.Text)
		w.reopenFor(c, in)
		c.RefreshCard()
	}
}

// saidAt returns when something was said, by the provider's clock, which may be some seconds ahead of ours. If
// the provider gives no time, or one further in the future, it returns when the event was stored.
func saidAt(th *Writer, in channels.Inbound) time.Time {
	receivedAt := th.Event.ReceivedAt
	if in.At.IsZero() || in.At.After(receivedAt.Add(time.Minute)) {
		return receivedAt
	}
	return in.At
}

// showChange posts a line with the text of a customer's message before and after an edit that was made at the
// given time. In a conversation that is over, which nobody watches, the line mentions the owners.
func showChange(th *Writer, c *Conversation, m *Message, before, now string, at time.Time) {
	c.Unshown = true
	line := ChangeLine(m.ID, before, now, at)
	if !c.BridgeStatus().Open() {
		line.Mentions = th.Conversations.Owners(c)
	}
	th.Line(c, line)
}

// newestChange returns when a customer last edited a message, and its text since then. It finds that in the
// lines about the message, or in the message itself if an edit arrived first. at is zero if there was no edit.
func newestChange(th *Writer, m *Message) (at time.Time, now string) {
	if m.Reason == bridge.ReasonCameEdited {
		at, now = m.SaidAt, WordsOrRemarks(m.Text, m.Notices)
	}
	for _, d := range th.Outbox.Deliveries {
		if d.MessageID != m.ID || d.Kind != string(bridge.PostLine) {
			continue
		}

		line := d.DecodedPayload().Line
		if line == nil {
			continue
		}

		changed, isChange := line.Content.(*bridge.ChangedLine)
		if isChange && changed.At.After(at) {
			at, now = changed.At, line.Text
		}
	}
	return at, now
}

// storeEarlyEdit stores an edit in place of its message, which has not arrived yet.
func (w *work) storeEarlyEdit(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	in.Kind = channels.InboundMessage
	in.ExternalID = in.Change.Target
	in.Notices = append(in.Notices, "The customer changed this message before it arrived here.")
	if err := w.customerWrites(ctx, tx, a, part, in); err != nil {
		return err
	}

	if m, _ := w.MessageByExternalID(a, in.Change.Target); m != nil && m.Fresh {
		m.Reason, m.Dirty = bridge.ReasonCameEdited, true
	}
	return nil
}

// isWrittenBy reports whether a customer wrote a message, under any of the customer's keys (addresses,
// numbers).
func isWrittenBy(people *People, m *Message, customer *store.Identity) bool {
	if m.IdentityID == nil || customer == nil {
		return false
	}
	author := people.Identities[*m.IdentityID] // all keys of whoever writes in a chat are loaded
	return author != nil && author.Root() == customer.Root()
}

// customerDeletes shows that the customer deleted a message. The message is kept. If it is unknown or somebody
// else's, the line doesn't say which message was deleted.
func (w *work) customerDeletes(a *store.Account, in channels.Inbound) error {
	i, err := w.People.CustomerOf(a, in)
	if err != nil || i == nil {
		return err
	}

	m, c := w.MessageByExternalID(a, in.Change.Target)
	if c == nil {
		noteEarlyDeletion(w.Writer, a, i, in.Change.Target)
		return nil
	}
	if !isWrittenBy(w.People, m, i) {
		showUnknownDeletion(w.Writer, i)
		return nil
	}

	m.Revision = deletion(w.Writer, m, in)
	m.Dirty = true
	w.Line(c, bridge.Line{Content: &bridge.DeletedLine{Message: Quote(&m.Message)}})
	w.Log.ByCustomer(c, store.DeedDeletedMessage, Detail{Message: m.ID})
	return nil
}

// noteEarlyDeletion records that a customer deleted a message that has not arrived yet, and shows that once. It
// links the message's external id to no message, which applyEarlyChange takes for a deletion.
func noteEarlyDeletion(th *Writer, a *store.Account, customer *store.Identity, target string) {
	_, isKnown := th.Messages.ByExternalID(NameKey{Account: a.ID, Name: target})
	if isKnown || target == "" {
		return
	}

	const noConversation = 0
	th.Messages.LinkExternalID(a.ID, target, noConversation, NoMessage)
	showUnknownDeletion(th, customer)
}

// showUnknownDeletion shows in a customer's latest conversation that the customer deleted a message, without
// saying which.
func showUnknownDeletion(th *Writer, customer *store.Identity) {
	if c := th.Conversations.LatestOf(customer); c != nil {
		th.Line(c, bridge.Line{Content: &bridge.DeletedLine{}})
	}
}

// deletion returns the revision of a message that its customer has deleted by the inbound in.
func deletion(th *Writer, m *Message, in channels.Inbound) *store.Revision {
	r := store.Revision{Text: m.Text}
	if m.Revision != nil {
		r = *m.Revision
	}
	r.At = saidAt(th, in)
	r.EventID = th.Event.ID
	r.Deleted = true
	return &r
}

// applyEarlyChange handles a message whose edit or deletion arrived first. It returns true if nothing is left
// to be done, because the edited text, or the message itself, is already shown. After a deletion it adds a
// notice to in and returns false.
func (w *work) applyEarlyChange(a *store.Account, part int, in *channels.Inbound) bool {
	x, known := w.Messages.ByExternalID(NameKey{Account: a.ID, Name: in.ExternalID})
	hasEarlyChange := known && in.ExternalID != ""
	if !hasEarlyChange || in.Kind != channels.InboundMessage {
		return false
	}
	if x.MessageID == 0 { // see noteEarlyDeletion
		in.Notices = append(in.Notices, "The customer deleted this message before it arrived here.")
		return false
	}

	m, c := w.MessageByExternalID(a, in.ExternalID)
	if c == nil {
		return false
	}
	if m.Reason != bridge.ReasonCameEdited {
		return isDuplicate(w, a, m, *in)
	}

	at, now := newestChange(w.Writer, m)
	m.Reason, m.Dirty = "", true
	w.OpenWindow(c, *in) // the edit didn't open the reply window
	showChange(w.Writer, c, m, Quote(&store.Message{Text: in.Text}), now, at)
	showBesideText(w, c, a, part, *in)
	w.PostOffers(c)
	c.RefreshCard()
	return true
}

// isDuplicate reports whether the stored message m of a chat is the one that arrives now: a provider may
// deliver a message twice, and versions of Parley may have named the same event differently. It is false for
// mails, because two different mails may have the same Message-ID.
func isDuplicate(w *work, a *store.Account, m *Message, in channels.Inbound) bool {
	isChat := !w.Caps(a.ID).Threads
	isOfOtherFact := m.Direction == store.DirectionIn && m.EventID != w.Event.ID
	customer := w.People.At(NameKey{Account: a.ID, Name: in.From.Key})
	return isChat && isOfOtherFact && isWrittenBy(w.People, m, customer)
}

// showBesideText shows what a message has besides its text, when an edit of the text arrived first: files,
// notices, and which message it answers. These become a message of their own, since files are read from the
// event that brought them.
func showBesideText(w *work, c *Conversation, a *store.Account, part int, in channels.Inbound) {
	answered := w.answeredMessage(a, in)
	hasMore := len(in.Attachments) > 0 || len(in.Notices) > 0 || answered != nil
	t := c.Home(w.Dir)
	if !hasMore || t == nil {
		return
	}

	preview := c.LastPreview
	in.Text = ""
	in.ExternalID = "" // the id stays that of the edited text, which further edits are about
	m := w.inboundMessage(c, a, part, in)
	c.LastPreview = preview
	w.showSaid(c, t, m, Payload{Answers: answered})
	if c.BridgeStatus().Open() {
		w.reopenFor(c, in)
	}
}
