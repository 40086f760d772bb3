package engine

import (
	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/channels"
	"parley/store"
)

// book is the data of one batch: all rows that its events touch, locked and in memory. Each kind of row
// has a holder of its own. load reads the rows and flush writes the changed ones, both set-wise.
type book struct {
	*moment
	dir      *directory.Directory
	locks    func(conversations []int64)          // relay.Batch.Locks
	channel  func(account int64) channels.Channel // nil while it isn't there
	convs    *conversations
	messages *messages
	people   *people
	posts    *posts
	outbox   *outbox
	timers   *timers
	log      *logbook
	tags     *tags
	openings openings
	replies  *replyChanges
}

// caps gives what the channel of an account can carry; zero while it isn't there.
func (b *book) caps(account int64) channels.Capabilities {
	if ch := b.channel(account); ch != nil {
		return ch.Capabilities()
	}
	return channels.Capabilities{}
}

// conversationAt finds the conversation that an action is about: the one that it names by number
// (buttons do too), or the one whose thread it happened in; nil = none.
func (b *book) conversationAt(r request) *conv {
	if r.Args.Conversation != 0 {
		return b.convs.rows[r.Args.Conversation]
	}
	for _, m := range []string{r.Place.Thread, r.Place.Message} {
		if p := b.posts.rows[postKey{r.surface, r.Place.Channel, m}]; p != nil && m != "" {
			if c := b.convs.rows[p.ConversationID]; c != nil {
				return c
			}
		}
	}
	return nil
}

// named finds a message, and its conversation, by the provider's id.
func (b *book) named(a *store.Account, external string) (*message, *conv) {
	x, ok := b.messages.external[userKey{a.ID, external}]
	if !ok || external == "" {
		return nil, nil
	}
	m := b.messages.rows[x.MessageID]
	if m == nil {
		return nil, nil
	}
	return m, b.convs.rows[m.ConversationID]
}

func (b *book) statusMessage(a *store.Account, s *channels.Status) *message {
	if m := b.messages.rows[s.MessageID]; m != nil && b.convs.rows[m.ConversationID] != nil && b.convs.rows[m.ConversationID].AccountID == a.ID {
		return m
	}
	for _, id := range s.External {
		if x, ok := b.messages.external[userKey{a.ID, id}]; ok && b.messages.rows[x.MessageID] != nil {
			return b.messages.rows[x.MessageID]
		}
	}
	return nil
}

// namedMessage finds the message that an action is about: by its id; for a typed verb, the newest
// message of the conversation that the verb can mean; else by the place of the message, or of a
// line about it.
func (b *book) namedMessage(r request) *message {
	if m := b.messages.rows[r.Args.Message]; m != nil {
		return m
	}
	if r.Origin == bridge.OriginText || r.Origin == bridge.OriginMention || r.Origin == bridge.OriginSlash {
		return b.messages.newestAsking(r.conv, r.Verb)
	}
	p := b.posts.rows[postKey{r.surface, r.Place.Channel, r.Place.Message}]
	if p != nil && (p.Kind == humanMessage || p.Kind == string(bridge.PostLine) && pointed(r.Action)) {
		return b.messages.rows[p.MessageID]
	}
	return nil
}

func (b *book) settings(c *conv) bridge.AccountSettings {
	ch := b.channel(c.AccountID)
	return b.dir.SettingsOf(c.account, ch != nil && ch.Capabilities().Threads)
}
