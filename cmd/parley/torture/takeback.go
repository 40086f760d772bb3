package torture

import (
	"context"
	"sync"
	"time"

	"parley/cmd/parley/torture/judge"
	"parley/cmd/parley/torture/world"
)

// takeBacks remembers for which replies the hold can't keep its promise: Parley was told of their
// deletion too late, or a jump of the clock ended their hold early.
type takeBacks struct {
	platform world.Platform
	hold     time.Duration

	mu      sync.Mutex
	recent  []typedReply          // replies that may be in the hold
	deleted map[string]judge.Mark // deleted ones, by their ts
	excused markSet
}

// typedReply is a reply, with the time at which it was typed.
type typedReply struct {
	mark judge.Mark
	at   time.Time
}

// excuseFor is how long after the end of its hold a reply may need to leave.
const excuseFor = 5 * time.Second

// noteTyped notes that a reply was typed.
func (t *takeBacks) noteTyped(m judge.Mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recent = append(t.recent, typedReply{m, time.Now()})
	for len(t.recent) > 0 && time.Since(t.recent[0].at) > t.hold+excuseFor {
		t.recent = t.recent[1:]
	}
}

// noteDeleted notes that a reply was deleted.
func (t *takeBacks) noteDeleted(ts string, m judge.Mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.deleted == nil {
		t.deleted = map[string]judge.Mark{}
	}
	t.deleted[ts] = m
}

// excuseJumped excuses all replies that are in the hold when the clock jumps: they may leave
// before their deletion, and before messages of which the platform tells late.
func (t *takeBacks) excuseJumped() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.recent {
		t.excused.add(r.mark)
	}
}

// listExcused returns all replies that are excused. To those of excuseJumped it adds the replies of whose
// deletion the platform told Parley only after half of the hold.
func (t *takeBacks) listExcused(ctx context.Context) ([]judge.Mark, error) {
	late, err := t.platform.Untold(ctx, world.Deleted, t.hold/2)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for ts, m := range t.deleted {
		if late[ts] {
			t.excused.add(m)
		}
	}
	return t.excused.list(), nil
}
