package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// Book holds the rows of one batch, with one holder type for each kind of row. It is not safe for concurrent use.
//
// Some words of its fields: an account is a mailbox, phone number or page that customers write to, or a Slack or Teams
// workspace (a surface). A post is a message in a surface. A lane is a queue of deliveries that leave one after the other.
type Book struct {
	*Moment                                                      // the event that is being applied, and the time
	Dir           *Directory                                     // accounts, teams and agents
	Verbs         Table                                          // what is known of each verb
	Locks         func(conversations []store.ConversationID)     // relay.Batch.Locks: Load calls it with the locked conversations
	Channel       func(account store.AccountID) channels.Channel // returns nil while the account's channel isn't connected
	Conversations *Conversations
	Messages      *Messages
	People        *People          // customers
	Posts         *Posts           // messages in Slack or Teams, by people and by Parley
	Outbox        *Outbox          // deliveries: replies to customers, and posts into surfaces
	Timers        *Timers          // what happens later, such as the end of a snooze
	Log           *Log             // what was done to conversations, by whom
	Tags          *Tags            // labels of conversations
	Openings      Openings         // how many conversations each sender has begun recently
	Bursts        Bursts           // customers' messages to be analysed together
	Suggested     SuggestedReplies // replies that an analysis suggested
	Suggestions   *Suggestions     // what an analysis suggests, and whether agents do it
	Requests      *Requests        // texts that a model is asked to write
	Replying      *Replying        // agents who have a reply form open
}

// BookOptions of a Book.
type BookOptions struct {
	Moment    Moment
	Directory *Directory
	Verbs     Table
	// Channel returns the channel of an account, or nil while that isn't connected.
	Channel func(account store.AccountID) channels.Channel
	// Writes means that a model is configured that writes texts on request (analysis.Writer).
	Writes bool
	// Gates are the gates whose ids this process knows. A gate is one budget of a provider that several lanes spend.
	Gates *Gates
	// LeaseFor returns how long to lease a lane for a request that takes at most the given time.
	LeaseFor func(request time.Duration) time.Duration
}

// NewBook makes the empty book of a batch.
func NewBook(o BookOptions) *Book {
	m := &o.Moment
	m.asked = map[any]bool{}
	log := &Log{Moment: m, verbs: o.Verbs}
	posts := &Posts{Moment: m, verbs: o.Verbs, Rows: map[PostKey]*store.Post{}, dirty: map[PostKey]bool{}}
	outbox := newOutbox(m, o.Gates, o.LeaseFor)

	return &Book{
		Moment:        m,
		Dir:           o.Directory,
		Verbs:         o.Verbs,
		Locks:         func([]store.ConversationID) {},
		Channel:       o.Channel,
		Conversations: newConversations(m, o.Directory),
		Messages:      newMessages(m, log, posts, outbox, o.Verbs),
		People:        newPeople(m),
		Posts:         posts,
		Outbox:        outbox,
		Timers:        &Timers{set: map[timerKey]store.Timer{}, stopped: map[timerKey]store.Timer{}},
		Log:           log,
		Tags:          newTags(m, o.Directory),
		Openings:      Openings{},
		Bursts:        Bursts{},
		Suggested:     SuggestedReplies{},
		Suggestions:   &Suggestions{ended: map[store.ConversationID]bool{}},
		Requests:      &Requests{Moment: m, hasWriter: o.Writes, asks: map[requestKey]Ask{}},
		Replying:      &Replying{Moment: m},
	}
}

// Caps returns the capabilities of an account's channel. They are empty while the channel isn't connected.
func (b *Book) Caps(account store.AccountID) channels.Capabilities {
	if ch := b.Channel(account); ch != nil {
		return ch.Capabilities()
	}
	return channels.Capabilities{}
}

// ConversationAt returns the conversation that an action is about: the one that it names by number, as buttons do, or
// else the one in whose thread it was done. It returns nil if neither is known.
func (b *Book) ConversationAt(r Request) *Conversation {
	if r.Args.Conversation != 0 {
		c := b.Conversations.Get(r.Args.Conversation)
		if c == nil || r.Args.Message == 0 {
			return c
		}
		m := b.Messages.Get(r.Args.Message)
		if m == nil || m.ConversationID == c.ID || m.AuthorUser == "" {
			return c
		}
		if typed := b.Posts.At(PostKey{m.AccountID, m.Channel, m.Place}); typed != nil && typed.ConversationID == c.ID {
			return b.Conversations.Get(m.ConversationID) // it was typed here, and sent to the customer of another one
		}
		return c
	}
	for _, message := range []string{r.Place.Thread, r.Place.Message} {
		p := b.Posts.At(PostKey{r.Surface, r.Place.Channel, message})
		if p == nil || message == "" {
			continue
		}
		if c := b.Conversations.Get(p.ConversationID); c != nil {
			return c
		}
	}
	return conversationOfTextTakenBack(b, r)
}

// conversationOfTextTakenBack returns the conversation of a reply that was typed outside of the conversation's
// thread, if the action is the author's emoji that takes the reply back. It returns nil for any other emoji on such a
// message: that is meant for people.
func conversationOfTextTakenBack(b *Book, r Request) *Conversation {
	p := b.Posts.At(PostKey{r.Surface, r.Place.Channel, r.Place.Message})
	takesBack := r.IsEmoji() && b.Verbs.Of(r.Verb).TakesBack
	if p == nil || !takesBack {
		return nil
	}
	m := b.Messages.Get(p.MessageID)
	if m == nil || m.AuthorUser != r.Actor.ID {
		return nil
	}
	return b.Conversations.Get(m.ConversationID)
}

// MessageByExternalID finds a message and its conversation by the provider's id. It returns nil, nil for an unknown id.
func (b *Book) MessageByExternalID(a *store.Account, external string) (*Message, *Conversation) {
	link, ok := b.Messages.ByExternalID(NameKey{a.ID, external})
	if !ok || external == "" {
		return nil, nil
	}
	m := b.Messages.Get(link.MessageID)
	if m == nil {
		return nil, nil
	}
	return m, b.Conversations.Get(m.ConversationID)
}

// ReferredMessage finds the message that a customer's message answers, or that a reaction is about. It looks for the
// provider's id (external) first, then for our own (ours, from channels.Answers.Message), which some providers send back.
func (b *Book) ReferredMessage(a *store.Account, external string, ours int64) (*Message, *Conversation) {
	if m, c := b.MessageByExternalID(a, external); m != nil {
		return m, c
	}
	return b.messageOfAccount(a, store.MessageID(ours))
}

// messageOfAccount finds a message and its conversation by our own id. It returns nil, nil if the account has no such
// message.
func (b *Book) messageOfAccount(a *store.Account, id store.MessageID) (*Message, *Conversation) {
	m := b.Messages.Get(id)
	if m == nil {
		return nil, nil
	}
	c := b.Conversations.Get(m.ConversationID)
	if c == nil || c.AccountID != a.ID {
		return nil, nil
	}
	return m, c
}

// StatusMessage finds the message that a receipt is about, or nil if there is none.
func (b *Book) StatusMessage(a *store.Account, s *channels.Status) *Message {
	if m, _ := b.messageOfAccount(a, store.MessageID(s.MessageID)); m != nil {
		return m
	}
	for _, id := range s.External {
		link, ok := b.Messages.ByExternalID(NameKey{a.ID, id})
		if !ok {
			continue
		}
		if m := b.Messages.Get(link.MessageID); m != nil {
			return m
		}
	}
	return nil
}

// DeliveryOfReceipt returns the delivery that a receipt is about. If the message has several parts, the provider's id
// decides:
//   - the part that has the id;
//   - if no part has it, the only part whose id is unknown, which gets the id;
//   - if several ids are unknown, nil: a person is asked about each of these parts.
//
// Errors: *NotYet while the result of the part may be about to be written.
func (b *Book) DeliveryOfReceipt(m *Message, s *channels.Status) (*Delivery, error) {
	parts := b.Outbox.PartsOf(m)
	if len(parts) < 2 {
		return b.Outbox.ReplyOf(m), nil
	}
	if s.Early {
		return parts[0], nil // it is about an early piece, and only the first part, with the text, has pieces
	}

	for _, d := range parts {
		if d.ExternalID != "" && slices.Contains(s.External, d.ExternalID) {
			return d, nil
		}
	}

	unanswered := parts.unanswered()
	isBeingSent := slices.ContainsFunc(unanswered, func(d *Delivery) bool { return d.State == store.Sending })
	if (isBeingSent || len(unanswered) == 0) && b.Age() < ResultWait {
		return nil, b.PutAside(ResultWait - b.Age())
	}

	switch len(unanswered) {
	case 0:
		return parts[0], nil
	case 1:
		unanswered[0].noteID(s.External)
		return unanswered[0], nil
	}
	return nil, nil
}

// MessageOfAction finds the message that an action is about, or nil:
//   - the one that the action names by id;
//   - for a typed verb, the newest message of that time to which the verb can be applied;
//   - else the message on which the action was done, or the one that the line there is about. A line is a
//     remark by Parley.
func (b *Book) MessageOfAction(r Request) *Message {
	if m := b.Messages.Get(r.Args.Message); m != nil {
		return m
	}

	isTypedVerb := r.Typed() || r.Origin == bridge.OriginSlash
	if isTypedVerb {
		return b.Messages.newestFor(r)
	}

	p := b.Posts.At(PostKey{r.Surface, r.Place.Channel, r.Place.Message})
	if p == nil {
		return nil
	}

	isChosenLine := p.Kind == string(bridge.PostLine) && IsForOneMessage(r.Action)
	if p.Kind != HumanMessage && !isChosenLine {
		return nil
	}
	return b.Messages.Get(p.MessageID)
}

// Settings returns the settings of a conversation's account.
func (b *Book) Settings(c *Conversation) bridge.AccountSettings {
	return b.Dir.SettingsOf(c.Account, b.Caps(c.AccountID).Threads)
}

// IsAnalysed reports whether the messages of a conversation are analysed: the account's settings enable it, and
// nobody disabled it for this conversation.
func (b *Book) IsAnalysed(c *Conversation) bool {
	return b.Settings(c).Analyses && c.Traits[bridge.TraitAnalysis] != bridge.AnalysisOff
}

// ConversationOf finds the conversation that a customer's message belongs to: by our token in it, by the ids of the
// messages that it answers, or in a chat by its sender. It returns nil if there is none.
func (b *Book) ConversationOf(a *store.Account, in channels.Inbound) *Conversation {
	answered := b.answeredBy(a, in)
	for _, c := range answered { // a forwarded mail may also name somebody else's conversation
		if next := b.continuationFor(c, in); b.TakesPart(next, in) {
			return next
		}
	}
	if len(answered) > 0 {
		return b.continuationFor(answered[0], in)
	}

	if b.Caps(a.ID).Threads {
		return nil
	}
	if c := b.Conversations.LatestOf(b.People.At(NameKey{a.ID, in.From.Key})); c != nil && c.canTakeAnswers() {
		return c
	}
	return nil
}

// answeredBy returns the conversations that a message refers to: the one of our token, then the one that has another
// copy of the same mail, then those of the messages that it answers.
func (b *Book) answeredBy(a *store.Account, in channels.Inbound) (list []*Conversation) {
	add := func(id store.ConversationID) {
		c := b.Conversations.Get(id)
		if c != nil && c.AccountID == a.ID && c.canTakeAnswers() {
			list = append(list, c)
		}
	}

	add(store.ConversationID(in.Answers.Conversation))
	if m, _ := b.MessageByExternalID(a, in.ExternalID); m != nil && b.isSameMail(m, a, in) {
		add(m.ConversationID)
	}
	for _, id := range in.Answers.References {
		if x, known := b.Messages.ByExternalID(NameKey{a.ID, id}); known {
			add(x.ConversationID)
		}
	}
	return list
}

// isSameMail reports whether a mail is another copy of message m, which has the same Message-ID. A copy may have
// additional text, such as the footer of a mailing list. If the texts differ otherwise, it is not a copy: some
// programs use one Message-ID for several mails.
func (b *Book) isSameMail(m *Message, a *store.Account, in channels.Inbound) bool {
	sender := b.People.At(NameKey{a.ID, in.From.Key})
	if sender == nil || m.IdentityID == nil || !b.Caps(a.ID).Threads {
		return false
	}

	shorter, longer := strings.TrimSpace(m.Text), strings.TrimSpace(in.Text)
	if len(shorter) > len(longer) {
		shorter, longer = longer, shorter
	}
	return *m.IdentityID == sender.ID && m.SaidAt.Equal(in.At) && strings.Contains(longer, shorter)
}

// OpenConversationWith returns the open conversation that a customer has in a chat account, such as WhatsApp, under
// any of the customer's keys (addresses, numbers). A chat has at most one (invariant 5). The result is 0 if there is
// none, and always for a mailbox, which may have several.
func (b *Book) OpenConversationWith(
	ctx context.Context, tx pgx.Tx, account store.AccountID, i *store.Identity,
) (store.ConversationID, error) {
	if b.Caps(account).Threads {
		return 0, nil
	}

	if o := b.Conversations.openChatWith(account, i); o != nil {
		return o.ID, nil
	}

	var p store.Pipeline
	var open []store.ConversationID
	p.OpenConversations(&open, []store.AccountID{account}, []string{i.Key})
	if err := p.Run(ctx, tx); err != nil {
		return 0, err
	}

	for _, id := range open {
		if b.Conversations.Rows[id] == nil { // if it were loaded and still open, openChatWith would have found it
			return id, nil
		}
	}

	return 0, nil
}

// maxRefs is how many message ids of its thread a conversation remembers.
const maxRefs = 20

// AddRef adds a provider's message id to the ids that the conversation remembers, if the channel uses them for sending
// (channels.Sending). For other channels they would be written with each change of the conversation and never be read.
func (b *Book) AddRef(c *Conversation, id string) {
	ch := b.Channel(c.AccountID)
	if ch != nil && !ch.Capabilities().Sending.References {
		return
	}
	if slices.Contains(c.Refs, id) {
		return
	}
	c.Refs = append(c.Refs, id)
	if len(c.Refs) > maxRefs {
		c.Refs = slices.Delete(c.Refs, 1, len(c.Refs)-maxRefs+1) // the first anchors the thread
	}
	c.Touch()
}

// AddToThread makes an inbound message the one that our replies answer, so that mail programs show them below it. A
// message by a newcomer or a machine counts only if it begins the conversation, because the customer may not have it.
func (b *Book) AddToThread(c *Conversation, in channels.Inbound) {
	isByParticipant := !store.IsByMachine(in.Automatic) && b.TakesPart(c, in)
	beginsConversation := c.LastExternalID == "" && len(c.Refs) == 0
	if !isByParticipant && !beginsConversation {
		return
	}

	c.LastExternalID = in.ExternalID
	b.AddChain(c, in.Answers.References)
	b.AddRef(c, in.ExternalID)
}

// AddChain remembers, like AddRef, the ids of the messages that a mail answers (RFC 5322 section 3.6.4), given newest
// first. It stops at the first id that is already remembered.
func (b *Book) AddChain(c *Conversation, ids []string) {
	isKnown := func(id string) bool { return slices.Contains(c.Refs, id) }
	if i := slices.IndexFunc(ids, isKnown); i >= 0 {
		ids = ids[:i]
	}
	for _, id := range slices.Backward(ids) {
		b.AddRef(c, id)
	}
}
