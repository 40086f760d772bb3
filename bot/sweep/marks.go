package sweep

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"
)

// markPrefix begins the keys of marks. Versions before this one had one mark for all processes, whose key is the prefix
// itself: it counts like the others.
const markPrefix = "complete"

// MostMarks is how many marks a process that begins leaves at most: the least, since only they say what may be missing.
const MostMarks = 50

// Marks remember what is known to be stored. Each process has a mark of its own: until then everything is stored that the
// chat told this process, or should have told it. It raises its mark whenever it has read all that it may have missed, so that a
// gap which it can't fill holds the mark back. All that is older than the least mark of all processes is stored, whoever had a
// gap and ended before it was filled. A mark that hasn't moved for long is abandoned: somebody else reads what came since then,
// and forgets it. A process that lives all the same puts its mark back.
type Marks struct {
	memory Memory
	now    func() time.Time
	own    string        // the key of this process's mark
	lasts  time.Duration // how long another process's mark may stand still

	mu      sync.Mutex
	mine    time.Time           // this process's mark; zero = it has none yet
	seen    map[string]sighting // other processes' marks
	doubts  int                 // how often another process vanished, or this one was stopped: only what all marks say is sure then
	settled int                 // how many of these times were looked into
}

// sighting is when this process first saw a mark with its value. Times of two processes are never compared for it,
// because their clocks may differ.
type sighting struct{ until, at time.Time }

// Memory outlives processes, and all processes share it.
type Memory interface {
	// Keep remembers a value by its key; nil forgets it. Kept gives all that is remembered.
	Keep(ctx context.Context, key string, value json.RawMessage) error
	Kept(ctx context.Context) (map[string]json.RawMessage, error)
}

// NewMarks makes the Marks of a process, for which other processes' marks may stand still for so long.
func NewMarks(m Memory, now func() time.Time, lasts time.Duration) *Marks {
	return &Marks{memory: m, now: now, own: markPrefix + ":" + rand.Text(), lasts: lasts, seen: map[string]sighting{}}
}

// Standing is how all marks stand.
type Standing struct {
	Least     time.Time // the least of all; zero = there is none
	Abandoned []string  // keys of marks that haven't moved for long
	Doubted   bool      // another process may have left a gap
	doubts    int
}

// Begin gives this process its mark, before it is told anything: from now on nobody takes for known what it misses.
// Errors: the desk's.
func (m *Marks) Begin(ctx context.Context) error {
	all, err := m.read(ctx)
	if err != nil {
		return err
	}
	mine, keys := m.now().Add(-time.Hour), make([]string, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return later(all, a, b) })
	if len(keys) > 0 {
		mine = all[keys[0]]
	}
	for _, key := range keys[min(len(keys), MostMarks-1):] {
		if err := m.memory.Keep(ctx, key, nil); err != nil {
			return err
		}
	}
	return m.Raise(ctx, mine)
}

// later orders marks by their times.
func later(all map[string]time.Time, a, b string) int {
	return cmp.Or(all[a].Compare(all[b]), cmp.Compare(a, b))
}

// read gives all marks by their keys.
func (m *Marks) read(ctx context.Context) (map[string]time.Time, error) {
	kept, err := m.memory.Kept(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string]time.Time{}
	for key, value := range kept {
		var until time.Time
		if (key == markPrefix || strings.HasPrefix(key, markPrefix+":")) && json.Unmarshal(value, &until) == nil {
			all[key] = until
		}
	}
	return all, nil
}

// Look tells how the marks stand. If somebody took this process for ended, it puts its own mark back.
// Errors: the desk's.
func (m *Marks) Look(ctx context.Context) (Standing, error) {
	all, err := m.read(ctx)
	if err != nil {
		return Standing{}, err
	}
	m.mu.Lock()
	mine := m.mine
	out := Standing{Doubted: m.doubts > m.settled, doubts: m.doubts}
	before := m.seen
	m.seen = map[string]sighting{}
	for key, until := range all {
		if out.Least.IsZero() || until.Before(out.Least) {
			out.Least = until
		}
		if key == m.own {
			continue
		}
		s := before[key]
		if s.at.IsZero() || !s.until.Equal(until) {
			s = sighting{until, m.now()}
		}
		m.seen[key] = s
		if m.now().Sub(s.at) >= m.lasts {
			out.Abandoned = append(out.Abandoned, key)
		}
	}
	m.mu.Unlock()
	if _, there := all[m.own]; !there && !mine.IsZero() {
		err = m.Raise(ctx, mine)
	}
	return out, err
}

// Doubt makes the next pass read all that some process may have missed.
func (m *Marks) Doubt() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.doubts++
}

// Settle notes that a pass has read all that was missing by a standing: nobody needs the abandoned marks any more.
// Errors: the desk's.
func (m *Marks) Settle(ctx context.Context, s Standing) error {
	for _, key := range s.Abandoned {
		if err := m.memory.Keep(ctx, key, nil); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settled = max(m.settled, s.doubts)
	return nil
}

// Raise sets this process's mark.
// Errors: the desk's.
func (m *Marks) Raise(ctx context.Context, until time.Time) error {
	value, err := json.Marshal(until)
	if err != nil {
		return err
	}
	if err := m.memory.Keep(ctx, m.own, value); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mine = until
	return nil
}

// End takes the mark away of a process that ends without a gap, unless it is the greatest of all: that one says, until a
// process is started again, when somebody was there last.
// Errors: the desk's.
func (m *Marks) End(ctx context.Context) error {
	all, err := m.read(ctx)
	if err != nil {
		return err
	}
	for key := range all {
		if later(all, key, m.own) > 0 {
			return m.memory.Keep(ctx, m.own, nil)
		}
	}
	return nil
}
