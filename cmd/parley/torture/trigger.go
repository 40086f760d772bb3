package torture

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// trigger waits for certain bytes on a connection, and injects a fault at that moment. For example, it kills the Parley
// process that has just sent the first bytes of an agent's reply to the mail server. It fires once. Such connections go
// through proxies (see network); a piece is what a proxy has read from a connection at once, and a link is such a
// connection. The zero value never fires.
type trigger struct {
	route     string
	direction direction
	match     matcher
	inject    func(l *link) effect // called before the piece is forwarded
	fired     chan effect          // receives the result of inject; set by wait
}

// matcher reports whether a trigger waits for this piece on this link.
type matcher func(l *link, piece []byte) bool

// effect is the result of injecting a fault. The zero value means that something was disturbed, and the piece is forwarded.
type effect struct {
	dropsPiece bool // the piece isn't forwarded, and its link ends
	noTarget   bool // there was no process to disturb, so the fault has to wait for another piece
}

// matches reports whether the trigger fires on a piece.
func (t *trigger) matches(l *link, piece []byte, d direction) bool {
	isWatched := t.route == l.route && t.direction == d
	return isWatched && t.match(l, piece)
}

// triggers has the armed triggers. The zero value is ready. It may be used concurrently.
type triggers struct {
	mu    sync.Mutex
	armed []*trigger
}

// wait arms a trigger and waits for it. It returns the result of inject, and whether the trigger fired in time.
func (t *triggers) wait(ctx context.Context, tr *trigger, within time.Duration) (did effect, hasFired bool) {
	tr.fired = make(chan effect, 1)
	t.mu.Lock()
	t.armed = append(t.armed, tr)
	t.mu.Unlock()
	timer := time.NewTimer(within)
	defer timer.Stop()

	select {
	case did = <-tr.fired:
		return did, true
	case <-timer.C:
	case <-ctx.Done():
	}

	if t.disarm(tr) {
		return effect{}, false
	}
	return <-tr.fired, true // it has just fired: the fault is being injected
}

// disarm removes a trigger, and reports whether it was still armed.
func (t *triggers) disarm(tr *trigger) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.armed, tr)
	if i < 0 {
		return false
	}
	t.armed = slices.Delete(t.armed, i, i+1)
	return true
}

// pass fires the first trigger that a piece matches. It returns false if that trigger drops the piece.
func (t *triggers) pass(l *link, piece []byte, d direction) bool {
	l.noteUse(piece, d)
	tr := t.take(l, piece, d)
	if tr == nil {
		return true
	}
	did := tr.inject(l)
	tr.fired <- did
	return !did.dropsPiece
}

// take disarms and returns the first trigger that a piece matches; nil means that none does.
func (t *triggers) take(l *link, piece []byte, d direction) *trigger {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.armed, func(tr *trigger) bool { return tr.matches(l, piece, d) })
	if i < 0 {
		return nil
	}
	tr := t.armed[i]
	t.armed = slices.Delete(t.armed, i, i+1)
	return tr
}

// Bytes by which PostgreSQL's messages are recognised.
// Source: postgresql.org/docs/current/protocol-message-formats.html
const (
	pgRelay  = "enable_seqscan"     // a start parameter of the connections on which the relay claims deliveries
	pgReady  = "Z\x00\x00\x00\x05I" // committed, waiting for the next request
	pgSync   = "S\x00\x00\x00\x04"  // asks to commit what was pipelined
	pgCommit = "commit\x00"
	pgClaim  = "sending" // the state of a delivery that was just claimed
	pgReply  = "reply"   // its kind: for a customer

	pgGiveUp = "INSERT INTO quarantine (" // the statement by which an event is given up
	pgName   = "stmtcache_"               // how the names begin under which Parley's driver prepares statements
)

// noteUse records three facts about a link to PostgreSQL: whether Parley claims deliveries on it (takes messages from the
// queue in order to send them), whether the latest response says that a reply was claimed, and under which name Parley has
// prepared the statement by which it gives events up. It ignores other links.
func (l *link) noteUse(piece []byte, d direction) {
	if l.route != routePostgres {
		return
	}

	l.mu.Lock()
	defer l.mu.Unlock()

	if d == requests {
		l.claimsDeliveries = l.claimsDeliveries || bytes.Contains(piece, []byte(pgRelay))
		l.justClaimed = false
		l.giveUp = cmp.Or(preparedName(piece, pgGiveUp), l.giveUp)
		return
	}

	if !l.claimsDeliveries || l.justClaimed {
		return
	}

	l.justClaimed = bytes.Contains(piece, []byte(pgClaim)) && bytes.Contains(piece, []byte(pgReply))
}

// isClaimAnswer reports whether a piece ends PostgreSQL's response to the claim of a reply. At that moment the claim is
// committed, but Parley doesn't know it yet.
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

// preparedName returns the name under which a piece prepares the statement that begins with these words; "" if it doesn't.
func preparedName(piece []byte, words string) string {
	before, _, found := bytes.Cut(piece, []byte(words))
	start := bytes.LastIndex(before, []byte(pgName))
	if !found || start < 0 {
		return ""
	}
	name, _, _ := bytes.Cut(before[start:], []byte{0})
	return string(name)
}

// isGiveUp reports whether a piece executes the statement by which an event is given up. It commits in the same round trip.
func isGiveUp(l *link, piece []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.giveUp != "" && bytes.Contains(piece, []byte("\x00"+l.giveUp+"\x00")) // behind the portal's name, which is empty
}

// containsWords returns a matcher for pieces that contain these words.
func containsWords(words string) matcher {
	return func(_ *link, piece []byte) bool { return bytes.Contains(piece, []byte(words)) }
}

// containsMarker returns a matcher for pieces that contain one of the markers. A marker is a unique word in the text of a
// message, such as "outbound-c017-5".
func containsMarker(set *markerSet) matcher {
	return func(_ *link, piece []byte) bool {
		return slices.ContainsFunc(MarkersIn(string(piece)), set.has)
	}
}

// markerSet is a set of markers that may be used concurrently. The zero value is empty.
type markerSet struct{ markers sync.Map }

func (s *markerSet) add(m Marker) { s.markers.Store(m, true) }

func (s *markerSet) has(m Marker) bool {
	_, ok := s.markers.Load(m)
	return ok
}

func (s *markerSet) clear() { s.markers.Clear() }
