package inbound

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/bridge/engine/threads"
	"parley/channels"
	"parley/store"
)

// This file adds customers' messages to conversations. A channel decodes an event, such as the bytes of a mail,
// into inbounds: a message, a receipt, an edit and so on. For a message, a conversation is found or opened, the
// message is added, and posts are queued that show it in the conversation's thread in Slack or Teams (a
// surface).

// ApplyInbound applies one inbound of an account. part is its index among the inbounds of its event. Errors:
// *book.NotYet, *relay.EventError, the database's.
func (it *UseCases) ApplyInbound(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	opensWithoutMessage := in.Opens && in.Kind != channels.InboundMessage
	if opensWithoutMessage {
		it.openWindow(a, in)
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
		return it.customerReacts(a, in)
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
func (it *UseCases) openWindow(a *store.Account, in channels.Inbound) {
	c := it.ConversationOf(a, in)
	if c == nil {
		return
	}
	it.PartApplied = true
	it.replies.OpenWindow(c, in)
	it.replies.PostOffers(c)
	c.RefreshCard()
}

// queueAnalysis has a customer's message analysed, together with what the customer writes in the next few
// seconds.
func (it *UseCases) queueAnalysis(c *book.Conversation, m *book.Message) {
	isOfPerson := m.Automatic == "" && m.Text != ""
	if !isOfPerson || !it.opt.Analyses {
		return
	}
	if it.IsAnalysed(c) {
		it.Bursts.Add(c, m)
	}
}

// inboundMessage adds a customer's message to a conversation and updates the conversation's state.
func (it *UseCases) inboundMessage(c *book.Conversation, a *store.Account, part int, in channels.Inbound) *book.Message {
	m := it.addInbound(c, a, part, in)
	if in.ExternalID != "" {
		it.AddToThread(c, in)
	}
	c.Touch()
	if mayBeSaidLast(c, in) {
		c.NoteSaidLast(m, store.FromCustomer)
	}
	return m
}

// addInbound adds a message to a conversation without updating the conversation's state.
func (it *UseCases) addInbound(c *book.Conversation, a *store.Account, part int, in channels.Inbound) *book.Message {
	m := &book.Message{Fresh: true, Message: store.Message{
		ID:             store.MessageID(it.IDs.Next()),
		ConversationID: c.ID,
		Direction:      store.DirectionIn,
		Fate:           store.FateIn,
		AccountID:      a.ID,
		Subject:        in.Subject,
		Text:           in.Text,
		Quoted:         in.Original.Quoted,
		Notices:        in.Notices,
		HasHTML:        in.Original.HTML != nil,
		Automatic:      in.Automatic,
		ExternalID:     in.ExternalID,
		EventID:        it.Event.ID,
		Part:           part,
		SaidAt:         saidAt(it.Writer, in),
		CreatedAt:      it.Now,
	}}
	if i := it.People.ByAddress[book.NameKey{Account: a.ID, Name: in.From.Key}]; i != nil {
		m.IdentityID = &i.ID
	}

	link, known := it.Messages.External[book.NameKey{Account: a.ID, Name: in.ExternalID}]
	if known && link.MessageID == 0 { // the customer deleted it before it arrived
		m.Revision = deletion(it.Writer, m, in)
	}

	it.Messages.KeepFiles(m, a, in)
	it.Messages.Rows[m.ID] = m
	c.Last = append(c.Last, m.Message)
	if in.ExternalID != "" {
		it.Messages.LinkExternalID(a.ID, in.ExternalID, c.ID, m.ID)
	}
	return m
}

// mayBeSaidLast reports whether an inbound may count as the last message of a conversation. Automatic and
// imported mail counts only until a person has spoken: otherwise it would hide that an agent's reply came last.
func mayBeSaidLast(c *book.Conversation, in channels.Inbound) bool {
	havePeopleSpoken := c.LastFrom != "" && c.Kind == store.KindCustomer
	return !havePeopleSpoken || !store.IsByMachine(in.Automatic) && !in.Historical
}

// reopenFor opens a conversation and starts the customer's wait, because the customer wrote. A closed
// conversation stays closed, and a snoozed one stays snoozed unless the account's settings let a message end
// the snooze. Automatic and imported mail changes nothing.
func (it *UseCases) reopenFor(c *book.Conversation, in channels.Inbound) {
	if it.isByMachine(c, in) || in.Historical || c.BridgeStatus() == bridge.StatusClosed {
		return
	}
	if c.WaitingSince == nil {
		c.WaitingSince = &it.Now
		c.ForgetUrgency()
	}

	switch c.BridgeStatus() {
	case bridge.StatusOpen:
		return
	case bridge.StatusSnoozed:
		if !it.Settings(c).WakeOnMessage {
			return
		}

		it.workflow.EndSnooze(c)
		it.Line(c, bridge.Line{Content: &bridge.WokeLine{Cause: bridge.WokenByCustomer}, Mentions: it.Conversations.Owners(c)})
		it.Log.ByCustomer(c, store.DeedWoke, nil)
	case bridge.StatusResolved:
		c.ResolvedAt, c.CloseReason = nil, ""
		it.Line(c, bridge.Line{Content: bridge.LineReopened, Mentions: it.Conversations.Owners(c)})
		it.Log.ByCustomer(c, store.DeedReopened, nil)
	default: // pending: it opens without a line
		it.Log.ByCustomer(c, store.DeedSetOpen, nil)
	}
	c.Status = string(bridge.StatusOpen)
	it.workflow.OwnersLeft(c)
	c.Touch()
}

const (
	saidOverhead  = 20   // runes that a message takes besides its text in a post that shows several messages
	maxJoinedSaid = 2000 // maximum runes of such a post: a longer one is hard to read
)

// makeSaidJoinable allows several waiting messages of one customer to be posted together. A message that is
// shown with its quoted history (quoted) is posted by itself.
func (it *UseCases) makeSaidJoinable(d *book.Delivery, t *book.Thread, m *book.Message, quoted bool) {
	if quoted {
		return
	}
	var from store.IdentityID
	if m.IdentityID != nil {
		from = *m.IdentityID
	}
	runes := utf8.RuneCountInString(m.Text) + saidOverhead
	for _, n := range m.Notices {
		runes += utf8.RuneCountInString(n)
	}
	room := maxJoinedSaid
	if chat := it.Chat(t.AccountID); chat != nil {
		room = min(room, chat.Limits().MaxTextRunes*3/4) // a quarter is left for what the surface adds
	}
	d.MakeJoinable(fmt.Sprintf("said:%d", from), runes, max(room, 1))
}

// datedAfter is the age from which a message is shown with the time at which it was written, because the chat
// itself shows only the time of the post.
const datedAfter = 5 * time.Minute

// IsLate reports whether a message is older than datedAfter.
func IsLate(m *book.Message, databaseNow time.Time) bool {
	return databaseNow.Sub(m.SaidAt) > datedAfter
}

// showSaid posts a customer's message and its files. A chat message with files only is posted without a text,
// so that several photos can share one post.
func (it *UseCases) showSaid(c *book.Conversation, t *book.Thread, m *book.Message, p outbound.Payload) {
	c.Unshown = true
	hasFiles := it.Files.HasPost(&m.Message)
	hasText := m.Text != "" || m.Quoted != ""
	hasRemarks := len(m.Notices) > 0 || p.Answers != nil
	isChat := c.Exclusive
	hasOnlyFiles := isChat && hasFiles && !hasText && !hasRemarks

	if !hasOnlyFiles {
		p.Dated = IsLate(m, it.DatabaseNow)
		d := it.PostTo(c, t, bridge.PostSaid, m.ID, p)
		it.makeSaidJoinable(d, t, m, p.Quote)
	}
	if hasFiles {
		it.showFiles(c, t, m, hasOnlyFiles)
	}
}

const (
	maxFileWait      = 30 * time.Second // how long a post of files waits for those that are still being fetched
	maxFilesTogether = 10               // maximum files in one post for several messages
	maxBytesTogether = 4 << 20          // maximum bytes in such a post, so that the upload fits into a lease
)

// showFiles posts the files of a message. If the message has only files, they may share a post with those of
// similar messages.
func (it *UseCases) showFiles(c *book.Conversation, t *book.Thread, m *book.Message, hasOnlyFiles bool) {
	var until *time.Time
	if slices.ContainsFunc(m.Files, threads.IsMissing) {
		later := it.Now.Add(maxFileWait)
		until = &later
	}
	l := it.SurfaceLane(c, t, bridge.PostFiles)
	d := it.Outbox.Enqueue(l, string(bridge.PostFiles), m.ID, outbound.Payload{Files: threads.FetchedFiles(&m.Message)}, until)
	if hasOnlyFiles && m.IdentityID != nil {
		d.JoinKey = fmt.Sprintf("files:%d", *m.IdentityID)
	}
	it.setFilesSize(d, l, t, m)
}

// setFilesSize sets which share of a post a message's files take, and extends the lane's lease to the time of
// their upload. A lane is a queue of deliveries; a process leases it while it works on one.
func (it *UseCases) setFilesSize(d *book.Delivery, l *book.Lane, t *book.Thread, m *book.Message) {
	var size int64
	for _, f := range m.Files {
		size += f.SizeBytes
	}

	// A post holds store.JoinRoom units. The share of these files is the larger one of their number and of their bytes.
	byCount := int64(len(m.Files) * store.JoinRoom / maxFilesTogether)
	byBytes := size * store.JoinRoom / maxBytesTogether
	tooLarge := int64(store.JoinRoom + 1) // prevents that they share a post
	d.JoinSize = int(min(max(byCount, byBytes), tooLarge))
	d.Dirty = true
	it.AllowUpload(l, t, &m.Message)
}

// notifyAdmins posts a provider's notices about an account to the admins.
func (it *UseCases) notifyAdmins(a *store.Account, in channels.Inbound) {
	for _, n := range in.Notices {
		it.TellCondition(own.Fact{Account: a.ID, Text: n}, threads.NoPage)
	}
}
