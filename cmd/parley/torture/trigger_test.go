package torture

import (
	"testing"
	"time"

	"parley/cmd/parley/torture/checker"
)

// A trigger waits for certain bytes on a connection, and then injects a fault. The first tests send messages through
// a proxy and check when a trigger fires. The others check which bytes count as a commit, or as the answer to a
// claim, in PostgreSQL's protocol. A claim takes messages from the queue in order to send them.

// armTrigger arms a trigger. fired gets true if it fires within a minute, and otherwise false.
func armTrigger(t *testing.T, list *triggers, tr *trigger) (fired <-chan bool) {
	t.Helper()
	result := make(chan bool, 1)
	go func() {
		_, hasFired := list.wait(t.Context(), tr, time.Minute)
		result <- hasFired
	}()
	waitUntilArmed(t, list, 1, time.Minute)
	return result
}

// A trigger fires on the message that it waits for, and not on another.
func TestTriggerHoldsAnswerBack(t *testing.T) {
	t.Parallel()
	const held = 50 * time.Millisecond
	p, _ := newTestProxy(t)
	c := connect(t, p)
	c.wantLine("hello")
	var markers markerSet
	markers.add(checker.Marker{Kind: checker.Outbound, Conversation: 1, Number: 2}) // outbound-c001-2

	fired := armTrigger(t, p.triggers, &trigger{
		route:     routeSMTP,
		direction: requests,
		match:     containsMarker(&markers),
		inject: func(l *link) effect {
			l.holdAnswers(held)
			return effect{}
		},
	})

	c.send("outbound-c001-1") // another message
	c.wantLine("outbound-c001-1")
	began := time.Now()
	c.send("see outbound-c001-2")
	c.wantLine("see outbound-c001-2")
	if took := time.Since(began); took < held {
		t.Errorf("the answer came after %s, want at least %s", took, held)
	}
	if !<-fired {
		t.Error("wait reports that the trigger did not fire")
	}
}

// A trigger whose fault drops the piece ends the connection.
func TestTriggerEndsConnection(t *testing.T) {
	t.Parallel()
	p, _ := newTestProxy(t)
	c := connect(t, p)
	c.wantLine("hello")
	fired := armTrigger(t, p.triggers, &trigger{
		route:     routeSMTP,
		direction: requests,
		match:     containsWords("DATA"),
		inject:    func(*link) effect { return effect{dropsPiece: true} },
	})
	c.send("DATA")
	c.wantEnd()
	if !<-fired {
		t.Error("wait reports that the trigger did not fire")
	}
}

// A trigger is disarmed when its wait ends.
func TestTriggerIsDisarmed(t *testing.T) {
	t.Parallel()
	var list triggers
	if _, hasFired := list.wait(t.Context(), &trigger{route: routeSMTP, match: containsWords("never")}, time.Millisecond); hasFired {
		t.Error("wait reports that a trigger fired, though nothing passed")
	}
	if len(list.armed) != 0 {
		t.Errorf("%d triggers are still armed, want none", len(list.armed))
	}
}

// newRelayLink returns a connection to PostgreSQL on which Parley claims deliveries.
func newRelayLink() *link {
	l := &link{route: routePostgres}
	l.noteUse([]byte("user\x00parley\x00enable_seqscan\x00off\x00"), requests)
	return l
}

// On a connection on which deliveries are claimed, a commit is a Sync. On all others it is the statement.
func TestIsCommitRequest(t *testing.T) {
	t.Parallel()
	sync, statement := []byte("P…"+pgSync), []byte("Q\x00\x00\x00\x0bcommit\x00")
	for _, tt := range []struct {
		name  string
		link  *link
		piece []byte
		want  bool
	}{
		{name: "a Sync where deliveries are claimed", link: newRelayLink(), piece: sync, want: true},
		{name: "a Sync elsewhere", link: &link{route: routePostgres}, piece: sync, want: false},
		{name: "the statement", link: &link{route: routePostgres}, piece: statement, want: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := isCommitRequest(tt.link, tt.piece); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

// An event is given up when the statement for it is executed, and not yet when it is prepared.
func TestIsGiveUp(t *testing.T) {
	t.Parallel()
	const name = "stmtcache_5d7a"
	l := &link{route: routePostgres}
	for _, tt := range []struct {
		name  string
		piece string
		want  bool
	}{
		{name: "executed before it was prepared", piece: "B\x00\x00\x00\x40\x00" + name + "\x00"},
		{
			name: "prepared",
			piece: "P\x00\x00\x00\x30stmtcache_0000\x00SELECT 1\x00\x00\x00P\x00\x00\x00\xd8" + name +
				"\x00\n\tINSERT INTO quarantine (event_id, reason)\x00\x00\x00D\x00\x00\x00\x10S" + name + "\x00",
		},
		{name: "another statement is executed", piece: "B\x00\x00\x00\x40\x00stmtcache_0000\x00"},
		{name: "executed", piece: "B\x00\x00\x00\x40\x00" + name + "\x00", want: true},
	} {
		t.Run(tt.name, func(t *testing.T) { //nolint:paralleltest // one after the other on the link
			l.noteUse([]byte(tt.piece), requests)
			if got := isGiveUp(l, []byte(tt.piece)); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

// claimedRows is PostgreSQL's answer to a claim of a reply.
const claimedRows = "D…reply…sending…"

// A claim is answered when PostgreSQL is ready again after rows of replies that are being sent.
func TestIsClaimAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		link   *link
		pieces []string // that come down; the last one counts
		want   bool
	}{
		{name: "rows and ready at once", link: newRelayLink(), pieces: []string{claimedRows + pgReady}, want: true},
		{name: "ready after the rows", link: newRelayLink(), pieces: []string{claimedRows, pgReady}, want: true},
		{name: "rows alone", link: newRelayLink(), pieces: []string{claimedRows}, want: false},
		{name: "another row after ready", link: newRelayLink(), pieces: []string{claimedRows + pgReady, "D…"}, want: false},
		{name: "where nothing is claimed", link: &link{route: routePostgres}, pieces: []string{claimedRows + pgReady}, want: false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := false
			for _, piece := range tt.pieces {
				tt.link.noteUse([]byte(piece), answers)
				got = isClaimAnswer(tt.link, []byte(piece))
			}
			if got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

// The answer to the request after a claim doesn't count as the answer to the claim.
func TestNextAnswerIsNoClaimAnswer(t *testing.T) {
	t.Parallel()
	l := newRelayLink()
	l.noteUse([]byte(claimedRows+pgReady), answers)
	l.noteUse([]byte("next"), requests)
	l.noteUse([]byte(pgReady), answers)
	if isClaimAnswer(l, []byte(pgReady)) {
		t.Error("the answer to the next request counts as that to the claim before")
	}
}
