package torture

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"parley/cmd/parley/torture/checker"
)

// trigger waits for one moment on the wire and strikes in it, once.
type trigger struct {
	route    string
	upstream bool // watches what Parley sends; false means what it receives
	match    func(l *link, piece []byte) bool
	inject   func(l *link) (pass bool) // is called before the piece goes on; false means that the piece is dropped and the link ended
	fired    chan struct{}
	// hit says that there was something to strike. A strike that finds no process sets it to false.
	hit bool
}

// matches reports whether a piece on a link is the moment that the trap waits for.
func (t *trigger) matches(l *link, piece []byte, up bool) bool {
	isWatched := t.route == l.route && t.upstream == up
	return isWatched && t.match(l, piece)
}

// triggers are all that is armed. The zero value is ready.
type triggers struct {
	mu   sync.Mutex
	list []*trigger
}

// wait arms a trap and reports whether it sprang within that time.
func (t *triggers) wait(ctx context.Context, tr *trigger, within time.Duration) bool {
	tr.fired = make(chan struct{})
	t.mu.Lock()
	t.list = append(t.list, tr)
	t.mu.Unlock()
	timer := time.NewTimer(within)
	defer timer.Stop()

	select {
	case <-tr.fired:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}

	t.mu.Lock()
	i := slices.Index(t.list, tr)
	if i >= 0 {
		t.list = slices.Delete(t.list, i, i+1)
	}

	t.mu.Unlock()

	if i < 0 { // it springs just now: wait until it has struck
		<-tr.fired
	}

	return i < 0
}

// pass lets a piece spring the first trap that it fits.
func (t *triggers) pass(l *link, piece []byte, up bool) bool {
	l.noteUse(piece, up)
	t.mu.Lock()
	i := slices.IndexFunc(t.list, func(tr *trigger) bool { return tr.matches(l, piece, up) })
	if i < 0 {
		t.mu.Unlock()
		return true
	}
	tr := t.list[i]
	t.list = slices.Delete(t.list, i, i+1)
	t.mu.Unlock()
	defer close(tr.fired)
	return tr.inject(l)
}

// What PostgreSQL's protocol shows. Source: postgresql.org/docs/current/protocol-message-formats.html
const (
	pgHot    = "enable_seqscan"     // a start parameter of the relay's own connections
	pgReady  = "Z\x00\x00\x00\x05I" // committed, waiting for the next request
	pgSync   = "S\x00\x00\x00\x04"  // asks to commit what was pipelined
	pgCommit = "commit\x00"
	pgClaim  = "sending" // the state of a delivery that was just claimed
	pgReply  = "reply"   // its kind: for a customer
)

// noteUse notes what a link to PostgreSQL is used for.
func (l *link) noteUse(piece []byte, up bool) {
	if l.route != routePostgres {
		return
	}

	l.mu.Lock()
	defer l.mu.Unlock()

	if up {
		l.claimsDeliveries = l.claimsDeliveries || bytes.Contains(piece, []byte(pgHot))
		l.justClaimed = false
		return
	}

	if !l.claimsDeliveries || l.justClaimed {
		return
	}

	l.justClaimed = bytes.Contains(piece, []byte(pgClaim)) && bytes.Contains(piece, []byte(pgReply))
}

// isClaimAnswer reports whether a piece answers a claim of a reply: it is committed, and Parley doesn't know yet.
func isClaimAnswer(l *link, piece []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.justClaimed && bytes.HasSuffix(piece, []byte(pgReady))
}

// isCommitRequest reports whether a piece asks PostgreSQL to commit.
func isCommitRequest(l *link, piece []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	isSync := l.claimsDeliveries && bytes.HasSuffix(piece, []byte(pgSync))
	return isSync || bytes.Contains(piece, []byte(pgCommit))
}

// containsWords returns a trap's match for pieces with these words.
func containsWords(words string) func(*link, []byte) bool {
	return func(_ *link, piece []byte) bool { return bytes.Contains(piece, []byte(words)) }
}

// containsMarker returns a trap's match for pieces that carry one of the marks.
func containsMarker(set *markerSet) func(*link, []byte) bool {
	return func(_ *link, piece []byte) bool {
		return slices.ContainsFunc(checker.MarkersIn(string(piece)), set.has)
	}
}

// markerSet is used by several goroutines. The zero value is ready.
type markerSet struct {
	mu  sync.Mutex
	set map[checker.Marker]bool
}

func (s *markerSet) add(m checker.Marker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set == nil {
		s.set = map[checker.Marker]bool{}
	}
	s.set[m] = true
}

func (s *markerSet) has(m checker.Marker) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set[m]
}

func (s *markerSet) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.set)
}

func (s *markerSet) list() []checker.Marker {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []checker.Marker
	for m := range s.set {
		list = append(list, m)
	}
	return list
}
