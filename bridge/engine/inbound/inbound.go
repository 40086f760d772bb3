package inbound

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/channels"
	"parley/store"
)

// ApplyInbound applies the part-th thing that one fact of an account tells.
// Errors: *book.NotYet, *relay.EventError, the database's.
func (it *UseCases) ApplyInbound(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if in.Opens && in.Kind != channels.InboundMessage {
		if c := it.ConversationOf(a, in); c != nil {
			it.PartApplied = true
			it.replies.OpenWindow(c, in)
			it.replies.SayOffers(c)
			c.RefreshCard()
		}
	}
	switch in.Kind {
	case channels.InboundStatus:
		return it.Receipts.applyStatus(ctx, tx, a, part, in)
	case channels.InboundTemplate:
		return it.templates.ApplyTemplateState(ctx, tx, a, in)
	case channels.InboundMessage, channels.InboundConsent:
		return it.customerSays(ctx, tx, a, part, in)
	case channels.InboundOwn:
		return it.Receipts.ownAgain(ctx, tx, a, part, in)
	case channels.InboundForeign:
		return it.elsewhere.answeredElsewhere(ctx, tx, a, part, in)
	case channels.InboundReaction:
		return it.customerReacts(a, in)
	case channels.InboundEdit:
		return it.customerEdits(ctx, tx, a, part, in)
	case channels.InboundDelete:
		return it.customerDeletes(a, in)
	case channels.InboundIdentity:
		return it.identityChanges(a, in)
	case channels.InboundNotice:
		it.accountNotice(a, in)
		return nil
	}
	return fmt.Errorf("inbound: unknown kind of inbound %q", in.Kind)
}

// customerWrites puts a customer's message into its conversation.
func (it *UseCases) customerWrites(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if _, err := it.People.CustomerOf(a, in); err != nil {
		return err
	}
	if it.cameChanged(a, &in) || it.elsewhere.shownAsAnswer(a, in) {
		return nil
	}
	c := it.ConversationOf(a, in)
	if in.Automatic != "" && c == nil {
		return it.automaticMail(ctx, tx, a, part, in)
	}
	if c != nil && !c.BridgeStatus().Open() && in.Automatic == "" && it.startsAnew(c) {
		previous := c
		var err error
		if c, err = it.newConversation(ctx, tx, a, in, previous); err != nil {
			return err
		}
		previous.RefreshCard() // leads there
		defer it.Line(previous, bridge.Line{Content: bridge.LineContinued, Other: bridge.Facts{ID: c.ID, Subject: c.Subject}})
	}
	unseen := c == nil // the conversation is new to us, so that nobody has seen what the mail quotes
	if unseen {
		c = it.joinedBy(a, &in)
	}
	if c == nil {
		if !it.mayOpen(a, in) {
			return it.collect(ctx, tx, a, part, in)
		}
		var err error
		if c, err = it.newConversation(ctx, tx, a, in, nil); err != nil {
			return err
		}
	}
	t, err := it.OpenThread(c)
	if err != nil {
		return err
	}
	m := it.inboundMessage(c, a, part, in)
	it.replies.Recipients(c, in, m.ID)
	it.wakeFor(c, in)
	it.replies.OpenWindow(c, in)
	it.showSaid(c, t, m, outbound.Payload{Quote: unseen && m.Quoted != "", Answers: it.answers(a, in)})
	it.tellUnited()
	it.replies.SayOffers(c)
	it.analyse(c, m, in)
	c.RefreshCard()
	return nil
}

// analyse lets what a customer wrote be analysed, once the customer has written nothing more for a moment.
func (it *UseCases) analyse(c *book.Conversation, m *book.Message, in channels.Inbound) {
	if it.opt.Analyses && in.Automatic == "" && !in.Historical && m.Text != "" && it.IsAnalysed(c) {
		it.Bursts.Add(c, m)
	}
}

// startsAnew reports whether a message to an ended conversation opens a new, linked one.
func (it *UseCases) startsAnew(c *book.Conversation) bool {
	if c.BridgeStatus() == bridge.StatusClosed {
		return true
	}
	s := it.Settings(c)
	if s.ReplyAfter != "reopen" {
		return true
	}
	return c.ResolvedAt != nil && it.Now.Sub(*c.ResolvedAt) > time.Duration(reopenDays)*24*time.Hour
}

func (it *UseCases) newConversation(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound, previous *book.Conversation) (*book.Conversation, error) {
	c, err := it.MakeConversation(ctx, tx, a, in, previous)
	if err == nil {
		it.Log.ByCustomer(c, store.DeedOpened, nil)
	}
	return c, err
}

// MakeConversation makes a conversation with in.From, whoever begins it. If there is no subject,
// colleagues see the first words in its place; the customer never gets them as a subject.
func (it *UseCases) MakeConversation(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound, previous *book.Conversation) (*book.Conversation, error) {
	id, err := it.Conversations.TakeNumber(ctx, tx)
	if err != nil {
		return nil, err
	}
	ch := it.Channel(a.ID)
	c := &book.Conversation{Fresh: true, Account: a, Threads: map[store.AccountID]*book.Thread{}, Identity: it.People.ByAddress[book.NameKey{Account: a.ID, Name: in.From.Key}],
		Conversation: &store.Conversation{ID: id, AccountID: a.ID, TeamID: a.TeamID, Kind: store.KindCustomer, Status: string(bridge.StatusOpen),
			Exclusive: ch != nil && !ch.Capabilities().Threads, Subject: cmp.Or(in.Subject, clean.Topic(in.Text)), Via: in.Envelope.Via, LastAt: it.Now, CreatedAt: it.Now}}
	if c.Identity != nil {
		c.IdentityID = &c.Identity.ID
		if last := it.Conversations.Rows[it.Conversations.Latest[c.Identity.ID]]; last != nil && c.Exclusive {
			c.WindowFrom = last.WindowFrom // the window is the customer's, whichever conversation it was opened in
		}
		it.Conversations.Latest[c.Identity.ID] = id
	}
	if previous != nil {
		c.PreviousID = &previous.ID
		c.Refs = slices.Clone(previous.Refs)
		if c.Subject == "" {
			c.Subject = previous.Subject
		}
	}
	it.Conversations.Rows[id] = c
	return c, nil
}

// inboundMessage adds the message that an inbound becomes to a conversation.
func (it *UseCases) inboundMessage(c *book.Conversation, a *store.Account, part int, in channels.Inbound) *book.Message {
	said := in.At
	if said.IsZero() {
		said = it.Event.ReceivedAt
	}
	m := &book.Message{Fresh: true, Message: store.Message{ID: store.MessageID(it.IDs.Next()), ConversationID: c.ID, Direction: store.DirectionIn, Fate: store.FateIn,
		AccountID: a.ID, Subject: in.Subject, Text: in.Text, Quoted: in.Original.Quoted, Notices: in.Notices, HasHTML: in.Original.HTML != nil,
		Automatic: in.Automatic, ExternalID: in.ExternalID, EventID: it.Event.ID, Part: part, SaidAt: said, CreatedAt: it.Now}}
	if i := it.People.ByAddress[book.NameKey{Account: a.ID, Name: in.From.Key}]; i != nil {
		m.IdentityID = &i.ID
	}
	it.Messages.KeepFiles(m, a, in)
	it.Messages.Rows[m.ID] = m
	c.Last = append(c.Last, m.Message)
	if in.ExternalID != "" {
		it.Messages.LinkExternalID(a.ID, in.ExternalID, c.ID, m.ID)
		c.LastExternalID = in.ExternalID
		it.AddRef(c, in.ExternalID)
	}
	c.LastAt, c.LastFrom, c.LastPreview = it.Now, "customer", clean.Preview(in.Text)
	if c.LastPreview == "" && len(m.Files) > 0 {
		c.LastPreview = m.Files[0].Name
	}
	c.Touch()
	return m
}

// wakeFor changes the conversation's status because the customer wrote: it waits for us, and opens if it
// was pending or resolved, or if it was snoozed and the settings let messages wake it.
func (it *UseCases) wakeFor(c *book.Conversation, in channels.Inbound) {
	if in.Automatic != "" || in.Historical {
		return
	}
	if c.WaitingSince == nil {
		c.WaitingSince = &it.Now
	}
	before := c.BridgeStatus()
	switch {
	case before == bridge.StatusSnoozed && !it.Settings(c).WakeOnMessage, before == bridge.StatusOpen:
		return
	case before == bridge.StatusSnoozed:
		it.workflow.EndSnooze(c)
		it.Line(c, bridge.Line{Content: &bridge.WokeLine{Cause: bridge.WokenByCustomer}, Mentions: it.Conversations.Owners(c)})
		it.Log.ByCustomer(c, store.DeedWoke, nil)
	case before == bridge.StatusResolved:
		c.ResolvedAt, c.CloseReason = nil, ""
		it.Line(c, bridge.Line{Content: bridge.LineReopened, Mentions: it.Conversations.Owners(c)})
		it.Log.ByCustomer(c, store.DeedReopened, nil)
	}
	c.Status = string(bridge.StatusOpen)
	c.Touch()
}

// saidOverhead is how many runes a message takes besides its text in a post that shows several.
const saidOverhead = 20

// joinSaid lets a customer's message be posted together with others of the same customer
// that wait with it.
func (it *UseCases) joinSaid(d *book.Delivery, t *book.Thread, m *book.Message, quoted bool) {
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
	room := 2000
	if s := it.Chat(t.AccountID); s != nil {
		room = min(room, s.Limits().MaxTextRunes*3/4)
	}
	d.MakeJoinable(fmt.Sprintf("said:%d", from), runes, max(room, 1))
}

// showSaid posts the customer's message and its files. A chat's message that has only files gets no post
// of its text, so that several photos can become one post.
func (it *UseCases) showSaid(c *book.Conversation, t *book.Thread, m *book.Message, p outbound.Payload) {
	c.Unshown = true
	files := len(m.Files) > 0 || m.HasHTML && it.opt.UploadsOriginals
	alone := files && c.Exclusive && m.Text == "" && m.Quoted == "" && len(m.Notices) == 0 && p.Answers == nil
	if !alone {
		d := it.PostTo(c, t, bridge.PostSaid, m.ID, p)
		it.joinSaid(d, t, m, p.Quote)
	}
	if files {
		it.showFiles(c, t, m, alone)
	}
}

const (
	fileWait      = 30 * time.Second // how long the post of a message's files waits for those that are to be fetched
	filesTogether = 10               // the most files in one post of several messages
	bytesTogether = 4 << 20          // the most bytes in such a post, so that they are uploaded within a lease
)

// showFiles posts the files of a message. alone means that the message has no text: its files may then
// share a post with those of other such messages.
func (it *UseCases) showFiles(c *book.Conversation, t *book.Thread, m *book.Message, alone bool) {
	var until *time.Time
	if slices.ContainsFunc(m.Files, isMissing) {
		later := it.Now.Add(fileWait)
		until = &later
	}
	l := it.SurfaceLane(c, t, bridge.PostFiles)
	d := it.Outbox.Enqueue(l, string(bridge.PostFiles), m.ID, outbound.Payload{}, until)
	if alone && m.IdentityID != nil {
		d.JoinKey = fmt.Sprintf("files:%d", *m.IdentityID)
	}
	it.measureFiles(d, l, t, m)
}

// measureFiles notes how much of a post a message's files take, and makes the lane's lease long enough
// for their upload.
func (it *UseCases) measureFiles(d *book.Delivery, l *book.Lane, t *book.Thread, m *book.Message) {
	var size int64
	for _, f := range m.Files {
		size += f.SizeBytes
	}
	d.JoinSize = int(min(max(int64(len(m.Files)*store.JoinRoom/filesTogether), size*store.JoinRoom/bytesTogether), store.JoinRoom+1))
	d.Dirty = true
	it.AllowUpload(l, t, m)
}

// reopenDays is how long after it was resolved a conversation can be reopened by its customer.
const reopenDays = 30

// customerSays applies a message, a customer's consent or the withdrawal of it, or both at once.
func (it *UseCases) customerSays(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if in.Consent == nil {
		return it.customerWrites(ctx, tx, a, part, in)
	}
	i, err := it.People.CustomerOf(a, in)
	if err != nil || i == nil {
		return err
	}
	silent := in.Consent.Silent || in.Text == "" && len(in.Attachments) == 0
	it.consent(i, it.Conversations.LatestOf(i), *in.Consent, in.Text, silent)
	if silent {
		return nil
	}
	in.Kind = channels.InboundMessage
	return it.customerWrites(ctx, tx, a, part, in)
}

// isMissing reports whether a file is still to be fetched: it isn't here, and it wasn't given up.
func isMissing(f store.FileRef) bool { return f.Fetched && f.Blob == "" && f.Missing == "" }

// accountNotice tells an account's people what its provider says of it.
func (it *UseCases) accountNotice(a *store.Account, in channels.Inbound) {
	for _, n := range in.Notices {
		it.TellCondition(own.Fact{Account: a.ID, Text: n}, "")
	}
}
