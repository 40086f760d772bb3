package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// This file finishes a test run: it searches the logs for panics, saves what the database and the emulators show, prints
// the report, and removes a temporary folder unless the run failed.

// findCrashes returns the lines that report panics or data races in the logs of Parley, the emulators and the oracle; at
// most ten.
func (s *session) findCrashes() []string {
	const most = 10
	var found []string
	logs, err := filepath.Glob(filepath.Join(s.dir, "parley-*.log"))
	if err != nil {
		return nil
	}

	logs = append(logs, filepath.Join(s.dir, "fakes.log"), filepath.Join(s.dir, "oracle.log"))
	for _, log := range logs {
		body, err := os.ReadFile(filepath.Clean(log))
		if err != nil {
			continue // it never started, which is an error of its own
		}

		for line := range strings.Lines(string(body)) {
			if len(found) < most && isCrashLine(line) {
				found = append(found, strings.TrimSpace(line))
			}
		}
	}

	return found
}

// isCrashLine reports whether a log line begins Go's report of a panic or a data race, or reports a panic that Parley
// recovered from.
func isCrashLine(line string) bool {
	if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
		return true
	}
	return strings.Contains(line, "DATA RACE") || strings.Contains(line, "panicked")
}

// exportObservations writes what the database and the emulators show into the run's folder. They must still be running. It
// writes as much as possible, and returns all errors joined.
func (s *session) exportObservations(ctx context.Context) error {
	var err error
	if s.database.Current() != nil {
		err = s.database.Export(ctx, filepath.Join(s.dir, "journal"))
	}
	if s.client == (Client{}) {
		return err
	}

	platform := s.client.Platform()
	shown, failed := platform.Export(ctx)
	err = errors.Join(err, failed, s.writeJSON(platform.Traits().Kind+".json", shown))
	if s.driver == nil {
		return err
	}

	err = errors.Join(err, s.writeJSON("history.json", s.driver.history))
	mail := map[string]any{}
	for _, t := range s.driver.conversations {
		if t.kind != ByMail {
			b, seen := s.client.ReadPhone(ctx, t.kind, t.number)
			err = errors.Join(err, seen)
			mail[fmt.Sprintf("%s %s", t.kind, Subject(t.number))] = b
			continue
		}

		for _, folder := range []string{"INBOX", "Sent"} {
			list, seen := s.client.ReadFolder(ctx, CustomerAddress(t.number), folder)
			err = errors.Join(err, seen)
			mail[CustomerAddress(t.number)+" "+folder] = list
		}
	}

	return errors.Join(err, s.writeJSON("mail.json", mail))
}

// writeJSON writes a value as JSON into a file of the run's folder.
func (s *session) writeJSON(name string, what any) error {
	body, err := json.MarshalIndent(what, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, name), append(body, '\n'), 0o600)
	}
	return err
}

// printAndCleanUp prints the report. It removes the temporary folder of a run that succeeded. That of a run that failed
// with err is kept until keptRuns later runs have failed. A folder that is kept has the report in report.json.
func (s *session) printAndCleanUp(r *Report, err error) error {
	reportText{Report: r, printLine: s.printLine, platform: s.client.Platform().Traits().Name}.print()
	if err == nil && s.scratch != nil {
		return s.scratch.Remove()
	}

	r.Folder = s.dir

	if s.scratch != nil {
		defer func() { _ = s.scratch.Leave() }() // nothing is written into the lock
		s.printLine("Folders of the last %d runs that failed are kept; --keep FOLDER keeps one for good.", keptRuns)
	}
	if err != nil {
		s.printLine("Seed %d failed: %v. Its journal, what the emulators saw, the logs and report.json are in %s. "+
			"To look:\n  PARLEY_DATA=%s parley explain '#1'",
			r.Seed, err, s.dir, s.dir)
	}

	return errors.Join(err, s.writeJSON("report.json", r))
}

// reportText writes a report for people.
type reportText struct {
	*Report
	printLine func(format string, args ...any)
	platform  string // the chat's name
}

// print prints each violation, then what the run consisted of, and then the counts.
func (t reportText) print() {
	for _, violation := range slices.Concat(t.Verdict.Violations, t.Audit.Violations(), t.UnexpectedExits, t.Crashes, t.Problems) {
		t.printLine("  %s", violation)
	}
	t.printFaults()
	t.printConditions()
	if t.Judged {
		t.printVerdict()
		t.printRecords()
	} else {
		t.printLine("No verdict: the run ended before anything was judged.")
	}
	for _, why := range t.Failures {
		t.printLine("FAILED: %s", why)
	}
}

// printFaults prints the counts of faults and the downtimes.
func (t reportText) printFaults() {
	t.printLine("Faults: %s (%d kills and stops)", formatCounts(t.Injected), t.KillsAndStops)
	if len(t.Missed) > 0 {
		t.printLine("Waited in vain: %s", formatCounts(t.Missed))
	}
	t.printLine("Errors of providers and connections: %s", formatCounts(t.ProviderFaults))
	if d := t.Downtimes; len(d.All)+d.Disturbed > 0 {
		t.printLine("Restarts: %d undisturbed, %d disturbed by other faults; nobody answered for at most %s (median %s); "+
			"the old process took at most %s to end",
			len(d.All), d.Disturbed, d.Longest.Round(time.Millisecond), medianOf(d.All).Round(time.Millisecond),
			d.LongestStop.Round(10*time.Millisecond))
	}
	for _, text := range t.Skipped {
		t.printLine("%s", text)
	}
}

// printConditions prints what was left undone, and the load of the machine.
func (t reportText) printConditions() {
	left := joinTallies(countFirst, []Tally{
		{What: "events", Count: t.Left.Pending},
		{What: "lanes", Count: t.Left.Lanes},
		{What: "quarantined", Count: t.Left.Quarantined},
	})
	ends := fmt.Sprintf("Parley ended by itself %d times; %d starts found no database or no port.", len(t.UnexpectedExits), t.FailedStarts)
	machine := fmt.Sprintf("Seed %d, %d replicas, load average %s before, %s after", t.Seed, t.opt.Replicas, t.Loads[0], t.Loads[1])
	t.printLine("Left: %s. %s %s; took %s, of which waiting %s.",
		left, ends, machine, t.Took.Round(time.Second), t.SettleTime.Round(time.Second))
}

// printVerdict prints what people did and what they saw in the end, according to the oracle.
func (t reportText) printVerdict() {
	v, w := t.Verdict, t.Workload
	t.printLine("Files of customers: %d. When all had arrived: %d edits and %d deletions of replies, "+
		"%d notes edited into replies, %d of %d snoozed conversations woken, %d ended for good.",
		v.Files, w.LateEdits, w.LateDeletes, w.Turned, w.Woken, w.Snoozed, w.Ended)
	done := joinTallies(countFirst, []Tally{
		{What: "mails", Count: v.Mails},
		{What: "replies", Count: v.Replies},
		{What: "bounced", Count: v.Bounced},
		{What: "internal", Count: v.Internal},
		{What: "edits", Count: v.Edits},
		{What: "deletions", Count: v.Deletes},
		{What: "commands", Count: v.Commands},
	})
	excused := fmt.Sprintf("excused, as %s could not tell in time: out of order %d, received though deleted or edited %d",
		t.platform, v.Excused, v.ExcusedChanges)
	clicked := fmt.Sprintf("truly ambiguous %d, which left in %d messages, all decided by the oracle's agent; "+
		"sent by a click %d, %d of them rightly",
		v.Ambiguous, v.AmbiguousMessages, v.SentByClick, v.RightlyAsked)
	t.printLine("Verdict: %s: %s; %s; %s; resolved before the customer's message was shown %d.",
		done, joinTallies(countLast, v.Tallies()), excused, clicked, v.ResolvedUnseen)
}

// printRecords prints what Parley's own tables show, and counts that only some runs have.
func (t reportText) printRecords() {
	v, a := t.Verdict, t.Audit
	t.printLine("Records: %d effects and %d places in lanes; %s.", a.Effects, a.Places, joinTallies(countLast, a.Tallies()))
	if t.opt.Blind || v.MarkedCopies+v.EventsLost > 0 {
		t.printLine("Where Parley could not look: %d messages shown twice and marked so, "+
			"%d replies and edits that the platform gave up telling.",
			v.MarkedCopies, v.EventsLost)
	}
}

// Formats of joinTallies.
const (
	countFirst = "%[1]d %[2]s" // "3 mails"
	countLast  = "%[2]s %[1]d" // "lost 0"
)

// joinTallies formats each tally and joins them with commas.
func joinTallies(format string, list []Tally) string {
	var parts []string
	for _, t := range list {
		parts = append(parts, fmt.Sprintf(format, t.Count, t.What))
	}
	return strings.Join(parts, ", ")
}

// formatCounts formats the counts that are not zero, sorted by name.
func formatCounts(counts map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// medianOf returns the median of durations, the upper one of two; 0 if there are none.
func medianOf(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(list))[len(list)/2]
}

// loadAverage returns the load averages of the machine over 1, 5 and 15 minutes.
func loadAverage() string {
	body, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(body))[:3], " ")
}
