package torture

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parley/cmd/parley/lab"
	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/records"
	"parley/store/storetest"
)

// These tests check when a run fails. Each changes one thing in the report of a good run (goodReport), and names
// words of the failure that must follow.

// goodReport is the report of a run that did not fail. Everything was written, observed and kept.
func goodReport() Report {
	return Report{
		opt:      Options{Mails: 90, Replies: 60},
		Planned:  map[string]int{FaultKill: 4, faultEarlyReceipt: 3, faultRestart: 1, faultFillDisk: 0},
		Injected: map[string]int{FaultKill: 4, faultEarlyReceipt: 2, faultRestart: 1},
		Workload: workloadCounts{
			Mails:      91,
			Replies:    58,
			Bounced:    4,
			Internal:   8,
			Edits:      3,
			Deletes:    2,
			Resolved:   2,
			HandedOver: 1,
			Poisons:    2,
		},
		Verdict: checker.Verdict{
			Mails:             91,
			Replies:           58,
			Bounced:           4,
			Internal:          8,
			Edits:             3,
			Deletes:           2,
			Commands:          3,
			SentByClick:       9,
			RightlyAsked:      5,
			Ambiguous:         9,
			AmbiguousMessages: 3,
			Excused:           4,
		},
		Left:  lab.Load{Quarantined: 2},
		Audit: records.Audit{Effects: 200, Places: 90},
		ProviderFaults: map[string]int{
			"imap fetch cut":          2,
			"imap search drop_before": 0,
			"smtp data reply":         1,
			"slack duplicate":         3,
			"teams 500":               1,
			"meta status":             1,
			"twilio drop_after":       2,
		},
	}
}

// A run in which nothing went wrong doesn't fail.
func TestGoodReport(t *testing.T) {
	t.Parallel()
	r := goodReport()
	if err := r.decide(); err != nil {
		t.Errorf("got the error %v, want none", err)
	}
	if len(r.Failures) > 0 {
		t.Errorf("got the failures %q, want none", r.Failures)
	}
}

// failureCase is a change of goodReport, and words of the only failure that it must cause.
type failureCase struct {
	failure string
	change  func(*Report)
}

// runFailureCases checks that each change fails the run for one reason, which contains the words of the case.
func runFailureCases(t *testing.T, cases []failureCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.failure, func(t *testing.T) {
			t.Parallel()
			r := goodReport()
			tt.change(&r)
			if err := r.decide(); !errors.Is(err, ErrVerdict) {
				t.Errorf("got the error %v, want %v", err, ErrVerdict)
			}
			if len(r.Failures) != 1 {
				t.Fatalf("got the failures %q, want one", r.Failures)
			}
			if !strings.Contains(r.Failures[0], tt.failure) {
				t.Errorf("got the failure %q, want one that says %q", r.Failures[0], tt.failure)
			}
		})
	}
}

// A run fails if what people saw violates an invariant.
func TestVerdictFailsRun(t *testing.T) {
	t.Parallel()
	runFailureCases(t, []failureCase{
		{failure: "lost", change: func(r *Report) { r.Verdict.Lost = 1 }},
		{failure: "doubled", change: func(r *Report) { r.Verdict.Doubled = 1 }},
		{failure: "reordered", change: func(r *Report) { r.Verdict.Reordered = 1 }},
		{failure: "leaked", change: func(r *Report) { r.Verdict.Leaked = 1 }},
		{failure: "scattered", change: func(r *Report) { r.Verdict.Scattered = 1 }},
		{failure: "received though deleted", change: func(r *Report) { r.Verdict.ReceivedDeleted = 1 }},
		{failure: "received though edited", change: func(r *Report) { r.Verdict.ReceivedEdited = 1 }},
		{failure: "forgotten", change: func(r *Report) { r.Verdict.Forgotten = 1 }},
		{failure: "unaccounted", change: func(r *Report) { r.Verdict.Unaccounted = 1 }},
	})
}

// A run fails if Parley's tables violate an invariant.
func TestAuditFailsRun(t *testing.T) {
	t.Parallel()
	runFailureCases(t, []failureCase{
		{failure: "journal's order", change: func(r *Report) { r.Audit.OutOfOrder = []string{"x"} }},
		{failure: "applied twice", change: func(r *Report) { r.Audit.AppliedTwice = []string{"x"} }},
		{failure: "given up", change: func(r *Report) { r.Audit.WronglyQuarantined = []string{"x"} }},
		{failure: "unreadable", change: func(r *Report) { r.Audit.NotQuarantined = []string{"x"} }},
		{failure: "not recorded", change: func(r *Report) { r.Audit.Unrecorded = []string{"x"} }},
		{failure: "cards", change: func(r *Report) { r.Audit.StaleCards = []string{"x"} }},
		{failure: "database's word", change: func(r *Report) { r.Audit.Forgotten = []string{"x"} }},
	})
}

// A run fails if Parley left work undone, ended by itself, or sent something that can't be shown.
func TestParleyFailsRun(t *testing.T) {
	t.Parallel()
	runFailureCases(t, []failureCase{
		{failure: "left in the queue", change: func(r *Report) { r.Left.Pending = 1 }},
		{failure: "lanes left", change: func(r *Report) { r.Left.Lanes = 1 }},
		{failure: "quarantine that can be read", change: func(r *Report) { r.Left.Quarantined = 3 }},
		{failure: "by itself", change: func(r *Report) { r.UnexpectedExits = []string{"x"} }},
		{failure: "panics", change: func(r *Report) { r.Crashes = []string{"x"} }},
		{failure: "can't be shown", change: func(r *Report) { r.Problems = []string{"x"} }},
	})
}

// A run fails if there were more deviations than the faults explain.
func TestExcessiveExcusesFailRun(t *testing.T) {
	t.Parallel()
	runFailureCases(t, []failureCase{
		{failure: "sent by a click", change: func(r *Report) { r.Verdict.SentByClick = 12 }},
		{failure: "truly ambiguous", change: func(r *Report) { r.Verdict.AmbiguousMessages = 5 }},
		{failure: "out of order, and excused", change: func(r *Report) { r.Verdict.Excused = 8 }},
		{failure: "9 received though deleted or edited", change: func(r *Report) {
			r.opt.ShortWaits = true
			r.Verdict.ExcusedChanges = 9
		}},
		{failure: "gave up telling", change: func(r *Report) { r.Verdict.EventsLost = 8 }},
		{failure: "before the customer's message", change: func(r *Report) { r.Verdict.ResolvedUnseen = 3 }},
		{failure: "marked so", change: func(r *Report) { r.Verdict.MarkedCopies = 4 }},
		{failure: "27 shown twice and marked so", change: func(r *Report) {
			r.opt.Blind = true
			r.Verdict.MarkedCopies = 27
		}},
	})
}

// A run fails if too little of what was planned was written, applied or injected.
func TestUntestedPlanFailsRun(t *testing.T) {
	t.Parallel()
	runFailureCases(t, []failureCase{
		{failure: "89 mails and", change: func(r *Report) { r.Workload.Mails, r.Verdict.Mails = 89, 89 }},
		{failure: "and 59 replies", change: func(r *Report) { r.Workload.Replies, r.Verdict.Replies = 55, 55 }},
		{failure: "nothing was applied", change: func(r *Report) { r.Audit.Effects = 0 }},
		{failure: "or shown", change: func(r *Report) { r.Audit.Places = 0 }},
		{failure: faultEarlyReceipt, change: func(r *Report) { r.Injected[faultEarlyReceipt] = 1 }},
		{failure: faultRestart, change: func(r *Report) { delete(r.Injected, faultRestart) }},
		{failure: faultFillDisk, change: func(r *Report) { r.Planned[faultFillDisk] = 1 }},
	})
}

// A run fails if a provider that took part made no error.
func TestFaultlessProviderFailsRun(t *testing.T) {
	t.Parallel()
	runFailureCases(t, []failureCase{
		{failure: "mail made no error", change: func(r *Report) {
			r.ProviderFaults["imap fetch cut"] = 0
			r.ProviderFaults["smtp data reply"] = 0
		}},
		{failure: "Slack made no error", change: func(r *Report) { delete(r.ProviderFaults, "slack duplicate") }},
		{failure: "Teams made no error", change: func(r *Report) {
			r.opt.Teams = true
			r.ProviderFaults["teams 500"] = 0
		}},
		{failure: "Meta made no error", change: func(r *Report) {
			r.opt.Chats = true
			r.ProviderFaults["meta status"] = 0
		}},
		{failure: "Twilio made no error", change: func(r *Report) {
			r.opt.Chats = true
			r.ProviderFaults["twilio drop_after"] = 0
		}},
	})
}

// A run fails if the oracle (the process that judges the run) observed other numbers of messages than people wrote.
func TestDifferentCountsFailRun(t *testing.T) {
	t.Parallel()
	runFailureCases(t, []failureCase{
		{failure: "mails seen", change: func(r *Report) { r.Verdict.Mails-- }},
		{failure: "replies seen", change: func(r *Report) { r.Verdict.Replies-- }},
		{failure: "mailbox that is gone seen", change: func(r *Report) { r.Verdict.Bounced-- }},
		{failure: "internal messages seen", change: func(r *Report) { r.Verdict.Internal++ }},
		{failure: "edits seen", change: func(r *Report) { r.Verdict.Edits-- }},
		{failure: "deletions seen", change: func(r *Report) { r.Verdict.Deletes-- }},
		{failure: "commands seen", change: func(r *Report) { r.Verdict.Commands-- }},
		{failure: "nothing was written", change: func(r *Report) {
			*r = Report{Audit: records.Audit{Effects: 1, Places: 1}, ProviderFaults: r.ProviderFaults}
		}},
	})
}

// A few of 90 replies may be ambiguous. More may be if nothing tells whether a message arrived.
func TestToleratedAmbiguousReplies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		opt   Options
		limit int
	}{
		{name: "mail whose server keeps copies", limit: 3},
		{name: "mail of which Parley keeps the copies", opt: Options{OwnCopies: true}, limit: 16},
		{name: "chats", opt: Options{Chats: true}, limit: 16},
		{name: "short waits", opt: Options{ShortWaits: true}, limit: 25},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := checker.Verdict{Replies: 90, AmbiguousMessages: tt.limit}
			if got := findExcessiveExcuses(&v, tt.opt); len(got) > 0 {
				t.Errorf("with %d ambiguous replies: got %q, want no failure", v.AmbiguousMessages, got)
			}
			v.AmbiguousMessages++
			if got := findExcessiveExcuses(&v, tt.opt); len(got) != 1 {
				t.Errorf("with %d ambiguous replies: got %q, want one failure", v.AmbiguousMessages, got)
			}
		})
	}
}

// Panics and data races are found in the logs of all processes.
func TestFindCrashes(t *testing.T) {
	t.Parallel()
	const harmless = `{"msg":"ready"}`
	for _, tt := range []struct {
		name string
		file string
		line string
	}{
		{name: "a panic of Parley", file: "parley-1.log", line: "panic: nil map"},
		{name: "a data race", file: "parley-2.log", line: "WARNING: DATA RACE"},
		{name: "a fatal error", file: "parley-3.log", line: "fatal error: all goroutines are asleep"},
		{name: "a panic that Parley caught", file: "parley-4.log", line: `{"level":"ERROR","msg":"applying panicked"}`},
		{name: "a panic of the emulators", file: "fakes.log", line: "panic: index out of range"},
		{name: "a panic of the oracle", file: "oracle.log", line: "panic: runtime error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &session{dir: t.TempDir()}
			log := filepath.Join(s.dir, tt.file)
			storetest.Check(t, os.WriteFile(log, []byte(harmless+"\n"+tt.line+"\n"), 0o600))
			if got, want := s.findCrashes(), []string{tt.line}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// A log without panics has no crashes.
func TestFindNoCrashes(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"parley-1.log", "fakes.log", "oracle.log"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			s := &session{dir: t.TempDir()}
			storetest.Check(t, os.WriteFile(filepath.Join(s.dir, file), []byte("{\"msg\":\"ready\"}\n"), 0o600))
			if got := s.findCrashes(); len(got) > 0 {
				t.Errorf("got %q, want nothing", got)
			}
		})
	}
}
