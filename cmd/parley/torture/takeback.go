package torture

import (
	"context"
	"sync"
	"time"
)

// takeBacks remembers what the hold must do: which replies were deleted in it, and which
// ones a jump of the clock let out early.
type takeBacks struct {
	platform platform
	hold     time.Duration

	mu      sync.Mutex
	recent  []typed         // replies that may be in the hold
	gone    map[string]mark // deleted ones, by their ts
	excused markSet
}

// typed is a reply and when it was typed.
type typed struct {
	mark mark
	at   time.Time
}

// excuseFor is how long after its hold a reply may still not have left.
const excuseFor = 5 * time.Second

// typed notes a reply.
func (t *takeBacks) typed(m mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recent = append(t.recent, typed{m, time.Now()})
	for len(t.recent) > 0 && time.Since(t.recent[0].at) > t.hold+excuseFor {
		t.recent = t.recent[1:]
	}
}

// deleted notes that the reply was deleted.
func (t *takeBacks) deleted(ts string, m mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone == nil {
		t.gone = map[string]mark{}
	}
	t.gone[ts] = m
}

// jumped is for a clock that jumps over all holds: neither a deletion nor the order of
// what the platform told late is sure then.
func (t *takeBacks) jumped() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.recent {
		t.excused.add(r.mark)
	}
}

// rest gives all that is excused, also the deletions that the platform could not tell within the
// hold.
func (t *takeBacks) rest(ctx context.Context) ([]mark, error) {
	late, err := t.platform.untold(ctx, deleted, t.hold/2)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for ts, m := range t.gone {
		if late[ts] {
			t.excused.add(m)
		}
	}
	return t.excused.list(), nil
}
