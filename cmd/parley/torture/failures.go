package torture

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// This file decides whether a test run with injected faults failed. A run fails for two reasons: Parley violated an
// invariant, such as "no message is lost", or the run did not test enough. The latter is the case if too few faults were
// injected ("kill" was injected 3 times, of 8), or if too many deviations had to be excused because a fault explains them.

// decide sets the report's Failures. It returns ErrVerdict if there are any.
func (r *Report) decide() error {
	if r.Failures = r.findFailures(); len(r.Failures) > 0 {
		return ErrVerdict
	}
	return nil
}

// findFailures describes the violated invariants, and whatever kept the run from testing them as planned.
func (r *Report) findFailures() []string {
	return slices.Concat(r.violatedInvariants(), findExcessiveExcuses(&r.Verdict, r.opt), r.findUntested(), r.compareCounts())
}

// violatedInvariants describes the invariants that Parley violated, such as "2 lost".
func (r *Report) violatedInvariants() []string {
	return FormatTallies(slices.Concat(r.Verdict.Tallies(), r.Audit.Tallies(), []Tally{
		{What: "events left in the queue", Count: r.Left.Pending},
		{What: "lanes left with something to deliver", Count: r.Left.Lanes},
		{What: "events in quarantine that can be read", Count: r.Left.Quarantined - r.Workload.Poisons},
		{What: "ends of Parley by itself", Count: len(r.UnexpectedExits)},
		{What: "panics or data races", Count: len(r.Crashes)},
		{What: "posts or mails that can't be shown", Count: len(r.Problems)},
	}))
}

// findUntested describes the parts of the plan that were not carried out. Some faults of each kind may be missing, because
// the moment that they waited for never came (see minInjected). Faults that this machine doesn't support aren't planned.
func (r *Report) findUntested() []string {
	var list []string
	replies := r.Workload.Replies + r.Workload.Bounced
	if r.Workload.Mails < r.opt.Mails || replies < r.opt.Replies {
		list = append(list,
			fmt.Sprintf("%d mails and %d replies were written, of %d and %d", r.Workload.Mails, replies, r.opt.Mails, r.opt.Replies))
	}
	if r.Audit.Effects == 0 || r.Audit.Places == 0 {
		list = append(list, "nothing was applied, or shown, of which the order could be checked")
	}

	for _, kind := range slices.Sorted(maps.Keys(r.Planned)) {
		planned, injected := r.Planned[kind], r.Injected[kind]
		if injected < r.opt.minInjected(planned) {
			list = append(list, fmt.Sprintf("%q was injected %d times, of %d", kind, injected, planned))
		}
	}

	if !r.opt.ShortWaits { // in a short run, replies may be sent only when the faults have ended
		for _, name := range r.opt.providersWithoutFault(r.ProviderFaults) {
			list = append(list, name+" made no error")
		}
	}

	return list
}

// providersWithoutFault returns the providers of a run that made no error, sorted by name. faults counts errors by names
// that start with the provider or its protocol, such as "imap fetch cut".
func (o Options) providersWithoutFault(faults map[string]int) []string {
	providers := map[string]string{"imap": "mail", "smtp": "mail"} // by the first word of their errors' names
	if o.Teams {
		providers["teams"] = "Teams"
	} else {
		providers["slack"] = "Slack"
	}
	if o.Chats {
		providers["meta"], providers["twilio"] = "Meta", "Twilio"
	}

	failed := map[string]bool{}
	for name, n := range faults {
		first, _, _ := strings.Cut(name, " ")
		failed[providers[first]] = failed[providers[first]] || n > 0
	}
	all := slices.Compact(slices.Sorted(maps.Values(providers)))
	return slices.DeleteFunc(all, func(provider string) bool { return failed[provider] })
}

// minInjected returns how many of the planned faults of a kind must be injected: half of them. In a short run a third is
// enough, since there are only two or three of a kind, and the moments that they wait for must come within half a minute.
func (o Options) minInjected(planned int) int {
	divisor := 2
	if o.ShortWaits {
		divisor = 3
	}
	return (planned + divisor - 1) / divisor // rounded up
}

// compareCounts compares what the driver (which acts for customers and agents) counted with what the oracle observed.
// Without this check, an oracle that looks at the wrong emulators would find no violation.
func (r *Report) compareCounts() []string {
	var list []string
	w, v := r.Workload, r.Verdict
	for _, c := range []struct {
		what     string
		done     int
		observed int
	}{
		{"mails", w.Mails, v.Mails},
		{"replies", w.Replies, v.Replies},
		{"replies to a mailbox that is gone", w.Bounced, v.Bounced},
		{"internal messages", w.Internal, v.Internal},
		{"edits", w.Edits, v.Edits},
		{"deletions", w.Deletes, v.Deletes},
		{"commands", w.Resolved + w.HandedOver + w.Snoozed + w.Endings, v.Commands},
	} {
		if c.done != c.observed {
			list = append(list, fmt.Sprintf("%d %s seen, of %d", c.observed, c.what, c.done))
		}
	}

	if w == (workloadCounts{}) {
		list = append(list, "nothing was written")
	}

	return list
}
