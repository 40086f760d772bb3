package torture

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/cmd/parley/torture/checker"
)

// decide decides whether a run that was played to its end was a good one.
// Errors: ErrVerdict.
func (r *Report) decide() error {
	if r.Failures = r.findFailures(); len(r.Failures) > 0 {
		return ErrVerdict
	}
	return nil
}

// findFailures reports why a run failed: promises that were broken, and whatever kept the run from
// putting them to the test as ordered. A good run has none.
func (r *Report) findFailures() []string {
	return slices.Concat(r.violatedInvariants(), findExcessiveExcuses(&r.Verdict, r.opt), r.findUntested(), r.compareCounts())
}

// violatedInvariants are those of Parley itself.
func (r *Report) violatedInvariants() []string {
	return slices.Concat(r.Verdict.ViolatedInvariants(), r.Audit.ViolatedInvariants(), checker.FormatTallies([]checker.Tally{
		{What: "events left in the queue", Count: r.Left.Pending}, {What: "lanes left with something to deliver", Count: r.Left.Lanes},
		{What: "events in quarantine that can be read", Count: r.Left.Quarantined - r.Workload.Poisons},
		{What: "attempts of an older version at events of a newer one", Count: r.Versions.Touched},
		{What: "analyses and texts that nobody made", Count: r.Unanalysed},
		{What: "ends of Parley by itself", Count: len(r.UnexpectedExits)}, {What: "panics or data races", Count: len(r.Crashes)},
		{What: "posts or mails that can't be shown", Count: len(r.Problems)},
	}))
}

// findUntested reports what of the plan was not carried out. Some blows of a kind may
// wait in vain for their moment (minInjected); what this machine can't play is no part of the plan.
func (r *Report) findUntested() []string {
	var list []string
	replies := r.Workload.Replies + r.Workload.Bounced
	if r.Workload.Mails < r.opt.Mails || replies < r.opt.Replies {
		list = append(list, fmt.Sprintf("%d mails and %d replies were said, of %d and %d", r.Workload.Mails, replies, r.opt.Mails, r.opt.Replies))
	}
	if r.Audit.Effects == 0 || r.Audit.Places == 0 {
		list = append(list, "nothing was applied, or shown, of which the order could be judged")
	}
	if r.Planned[faultMixedVersions] > 0 && r.Versions.Accepted == 0 {
		list = append(list, "no event of a newer version came while an older one ran")
	}

	for _, name := range slices.Sorted(maps.Keys(r.Planned)) {
		if planned, fell := r.Planned[name], r.Injected[name]; fell < r.opt.minInjected(planned) {
			list = append(list, fmt.Sprintf("%q fell %d times, of %d", name, fell, planned))
		}
	}

	if !r.opt.ShortWaits { // in the short form, replies may leave only when the faults have ended
		for _, name := range r.opt.providersWithoutFault(r.ProviderFaults) {
			list = append(list, "no fault of "+name+" struck")
		}
	}

	return list
}

// providersWithoutFault names those providers of a run of which no fault struck. The names of faults begin with the
// provider, or with the protocol.
func (o Options) providersWithoutFault(faults map[string]int) []string {
	type provider struct {
		name   string
		begins []string // how the names of its faults begin
	}

	chat := provider{name: "Slack", begins: []string{"slack "}}
	if o.Teams {
		chat = provider{name: "Teams", begins: []string{"teams "}}
	}

	used := []provider{{name: "mail", begins: []string{"imap ", "smtp "}}, chat}
	if o.Model {
		used = append(used, provider{name: "the model", begins: []string{"model "}})
	}
	if o.Chats {
		used = append(used, provider{name: "Meta", begins: []string{"meta "}}, provider{name: "Twilio", begins: []string{"twilio "}})
	}

	var list []string
	for _, p := range used {
		struck := 0
		for name, n := range faults {
			if slices.ContainsFunc(p.begins, func(begin string) bool { return strings.HasPrefix(name, begin) }) {
				struck += n
			}
		}

		if struck == 0 {
			list = append(list, p.name)
		}
	}

	return list
}

// minInjected returns how many of the planned blows of a kind have to fall: half of them, or a third in the short form, which
// has two or three of a kind, and half a minute in which their moment has to come.
func (o Options) minInjected(planned int) int {
	if o.ShortWaits {
		return (planned + 2) / 3
	}
	return (planned + 1) / 2
}

// compareCounts compares what the driver counted with what the oracle counted: an oracle that
// looks into an empty world, or was told of nothing, finds nothing.
func (r *Report) compareCounts() []string {
	var list []string
	s, v := r.Workload, r.Verdict
	for _, c := range []struct {
		what       string
		said, seen int
	}{
		{"mails", s.Mails, v.Mails}, {"replies", s.Replies, v.Replies},
		{"replies to a mailbox that is gone", s.Bounced, v.Bounced}, {"remarks inside", s.Internal, v.Internal},
		{"edits", s.Edits, v.Edits}, {"deletions", s.Deletes, v.Deletes}, {"commands", s.Resolved + s.HandedOver, v.Commands},
	} {
		if c.said != c.seen {
			list = append(list, fmt.Sprintf("%d %s seen, of %d", c.seen, c.what, c.said))
		}
	}

	isModelIdle := v.ModelQuestions == 0 || v.NotedMessages == 0
	if r.opt.Model && isModelIdle {
		list = append(list, fmt.Sprintf("%d questions to the model seen, and %d messages named by notes", v.ModelQuestions, v.NotedMessages))
	}
	if s == (workloadCounts{}) {
		list = append(list, "nothing was said")
	}

	return list
}
