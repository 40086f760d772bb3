package engine

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/routing"
	"parley/store"
)

// Conversation is the exchange with one customer, as a batch has loaded it. Its thread in a chat such as Slack begins
// with the root, a card that shows its state. The card is compared and updated once, at the end of the batch.
type Conversation struct {
	*store.Conversation
	Fresh, dirty  bool                        // it is new in this batch; the batch changed it
	Account       *store.Account              // the mailbox or number through which the customer writes
	Identity      *store.Identity             // the customer's; nil if there is none
	Threads       map[store.AccountID]*Thread // by surface
	last          []store.Message             // see Messages.Latest
	latestRead    bool
	CardMayDiffer bool // the root may be out of date: QueueCards compares it with what it last showed
	Unshown       bool // something that the customer said isn't posted yet: of this batch, and what Outbox.HasUnshown has read
	unshownRead   bool
	parkedRead    bool            // see Messages.Parked
	CardIsUrgent  bool            // the root is updated at once, because somebody has just given a command
	AddressedBy   bridge.AgentRef // the agent who changed the recipients of replies in this batch
	Before        Wait            // as it was before this batch
	known         known           // as TakeChanges saw it last
	readers       []string        // who alone may read it by the customer's record, by e-mail address; of a new one
	traitChanged  bool            // a trait (what an analysis found, or an agent set) changed; figures may count it
}

// Thread is a conversation's thread in one surface.
type Thread struct {
	store.Thread
	Dirty        bool // the whole row is to be written
	CardChanged  bool // Card changed; the rest of the row need not be written
	DoubtChanged bool // Doubt changed
	Moves        bool // a new root waits or is being posted: after a hand-over, in the channel of another team
}

// BridgeStatus returns the conversation's status in the type that surfaces know.
func (c *Conversation) BridgeStatus() bridge.Status { return bridge.Status(c.Status) }

// SnoozedAs returns until when the conversation is snoozed, to be compared with what a button carries, or "".
func (c *Conversation) SnoozedAs() string {
	if c.SnoozedUntil == nil {
		return ""
	}
	return c.SnoozedUntil.UTC().Format(time.RFC3339)
}

// Wait says whether a conversation waits for us.
type Wait struct {
	Since time.Time // since when its customer waits for an answer; zero if nobody does, or it isn't open
	Owned bool      // somebody has it
}

// WaitOf returns a conversation's wait.
func WaitOf(c *store.Conversation) (w Wait) {
	w.Owned = len(c.Assignees) > 0
	if c.Status == string(bridge.StatusOpen) && c.Kind == store.KindCustomer {
		w.Since = OrZero(c.WaitingSince)
	}
	return w
}

// known is what can start automations.
type known struct {
	status, mood, intent string
	tags                 []string
}

func (c *Conversation) knownNow() known {
	return known{c.Status, MoodOf(c.Traits), c.Traits[bridge.TraitIntent], c.Tags}
}

// TakeChanges returns what has changed since it was called last, or since the batch began, as events that start automations.
func (c *Conversation) TakeChanges() (events []routing.Part) {
	before, now := c.known, c.knownNow()
	c.known = now
	changed := func(name, before, now string) {
		if now != before && now != "" {
			events = append(events, routing.Part{Name: name, Value: now})
		}
	}
	changed(routing.StatusSet, before.status, now.status)
	changed(routing.MoodFound, before.mood, now.mood)
	changed(routing.IntentFound, before.intent, now.intent)
	for _, tag := range now.tags {
		if !slices.Contains(before.tags, tag) {
			events = append(events, routing.Part{Name: routing.Tagged, Value: tag})
		}
	}
	return events
}

// IsAssignee reports whether an agent is one of the conversation's owners.
func (c *Conversation) IsAssignee(agent store.AgentID) bool {
	return slices.Contains(c.Assignees, agent)
}

// Touch marks a conversation as changed.
func (c *Conversation) Touch() { c.dirty = true }

// NoteSaidLast records a message as the last one that was said, and who said it.
func (c *Conversation) NoteSaidLast(m *Message, from store.Speaker) {
	c.LastAt, c.LastFrom = m.CreatedAt, from
	c.LastPreview = previewOf(m)
}

// noteAnswerSaidLast records a reply of ours as the last thing that was said, unless the reply has neither words nor files.
// It doesn't change LastAt, because texts that arrive late are compared with that time.
func (c *Conversation) noteAnswerSaidLast(m *Message) {
	preview := previewOf(m)
	if preview == "" || preview == c.LastPreview {
		return
	}
	c.LastPreview = preview
	c.Touch()
}

// previewOf returns the first words of a message, or else the name of its first file; "" if it has neither.
func previewOf(m *Message) string {
	preview := Preview(m.Text)
	if preview == "" && len(m.Files) > 0 {
		return m.Files[0].Name
	}
	return preview
}

// Home returns the thread in which the conversation is worked on, or nil if there is none. Directory.HomeAmong chooses it,
// but a thread that is moving into a channel of the team counts as there already.
func (c *Conversation) Home(dir *Directory) *Thread {
	surface, _ := dir.HomeOf(c.Account, c.Conversation)
	if t := c.Threads[surface]; t != nil && t.Moves {
		return t
	}
	channels := make(map[store.AccountID]string, len(c.Threads))
	for _, t := range c.Threads {
		channels[t.AccountID] = t.Channel
	}
	return c.Threads[dir.HomeAmong(c.Account, c.Conversation, channels)]
}

// Customer names the customer for people.
func (c *Conversation) Customer() bridge.PartyRef {
	if c.Identity == nil {
		return bridge.PartyRef{Name: "Customer"}
	}
	return ContactOf(c.Conversation, c.Identity)
}

// ContactOf names a conversation's customer. In a chat it uses the key (address, number or id) that replies go to.
func ContactOf(c *store.Conversation, i *store.Identity) bridge.PartyRef {
	ref := RefIn(c, i)
	if c.Exclusive && len(c.Participants) == 1 {
		p := c.Participants[0]
		ref = bridge.PartyRef{Name: cmp.Or(i.Name, p.Phone, p.Key), Address: p.Key, Phone: p.Phone}
	}
	return ref
}

// canTakeAnswers reports whether a message that answers the conversation belongs to it, or to the one that continues it.
// If it was deleted, it doesn't, nor if the customer was erased: a person who writes afterwards counts as a stranger.
func (c *Conversation) canTakeAnswers() bool {
	return c.Kind == store.KindCustomer && !c.IsErased() && c.CloseReason != bridge.CloseDeleted
}

// IsErased reports whether the customer's data was erased on request. The rest of the conversation doesn't name the
// customer.
func (c *Conversation) IsErased() bool { return c.Identity != nil && c.Identity.IsErased() }

// NoteLatest adds a message that the batch makes to the latest messages.
func (c *Conversation) NoteLatest(m *Message) { c.last = append(c.last, m.Message) }

// RefreshCard has the root updated at the end of the batch, if what it shows has changed.
func (c *Conversation) RefreshCard() {
	c.Touch()
	c.CardMayDiffer = true
}

// MarkRead records that an agent has dealt with what the customer wrote.
func (c *Conversation) MarkRead() {
	if c.UnreadSince != nil {
		c.UnreadSince = nil
		c.RefreshCard()
	}
}

// ReplyingDigest returns the part of a card's digest that stands for the agents who are replying. A digest tells whether the
// card would look different from what was posted last.
func (c *Conversation) ReplyingDigest() (shown string) {
	if !c.BridgeStatus().Open() {
		return ""
	}
	for _, r := range c.Replying {
		shown += fmt.Sprintf(" %d", r.AgentID)
	}
	return shown
}

// Places returns the conversation's threads in the form that outbound and reading take.
func (c *Conversation) Places() Threads {
	places := Threads{}
	for _, t := range c.Threads {
		places[c.ID] = append(places[c.ID], &t.Thread)
	}
	return places
}

// SetReplyKey makes the replies of a chat go to another of the customer's keys. It returns false if they do already. Even
// then, it replaces the phone number that people see.
func (c *Conversation) SetReplyKey(p channels.Party) bool {
	for i := range c.Participants {
		to := &c.Participants[i]
		if to.Role != RoleTo {
			continue
		}
		if to.Phone != p.Phone {
			to.Phone = p.Phone
			c.Touch()
		}
		if to.Key != p.Key {
			to.Key, to.Address = p.Key, p.Address
			c.Touch()
			return true
		}
	}
	return false
}

// Participant describes the participant who has a key (address or number): by the name that is known in the conversation,
// or else by the phone number or the key.
func (c *Conversation) Participant(key string) bridge.PartyRef {
	for _, p := range c.Participants {
		if p.Key == key && cmp.Or(p.Name, p.Phone) != "" {
			return bridge.PartyRef{Name: cmp.Or(p.Name, p.Phone), Address: key, Phone: p.Phone}
		}
	}
	return bridge.PartyRef{Name: key, Address: key}
}

// IsHeldByOthers reports whether the conversation has owners, and the agent isn't one of them.
func (c *Conversation) IsHeldByOthers(agent store.AgentID) bool {
	return len(c.Assignees) > 0 && !c.IsAssignee(agent)
}

// SourcePlace returns where a message was typed, with its thread, so that it can be read again there. The place is zero if
// the message was not typed in a chat of agents. If it was typed outside of its conversation's thread (Elsewhere), its
// place is known only in the batch that makes the message, and is zero later.
func (c *Conversation) SourcePlace(m *Message) bridge.Place {
	if m.Place == "" {
		return m.Elsewhere
	}
	return bridge.Place{Channel: m.Channel, Thread: m.Thread, Message: m.Place}
}

// IsMailFor reports whether a mail goes, also in copy, to the conversation's customer, or to somebody who gets the
// replies instead.
func (c *Conversation) IsMailFor(in channels.Inbound) bool {
	var keys []string
	if c.Identity != nil {
		keys = append(keys, c.Identity.Key)
	}
	to, _ := RecipientsOf(c.Participants)
	for _, p := range to {
		keys = append(keys, p.Key)
	}
	isKnown := func(p channels.Party) bool { return slices.Contains(keys, p.Key) }
	return slices.ContainsFunc(slices.Concat(in.Envelope.To, in.Envelope.Cc), isKnown)
}

// OrZero returns an optional time of a conversation, such as SnoozedUntil, or the zero time for nil.
func OrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
