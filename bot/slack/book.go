package slack

import (
	"context"
	"sync"
	"time"

	"parley/bot/forms"
)

// Book remembers the most recent shares. A share is a message that shows one of our uploads. The zero value is ready to
// use. A Book is safe for concurrent use.
type Book struct {
	mu      sync.Mutex
	shares  *forms.Map[Share] // by keyOf
	changed chan struct{}     // closed and replaced when a share is added
}

// lock locks b and, on first use, initialises it.
func (b *Book) lock() {
	b.mu.Lock()
	if b.shares == nil {
		b.shares = forms.NewRecent[Share]()
		b.changed = make(chan struct{})
	}
}

func keyOf(file, channel string) string { return file + " " + channel }

// Remember adds a share and wakes the callers of Wait.
func (b *Book) Remember(s Share) {
	b.lock()
	defer b.mu.Unlock()
	b.shares.Put(keyOf(s.File, s.Channel), s)
	close(b.changed)
	b.changed = make(chan struct{})
}

// Get returns the share of a file in a channel. It returns false if none is known.
func (b *Book) Get(file, channel string) (Share, bool) {
	b.lock()
	defer b.mu.Unlock()
	return b.shares.Get(keyOf(file, channel))
}

// Wait waits for the share of a file in a channel. It returns false if none is known after timeout, or when ctx ends.
func (b *Book) Wait(ctx context.Context, file, channel string, timeout time.Duration) (Share, bool) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()

	for {
		b.lock()
		s, ok := b.shares.Get(keyOf(file, channel))
		changed := b.changed
		b.mu.Unlock()

		if ok {
			return s, true
		}

		select {
		case <-changed:
		case <-timer.C:
			return Share{}, false
		case <-ctx.Done():
			return Share{}, false
		}
	}
}
