package torture

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/cmd/parley/lab"
	"parley/cmd/parley/torture/judge"
	"parley/cmd/parley/torture/records"
)

// goodReport is that of a run in which everything was said, seen and kept.
func goodReport() Report {
	return Report{
		opt:     Options{Mails: 90, Replies: 60},
		Blows:   map[string]int{harmKill: 4, harmEarly: 3, harmHour: 1, harmFull: 0},
		Harm:    map[string]int{harmKill: 4, harmEarly: 2, harmHour: 1},
		Said:    counts{Mails: 91, Replies: 58, Backs: 4, Inside: 8, Edits: 3, Deletes: 2, Solved: 2, Handed: 1, Poisons: 2},
		Left:    lab.Load{Quarantined: 2},
		Audit:   records.Audit{Effects: 200, Places: 90},
		Faults:  map[string]int{"imap fetch cut": 2, "imap search drop_before": 0, "smtp data reply": 1, "slack duplicate": 3, "teams 500": 1, "meta status": 1, "twilio drop_after": 2},
		Verdict: judge.Verdict{Mails: 91, Replies: 58, Backs: 4, Inside: 8, Edits: 3, Deletes: 2, Commands: 3, Clicked: 9, Asked: 5, Ambiguous: 9, Unsure: 3, Excused: 4},
	}
}

// TestReportFaults: each thing that spoils a run fails it, and says why.
func TestReportFaults(t *testing.T) {
	t.Parallel()
	good := goodReport()
	if err := good.judge(); err != nil || len(good.Broken) > 0 {
		t.Fatalf("the good run failed: %v, %q", err, good.Broken)
	}
	cases := []struct {
		why   string // words of the reason
		spoil func(*Report)
	}{
		{"lost", func(r *Report) { r.Verdict.Lost = 1 }},
		{"doubled", func(r *Report) { r.Verdict.Doubled = 1 }},
		{"reordered", func(r *Report) { r.Verdict.Reordered = 1 }},
		{"leaked", func(r *Report) { r.Verdict.Leaked = 1 }},
		{"scattered", func(r *Report) { r.Verdict.Scattered = 1 }},
		{"received though deleted", func(r *Report) { r.Verdict.Late = 1 }},
		{"forgotten", func(r *Report) { r.Verdict.Forgotten = 1 }},
		{"unaccounted", func(r *Report) { r.Verdict.Unaccounted = 1 }},
		{"sent by a click", func(r *Report) { r.Verdict.Clicked = 12 }},
		{"truly ambiguous", func(r *Report) { r.Verdict.Unsure = 5 }},
		{"excused", func(r *Report) { r.Verdict.Excused = 8 }},
		{"older version", func(r *Report) { r.Versions.Touched = 1 }},
		{"no event of a newer version", func(r *Report) { r.Blows[harmNewer], r.Harm[harmNewer] = 1, 3 }},
		{"untold", func(r *Report) { r.Verdict.Untold = 8 }},
		{"before the customer's words", func(r *Report) { r.Verdict.Unseen = 3 }},
		{"marked so", func(r *Report) { r.Verdict.Twice = 4 }},
		{"marked so", func(r *Report) { r.Verdict.Twice, r.opt.Blind = 27, true }},
		{"journal's order", func(r *Report) { r.Audit.Overtaken = []string{"x"} }},
		{"applied twice", func(r *Report) { r.Audit.Twice = []string{"x"} }},
		{"given up", func(r *Report) { r.Audit.GivenUp = []string{"x"} }},
		{"unreadable", func(r *Report) { r.Audit.Unread = []string{"x"} }},
		{"not recorded", func(r *Report) { r.Audit.Missing = []string{"x"} }},
		{"cards", func(r *Report) { r.Audit.Stale = []string{"x"} }},
		{"database's word", func(r *Report) { r.Audit.Forgotten = []string{"x"} }},
		{"left in the queue", func(r *Report) { r.Left.Pending = 1 }},
		{"lanes left", func(r *Report) { r.Left.Lanes = 1 }},
		{"quarantine that can be read", func(r *Report) { r.Left.Quarantined = 3 }},
		{"by itself", func(r *Report) { r.Fell = []string{"x"} }},
		{"panics", func(r *Report) { r.Crashes = []string{"x"} }},
		{"can't be shown", func(r *Report) { r.Problems = []string{"x"} }},
		{"89 mails and", func(r *Report) { r.Said.Mails, r.Verdict.Mails = 89, 89 }},
		{"and 59 replies", func(r *Report) { r.Said.Replies, r.Verdict.Replies = 55, 55 }},
		{"mails seen", func(r *Report) { r.Verdict.Mails-- }},
		{"replies seen", func(r *Report) { r.Verdict.Replies-- }},
		{"mailbox that is gone", func(r *Report) { r.Verdict.Backs-- }},
		{"remarks inside seen", func(r *Report) { r.Verdict.Inside++ }},
		{"edits seen", func(r *Report) { r.Verdict.Edits-- }},
		{"deletions seen", func(r *Report) { r.Verdict.Deletes-- }},
		{"commands seen", func(r *Report) { r.Verdict.Commands-- }},
		{"nothing was said", func(r *Report) { *r = Report{Audit: records.Audit{Effects: 1, Places: 1}, Faults: r.Faults} }},
		{"nothing was applied", func(r *Report) { r.Audit.Effects = 0 }},
		{"or shown", func(r *Report) { r.Audit.Places = 0 }},
		{harmEarly, func(r *Report) { r.Harm[harmEarly] = 1 }},
		{harmHour, func(r *Report) { delete(r.Harm, harmHour) }},
		{harmFull, func(r *Report) { r.Blows[harmFull] = 1 }},
		{"mail struck", func(r *Report) { r.Faults["imap fetch cut"], r.Faults["smtp data reply"] = 0, 0 }},
		{"Slack", func(r *Report) { delete(r.Faults, "slack duplicate") }},
		{"Teams", func(r *Report) { r.opt.Teams, r.Faults["teams 500"] = true, 0 }},
		{"the model", func(r *Report) { r.opt.Model, r.Verdict.Noted, r.Verdict.Asking = true, 1, 1 }},
		{"named by notes", func(r *Report) { r.opt.Model, r.Faults["model hang"], r.Verdict.Asking = true, 1, 7 }},
		{"nobody made", func(r *Report) { r.Unread = 1 }},
		{"Meta", func(r *Report) { r.opt.Chats, r.Faults["meta status"] = true, 0 }},
		{"Twilio", func(r *Report) { r.opt.Chats, r.Faults["twilio drop_after"] = true, 0 }},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			r := goodReport()
			r.Harm, r.Blows, r.Faults = maps.Clone(r.Harm), maps.Clone(r.Blows), maps.Clone(r.Faults)
			c.spoil(&r)
			if err := r.judge(); !errors.Is(err, ErrVerdict) || len(r.Broken) != 1 || !strings.Contains(r.Broken[0], c.why) {
				t.Errorf("%v: %q", err, r.Broken)
			}
		})
	}
}

// TestExcessiveByWorld: where nothing tells whether a message arrived, more may be unsure.
func TestExcessiveByWorld(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		o    Options
		most int
	}{{Options{}, 3}, {Options{OwnCopies: true}, 16}, {Options{Chats: true}, 16}, {Options{ShortWaits: true}, 25}} {
		v := judge.Verdict{Replies: 90, Unsure: c.most}
		if got := findExcessiveExcuses(&v, c.o); len(got) > 0 {
			t.Errorf("%+v: %q", c.o, got)
		}
		if v.Unsure++; len(findExcessiveExcuses(&v, c.o)) != 1 {
			t.Errorf("%+v: %d of 90 pass", c.o, v.Unsure)
		}
	}
}

// TestCrashes: panics and data races are found in the logs of all processes.
func TestCrashes(t *testing.T) {
	t.Parallel()
	for file, line := range map[string]string{"parley-1.log": "panic: nil map", "parley-2.log": "WARNING: DATA RACE", "parley-3.log": "fatal error: all goroutines are asleep",
		"parley-4.log": `{"level":"ERROR","msg":"applying panicked"}`, "fakes.log": "panic: index out of range", "oracle.log": "panic: runtime error"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			s := &stage{dir: t.TempDir()}
			if err := os.WriteFile(filepath.Join(s.dir, file), []byte("{\"msg\":\"ready\"}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := s.findCrashes(); len(got) > 0 {
				t.Errorf("found %q", got)
			}
			if err := os.WriteFile(filepath.Join(s.dir, file), []byte("{\"msg\":\"ready\"}\n"+line+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := s.findCrashes(); len(got) != 1 || got[0] != line {
				t.Errorf("found %q", got)
			}
		})
	}
}
