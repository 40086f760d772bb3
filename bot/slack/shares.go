package slack

import (
	"context"
	"sync"
	"time"

	"parley/bot/slack/fact"
)

// maxShares bounds how many messages of own uploads are remembered.
const maxShares = 2000

// shareBook remembers in which messages own uploads were posted, learned from events. Its zero value is empty.
type shareBook struct {
	mu      sync.Mutex
	shares  map[string]fact.Share // by shareKey
	order   []string              // the keys of shares, the oldest first
	learned chan struct{}         // closed and replaced when something is learned
}

// lock locks b, and makes its fields at the first use.
func (b *shareBook) lock() {
	b.mu.Lock()
	if b.shares == nil {
		b.shares = map[string]fact.Share{}
		b.learned = make(chan struct{})
	}
}

func shareKey(file, channel string) string { return file + " " + channel }

// learn remembers a share, and wakes those who wait. It forgets the oldest share if there are too many.
func (b *shareBook) learn(s fact.Share) {
	b.lock()
	defer b.mu.Unlock()
	key := shareKey(s.File, s.Channel)
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

func (b *shareBook) get(file, channel string) (fact.Share, bool) {
	b.lock()
	defer b.mu.Unlock()
	s, ok := b.shares[shareKey(file, channel)]
	return s, ok
}

// wait waits for the message of a file. It returns false if the message isn't known after timeout.
func (b *shareBook) wait(ctx context.Context, file, channel string, timeout time.Duration) (fact.Share, bool) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()

	for {
		b.lock()
		s, ok := b.shares[shareKey(file, channel)]
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
