// Package ownshare remembers in which messages of Slack our own uploads were posted. Slack posts the message of an upload only
// after the upload has ended, and an event tells of it.
package ownshare

import (
	"context"
	"sync"
	"time"

	"parley/bot/recent"
	"parley/bot/slack/fact"
)

// Book has what events told of own uploads. Its zero value is empty.
type Book struct {
	mu      sync.Mutex
	shares  *recent.Map[fact.Share] // by keyOf
	learned chan struct{}           // closed and replaced when something is learned
}

// lock locks b, and makes its fields at the first use.
func (b *Book) lock() {
	b.mu.Lock()
	if b.shares == nil {
		b.shares = recent.New[fact.Share]()
		b.learned = make(chan struct{})
	}
}

func keyOf(file, channel string) string { return file + " " + channel }

// Remember remembers a share, and wakes those who wait.
func (b *Book) Remember(s fact.Share) {
	b.lock()
	defer b.mu.Unlock()
	b.shares.Put(keyOf(s.File, s.Channel), s)
	close(b.learned)
	b.learned = make(chan struct{})
}

// Get returns the share of a file in a channel; false if no event told it yet.
func (b *Book) Get(file, channel string) (fact.Share, bool) {
	b.lock()
	defer b.mu.Unlock()
	return b.shares.Get(keyOf(file, channel))
}

// Wait waits for the message of a file. It returns false if the message isn't known after timeout.
func (b *Book) Wait(ctx context.Context, file, channel string, timeout time.Duration) (fact.Share, bool) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()

	for {
		b.lock()
		s, ok := b.shares.Get(keyOf(file, channel))
		learned := b.learned
		b.mu.Unlock()

		if ok {
			return s, true
		}

		select {
		case <-learned:
		case <-timer.C:
			return fact.Share{}, false
		case <-ctx.Done():
			return fact.Share{}, false
		}
	}
}
