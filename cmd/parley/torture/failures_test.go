package torture

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parley/cmd/parley/lab"
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
		Verdict: Verdict{
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
		Audit: Audit{Effects: 200, Places: 90},
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
