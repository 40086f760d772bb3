package torture

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/cmd/parley/lab"
	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/records"
)

// goodReport is that of a run in which everything was said, seen and kept.
func goodReport() Report {
	return Report{
		opt:      Options{Mails: 90, Replies: 60},
		Planned:  map[string]int{faultKill: 4, faultEarlyReceipt: 3, faultClockHour: 1, faultFillDisk: 0},
		Injected: map[string]int{faultKill: 4, faultEarlyReceipt: 2, faultClockHour: 1},
		Workload: workloadCounts{Mails: 91, Replies: 58, Bounced: 4, Internal: 8, Edits: 3, Deletes: 2, Resolved: 2, HandedOver: 1, Poisons: 2},
		Left:     lab.Load{Quarantined: 2},
		Audit:    records.Audit{Effects: 200, Places: 90},
		ProviderFaults: map[string]int{"imap fetch cut": 2, "imap search drop_before": 0, "smtp data reply": 1, "slack duplicate": 3,
			"teams 500": 1, "meta status": 1, "twilio drop_after": 2},
		Verdict: checker.Verdict{Mails: 91, Replies: 58, Bounced: 4, Internal: 8, Edits: 3, Deletes: 2, Commands: 3, SentByClick: 9, RightlyAsked: 5, Ambiguous: 9, AmbiguousMessages: 3, Excused: 4},
	}
}

// Each thing that spoils a run fails it, for one reason that names it.
func TestReportFaults(t *testing.T) {
	t.Parallel()
	good := goodReport()
	if err := good.decide(); err != nil || len(good.Failures) > 0 {
		t.Fatalf("the good run failed: %v, %q", err, good.Failures)
	}
	cases := []struct {
		why   string // words of the reason
		spoil func(*Report)
	}{
		{why: "lost", spoil: func(r *Report) { r.Verdict.Lost = 1 }},
		{why: "doubled", spoil: func(r *Report) { r.Verdict.Doubled = 1 }},
		{why: "reordered", spoil: func(r *Report) { r.Verdict.Reordered = 1 }},
		{why: "leaked", spoil: func(r *Report) { r.Verdict.Leaked = 1 }},
		{why: "scattered", spoil: func(r *Report) { r.Verdict.Scattered = 1 }},
		{why: "received though deleted", spoil: func(r *Report) { r.Verdict.ReceivedDeleted = 1 }},
		{why: "forgotten", spoil: func(r *Report) { r.Verdict.Forgotten = 1 }},
		{why: "unaccounted", spoil: func(r *Report) { r.Verdict.Unaccounted = 1 }},
		{why: "sent by a click", spoil: func(r *Report) { r.Verdict.SentByClick = 12 }},
		{why: "truly ambiguous", spoil: func(r *Report) { r.Verdict.AmbiguousMessages = 5 }},
		{why: "excused", spoil: func(r *Report) { r.Verdict.Excused = 8 }},
		{why: "older version", spoil: func(r *Report) { r.Versions.Touched = 1 }},
		{why: "no event of a newer version", spoil: func(r *Report) { r.Planned[faultMixedVersions], r.Injected[faultMixedVersions] = 1, 3 }},
		{why: "untold", spoil: func(r *Report) { r.Verdict.EventsLost = 8 }},
		{why: "before the customer's words", spoil: func(r *Report) { r.Verdict.ResolvedUnseen = 3 }},
		{why: "marked so", spoil: func(r *Report) { r.Verdict.MarkedCopies = 4 }},
		{why: "marked so", spoil: func(r *Report) { r.Verdict.MarkedCopies, r.opt.Blind = 27, true }},
		{why: "journal's order", spoil: func(r *Report) { r.Audit.OutOfOrder = []string{"x"} }},
		{why: "applied twice", spoil: func(r *Report) { r.Audit.AppliedTwice = []string{"x"} }},
		{why: "given up", spoil: func(r *Report) { r.Audit.WronglyQuarantined = []string{"x"} }},
		{why: "unreadable", spoil: func(r *Report) { r.Audit.NotQuarantined = []string{"x"} }},
		{why: "not recorded", spoil: func(r *Report) { r.Audit.Unrecorded = []string{"x"} }},
		{why: "cards", spoil: func(r *Report) { r.Audit.StaleCards = []string{"x"} }},
		{why: "database's word", spoil: func(r *Report) { r.Audit.Forgotten = []string{"x"} }},
		{why: "left in the queue", spoil: func(r *Report) { r.Left.Pending = 1 }},
		{why: "lanes left", spoil: func(r *Report) { r.Left.Lanes = 1 }},
		{why: "quarantine that can be read", spoil: func(r *Report) { r.Left.Quarantined = 3 }},
		{why: "by itself", spoil: func(r *Report) { r.UnexpectedExits = []string{"x"} }},
		{why: "panics", spoil: func(r *Report) { r.Crashes = []string{"x"} }},
		{why: "can't be shown", spoil: func(r *Report) { r.Problems = []string{"x"} }},
		{why: "89 mails and", spoil: func(r *Report) { r.Workload.Mails, r.Verdict.Mails = 89, 89 }},
		{why: "and 59 replies", spoil: func(r *Report) { r.Workload.Replies, r.Verdict.Replies = 55, 55 }},
		{why: "mails seen", spoil: func(r *Report) { r.Verdict.Mails-- }},
		{why: "replies seen", spoil: func(r *Report) { r.Verdict.Replies-- }},
		{why: "mailbox that is gone", spoil: func(r *Report) { r.Verdict.Bounced-- }},
		{why: "remarks inside seen", spoil: func(r *Report) { r.Verdict.Internal++ }},
		{why: "edits seen", spoil: func(r *Report) { r.Verdict.Edits-- }},
		{why: "deletions seen", spoil: func(r *Report) { r.Verdict.Deletes-- }},
		{why: "commands seen", spoil: func(r *Report) { r.Verdict.Commands-- }},
		{why: "nothing was said", spoil: func(r *Report) {
			*r = Report{Audit: records.Audit{Effects: 1, Places: 1}, ProviderFaults: r.ProviderFaults}
		}},
		{why: "nothing was applied", spoil: func(r *Report) { r.Audit.Effects = 0 }},
		{why: "or shown", spoil: func(r *Report) { r.Audit.Places = 0 }},
		{why: faultEarlyReceipt, spoil: func(r *Report) { r.Injected[faultEarlyReceipt] = 1 }},
		{why: faultClockHour, spoil: func(r *Report) { delete(r.Injected, faultClockHour) }},
		{why: faultFillDisk, spoil: func(r *Report) { r.Planned[faultFillDisk] = 1 }},
		{why: "mail struck", spoil: func(r *Report) { r.ProviderFaults["imap fetch cut"], r.ProviderFaults["smtp data reply"] = 0, 0 }},
		{why: "Slack", spoil: func(r *Report) { delete(r.ProviderFaults, "slack duplicate") }},
		{why: "Teams", spoil: func(r *Report) { r.opt.Teams, r.ProviderFaults["teams 500"] = true, 0 }},
		{why: "the model", spoil: func(r *Report) { r.opt.Model, r.Verdict.NotedMessages, r.Verdict.ModelQuestions = true, 1, 1 }},
		{why: "named by notes", spoil: func(r *Report) { r.opt.Model, r.ProviderFaults["model hang"], r.Verdict.ModelQuestions = true, 1, 7 }},
		{why: "nobody made", spoil: func(r *Report) { r.Unanalysed = 1 }},
		{why: "Meta", spoil: func(r *Report) { r.opt.Chats, r.ProviderFaults["meta status"] = true, 0 }},
		{why: "Twilio", spoil: func(r *Report) { r.opt.Chats, r.ProviderFaults["twilio drop_after"] = true, 0 }},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			r := goodReport()
			r.Injected, r.Planned, r.ProviderFaults = maps.Clone(r.Injected), maps.Clone(r.Planned), maps.Clone(r.ProviderFaults)
			c.spoil(&r)
			if err := r.decide(); !errors.Is(err, ErrVerdict) {
				t.Errorf("got the error %v, want %v", err, ErrVerdict)
			}
			if len(r.Failures) != 1 || !strings.Contains(r.Failures[0], c.why) {
				t.Errorf("got the reasons %q, want one that says %q", r.Failures, c.why)
			}
		})
	}
}

// Of 90 replies, a few may be unsure. Where nothing tells whether a message arrived, more may be.
func TestUnsureReplies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		opt  Options
		most int
	}{
		{name: "mail whose server keeps copies", most: 3},
		{name: "mail of which Parley keeps the copies", opt: Options{OwnCopies: true}, most: 16},
		{name: "chats", opt: Options{Chats: true}, most: 16},
		{name: "short waits", opt: Options{ShortWaits: true}, most: 25},
	} {
		v := checker.Verdict{Replies: 90, AmbiguousMessages: c.most}
		if got := findExcessiveExcuses(&v, c.opt); len(got) > 0 {
			t.Errorf("%s: %d of 90 replies are unsure: got %q, want no fault", c.name, v.AmbiguousMessages, got)
		}
		v.AmbiguousMessages++
		if got := findExcessiveExcuses(&v, c.opt); len(got) != 1 {
			t.Errorf("%s: %d of 90 replies are unsure: got %q, want one fault", c.name, v.AmbiguousMessages, got)
		}
	}
}

// Panics and data races are found in the logs of all processes.
func TestFindCrashes(t *testing.T) {
	t.Parallel()
	for file, line := range map[string]string{
		"parley-1.log": "panic: nil map",
		"parley-2.log": "WARNING: DATA RACE",
		"parley-3.log": "fatal error: all goroutines are asleep",
		"parley-4.log": `{"level":"ERROR","msg":"applying panicked"}`,
		"fakes.log":    "panic: index out of range",
		"oracle.log":   "panic: runtime error",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			s := &session{dir: t.TempDir()}
			if err := os.WriteFile(filepath.Join(s.dir, file), []byte("{\"msg\":\"ready\"}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := s.findCrashes(); len(got) > 0 {
				t.Errorf("a good log: got %q, want nothing", got)
			}
			if err := os.WriteFile(filepath.Join(s.dir, file), []byte("{\"msg\":\"ready\"}\n"+line+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := s.findCrashes(); len(got) != 1 || got[0] != line {
				t.Errorf("got %q, want %q", got, line)
			}
		})
	}
}
