// Package book holds the data of one batch: the mails, typed messages, clicks and other events that one transaction
// applies. Load locks and reads all rows that they touch, the use cases change them in memory, and Flush writes them.
//
// What does not belong here: any use case, and what is posted or told to people (threads).
package book

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/verb"
	"parley/channels"
	"parley/store"
	"parley/store/request"
)

// Book is the data of one batch. Each kind of row has a holder of its own.
type Book struct {
	*Moment                                                      // the event that is being applied, and the time
	Dir           *directory.Directory                           // accounts, teams and agents
	Verbs         verb.Table                                     // what is known of each verb
	Locks         func(conversations []store.ConversationID)     // relay.Batch.Locks: Load tells it which conversations are locked
	Channel       func(account store.AccountID) channels.Channel // returns nil while the account's channel isn't connected
	Conversations *Conversations
	Messages      *Messages
	People        *People          // customers
	Posts         *Posts           // what stands in Slack or Teams, by people and by Parley
	Outbox        *Outbox          // what is to be sent to customers and posted in chats
	Timers        *Timers          // what is to happen later
	Log           *Log             // what was done to conversations, by whom
	Tags          *Tags            // labels of conversations
	Openings      Openings         // how many conversations each sender began lately
	Bursts        Bursts           // customers' messages that are to be analysed together
	Suggested     SuggestedReplies // replies that an analysis suggested
	Suggestions   *Suggestions     // what became of such suggestions
	Requests      *Requests        // texts that a model is asked to write
	Replying      *Replying        // agents who are writing in the form of a reply
}

// Options of a Book.
type Options struct {
	Moment    Moment
	Directory *directory.Directory
	Verbs     verb.Table
	// Channel returns the channel of an account, or nil while that isn't connected.
	Channel func(account store.AccountID) channels.Channel
	// Writes means that a Writer is set up, which writes texts that are asked for.
	Writes bool
	// Gates are the gates whose ids this process knows. A gate is one budget of a provider that several lanes spend.
	Gates *Gates
	// LeaseFor returns how long a lane has to be leased for a request that takes at most so long.
	LeaseFor func(request time.Duration) time.Duration
}

// New makes the empty book of a batch.
func New(o Options) *Book {
	m := &o.Moment
	log := &Log{Moment: m, verbs: o.Verbs}
	posts := &Posts{Moment: m, verbs: o.Verbs, Rows: map[PostKey]*store.Post{}, dirty: map[PostKey]bool{}}
	return &Book{
		Moment:        m,
		Dir:           o.Directory,
		Verbs:         o.Verbs,
		Locks:         func([]store.ConversationID) {},
		Channel:       o.Channel,
		Conversations: newConversations(m, o.Directory),
		Messages:      newMessages(m, log, posts, o.Verbs),
		People:        newPeople(m),
		Posts:         posts,
		Outbox:        newOutbox(m, o.Gates, o.LeaseFor),
		Timers:        &Timers{set: map[timerKey]store.Timer{}, stopped: map[timerKey]store.Timer{}},
		Log:           log,
		Tags:          newTags(o.Directory),
		Openings:      Openings{},
		Bursts:        Bursts{},
		Suggested:     SuggestedReplies{},
		Suggestions:   &Suggestions{ended: map[store.ConversationID]bool{}},
		Requests:      &Requests{Moment: m, hasWriter: o.Writes, rows: map[requestKey]request.Request{}},
		Replying:      &Replying{Moment: m},
	}
}

// Caps returns what the channel of an account can carry: nothing while the channel isn't connected.
func (b *Book) Caps(account store.AccountID) channels.Capabilities {
	if ch := b.Channel(account); ch != nil {
		return ch.Capabilities()
	}
	return channels.Capabilities{}
}

// ConversationAt returns the conversation that an action is about: the one that it names by number, as buttons do, else
// the one in whose thread it happened. It returns nil if there is none.
func (b *Book) ConversationAt(r Request) *Conversation {
	if r.Args.Conversation != 0 {
		return b.Conversations.Rows[r.Args.Conversation]
	}
	for _, message := range []string{r.Place.Thread, r.Place.Message} {
		p := b.Posts.Rows[PostKey{r.Surface, r.Place.Channel, message}]
		if p == nil || message == "" {
			continue
		}
		if c := b.Conversations.Rows[p.ConversationID]; c != nil {
			return c
		}
	}
	return conversationOfTextTakenBack(b, r)
}

// conversationOfTextTakenBack returns the conversation of a reply that was typed outside of the conversation's thread, if
// the action is its author's emoji that takes it back. Any other emoji there is meant for people, and nil is returned.
func conversationOfTextTakenBack(b *Book, r Request) *Conversation {
	p := b.Posts.Rows[PostKey{r.Surface, r.Place.Channel, r.Place.Message}]
	takesBack := r.IsEmoji() && b.Verbs.Of(r.Verb).TakesBack
	if p == nil || !takesBack {
		return nil
	}
	m := b.Messages.Rows[p.MessageID]
	if m == nil || m.AuthorUser != r.Actor.ID {
		return nil
	}
	return b.Conversations.Rows[m.ConversationID]
}

// MessageByExternalID finds a message, and its conversation, by the provider's id. Both are nil if the id isn't known.
func (b *Book) MessageByExternalID(a *store.Account, external string) (*Message, *Conversation) {
	x, ok := b.Messages.External[NameKey{a.ID, external}]
	if !ok || external == "" {
		return nil, nil
	}
	m := b.Messages.Rows[x.MessageID]
	if m == nil {
		return nil, nil
	}
	return m, b.Conversations.Rows[m.ConversationID]
}

// ReferredMessage finds the message that a customer's message answers, or that a reaction is about: by the provider's id
// (external) or, where the provider hands our own id back, by that (ours, which is channels.Answers.Message).
func (b *Book) ReferredMessage(a *store.Account, external string, ours int64) (*Message, *Conversation) {
	if m, c := b.MessageByExternalID(a, external); m != nil {
		return m, c
	}
	return b.messageOfAccount(a, store.MessageID(ours))
}

// messageOfAccount finds a message, and its conversation, by our own id. Both are nil if the account has no such message.
func (b *Book) messageOfAccount(a *store.Account, id store.MessageID) (*Message, *Conversation) {
	m := b.Messages.Rows[id]
	if m == nil {
		return nil, nil
	}
	c := b.Conversations.Rows[m.ConversationID]
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
		x, ok := b.Messages.External[NameKey{a.ID, id}]
		if !ok {
			continue
		}
		if m := b.Messages.Rows[x.MessageID]; m != nil {
			return m
		}
	}
	return nil
}

// MessageOfAction finds the message that an action is about, or nil if there is none:
//   - the one that the action names by id;
//   - for a typed verb, the newest one that was there when the verb was typed, and to which it can be applied;
//   - else the one at whose place, or at whose line, the action happened.
func (b *Book) MessageOfAction(r Request) *Message {
	if m := b.Messages.Rows[r.Args.Message]; m != nil {
		return m
	}

	isTypedVerb := r.Typed() || r.Origin == bridge.OriginSlash
	if isTypedVerb {
		return b.Messages.newestFor(r)
	}

	p := b.Posts.Rows[PostKey{r.Surface, r.Place.Channel, r.Place.Message}]
	if p == nil {
		return nil
	}

	isChosenLine := p.Kind == string(bridge.PostLine) && IsForOneMessage(r.Action)
	if p.Kind != HumanMessage && !isChosenLine {
		return nil
	}
	return b.Messages.Rows[p.MessageID]
}

// Settings returns what is chosen for a conversation's account.
func (b *Book) Settings(c *Conversation) bridge.AccountSettings {
	return b.Dir.SettingsOf(c.Account, b.Caps(c.AccountID).Threads)
}

// IsAnalysed reports whether what is written in a conversation is analysed: its account's settings say so, and nobody
// switched the analysis off for this conversation.
func (b *Book) IsAnalysed(c *Conversation) bool {
	return b.Settings(c).Analyses && c.Traits[bridge.TraitAnalysis] != bridge.AnalysisOff
}

// ConversationOf finds the conversation that a customer's message belongs to: by our token in it, by the ids of the
// messages that it answers, or in a chat by its sender. It returns nil if there is none.
func (b *Book) ConversationOf(a *store.Account, in channels.Inbound) *Conversation {
	answered := b.answeredBy(a, in)
	for _, c := range answered { // a mail that was passed on names a conversation of somebody else, too
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
	return b.Conversations.LatestOf(b.People.ByAddress[NameKey{a.ID, in.From.Key}])
}

// answeredBy returns the conversations that a message names: the one of our token, then the one in which another copy of the same
// mail stands, then those of the messages that it answers.
func (b *Book) answeredBy(a *store.Account, in channels.Inbound) (list []*Conversation) {
	add := func(id store.ConversationID) {
		c := b.Conversations.Rows[id]
		if c != nil && c.AccountID == a.ID && c.canTakeAnswers() {
			list = append(list, c)
		}
	}

	add(store.ConversationID(in.Answers.Conversation))
	if m, _ := b.MessageByExternalID(a, in.ExternalID); m != nil && b.isSameMail(m, a, in) {
		add(m.ConversationID)
	}
	for _, id := range in.Answers.References {
		if x, known := b.Messages.External[NameKey{a.ID, id}]; known {
			add(x.ConversationID)
		}
	}
	return list
}

// isSameMail reports whether a mail is another copy of a message that has the same id. A copy may have more words, which a list adds.
// Mails that say different things are no copies: some programs give the same id to several mails.
func (b *Book) isSameMail(m *Message, a *store.Account, in channels.Inbound) bool {
	sender := b.People.ByAddress[NameKey{a.ID, in.From.Key}]
	if sender == nil || m.IdentityID == nil || !b.Caps(a.ID).Threads {
		return false
	}

	shorter, longer := strings.TrimSpace(m.Text), strings.TrimSpace(in.Text)
	if len(shorter) > len(longer) {
		shorter, longer = longer, shorter
	}
	return *m.IdentityID == sender.ID && m.SaidAt.Equal(in.At) && strings.Contains(longer, shorter)
}

// OpenConversationWith returns the open conversation that a chat, such as WhatsApp, has with a customer, whichever of the
// customer's keys (addresses, numbers) it was begun with. A chat has at most one (invariant 5). The result is 0 if there is
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
		if b.Conversations.Rows[id] == nil { // a loaded one that isn't open above has ended in this batch
			return id, nil
		}
	}

	return 0, nil
}

// maxRefs is how many message ids of its thread a conversation remembers.
const maxRefs = 20

// AddRef keeps the provider's id of a message with its conversation, if the channel uses such ids when it sends
// (channels.Sending). Otherwise the ids would be written with each change of the conversation and never be read.
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

// AddToThread makes an inbound message the one that our replies answer, so that mail programs show them below it. A message
// by a newcomer or a machine counts only if it begins the conversation: the customer may not have it.
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

// AddChain keeps, as AddRef does, the ids of the messages that a mail answers (RFC 5322 section 3.6.4). ids has the newest
// first. Those from the first id on that is kept already are left out.
func (b *Book) AddChain(c *Conversation, ids []string) {
	isKept := func(id string) bool { return slices.Contains(c.Refs, id) }
	if i := slices.IndexFunc(ids, isKept); i >= 0 {
		ids = ids[:i]
	}
	for _, id := range slices.Backward(ids) {
		b.AddRef(c, id)
	}
}
