package engine

import (
	"parley/bridge/engine/directory"
	"parley/channels"
)

// book is what one batch has in hand: all that its events touch, locked and in memory, each noun with
// a holder of its own. load reads it, flush writes what was changed, both set-wise.
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
