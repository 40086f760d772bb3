package slack

import (
	"context"
	"sync"
	"time"

	"parley/bot/slack/fact"
)

// sharesKept bounds the memory of where own uploads were posted.
const sharesKept = 2000

// shareBook remembers in which messages own uploads were posted, learned from events.
type shareBook struct {
	mu    sync.Mutex
	at    map[string]fact.Share // by file and channel
	order []string
	more  chan struct{} // closed and replaced when something is learned
}

func (b *shareBook) lock() {
	b.mu.Lock()
	if b.at == nil {
		b.at, b.more = map[string]fact.Share{}, make(chan struct{})
	}
}

func shareKey(file, channel string) string { return file + " " + channel }

func (b *shareBook) learn(s fact.Share) {
	b.lock()
	defer b.mu.Unlock()
	key := shareKey(s.File, s.Channel)
	if _, known := b.at[key]; !known {
		b.order = append(b.order, key)
	}
	b.at[key] = s
	if len(b.order) > sharesKept {
		delete(b.at, b.order[0])
		b.order = b.order[1:]
	}
	close(b.more)
	b.more = make(chan struct{})
}

func (b *shareBook) get(file, channel string) (fact.Share, bool) {
	b.lock()
	defer b.mu.Unlock()
	s, ok := b.at[shareKey(file, channel)]
	return s, ok
}

// wait waits for the message of a file, for at most so long.
func (b *shareBook) wait(ctx context.Context, file, channel string, most time.Duration) (fact.Share, bool) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for {
		b.lock()
		s, ok := b.at[shareKey(file, channel)]
		more := b.more
		b.mu.Unlock()
		if ok {
			return s, true
		}
		select {
		case <-more:
		case <-timer.C:
			return fact.Share{}, false
		case <-ctx.Done():
			return fact.Share{}, false
		}
	}
}
