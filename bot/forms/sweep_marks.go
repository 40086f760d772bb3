package forms

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

// markPrefix begins the keys of marks.
const markPrefix = "complete"

// MaxMarks is the maximum number of marks after Begin. Begin keeps the earliest, because those limit what may be missing.
const MaxMarks = 50

// unmarkedSince is how far back a process reads if it finds no marks.
const unmarkedSince = time.Hour

// Marks record, across restarts, up to what time all events of a chat are stored. Several processes of Parley may listen
// to the same chat, and the chat sends each event to only one of them. So each process has a mark of its own: the time up
// to which it has stored everything that was sent to it. It raises the mark after it has read whatever it may have missed.
// All events before the earliest mark are stored, even if the process that missed some has ended:
//
//	process A   mark 10:00   lost its connection at 10:00, then crashed
//	process B   mark 10:30   works; a new process reads again from 10:00
//
// A mark that hasn't moved for a long time is abandoned: its process has probably ended. Another process reads the events
// since that mark and deletes it. If the process was alive after all, it restores its mark (Inspect).
type Marks struct {
	memory Memory
	now    func() time.Time
	ownKey string        // the key of this process's mark
	maxAge time.Duration // another process's mark is abandoned if it hasn't moved for this long

	mu        sync.Mutex          // guards the fields below
	own       time.Time           // this process's mark; zero until Begin
	others    map[string]sighting // other processes' marks, by key
	suspected int                 // number of calls of SuspectGap
	settled   int                 // how many of those Settle has covered
}

// sighting is a mark of another process, and when this process first saw it with that value. The age of a mark is measured
// with this process's clock only, because the clocks of two machines may differ.
type sighting struct {
	mark   time.Time
	seenAt time.Time
}

// Memory is a key-value store that all processes share and that survives restarts.
type Memory interface {
	// Keep stores a value. A nil value deletes the key.
	Keep(ctx context.Context, key string, value json.RawMessage) error

	// ListKept returns all stored values by their keys, including keys of other users of the Memory.
	ListKept(ctx context.Context) (map[string]json.RawMessage, error)
}

// NewMarks makes the Marks of a process. The mark of another process is abandoned once it hasn't moved for maxAge.
func NewMarks(memory Memory, now func() time.Time, maxAge time.Duration) *Marks {
	return &Marks{memory: memory, now: now, ownKey: markPrefix + ":" + rand.Text(), maxAge: maxAge, others: map[string]sighting{}}
}

// Standing summarizes the marks of all processes at one moment.
type Standing struct {
	Earliest  time.Time // the earliest mark; zero if there is none
	Abandoned []string  // keys of abandoned marks
	Doubted   bool      // SuspectGap was called since the last Settle

	suspected int // Marks.suspected when the marks were read
}

// Begin sets this process's mark to the earliest of all marks. It must be called before the chat sends this process
// anything.
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

	const maxOthers = MaxMarks - 1 // one is this process's own
	for _, key := range keys[min(len(keys), maxOthers):] {
		if err := m.memory.Keep(ctx, key, nil); err != nil {
			return err
		}
	}

	return m.Raise(ctx, own)
}

// compareMarks orders two keys by their marks, earlier ones first.
func compareMarks(all map[string]time.Time, a, b string) int {
	return cmp.Or(all[a].Compare(all[b]), cmp.Compare(a, b))
}

// read returns all marks by their keys. It skips values that aren't times.
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
	_, isKept := all[m.ownKey]
	if isKept || own.IsZero() {
		return standing, nil
	}
	return standing, m.Raise(ctx, own)
}

// compare records the marks of other processes and finds the abandoned ones. own is this process's mark.
func (m *Marks) compare(all map[string]time.Time) (standing Standing, own time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	standing = Standing{Doubted: m.suspected > m.settled, suspected: m.suspected}
	previous := m.others
	m.others = map[string]sighting{}
	for key, mark := range all {
		if standing.Earliest.IsZero() || mark.Before(standing.Earliest) {
			standing.Earliest = mark
		}
		if key == m.ownKey {
			continue
		}

		seen, known := previous[key]
		if !known || !seen.mark.Equal(mark) {
			seen = sighting{mark: mark, seenAt: m.now()}
		}

		m.others[key] = seen
		if m.now().Sub(seen.seenAt) >= m.maxAge {
			standing.Abandoned = append(standing.Abandoned, key)
		}
	}

	return standing, m.own
}

// SuspectGap records that events may have been missed without any error: another process has vanished, or this one was
// suspended for a while. Inspect reports it as Standing.Doubted until Settle.
func (m *Marks) SuspectGap() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.suspected++
}

// Settle records that everything was read that may have been missing according to a Standing. It deletes the abandoned
// marks. Calls of SuspectGap after the Standing stay unsettled.
// Errors: the memory's.
func (m *Marks) Settle(ctx context.Context, standing Standing) error {
	for _, key := range standing.Abandoned {
		if err := m.memory.Keep(ctx, key, nil); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settled = max(m.settled, standing.suspected)
	return nil
}

// Raise sets this process's mark: all events before it that were sent to this process are stored.
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

// End deletes the mark of this process, which must have stored everything that was sent to it. If the mark is the latest of
// all, End keeps it, because the next process to start needs to know when a process last listened.
// Errors: the memory's.
func (m *Marks) End(ctx context.Context) error {
	all, err := m.read(ctx)
	if err != nil {
		return err
	}
	for key := range all {
		isLater := compareMarks(all, key, m.ownKey) > 0
		if isLater {
			return m.memory.Keep(ctx, m.ownKey, nil)
		}
	}
	return nil
}
