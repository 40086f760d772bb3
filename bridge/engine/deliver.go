package engine

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
)

const (
	postRetryFor   = 7 * 24 * time.Hour
	bestEffortFor  = 10 * time.Minute
	channelClosed  = time.Minute
	waitForRoot    = time.Second
	confirmFor     = 10 * time.Second // how long a found change may take to be applied
	pausedWait     = 10 * time.Second
	confirmTimeout = 15 * time.Second
)

// Policy implements relay.Handler.
func (e *Engine) Policy(c store.Claimed) relay.Policy {
	if c.Kind == kindReply {
		p := relay.Policy{RequestTimeout: 30 * time.Second, RetryFor: 48 * time.Hour, Backoff: e.opt.Backoff}
		if ch := e.Channel(c.AccountID); ch != nil {
			caps := ch.Capabilities()
			p.RequestTimeout, p.RetryFor, p.Rest = caps.RequestTimeout, caps.RetryFor, caps.ReplyEvery
		}
		p.Restored = restored(c)
		return p
	}
	p := relay.Policy{RequestTimeout: 30 * time.Second, RetryFor: postRetryFor, PreferDouble: true, Idempotent: bridge.PostKind(c.Kind).Idempotent(),
		BestEffort: bridge.PostKind(c.Kind) == bridge.PostEphemeral || strings.HasPrefix(c.Key, channelLane("@")),
		Backoff:    []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}}
	switch {
	case p.BestEffort:
		p.RetryFor = bestEffortFor
	case bridge.PostKind(c.Kind) == bridge.PostMark:
		p.RetryFor = markFor
	}
	p.Restored = restored(c)
	if s := e.Surface(c.AccountID); s != nil {
		p.RequestTimeout = s.Limits().RequestTimeout
	}
	if bridge.PostKind(c.Kind) == bridge.PostFiles {
		p.RequestTimeout = longestUpload // less where the lane's lease is shorter
	}
	return p
}

// attempt is one claimed delivery with what was read for it.
type attempt struct {
	e *Engine
	c store.Claimed
	*material
	body payload // of a post, once that is made
}

// material is what deliveries that were claimed together need.
type material struct {
	err           error // nothing could be read
	conversations map[int64]*store.Conversation
	messages      map[int64]*store.Message
	identities    map[int64]*store.Identity
	threads       threadsOf
	subjects      map[int64]string
	related       []store.Related
	now           time.Time                // Parley's clock
	templates     map[int64]store.Template // those that messages are, as they are now
	keys          map[int64][]string       // of the customer of a chat, by conversation
	changes       map[int64]store.Posting  // where lines stand that others take the place of, by delivery
}

// Attempts implements relay.Handler: everything is read at once for all of them.
func (e *Engine) Attempts(ctx context.Context, claims []store.Claimed) []relay.Attempt {
	m := e.material(ctx, claims)
	list := make([]relay.Attempt, len(claims))
	for i, c := range claims {
		list[i] = &attempt{e: e, c: c, material: m}
	}
	return list
}

func (e *Engine) material(ctx context.Context, claims []store.Claimed) *material {
	var conversations, messages, answered, changes []int64
	for _, c := range claims {
		conversations = append(conversations, c.ConversationID)
		switch c.Kind {
		case kindReply:
			answered = append(answered, c.ConversationID)
			messages = append(messages, c.MessageID)
		case string(bridge.PostSaid), string(bridge.PostFiles):
			messages = append(messages, c.MessageID)
		case string(bridge.PostLine):
			changes = append(changes, payloadOf(&delivery{Delivery: c.Delivery}).Changes)
		}
		for _, d := range c.With {
			messages = append(messages, d.MessageID)
		}
	}
	m := &material{conversations: map[int64]*store.Conversation{}, messages: map[int64]*store.Message{}, threads: threadsOf{}}
	conversations = compact(conversations)
	if len(conversations) == 0 {
		return m
	}
	o, err := store.LoadOutgoing(ctx, e.pool, conversations, compact(messages), compact(answered), compact(changes))
	if err != nil {
		m.err = retry(err)
		return m
	}
	for i := range o.Conversations {
		m.conversations[o.Conversations[i].ID] = &o.Conversations[i]
	}
	for i := range o.Messages {
		m.messages[o.Messages[i].ID] = &o.Messages[i]
	}
	m.now = o.Now
	m.threads.add(o.Threads)
	m.related = o.Related
	m.identities, m.subjects = byNumber(o.Identities), o.Subjects
	m.keys, m.changes = o.Keys, o.Places
	m.err = e.templatesOf(ctx, m)
	return m
}

// Send implements relay.Attempt.
func (a *attempt) Send(ctx context.Context) (relay.Sent, error) {
	if a.c.Kind == kindReply {
		return a.sendReply(ctx)
	}
	return a.sendPost(ctx)
}

// Reconcile implements relay.Attempt.
func (a *attempt) Reconcile(ctx context.Context) (channels.Outcome, relay.Sent, error) {
	c := a.c
	if c.Kind == kindReply {
		ch := a.e.Channel(c.AccountID)
		r, err := a.reply()
		if err != nil || ch == nil {
			return channels.CannotTell, relay.Sent{}, err
		}
		outcome, receipt, err := ch.Reconcile(ctx, r.out)
		return outcome, relay.Sent{State: string(receipt.State), ExternalID: receipt.ExternalID, Progress: c.Progress, More: receipt.More}, err
	}
	s := a.e.Surface(c.AccountID)
	p, t, err := a.post(ctx)
	if err != nil || s == nil {
		return channels.CannotTell, relay.Sent{}, err
	}
	outcome, sent, err := s.Reconcile(ctx, p)
	return outcome, landedPost(c, p, t, sent), err
}

// outgoing is a reply with what decides whether it may leave.
type outgoing struct {
	out      channels.Outbound
	message  store.Message
	account  *store.Account
	author   *store.Agent // nil = no agent any more
	payload  payload
	known    []string    // all keys that are or were the chat's customer's
	optedOut string      // what the customer forbade
	lines    []replyLine // all that leaves as this message, in order
	window   window
	now      time.Time // Parley's clock
}

// alsoKnown gives the other keys of a chat's customer.
func alsoKnown(keys []string, key string) []string {
	if !slices.Contains(keys, key) {
		return nil // somebody else: an agent named them
	}
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return k == key || strings.HasPrefix(k, formerPrefix) })
}

// replyLine is one typed text of a reply.
type replyLine struct {
	message *store.Message
	at      bridge.Place // where it was typed
	late    bool         // its source is read again before it leaves
}

// reply gives a reply as it is to be sent now.
func (a *attempt) reply() (*outgoing, error) {
	if a.err != nil {
		return nil, a.err
	}
	c, dir := a.c, a.e.directory.Load()
	m, conv, account := a.messages[c.MessageID], a.conversations[c.ConversationID], dir.Account(c.AccountID)
	if m == nil || conv == nil || account == nil {
		return nil, retry(errors.New("bridge: the message or its account is gone"))
	}
	r := &outgoing{message: *m, account: account, now: a.now, window: windowOf(a.e.caps(account.ID), conv.WindowFrom),
		out: channels.Outbound{DeliveryID: sentAs(c), ConversationID: conv.ID, MessageID: m.ID,
			Attempt: c.Attempt, Part: c.Part, Subject: a.subjects[conv.ID], Text: m.Text, From: conv.Via,
			InReplyTo: conv.LastExternalID, References: conv.Refs, LastIn: orZero(conv.WindowFrom),
			ReplyTo: m.ReplyTo, Rich: richOf(m)}}
	if c.FirstAt != nil && (c.Attempt > 1 || c.State == store.Unknown) {
		r.out.FirstAttemptAt = *c.FirstAt
	}
	if err := json.Unmarshal(c.Payload, &r.payload); err != nil {
		return nil, retry(fmt.Errorf("bridge: delivery %d: %w", c.ID, err))
	}
	r.out.Again = r.payload.Again
	if m.AgentID != nil {
		r.out.Author, r.author = dir.Ref(0, *m.AgentID).Name, dir.Agent(*m.AgentID)
	}
	a.e.sign(&r.out, account, r.author)
	for _, key := range a.keys[conv.ID] {
		r.known = append(r.known, plainKey(key))
	}
	if conv.IdentityID != nil && a.identities[*conv.IdentityID] != nil {
		r.optedOut = a.identities[*conv.IdentityID].OptedOut
	}
	to, cc := addressed(conv.Participants)
	for _, p := range to {
		r.out.To = append(r.out.To, channels.Party{Key: p.Key, Name: p.Name, Also: alsoKnown(a.keys[conv.ID], p.Key)})
	}
	for _, p := range cc {
		r.out.Cc = append(r.out.Cc, channels.Party{Key: p.Key, Name: p.Name})
	}
	if err := a.addLines(r); err != nil {
		return nil, err
	}
	if used := templateUsed(m); used != nil && a.asTemplate() {
		r.out.Template = &used.Use
	}
	r.onlyPart()
	return r, a.e.addFiles(r)
}

// addLines puts the lines together that leave as one message: without those that were
// taken back, unless nothing would be left.
func (a *attempt) addLines(r *outgoing) error {
	all := []replyLine{{&r.message, r.payload.Place, r.payload.Late}}
	for _, d := range a.c.With {
		m := a.messages[d.MessageID]
		if m == nil {
			return retry(fmt.Errorf("bridge: delivery %d: its message is gone", d.ID))
		}
		var p payload
		if err := json.Unmarshal(d.Payload, &p); err != nil {
			return retry(fmt.Errorf("bridge: delivery %d: %w", d.ID, err))
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

// sentLines tells what became of each line of a reply that left.
func (a *attempt) sentLines(r *outgoing, state channels.DeliveryState, external string) relay.Sent {
	part := func(m *store.Message) store.Part {
		if !r.leaves(m) {
			return store.Part{State: store.Cancelled}
		}
		return store.Part{State: string(state), Progress: bridge.TextMark(m.Text)}
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

// addFiles gives the reply the files that its author attached in the surface.
func (e *Engine) addFiles(r *outgoing) error {
	s := e.Surface(r.message.AccountID)
	for _, l := range r.lines { // of all lines: an edit may have brought one
		for _, ref := range l.message.Files {
			f, err := e.files.ForChannel(s, l.message.ID, ref)
			if err != nil {
				return err
			}
			r.out.Files = append(r.out.Files, f)
		}
	}
	return nil
}

func (a *attempt) sendReply(ctx context.Context) (relay.Sent, error) {
	e, c := a.e, a.c
	ch := e.Channel(c.AccountID)
	r, err := a.reply()
	if err != nil {
		return relay.Sent{}, retry(err) // nothing left yet: certain
	}
	if len(r.lines) == 0 {
		return a.sentLines(r, "", ""), nil // taken back in the meantime
	}
	if ch == nil || r.account.Paused {
		return relay.Sent{}, &channels.SendError{Class: channels.Retry, Wait: pausedWait, Text: "The account is paused or not connected.",
			Hint: "Resume it, or look at parley doctor."}
	}
	if err := mayLeave(r); err != nil {
		return relay.Sent{}, err
	}
	for _, l := range r.lines {
		if err := e.confirmReply(ctx, c, l); err != nil {
			return relay.Sent{}, err
		}
	}
	if err := a.mayUseTemplate(r); err != nil {
		return relay.Sent{}, err
	}
	receipt, err := ch.Send(ctx, r.out)
	e.sendingWorks(c.AccountID, err)
	sent := a.sentLines(r, receipt.State, receipt.ExternalID)
	sent.More, sent.Parts, sent.Cost = receipt.More, receipt.Parts, receipt.Cost
	return sent, err
}

// sendingWorks reports an account whose credentials don't, once, and its recovery.
func (e *Engine) sendingWorks(account int64, err error) {
	if err == nil {
		e.trouble(account, "send", nil)
		return
	}
	e.sendingFails(account, "send", err)
}

// sendingFails reports what only a person can put right.
func (e *Engine) sendingFails(account int64, what string, err error) {
	var se *channels.SendError
	if errors.As(err, &se) && (se.Class == channels.AuthBroken || se.Class == channels.AccountBlocked) {
		e.trouble(account, what, &channels.Condition{Status: channels.Broken, Text: se.Text, Hint: se.Hint})
	}
}

// retry marks an error before the first byte left as certain.
func retry(err error) error {
	var se *channels.SendError
	if err == nil || errors.As(err, &se) {
		return err
	}
	return &channels.SendError{Class: channels.Retry, Text: "Parley could not prepare the message.", Cause: err}
}
