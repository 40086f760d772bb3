package engine_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/bridgetest"
)

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
	tx := must(w.pool.Begin(w.t.Context()))(w.t)
	if _, err := tx.Exec(w.t.Context(), sql); err != nil {
		w.t.Fatal(err)
	}
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
//
func TestAnalysisKilled(t *testing.T) {
	t.Parallel()
	claimed := moment{
		manner: "hangs",
		arm:    func(*world) func() { return func() {} },
		reached: func(w *world) bool {
			return w.count(`SELECT count(*) FROM bursts WHERE leased_until > clock_timestamp()`) == 1
		},
	}
	for name, at := range map[string]moment{
		"claimed":                    claimed,
		"analysed, and not finished": whileLocked(`LOCK TABLE events IN SHARE MODE`),
		"finished, and not applied":  whileLocked(`SELECT FROM conversations FOR UPDATE`),
		"applied, and not posted":    whilePostingNote(bridgetest.FaultDropBefore),
		"posted, and not recorded":   whilePostingNote(""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &reader{find: func(analysis.Question) (analysis.Answer, error) { return analysis.Answer{}, errors.New("not here") }}
			w := newWorld(t, options{analyzer: r, lossy: true})
			thread := w.openThread()
			w.reply(thread, "!take")
			w.waitCard(thread, "Ann")
			w.customerWrites("kim", "It is urgent and I am angry")
			w.waitShown("I am angry")
			w.waitDrained()
			w.stops[0]()
			kill := w.startChild(at.manner)
			release := at.arm(w)
			w.exec(`UPDATE bursts SET due_at = parley_now(), attempt = 0, leased_until = NULL`)
			w.eventually("the process is there", func() bool { return at.reached(w) })
			kill()
			release()
			w.exec(`UPDATE bursts SET leased_until = clock_timestamp() WHERE leased_until IS NOT NULL`) // its leases end
			w.exec(`UPDATE lanes SET leased_until = clock_timestamp() WHERE leased_until IS NOT NULL`)
			w.opt.analyzer = wordReader()
			w.startReplica()
			w.waitLine(thread, bridge.LineAnalysis)
			w.eventually("nothing is left", func() bool { return w.count(`SELECT count(*) FROM bursts`) == 0 })
			w.waitDrained()
			if told := w.wantNote(thread, 1, "negative", "urgent").Mentions(); len(told) != 1 {
				t.Errorf("the note mentions %q, want one alone", told)
			}
			if n := w.count(`SELECT count(*) FROM events WHERE external_id LIKE 'analysis:%'`); n != 1 {
				t.Errorf("%d analyses are in the journal, want 1", n)
			}
		})
	}
}

// Two replicas share the bursts: each is analysed once, and noted once.
func TestReplicasShareBursts(t *testing.T) {
	t.Parallel()
	const customers = 40
	r := wordReader()
	w := newWorld(t, options{engines: 2, analyzer: r})
	for i := range customers {
		w.customerWrites(fmt.Sprintf("c%d", i), fmt.Sprintf("Where is #%d", 1000+i))
	}
	for range 2 { // the second time the note is changed
		w.waitDrained()
		w.analyseAllBursts()
		w.waitDrained()
		if n := len(r.questions()); n == customers {
			for i := range customers {
				w.customerWrites(fmt.Sprintf("c%d", i), "I am angry")
			}
		}
	}
	wantEqual(t, "analyses of two bursts of each customer", len(r.questions()), 2*customers)
	if n := w.count(`SELECT count(*) FROM (SELECT 1 FROM events WHERE external_id LIKE 'analysis:%' GROUP BY split_part(external_id, ':', 2)
		HAVING count(DISTINCT order_key) > 1) AS torn`); n != 0 {
		t.Errorf("what was found in %d conversations is not applied in order", n)
	}
	for i := range customers {
		w.wantNote(w.waitThread(fmt.Sprintf("Where is #%d", 1000+i)), 1, "negative", fmt.Sprintf("order %d", 1000+i))
	}
}
