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

// markPrefix begins the keys of marks. Older versions had one mark for all processes, whose key is the prefix itself. It
// counts like the others.
const markPrefix = "complete"

// MaxMarks is how many marks there are at most after Begin, which keeps the earliest: they say what may be missing.
const MaxMarks = 50

// unmarkedSince is how far back a process that finds no marks reads.
const unmarkedSince = time.Hour

// Marks remember, beyond the end of a process, until when all events of a chat are stored. Several processes of Parley may
// listen to the same chat, and each has a mark of its own: a time before which nothing is missing that the chat told this
// process, or should have told it. It raises the mark whenever it has read all that it may have missed. So all events
// before the earliest mark are stored, even if the process that missed some has ended:
//
//	process A   mark 10:00   it was cut off at 10:00, and has ended
//	process B   mark 10:30   a new process reads again from 10:00
//
// A mark that hasn't moved for long is abandoned. Another process reads what came since then, and deletes the mark. If its
// own process was alive all the same, that one puts the mark back (Inspect).
type Marks struct {
	memory Memory
	now    func() time.Time
	ownKey string        // the key of this process's mark
	maxAge time.Duration // how long another process's mark may stand still before it is abandoned

	mu        sync.Mutex          // guards all below
	own       time.Time           // this process's mark; zero until Begin
	others    map[string]sighting // other processes' marks, by key
	suspected int                 // how often SuspectGap was called
	settled   int                 // how many of these suspicions were settled: all was read since
}

// sighting is a mark of another process, and when this process first saw it with that value. Whether a mark stands still
// is judged by our own clock alone, because clocks of two machines may differ.
type sighting struct {
	mark   time.Time
	seenAt time.Time
}

// Memory keeps values by their keys. All processes share it, and it outlives them.
type Memory interface {
	// Keep remembers a value by its key. A nil value makes it forget the key.
	Keep(ctx context.Context, key string, value json.RawMessage) error

	// ListKept returns all that is remembered.
	ListKept(ctx context.Context) (map[string]json.RawMessage, error)
}

// NewMarks makes the Marks of a process. A mark of another process that stands still for maxAge counts as abandoned.
func NewMarks(m Memory, now func() time.Time, maxAge time.Duration) *Marks {
	return &Marks{memory: m, now: now, ownKey: markPrefix + ":" + rand.Text(), maxAge: maxAge, others: map[string]sighting{}}
}

// Standing is what the marks of all processes say at a moment.
type Standing struct {
	Earliest  time.Time // the earliest mark; zero if there is none
	Abandoned []string  // keys of abandoned marks
	Doubted   bool      // a gap was suspected since the last Settle

	suspected int // Marks.suspected when the marks were read
}

// Begin gives this process its mark, which begins at the earliest of all marks. It is called before the chat sends this
// process anything.
// Errors: the memory's.
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

// compareMarks orders two keys by their marks, the earlier one first.
func compareMarks(all map[string]time.Time, a, b string) int {
	return cmp.Or(all[a].Compare(all[b]), cmp.Compare(a, b))
}

// read returns all marks by their keys. It leaves out what isn't a time: a broken mark says nothing.
func (m *Marks) read(ctx context.Context) (map[string]time.Time, error) {
	kept, err := m.memory.ListKept(ctx)
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

// Inspect reads the marks of all processes. If another process has deleted the mark of this one, Inspect puts it back.
// Errors: the memory's.
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

// compare notes all marks, and finds those that have stood still since they were seen first. own is this process's mark.
func (m *Marks) compare(all map[string]time.Time) (standing Standing, own time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	standing = Standing{Doubted: m.suspected > m.settled, suspected: m.suspected}
	before := m.others
	m.others = map[string]sighting{}
	for key, mark := range all {
		if standing.Earliest.IsZero() || mark.Before(standing.Earliest) {
			standing.Earliest = mark
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

// SuspectGap is called when a process may have missed something without a trace: another one has vanished, or this one was
// stopped for a while. Inspect reports it as Doubted until it is settled.
func (m *Marks) SuspectGap() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.suspected++
}

// Settle is called when all was read that could be missing by a standing. It deletes the abandoned marks, and settles the
// suspicions from before the standing.
// Errors: the memory's.
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
// Errors: the memory's.
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

// End deletes the mark of this process, which ends without a gap. The latest mark of all stays, though: the next process
// learns from it when somebody listened last.
// Errors: the memory's.
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
