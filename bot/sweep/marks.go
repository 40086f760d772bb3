package sweep

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// markPrefix begins the keys of marks. Versions before this one had one mark for all processes, whose key is the prefix
// itself: it counts like the others.
const markPrefix = "complete"

// MaxMarks is how many marks there are at most after a process has begun. The earliest ones stay, since they say what may
// be missing.
const MaxMarks = 50

// unmarkedSince is how far back a process that finds no marks reads.
const unmarkedSince = time.Hour

// Marks remember until when everything is stored. Each process has a mark of its own: a time before which everything is
// stored that the chat told this process, or should have told it. A process raises its mark whenever it has read all that
// it may have missed, so a gap that it can't fill holds its mark back. Everything older than the earliest mark of all
// processes is stored, even if the process that had a gap has ended.
//
// A mark that hasn't moved for long is abandoned: another process reads what came since then, and deletes the mark. A
// process that was alive all the same puts its mark back.
type Marks struct {
	memory Memory
	now    func() time.Time
	ownKey string        // the key of this process's mark
	maxAge time.Duration // how long another process's mark may stand still before it is abandoned

	mu        sync.Mutex          // guards all below
	own       time.Time           // this process's mark; zero until Begin
	others    map[string]sighting // other processes' marks, by key
	suspected int                 // how often a gap of another process was suspected; see SuspectGap
	settled   int                 // how many of these suspicions a pass has settled
}

// sighting is a mark of another process, and when this process first saw it with that value. Times of two processes are
// never compared for that, because their clocks may differ.
type sighting struct {
	mark   time.Time
	seenAt time.Time
}

// Memory outlives processes, and all processes share it.
type Memory interface {
	// Keep remembers a value by its key. A nil value makes it forget the key.
	Keep(ctx context.Context, key string, value json.RawMessage) error

	// Kept returns all that is remembered.
	Kept(ctx context.Context) (map[string]json.RawMessage, error)
}

// NewMarks makes the Marks of a process. A mark of another process that stands still for maxAge counts as abandoned.
func NewMarks(m Memory, now func() time.Time, maxAge time.Duration) *Marks {
	return &Marks{memory: m, now: now, ownKey: markPrefix + ":" + rand.Text(), maxAge: maxAge, others: map[string]sighting{}}
}

// Standing says until when everything is stored, by the marks of all processes.
type Standing struct {
	Least     time.Time // the earliest mark of all; zero if there is none
	Abandoned []string  // keys of marks that haven't moved for long
	Doubted   bool      // another process may have left a gap since the last Settle

	suspected int // Marks.suspected when the marks were read
}

// Begin gives this process its mark, before the chat sends it anything: what it misses from now on counts as missing. The
// mark begins at the earliest of all marks.
// Errors: the desk's.
func (m *Marks) Begin(ctx context.Context) error {
	all, err := m.read(ctx)
	if err != nil {
		return err
	}

	keys := slices.SortedFunc(maps.Keys(all), func(a, b string) int { return compareMarks(all, a, b) })
	own := m.now().Add(-unmarkedSince)
	if len(keys) > 0 {
		own = all[keys[0]]
	}

	const kept = MaxMarks - 1 // beside this process's own
	for _, key := range keys[min(len(keys), kept):] {
		if err := m.memory.Keep(ctx, key, nil); err != nil {
			return err
		}
	}

	return m.Raise(ctx, own)
}

// compareMarks orders the keys of marks: those of earlier marks first.
func compareMarks(all map[string]time.Time, a, b string) int {
	return cmp.Or(all[a].Compare(all[b]), cmp.Compare(a, b))
}

// read returns all marks by their keys.
func (m *Marks) read(ctx context.Context) (map[string]time.Time, error) {
	kept, err := m.memory.Kept(ctx)
	if err != nil {
		return nil, err
	}

	all := map[string]time.Time{}
	for key, value := range kept {
		isMark := key == markPrefix || strings.HasPrefix(key, markPrefix+":")
		if !isMark {
			continue
		}

		var mark time.Time
		if json.Unmarshal(value, &mark) == nil {
			all[key] = mark
		}
	}

	return all, nil
}

// Inspect reads the marks of all processes. If another process took this one for ended and deleted its mark, Inspect puts
// the mark back.
// Errors: the desk's.
func (m *Marks) Inspect(ctx context.Context) (Standing, error) {
	all, err := m.read(ctx)
	if err != nil {
		return Standing{}, err
	}
	standing, own := m.compare(all)
	_, isThere := all[m.ownKey]
	if isThere || own.IsZero() {
		return standing, nil
	}
	return standing, m.Raise(ctx, own)
}

// compare compares all marks with those that were seen before. own is this process's mark.
func (m *Marks) compare(all map[string]time.Time) (standing Standing, own time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	standing = Standing{Doubted: m.suspected > m.settled, suspected: m.suspected}
	before := m.others
	m.others = map[string]sighting{}
	for key, mark := range all {
		if standing.Least.IsZero() || mark.Before(standing.Least) {
			standing.Least = mark
		}
		if key == m.ownKey {
			continue
		}

		s, known := before[key]
		if !known || !s.mark.Equal(mark) {
			s = sighting{mark: mark, seenAt: m.now()}
		}

		m.others[key] = s
		if m.now().Sub(s.seenAt) >= m.maxAge {
			standing.Abandoned = append(standing.Abandoned, key)
		}
	}

	return standing, m.own
}

// SuspectGap makes the next pass read all that some process may have missed: another process has vanished, or this one was
// stopped for a while.
func (m *Marks) SuspectGap() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.suspected++
}

// Settle records that a pass has read all that was missing by a standing: nobody needs the abandoned marks any more, and
// the suspicions from before the standing are answered.
// Errors: the desk's.
func (m *Marks) Settle(ctx context.Context, s Standing) error {
	for _, key := range s.Abandoned {
		if err := m.memory.Keep(ctx, key, nil); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settled = max(m.settled, s.suspected)
	return nil
}

// Raise sets this process's mark.
// Errors: the desk's.
func (m *Marks) Raise(ctx context.Context, mark time.Time) error {
	value, err := json.Marshal(mark)
	if err != nil {
		return err
	}
	if err := m.memory.Keep(ctx, m.ownKey, value); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.own = mark
	return nil
}

// End deletes the mark of a process that ends without a gap, unless it is the latest of all: until a process is started
// again, the latest mark says when a process was there last.
// Errors: the desk's.
func (m *Marks) End(ctx context.Context) error {
	all, err := m.read(ctx)
	if err != nil {
		return err
	}
	for key := range all {
		if compareMarks(all, key, m.ownKey) > 0 {
			return m.memory.Keep(ctx, m.ownKey, nil)
		}
	}
	return nil
}
