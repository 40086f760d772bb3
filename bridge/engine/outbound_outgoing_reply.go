package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// outgoingReply is an agent's reply as an attempt is about to send it to the customer, with what decides whether
// it may leave. Several typed texts, its lines, may leave as one message: if an agent types "Hi Ann" and "it's
// fixed" in quick succession, the customer gets one message with two paragraphs. A key is an address, number or
// id under which a customer is known.
type outgoingReply struct {
	out          channels.Outbound
	message      store.Message
	account      *store.Account
	author       *store.Agent // nil if the author is no longer an agent
	payload      Payload
	customerKeys []string    // all keys that the chat's customer has or had
	chosenKeys   []string    // keys of the recipients whom an agent has named or allowed
	optedOut     string      // which messages the customer refuses: store.OptedOut…
	lines        []replyLine // the texts that leave as this message, in order
	leftOut      int         // how many of its texts were taken back while others leave
	window       Window
	now          time.Time // Parley's clock
}

// replyLine is one typed text of a reply.
type replyLine struct {
	message *store.Message
	at      bridge.Place // where it was typed
	late    bool         // it is read again in its chat before it leaves
	begun   string       // checksum (Mark) of its words if a piece of them has left, or ""
}

// mayLeave reports whether a message may still be sent: it waits, or it leaves in parts (see Span) of which
// another one has failed or is unclear.
func (r *outgoingReply) mayLeave(m *store.Message) bool {
	if m.Fate == store.FateWaiting {
		return true
	}
	isInParts := r.payload.Span != nil
	if !isInParts {
		return false
	}
	return m.Fate == store.FateFailed || m.Fate == store.FateUnclear
}

// makeReply builds the reply of a delivery from the current rows.
func (a *replyAttempt) makeReply() (*outgoingReply, error) {
	if a.err != nil {
		return nil, a.err
	}

	c, dir := a.claim, a.engine.Directory()
	m, conv := a.messages[c.MessageID], a.conversations[c.ConversationID]
	account := dir.Account(c.AccountID)
	isMessageGone := m == nil || conv == nil
	if isMessageGone || account == nil {
		return nil, Retry(errors.New("outbound: the message or its account is gone"))
	}

	var caps channels.Capabilities
	if ch := a.engine.Channel(account.ID); ch != nil {
		caps = ch.Capabilities()
	}

	var p Payload
	if err := json.Unmarshal(c.Payload, &p); err != nil {
		return nil, Retry(fmt.Errorf("outbound: delivery %d: %w", c.ID, err))
	}
	if c.Part > 0 {
		m = asBegun(m, p, c.Progress)
	}

	r := &outgoingReply{
		message: *m,
		payload: p,
		account: account,
		now:     a.now,
		window:  WindowOf(caps, conv.WindowFrom),
		out:     a.outboundOf(m, conv, p),
	}
	if m.AgentID != nil {
		r.out.Author = dir.Ref(0, *m.AgentID).Name
		r.author = dir.Agent(*m.AgentID)
	}
	r.out.FromName = account.Alias(r.out.From).Name
	if used := TemplateOf(m); used != nil && caps.Templates { // other providers get a template's words as plain text
		r.out.Template = &used.Use
	}

	a.sender.sign(&r.out, account, r.author, caps.Threads)
	a.addRecipients(r, conv)
	if err := a.addLines(r); err != nil {
		return nil, err
	}

	r.keepOnlyPart()
	return r, a.addFiles(r)
}

// outboundOf returns the message to send, without recipients, files, and what the account adds (such as a
// signature).
func (a *replyAttempt) outboundOf(m *store.Message, conv *store.Conversation, p Payload) channels.Outbound {
	c := a.claim
	out := channels.Outbound{
		DeliveryID:     int64(sentAs(c)),
		ConversationID: int64(conv.ID),
		MessageID:      int64(m.ID),
		Attempt:        channels.Attempt{Number: max(c.Attempt-p.Uncounted, 1), Part: c.Part, Again: p.Again},
		Subject:        replySubject(a.subjects[conv.ID]),
		Text:           m.Text,
		Rich:           RichOf(m),
		From:           conv.Via,
		InReplyTo:      conv.LastExternalID,
		References:     conv.Refs,
		ReplyTo:        m.ReplyTo,
		Automatic:      m.IsAutomaticReply(),
	}
	if conv.WindowFrom != nil {
		out.LastIn = *conv.WindowFrom
	}

	isRepeated := c.Attempt > 1 || c.State == store.Unknown
	if c.FirstAt != nil && isRepeated {
		out.Attempt.FirstAt = *c.FirstAt
	}
	return out
}

// replySubject returns the subject for a reply: that of the mail that it answers or, if that is the same but for its
// prefixes, the one that the customer gave first.
func replySubject(s store.Subjects) string {
	if answered := BareSubject(s.Answered); answered == "" || answered == BareSubject(s.First) {
		return s.First
	}
	return s.Answered
}

// addRecipients adds the recipients of a reply, all keys of its customer, and which messages the customer
// refuses.
func (a *replyAttempt) addRecipients(r *outgoingReply, conv *store.Conversation) {
	for _, key := range a.keys[conv.ID] {
		r.customerKeys = append(r.customerKeys, plainKey(key))
	}

	if conv.IdentityID != nil && a.identities[*conv.IdentityID] != nil {
		r.optedOut = a.identities[*conv.IdentityID].OptedOut
	}

	to, cc := RecipientsOf(conv.Participants)
	if r.message.IsAutomaticReply() { // to the sender alone, as RFC 3834 says
		to, cc = to[:min(len(to), 1)], nil
		to = slices.DeleteFunc(to, func(p store.Participant) bool { return p.Chosen }) // an agent asks somebody else
	}
	for _, p := range slices.Concat(to, cc) {
		if p.Chosen {
			r.chosenKeys = append(r.chosenKeys, p.Key)
		}
	}

	for _, p := range to {
		key, address := keyInUse(a.keys[conv.ID], p.Key), p.Address
		if key != p.Key {
			address = "" // the spelling of a key that is no longer the customer's
		}
		if key != "" {
			r.out.To = append(r.out.To, channels.Party{
				Key:     key,
				Address: address,
				Name:    p.Name,
				Also:    otherKeys(a.keys[conv.ID], key),
			})
		}
	}

	for _, p := range cc {
		r.out.Cc = append(r.out.Cc, channels.Party{Key: p.Key, Address: p.Address, Name: p.Name})
	}
}

// addLines joins the texts that leave as one message, except those that were taken back. If all were, r has no
// lines. Once a piece of the message has left, the rest has the same texts with the same words, unless all of
// them were taken back.
func (a *replyAttempt) addLines(r *outgoingReply) error {
	all := []replyLine{{message: &r.message, at: r.payload.Place, late: r.payload.Late, begun: a.begunMark(a.claim.Progress)}}
	for _, d := range a.claim.With {
		m := a.messages[d.MessageID]
		if m == nil {
			return Retry(fmt.Errorf("outbound: delivery %d: its message is gone", d.ID))
		}

		var p Payload
		if err := json.Unmarshal(d.Payload, &p); err != nil {
			return Retry(fmt.Errorf("outbound: delivery %d: %w", d.ID, err))
		}

		begun := a.begunMark(d.Progress)
		if begun != "" {
			m = asBegun(m, p, begun)
		}
		all = append(all, replyLine{message: m, at: p.Place, late: p.Late, begun: begun})
	}

	isWanted := slices.ContainsFunc(all, func(l replyLine) bool { return r.mayLeave(l.message) })
	var texts []string
	for _, l := range all {
		if isWanted && (l.begun != "" || r.mayLeave(l.message)) {
			r.out.Promotional = r.out.Promotional || l.message.Promotional
			r.lines, texts = append(r.lines, l), append(texts, l.message.Text)
		}
	}

	if isWanted {
		r.leftOut = len(all) - len(r.lines)
	}
	if len(a.claim.With) > 0 {
		r.out.Text = strings.Join(texts, "\n\n")
	}

	return nil
}

// addFiles adds the files that agents attached in the surface.
func (a *replyAttempt) addFiles(r *outgoingReply) error {
	s := a.engine.Surface(r.message.AccountID)
	for _, l := range r.lines { // an edit may have added a file to any line
		for _, ref := range l.message.Files {
			f, err := a.sender.Files.ForChannel(s, l.message.ID, ref)
			if err != nil {
				return err
			}
			r.out.Files = append(r.out.Files, a.unreadable.watch(f))
		}
	}
	return nil
}

// keepOnlyPart removes from a reply that leaves in parts what this delivery doesn't carry.
func (r *outgoingReply) keepOnlyPart() {
	s := r.payload.Span
	if s == nil {
		return
	}
	if !s.HasText() {
		r.out.Text, r.out.Rich = "", nil
	}

	isEmpty := r.out.Text == "" && r.out.Rich == nil && r.out.Template == nil
	for i := range r.lines {
		one := *r.lines[i].message
		one.Files = s.FilesOf(one.Files)
		r.lines[i].message = &one
		isEmpty = isEmpty && len(one.Files) == 0
	}

	if isEmpty { // an edit has removed the files
		r.lines, r.message.Fate = nil, store.FateUndone
	}
}

// otherKeys returns the customer's current keys except key. It returns nil if key belongs to another person, whom
// an agent named.
func otherKeys(keys []string, key string) []string {
	if !slices.Contains(keys, key) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return k == key || strings.HasPrefix(k, FormerPrefix) })
}

// keyInUse returns the key under which a chat's customer is reached. That is key, which the conversation names,
// unless it now belongs to somebody else: then it is the newest of the customer's keys, or "" if none is left.
// keys are all keys that the customer has or had; former ones have FormerPrefix.
func keyInUse(keys []string, key string) string {
	isCurrent := slices.Contains(keys, key)
	wasCustomers := slices.ContainsFunc(keys, func(k string) bool { return plainKey(k) == key })
	if isCurrent || !wasCustomers { // a key that was never the customer's is that of another person whom an agent named
		return key
	}
	for _, k := range slices.Backward(keys) {
		if !strings.HasPrefix(k, FormerPrefix) {
			return k
		}
	}
	return ""
}
