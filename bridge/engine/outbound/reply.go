package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

const (
	channelClosed  = time.Minute      // after this, a post looks again whether its channel is open
	waitForRoot    = time.Second      // after this, a post looks again whether the root or the line that it belongs to is there
	confirmFor     = 10 * time.Second // how long a found change may take to be applied
	confirmTimeout = 15 * time.Second // within this, the chat says whether a text still stands as it was typed
)

// outgoing is a reply with what decides whether it may leave.
type outgoing struct {
	out      channels.Outbound
	message  store.Message
	account  *store.Account
	author   *store.Agent // nil means no agent any more
	payload  Payload
	known    []string    // all keys that are or were the chat's customer's
	optedOut string      // what the customer forbade
	lines    []replyLine // all that leaves as this message, in order
	window   Window
	now      time.Time // Parley's clock
}

// alsoKnown returns the other keys of a chat's customer.
func alsoKnown(keys []string, key string) []string {
	if !slices.Contains(keys, key) {
		return nil // somebody else: an agent named them
	}
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return k == key || strings.HasPrefix(k, FormerPrefix) })
}

// inUse returns the key by which a chat's customer is reached: the one that the conversation names, unless the
// customer gave it up. A number may be somebody else's then, and conversations that were over at that time
// name it still. The newest of the customer's keys takes its place; "" means the customer has none.
func inUse(keys []string, key string) string {
	if slices.Contains(keys, key) || !slices.ContainsFunc(keys, func(k string) bool { return plainKey(k) == key }) {
		return key // the customer's, or of somebody whom an agent named
	}
	for _, k := range slices.Backward(keys) {
		if !strings.HasPrefix(k, FormerPrefix) {
			return k
		}
	}
	return ""
}

// replyLine is one typed text of a reply.
type replyLine struct {
	message *store.Message
	at      bridge.Place // where it was typed
	late    bool         // its source is read again before it leaves
}

// reply returns a reply as it is to be sent now.
func (a *attempt) reply() (*outgoing, error) {
	if a.err != nil {
		return nil, a.err
	}
	c, dir := a.c, a.e.opt.Engine.Directory()
	m, conv, account := a.messages[c.MessageID], a.conversations[c.ConversationID], dir.Account(c.AccountID)
	if m == nil || conv == nil || account == nil {
		return nil, Retry(errors.New("outbound: the message or its account is gone"))
	}
	var caps channels.Capabilities
	if ch := a.e.opt.Engine.Channel(account.ID); ch != nil {
		caps = ch.Capabilities()
	}
	r := &outgoing{message: *m, account: account, now: a.now, window: WindowOf(caps, conv.WindowFrom),
		out: channels.Outbound{
			DeliveryID: int64(sentAs(c)), ConversationID: int64(conv.ID), MessageID: int64(m.ID),
			Attempt: channels.Attempt{Number: c.Attempt, Part: c.Part},
			Subject: a.subjects[conv.ID], Text: m.Text, Rich: RichOf(m), From: conv.Via,
			InReplyTo: conv.LastExternalID, References: conv.Refs, ReplyTo: m.ReplyTo,
		}}
	if conv.WindowFrom != nil {
		r.out.LastIn = *conv.WindowFrom
	}
	if c.FirstAt != nil && (c.Attempt > 1 || c.State == store.Unknown) {
		r.out.Attempt.FirstAt = *c.FirstAt
	}
	if err := json.Unmarshal(c.Payload, &r.payload); err != nil {
		return nil, Retry(fmt.Errorf("outbound: delivery %d: %w", c.ID, err))
	}
	r.out.Attempt.Again = r.payload.Again
	if m.AgentID != nil {
		r.out.Author, r.author = dir.Ref(0, *m.AgentID).Name, dir.Agent(*m.AgentID)
	}
	a.e.sign(&r.out, account, r.author, caps.Threads)
	for _, key := range a.keys[conv.ID] {
		r.known = append(r.known, plainKey(key))
	}
	if conv.IdentityID != nil && a.identities[*conv.IdentityID] != nil {
		r.optedOut = a.identities[*conv.IdentityID].OptedOut
	}
	to, cc := Addressed(conv.Participants)
	for _, p := range to {
		if key := inUse(a.keys[conv.ID], p.Key); key != "" {
			r.out.To = append(r.out.To, channels.Party{Key: key, Name: p.Name, Also: alsoKnown(a.keys[conv.ID], key)})
		}
	}
	for _, p := range cc {
		r.out.Cc = append(r.out.Cc, channels.Party{Key: p.Key, Name: p.Name})
	}
	if err := a.addLines(r); err != nil {
		return nil, err
	}
	if used := TemplateOf(m); used != nil && a.asTemplate() {
		r.out.Template = &used.Use
	}
	r.onlyPart()
	return r, a.e.addFiles(r)
}

// addLines puts the lines together that leave as one message, without those that were taken back. If
// all were, r has no lines.
func (a *attempt) addLines(r *outgoing) error {
	all := []replyLine{{&r.message, r.payload.Place, r.payload.Late}}
	for _, d := range a.c.With {
		m := a.messages[d.MessageID]
		if m == nil {
			return Retry(fmt.Errorf("outbound: delivery %d: its message is gone", d.ID))
		}
		var p Payload
		if err := json.Unmarshal(d.Payload, &p); err != nil {
			return Retry(fmt.Errorf("outbound: delivery %d: %w", d.ID, err))
		}
		all = append(all, replyLine{m, p.Place, p.Late})
	}
	var texts []string
	for _, l := range all {
		if r.leaves(l.message) {
			r.lines, texts = append(r.lines, l), append(texts, l.message.Text)
		}
	}
	if len(a.c.With) > 0 {
		r.out.Text = strings.Join(texts, "\n\n")
	}
	return nil
}

// sentLines returns what became of each line of a reply that left.
func (a *attempt) sentLines(r *outgoing, state channels.DeliveryState, external string) relay.Sent {
	part := func(m *store.Message) dispatch.Part {
		if !r.leaves(m) {
			return dispatch.Part{State: store.Cancelled}
		}
		return dispatch.Part{State: string(state), Progress: bridge.TextMark(m.Text)}
	}
	first := part(&r.message)
	sent := relay.Sent{State: first.State, ExternalID: external, Progress: first.Progress}
	for _, d := range a.c.With {
		p := part(a.messages[d.MessageID])
		p.ID = d.ID
		sent.With = append(sent.With, p)
	}
	return sent
}

// addFiles returns the reply the files that its author attached in the surface.
func (e *Sender) addFiles(r *outgoing) error {
	s := e.opt.Engine.Surface(r.message.AccountID)
	for _, l := range r.lines { // of all lines, not only of the first: an edit may have added a file to any
		for _, ref := range l.message.Files {
			f, err := e.opt.Files.ForChannel(s, l.message.ID, ref)
			if err != nil {
				return err
			}
			r.out.Files = append(r.out.Files, f)
		}
	}
	return nil
}

// waitForThread says when a reply looks again whether its thread is read: soon at first, since reading
// mostly takes a moment.
func waitForThread(c dispatch.Claimed) time.Duration {
	return min(max(store.Seconds(c.FirstAgo)/2, 100*time.Millisecond), 5*time.Second)
}

// leaving returns the reply that leaves now; if it has no lines, nothing leaves. ch is the account's
// channel, which may be nil. The error says why the reply may not leave, or not yet.
func (a *attempt) leaving(ctx context.Context, ch channels.Channel) (*outgoing, error) {
	r, err := a.reply()
	if err != nil || len(r.lines) == 0 {
		return r, err
	}
	if ch == nil || r.account.Paused {
		return nil, &channels.SendError{Class: channels.Retry, Wait: PausedWait, Text: "The account is paused or not connected.",
			Hint: "Resume it, or look at parley doctor."}
	}
	if err := mayLeave(r); err != nil {
		return nil, err
	}
	for _, l := range r.lines {
		if a.behind[l.message.ID] {
			return nil, &channels.SendError{Class: channels.Retry, Wait: waitForThread(a.c), Text: "Waiting for what was said in the thread before."}
		}
		if err := a.e.confirmReply(ctx, a.c, l); err != nil {
			return nil, err
		}
	}
	if err := a.inOrder(ctx); err != nil {
		return nil, err
	}
	return r, a.mayUseTemplate(r)
}

// inOrder fails if an earlier attempt sent nothing, and a message that was typed before this one was read meanwhile: then that
// one leaves first (invariant 3).
func (a *attempt) inOrder(ctx context.Context) error {
	if a.c.Attempt < 2 || a.c.Part > 0 || a.c.OrderBy == "" {
		return nil
	}
	gave, err := dispatch.GiveWay(ctx, a.e.opt.Pool, a.c)
	switch {
	case err != nil:
		return Retry(err)
	case gave:
		return &channels.SendError{Class: channels.Retry, Wait: time.Millisecond, Text: "A message that was typed before leaves first."}
	}
	return nil
}

func (a *attempt) sendReply(ctx context.Context) (relay.Sent, error) {
	e, c := a.e, a.c
	ch := e.opt.Engine.Channel(c.AccountID)
	r, err := a.leaving(ctx, ch)
	if err != nil {
		return relay.Sent{Uncalled: true}, Retry(err) // it is certain that nothing left
	}
	if len(r.lines) == 0 {
		sent := a.sentLines(r, "", "") // taken back in the meantime
		sent.Uncalled = true
		return sent, nil
	}
	receipt, err := ch.Send(ctx, r.out)
	e.sendingWorks(c.AccountID, err)
	sent := a.sentLines(r, receipt.State, receipt.ExternalID)
	sent.More, sent.Parts, sent.Cost = receipt.More, receipt.Parts, receipt.Cost
	return sent, err
}

// sendingWorks reports, once, that a provider refuses an account, and later that sending works again.
func (e *Sender) sendingWorks(account store.AccountID, err error) {
	if c := BrokenBy(err); c != nil || err == nil {
		e.opt.Engine.Trouble(account, "send", c)
	}
}

// leaves reports whether a message may still be sent. One that leaves in parts may also after one of its parts failed, or
// is unclear, so that the others go out.
func (r *outgoing) leaves(m *store.Message) bool {
	if m.Fate == store.FateWaiting {
		return true
	}
	inParts := r.payload.Span != nil
	return inParts && (m.Fate == store.FateFailed || m.Fate == store.FateUnclear)
}

// onlyPart takes everything out of a reply that this delivery, which is a part of it, doesn't carry.
func (r *outgoing) onlyPart() {
	s := r.payload.Span
	if s == nil {
		return
	}
	if s.From > 0 {
		r.out.Text, r.out.Rich = "", nil
	}
	for i := range r.lines {
		files := r.lines[i].message.Files
		one := *r.lines[i].message
		one.Files = files[min(s.From, len(files)):min(s.To, len(files))]
		r.lines[i].message = &one
	}
	if s.From > 0 && len(r.lines) == 1 && len(r.lines[0].message.Files) == 0 {
		r.lines, r.message.Fate = nil, store.FateUndone // an edit took the file away
	}
}
