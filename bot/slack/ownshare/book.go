// Package ownshare remembers in which messages of Slack our own uploads were posted. Slack posts the message of an upload only
// after the upload has ended, and an event tells of it.
package ownshare

import (
	"context"
	"sync"
	"time"

	"parley/bot/slack/fact"
)

// maxShares bounds how many messages of own uploads are remembered.
const maxShares = 2000

// Book has what events told of own uploads. Its zero value is empty.
type Book struct {
	mu      sync.Mutex
	shares  map[string]fact.Share // by keyOf
	order   []string              // the keys of shares, the oldest first
	learned chan struct{}         // closed and replaced when something is learned
}

// lock locks b, and makes its fields at the first use.
func (b *Book) lock() {
	b.mu.Lock()
	if b.shares == nil {
		b.shares = map[string]fact.Share{}
		b.learned = make(chan struct{})
	}
}

func keyOf(file, channel string) string { return file + " " + channel }

// Learn remembers a share, and wakes those who wait. It forgets the oldest share if there are too many.
func (b *Book) Learn(s fact.Share) {
	b.lock()
	defer b.mu.Unlock()
	key := keyOf(s.File, s.Channel)
	if _, known := b.shares[key]; !known {
		b.order = append(b.order, key)
	}
	b.shares[key] = s
	if len(b.order) > maxShares {
		delete(b.shares, b.order[0])
		b.order = b.order[1:]
	}
	close(b.learned)
	b.learned = make(chan struct{})
}

// Get returns the share of a file in a channel; false if no event told it yet.
func (b *Book) Get(file, channel string) (fact.Share, bool) {
	b.lock()
	defer b.mu.Unlock()
	s, ok := b.shares[keyOf(file, channel)]
	return s, ok
}

// Wait waits for the message of a file. It returns false if the message isn't known after timeout.
func (b *Book) Wait(ctx context.Context, file, channel string, timeout time.Duration) (fact.Share, bool) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()

	for {
		b.lock()
		s, ok := b.shares[keyOf(file, channel)]
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
