package engine_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/bridgetest"
	"parley/store/storetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// readerOfChild is the Analyzer of a process that is to be killed: one that never answers, or wordReader.
func readerOfChild(manner string) analysis.Analyzer {
	if manner == "hangs" {
		return &reader{find: func(analysis.Question) (analysis.Answer, error) { select {} }}
	}
	return wordReader()
}

// holdLocks locks what sql says in a transaction of its own until release is called, so that whoever wants it waits.
func (w *world) holdLocks(sql string) (release func()) {
	w.t.Helper()
	tx := storetest.Begin(w.t, w.pool)
	must(tx.Exec(w.t.Context(), sql))(w.t)
	release = func() {
		if err := tx.Rollback(w.t.Context()); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
			w.t.Error(err)
		}
	}
	return release
}

// isBlocked reports whether a statement waits for a lock, on this database.
func (w *world) isBlocked() bool {
	return w.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
}

// moment is where in an analysis a process is killed.
type moment struct {
	manner  string                          // of the process' Analyzer: "answers" or "hangs"
	arm     func(w *world) (release func()) // what holds the process there
	reached func(w *world) bool             // whether it is there
}

// whileLocked holds a process that wants what is locked.
func whileLocked(sql string) moment {
	return moment{manner: "answers", arm: func(w *world) func() { return w.holdLocks(sql) }, reached: (*world).isBlocked}
}

// whileAnalysing holds a process that has claimed the burst and waits for its Analyzer.
func whileAnalysing() moment {
	return moment{
		manner: "hangs",
		arm:    func(*world) func() { return func() {} },
		reached: func(w *world) bool {
			return w.count(`SELECT count(*) FROM bursts WHERE leased_until > clock_timestamp()`) == 1
		},
	}
}

// whilePostingNote holds a process that posts a note, before or after the chat takes the note.
func whilePostingNote(kind bridgetest.FaultKind) moment {
	return moment{
		manner: "answers",
		arm: func(w *world) func() {
			release := make(chan struct{})
			w.chat.AddFault(bridgetest.Fault{Call: "post", Text: "[analysis]", Kind: kind, Until: release})
			return func() { close(release) }
		},
		reached: func(w *world) bool { return w.chat.Struck() == 1 },
	}
}

// A process that is killed while it analyses leaves the burst to the next one, wherever it was: there is one
// note, which mentions the owner once, and nothing is left of the burst.
// Requirement R-178: Each message is looked at.
// Requirement R-180: Urgency.
func TestAnalysisKilled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		at   moment
	}{
		{name: "claimed", at: whileAnalysing()},
		{name: "analysed, and not finished", at: whileLocked(`LOCK TABLE events IN SHARE MODE`)},
		{name: "finished, and not applied", at: whileLocked(`SELECT FROM conversations FOR UPDATE`)},
		{name: "applied, and not posted", at: whilePostingNote(bridgetest.FaultDropBefore)},
		{name: "posted, and not recorded", at: whilePostingNote("")}, // the chat takes the note and doesn't answer
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// The test's own process finds nothing: the burst is left to the process that is to be killed.
			r := &reader{find: func(analysis.Question) (analysis.Answer, error) { return analysis.Answer{}, errors.New("not here") }}
			w := newWorld(t, options{analyzer: r, lossy: true})
			thread := w.openThread()
			w.reply(thread, "!take")
			w.waitCard(thread, "Ann")
			w.customerWrites("kim", "It is urgent and I am angry")
			w.waitShown("I am angry")
			w.waitDrained()
			w.stops[0]()

			w.killWhileAnalysing(tt.at)
			w.opt.analyzer = wordReader()
			w.startReplica()
			w.waitLine(thread, bridge.LineAnalysis)
			w.eventually("nothing is left of the burst", func() bool { return w.countBursts() == 0 })
			w.waitDrained()
			wantList(t, "whom the note mentions", w.wantNote(thread, 1, "negative", "urgent").Mentions(), []string{"ann"})
			wantEqual(t, "analyses in the journal", w.count(`SELECT count(*) FROM events WHERE external_id LIKE 'analysis:%'`), 1)
		})
	}
}

// killWhileAnalysing lets another process analyse the burst, kills it at a moment, and ends its leases.
func (w *world) killWhileAnalysing(at moment) {
	w.t.Helper()
	kill := w.startChild(at.manner)
	release := at.arm(w)
	w.exec(`UPDATE bursts SET due_at = parley_now(), attempt = 0, leased_until = NULL`)
	w.eventually("the process has come to the moment", func() bool { return at.reached(w) })
	kill()
	release()
	w.exec(`UPDATE bursts SET leased_until = clock_timestamp() WHERE leased_until IS NOT NULL`)
	w.exec(`UPDATE lanes SET leased_until = clock_timestamp() WHERE leased_until IS NOT NULL`)
}

// Two replicas share the bursts: each is analysed once, and noted once.
func TestReplicasShareBursts(t *testing.T) {
	t.Parallel()
	const customers = 40
	r := wordReader()
	w := newWorld(t, options{engines: 2, analyzer: r})
	analyseAll := func() {
		t.Helper()
		w.waitDrained()
		w.analyseAllBursts()
		w.waitDrained()
	}
	for i := range customers {
		w.customerWrites(fmt.Sprintf("c%d", i), fmt.Sprintf("Where is #%d", 1000+i))
	}
	analyseAll()
	wantEqual(t, "analyses of one burst of each customer", len(r.questions()), customers)
	for i := range customers {
		w.customerWrites(fmt.Sprintf("c%d", i), "I am angry")
	}
	analyseAll()

	wantEqual(t, "analyses of two bursts of each customer", len(r.questions()), 2*customers)
	const tornConversations = `
		SELECT count(*) FROM (
			SELECT 1 FROM events
			WHERE external_id LIKE 'analysis:%'
			GROUP BY split_part(external_id, ':', 2)
			HAVING count(DISTINCT order_key) > 1) AS torn`
	wantEqual(t, "conversations whose findings are not applied in order", w.count(tornConversations), 0)
	for i := range customers { // the second analysis changed the note of the first one
		w.wantNote(w.waitThread(fmt.Sprintf("Where is #%d", 1000+i)), 1, "negative", fmt.Sprintf("order %d", 1000+i))
	}
}
