package bridge

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// maxRefs is how many message ids of its thread a conversation remembers.
const maxRefs = 20

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func (w *work) applyInbound(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	switch in.Kind {
	case channels.InboundStatus:
		return w.applyStatus(ctx, tx, a, part, in)
	case channels.InboundMessage:
		return w.customerWrites(ctx, tx, a, part, in)
	case channels.InboundOwn, channels.InboundForeign:
		return nil // our own copy says nothing new; answers written elsewhere aren't fetched yet
	}
	return fmt.Errorf("bridge: unknown kind of inbound %q", in.Kind)
}

// customerWrites puts a customer's message into its conversation.
func (w *work) customerWrites(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
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
		defer w.line(previous, Line{Kind: LineContinued, Other: Facts{ID: c.ID, Subject: c.Subject}})
	}
	unseen := c == nil // nobody here has seen what it quotes
	if unseen {
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
	w.recipients(c, in)
	w.wakeFor(c, in)
	w.showSaid(c, t, m, unseen)
	w.card(c)
	return nil
}

// conversationOf finds the conversation that a message belongs to: by our token, by
// the ids it answers, or by its sender where the channel is a chat.
func (w *work) conversationOf(a *store.Account, in channels.Inbound) *conv {
	if c := w.convs[in.Conversation]; c != nil && c.AccountID == a.ID && c.Kind == "customer" {
		return w.current(c)
	}
	for _, id := range in.References {
		if x, ok := w.external[userKey{a.ID, id}]; ok {
			if c := w.convs[x.ConversationID]; c != nil && c.Kind == "customer" {
				return w.current(c)
			}
		}
	}
	if ch := w.e.channel(a.ID); ch != nil && ch.Capabilities().Threads {
		return nil
	}
	if i := w.byAddress[userKey{a.ID, in.From.Key}]; i != nil {
		return w.convs[w.latest[i.ID]]
	}
	return nil
}

// current follows a conversation to the one that continues it.
func (w *work) current(c *conv) *conv {
	for _, id := range keys(w.convs) {
		if next := w.convs[id]; next.PreviousID != nil && *next.PreviousID == c.ID {
			return w.current(next)
		}
	}
	return c
}

// startsAnew says that a message to an ended conversation opens a new, linked one.
func (w *work) startsAnew(c *conv) bool {
	if c.status() == StatusClosed {
		return true
	}
	s := w.settings(c)
	if s.ReplyAfter != "reopen" {
		return true
	}
	return c.ResolvedAt != nil && w.now.Sub(*c.ResolvedAt) > time.Duration(s.ReopenDays)*24*time.Hour
}

func (w *work) settings(c *conv) settings {
	ch := w.e.channel(c.AccountID)
	return settingsOf(c.account, ch != nil && ch.Capabilities().Threads)
}

func (w *work) newConversation(ctx context.Context, tx pgx.Tx, a *store.Account, in channels.Inbound, previous *conv) (*conv, error) {
	id, err := w.number(ctx, tx)
	if err != nil {
		return nil, err
	}
	ch := w.e.channel(a.ID)
	c := &conv{fresh: true, account: a, threads: map[int64]*thread{}, identity: w.byAddress[userKey{a.ID, in.From.Key}],
		Conversation: &store.Conversation{ID: id, AccountID: a.ID, TeamID: a.TeamID, Kind: "customer", Status: string(StatusOpen),
			Exclusive: ch != nil && !ch.Capabilities().Threads, Subject: in.Subject, Via: in.Via, LastAt: w.now, CreatedAt: w.now}}
	if c.identity != nil {
		c.IdentityID = &c.identity.ID
		w.latest[c.identity.ID] = id
	}
	if previous != nil {
		c.PreviousID = &previous.ID
		c.Refs = slices.Clone(previous.Refs)
		if c.Subject == "" {
			c.Subject = previous.Subject
		}
	}
	w.convs[id] = c
	w.logCustomer(c, "opened", nil)
	return c, nil
}

// inboundMessage keeps what the customer said.
func (w *work) inboundMessage(c *conv, a *store.Account, part int, in channels.Inbound) *message {
	said := in.At
	if said.IsZero() {
		said = w.event.ReceivedAt
	}
	m := &message{fresh: true, Message: store.Message{ID: w.ids.Next(), ConversationID: c.ID, Direction: "in", Fate: store.FateIn,
		AccountID: a.ID, Subject: in.Subject, Text: in.Text, Quoted: in.Quoted, Notices: in.Notices, HasHTML: in.HTML != "",
		Automatic: in.Automatic, ExternalID: in.ExternalID, EventID: w.event.ID, Part: part, SaidAt: said, CreatedAt: w.now}}
	if i := w.byAddress[userKey{a.ID, in.From.Key}]; i != nil {
		m.IdentityID = &i.ID
	}
	for i, f := range in.Attachments {
		m.Files = append(m.Files, store.FileRef{Name: f.Name, ContentType: f.ContentType, SizeBytes: int64(len(f.Content)), Index: i, Inline: f.Inline})
	}
	w.messages[m.ID] = m
	if in.ExternalID != "" {
		w.tie(a.ID, in.ExternalID, c.ID, m.ID)
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

// tie remembers which message a provider's id belongs to.
func (w *work) tie(account int64, external string, conversation, message int64) {
	k := userKey{account, external}
	if _, known := w.external[k]; known {
		return
	}
	x := store.ExternalID{AccountID: account, ExternalID: external, ConversationID: conversation, MessageID: message}
	w.external[k] = x
	w.newExternal = append(w.newExternal, x)
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

// wakeFor changes the status as a customer's message does.
func (w *work) wakeFor(c *conv, in channels.Inbound) {
	if in.Automatic != "" || in.Historical {
		return
	}
	if c.WaitingSince == nil {
		c.WaitingSince = &w.now
	}
	before := c.status()
	switch {
	case before == StatusSnoozed && !w.settings(c).WakeOnMessage, before == StatusOpen:
		return
	case before == StatusSnoozed:
		w.endSnooze(c)
		w.line(c, Line{Kind: LineWoke, Mentions: w.owners(c), Reason: "customer"})
	case before == StatusResolved:
		c.ResolvedAt, c.CloseReason = nil, ""
		w.line(c, Line{Kind: LineReopened, Mentions: w.owners(c)})
		w.logCustomer(c, "reopened", nil)
	}
	c.Status = string(StatusOpen)
	c.touch()
}

// owners names the assignees to the conversation's home surface.
func (w *work) owners(c *conv) []AgentRef {
	t := c.home(w.dir)
	var refs []AgentRef
	for _, id := range c.Assignees {
		if t != nil {
			refs = append(refs, w.dir.ref(t.AccountID, id))
		}
	}
	return refs
}

// showSaid posts the customer's message and its files.
func (w *work) showSaid(c *conv, t *thread, m *message, unseen bool) {
	w.postTo(c, t, PostSaid, m.ID, payload{Quote: unseen && m.Quoted != ""})
	if len(m.Files) > 0 || m.HasHTML && w.e.opt.Original == nil {
		d := w.postTo(c, t, PostFiles, m.ID, payload{})
		w.allowUpload(w.lanes[d.LaneID], t, m)
	}
}
