package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// maxRefs is how many message ids of its thread a conversation remembers.
const maxRefs = 20

func (w *work) applyInbound(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if in.Opens && in.Kind != channels.InboundMessage {
		if c := w.conversationOf(a, in); c != nil {
			w.begun = true
			w.openWindow(c, in)
			w.sayOffers(c)
			c.refreshCard()
		}
	}
	switch in.Kind {
	case channels.InboundStatus:
		return w.applyStatus(ctx, tx, a, part, in)
	case channels.InboundTemplate:
		return w.applyTemplateState(ctx, tx, a, in)
	case channels.InboundMessage, channels.InboundConsent:
		return w.customerSays(ctx, tx, a, part, in)
	case channels.InboundOwn:
		return w.ownAgain(ctx, tx, a, part, in)
	case channels.InboundForeign:
		return w.answeredElsewhere(ctx, tx, a, part, in)
	case channels.InboundReaction:
		return w.customerReacts(a, in)
	case channels.InboundEdit:
		return w.customerEdits(ctx, tx, a, part, in)
	case channels.InboundDelete:
		return w.customerDeletes(a, in)
	case channels.InboundIdentity:
		return w.identityChanges(a, in)
	case channels.InboundNotice:
		w.accountNotice(a, in)
		return nil
	}
	return fmt.Errorf("engine: unknown kind of inbound %q", in.Kind)
}

// customerWrites puts a customer's message into its conversation.
func (w *work) customerWrites(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if _, err := w.people.customerOf(a, in); err != nil {
		return err
	}
	if w.cameChanged(a, &in) || w.shownAsAnswer(a, in) {
		return nil
	}
	c := w.conversationOf(a, in)
	if in.Automatic != "" && c == nil {
		return w.automaticMail(ctx, tx, a, part, in)
	}
	if c != nil && !c.status().Open() && in.Automatic == "" && w.startsAnew(c) {
		previous := c
		var err error
		if c, err = w.newConversation(ctx, tx, a, in, previous); err != nil {
			return err
		}
		previous.refreshCard() // leads there
		defer w.line(previous, bridge.Line{Content: bridge.LineContinued, Other: bridge.Facts{ID: c.ID, Subject: c.Subject}})
	}
	unseen := c == nil // the conversation is new to us, so that nobody has seen what the mail quotes
	if unseen {
		c = w.joinedBy(a, &in)
	}
	if c == nil {
		if !w.mayOpen(a, in) {
			return w.collect(ctx, tx, a, part, in)
		}
		var err error
		if c, err = w.newConversation(ctx, tx, a, in, nil); err != nil {
			return err
		}
	}
	t, err := w.openThread(c)
	if err != nil {
		return err
	}
	m := w.inboundMessage(c, a, part, in)
	w.recipients(c, in, m.ID)
	w.wakeFor(c, in)
	w.openWindow(c, in)
	w.showSaid(c, t, m, outbound.Payload{Quote: unseen && m.Quoted != "", Answers: w.answers(a, in)})
	w.tellUnited()
	w.sayOffers(c)
	c.refreshCard()
	return nil
}

// conversationOf finds the conversation that a message belongs to: by our token, by
// the ids it answers, or by its sender where the channel is a chat.
func (b *book) conversationOf(a *store.Account, in channels.Inbound) *conv {
	if c := b.convs.rows[in.Conversation]; c != nil && c.AccountID == a.ID && c.Kind == "customer" {
		return b.convs.current(c)
	}
	for _, id := range in.References {
		if x, ok := b.messages.external[userKey{a.ID, id}]; ok {
			if c := b.convs.rows[x.ConversationID]; c != nil && c.Kind == "customer" {
				return b.convs.current(c)
			}
		}
	}
	if ch := b.channel(a.ID); ch != nil && ch.Capabilities().Threads {
		return nil
	}
	return b.convs.latestOf(b.people.byAddress[userKey{a.ID, in.From.Key}])
}

// startsAnew says that a message to an ended conversation opens a new, linked one.
func (w *work) startsAnew(c *conv) bool {
	if c.status() == bridge.StatusClosed {
		return true
	}
	s := w.settings(c)
	if s.ReplyAfter != "reopen" {
		return true
	}
	return c.ResolvedAt != nil && w.now.Sub(*c.ResolvedAt) > time.Duration(reopenDays)*24*time.Hour
}

func (w *work) newConversation(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound, previous *conv) (*conv, error) {
	c, err := w.makeConversation(ctx, tx, a, in, previous)
	if err == nil {
		w.log.byCustomer(c, store.DeedOpened, nil)
	}
	return c, err
}

// makeConversation makes a conversation with in.From, whoever begins it. If there is no subject,
// colleagues see the first words in its place; the customer never gets them as a subject.
func (w *work) makeConversation(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound, previous *conv) (*conv, error) {
	id, err := w.convs.number(ctx, tx)
	if err != nil {
		return nil, err
	}
	ch := w.e.Channel(a.ID)
	c := &conv{fresh: true, account: a, threads: map[int64]*thread{}, identity: w.people.byAddress[userKey{a.ID, in.From.Key}],
		Conversation: &store.Conversation{ID: id, AccountID: a.ID, TeamID: a.TeamID, Kind: "customer", Status: string(bridge.StatusOpen),
			Exclusive: ch != nil && !ch.Capabilities().Threads, Subject: cmp.Or(in.Subject, topic(in.Text)), Via: in.Via, LastAt: w.now, CreatedAt: w.now}}
	if c.identity != nil {
		c.IdentityID = &c.identity.ID
		if last := w.convs.rows[w.convs.latest[c.identity.ID]]; last != nil && c.Exclusive {
			c.WindowFrom = last.WindowFrom // the window is the customer's, whichever conversation it was opened in
		}
		w.convs.latest[c.identity.ID] = id
	}
	if previous != nil {
		c.PreviousID = &previous.ID
		c.Refs = slices.Clone(previous.Refs)
		if c.Subject == "" {
			c.Subject = previous.Subject
		}
	}
	w.convs.rows[id] = c
	return c, nil
}

// inboundMessage adds the message that an inbound becomes to a conversation.
func (w *work) inboundMessage(c *conv, a *store.Account, part int, in channels.Inbound) *message {
	said := in.At
	if said.IsZero() {
		said = w.event.ReceivedAt
	}
	m := &message{fresh: true, Message: store.Message{ID: w.ids.Next(), ConversationID: c.ID, Direction: store.DirectionIn, Fate: store.FateIn,
		AccountID: a.ID, Subject: in.Subject, Text: in.Text, Quoted: in.Quoted, Notices: in.Notices, HasHTML: in.HTML != nil,
		Automatic: in.Automatic, ExternalID: in.ExternalID, EventID: w.event.ID, Part: part, SaidAt: said, CreatedAt: w.now}}
	if i := w.people.byAddress[userKey{a.ID, in.From.Key}]; i != nil {
		m.IdentityID = &i.ID
	}
	w.messages.keepFiles(m, a, in)
	w.messages.rows[m.ID] = m
	c.last = append(c.last, m.Message)
	if in.ExternalID != "" {
		w.messages.tie(a.ID, in.ExternalID, c.ID, m.ID)
		c.LastExternalID = in.ExternalID
		c.addRef(in.ExternalID)
	}
	c.LastAt, c.LastFrom, c.LastPreview = w.now, "customer", preview(in.Text)
	if c.LastPreview == "" && len(m.Files) > 0 {
		c.LastPreview = m.Files[0].Name
	}
	c.touch()
	return m
}

func (c *conv) addRef(id string) {
	if slices.Contains(c.Refs, id) {
		return
	}
	c.Refs = append(c.Refs, id)
	if len(c.Refs) > maxRefs {
		c.Refs = slices.Delete(c.Refs, 1, len(c.Refs)-maxRefs+1) // the first anchors the thread
	}
	c.touch()
}

// wakeFor changes the conversation's status because the customer wrote: it waits for us, and opens if it
// was pending or resolved, or if it was snoozed and the settings let messages wake it.
func (w *work) wakeFor(c *conv, in channels.Inbound) {
	if in.Automatic != "" || in.Historical {
		return
	}
	if c.WaitingSince == nil {
		c.WaitingSince = &w.now
	}
	before := c.status()
	switch {
	case before == bridge.StatusSnoozed && !w.settings(c).WakeOnMessage, before == bridge.StatusOpen:
		return
	case before == bridge.StatusSnoozed:
		w.endSnooze(c)
		w.line(c, bridge.Line{Content: &bridge.WokeLine{Cause: bridge.WokenByCustomer}, Mentions: w.convs.owners(c)})
		w.log.byCustomer(c, store.DeedWoke, nil)
	case before == bridge.StatusResolved:
		c.ResolvedAt, c.CloseReason = nil, ""
		w.line(c, bridge.Line{Content: bridge.LineReopened, Mentions: w.convs.owners(c)})
		w.log.byCustomer(c, store.DeedReopened, nil)
	}
	c.Status = string(bridge.StatusOpen)
	c.touch()
}

// owners names the assignees to the conversation's home surface.
func (cs *conversations) owners(c *conv) []bridge.AgentRef {
	t := c.home(cs.dir)
	var refs []bridge.AgentRef
	for _, id := range c.Assignees {
		if t != nil {
			refs = append(refs, cs.dir.Ref(t.AccountID, id))
		}
	}
	return refs
}

// saidOverhead is how many runes a message takes besides its text in a post that shows several.
const saidOverhead = 20

// joinSaid lets a customer's message be posted together with others of the same customer
// that wait with it.
func (w *work) joinSaid(d *delivery, t *thread, m *message, quoted bool) {
	if quoted {
		return
	}
	var from int64
	if m.IdentityID != nil {
		from = *m.IdentityID
	}
	runes := utf8.RuneCountInString(m.Text) + saidOverhead
	for _, n := range m.Notices {
		runes += utf8.RuneCountInString(n)
	}
	room := 2000
	if s := w.e.Surface(t.AccountID); s != nil {
		room = min(room, s.Limits().MaxTextRunes*3/4)
	}
	d.join(fmt.Sprintf("said:%d", from), runes, max(room, 1))
}

// showSaid posts the customer's message and its files. A chat's message that has only files gets no post
// of its text, so that several photos can become one post.
func (w *work) showSaid(c *conv, t *thread, m *message, p outbound.Payload) {
	c.unshown = true
	files := len(m.Files) > 0 || m.HasHTML && w.e.opt.Original == nil
	alone := files && c.Exclusive && m.Text == "" && m.Quoted == "" && len(m.Notices) == 0 && p.Answers == nil
	if !alone {
		d := w.postTo(c, t, bridge.PostSaid, m.ID, p)
		w.joinSaid(d, t, m, p.Quote)
	}
	if files {
		w.showFiles(c, t, m, alone)
	}
}

const (
	fileWait      = 30 * time.Second // how long the post of a message's files waits for those that are to be fetched
	filesTogether = 10               // the most files in one post of several messages
	bytesTogether = 4 << 20          // the most bytes in such a post, so that they are uploaded within a lease
)

// showFiles posts the files of a message. alone means that the message has no text: its files may then
// share a post with those of other such messages.
func (w *work) showFiles(c *conv, t *thread, m *message, alone bool) {
	var until *time.Time
	if slices.ContainsFunc(m.Files, isMissing) {
		later := w.now.Add(fileWait)
		until = &later
	}
	l := w.surfaceLane(c, t, bridge.PostFiles)
	d := w.outbox.enqueue(l, string(bridge.PostFiles), m.ID, outbound.Payload{}, until)
	if alone && m.IdentityID != nil {
		d.JoinKey = fmt.Sprintf("files:%d", *m.IdentityID)
	}
	w.measureFiles(d, l, t, m)
}

// measureFiles notes how much of a post a message's files take, and makes the lane's lease long enough
// for their upload.
func (w *work) measureFiles(d *delivery, l *lane, t *thread, m *message) {
	var size int64
	for _, f := range m.Files {
		size += f.SizeBytes
	}
	d.JoinSize = int(min(max(int64(len(m.Files)*store.JoinRoom/filesTogether), size*store.JoinRoom/bytesTogether), store.JoinRoom+1))
	d.dirty = true
	w.allowUpload(l, t, m)
}

// reopenDays is how long after it was resolved a conversation can be reopened by its customer.
const reopenDays = 30

// customerSays applies a message, a customer's consent or the withdrawal of it, or both at once.
func (w *work) customerSays(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if in.Consent == nil {
		return w.customerWrites(ctx, tx, a, part, in)
	}
	i, err := w.people.customerOf(a, in)
	if err != nil || i == nil {
		return err
	}
	silent := in.Consent.Silent || in.Text == "" && len(in.Attachments) == 0
	w.consent(i, w.convs.latestOf(i), *in.Consent, in.Text, silent)
	if silent {
		return nil
	}
	in.Kind = channels.InboundMessage
	return w.customerWrites(ctx, tx, a, part, in)
}
