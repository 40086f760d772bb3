package torture

import (
	"fmt"
	"slices"
	"strings"

	"parley/cmd/parley/torture/judge"
)

// judge decides whether a run that was played to its end was a good one.
// Errors: ErrVerdict.
func (r *Report) judge() error {
	if r.Broken = r.faults(); len(r.Broken) > 0 {
		return ErrVerdict
	}
	return nil
}

// faults reports why a run failed: promises that were broken, and whatever kept the run from
// putting them to the test as ordered. None = a good run.
func (r *Report) faults() []string {
	return slices.Concat(r.brokenPromises(), excessive(&r.Verdict, r.opt), r.unlikeOrdered(), r.unheard())
}

// brokenPromises are those of Parley itself.
func (r *Report) brokenPromises() []string {
	return slices.Concat(r.Verdict.Broken(), r.Audit.Broken(), judge.Counted([]judge.Tally{
		{What: "events left in the queue", N: r.Left.Pending}, {What: "lanes left with something to deliver", N: r.Left.Lanes},
		{What: "events in quarantine that can be read", N: r.Left.Quarantined - r.Said.Poisons},
		{What: "attempts of an older version at events of a newer one", N: r.Versions.Touched},
		{What: "analyses and texts that nobody made", N: r.Unread},
		{What: "ends of Parley by itself", N: len(r.Fell)}, {What: "panics or data races", N: len(r.Crashes)},
		{What: "posts or mails that can't be shown", N: len(r.Problems)},
	}))
}

// unlikeOrdered reports what of the plan was not carried out. Half of the blows of a kind may
// wait in vain for their moment; what this machine can't play is no part of the plan.
func (r *Report) unlikeOrdered() []string {
	var list []string
	if replies := r.Said.Replies + r.Said.Backs; r.Said.Mails < r.opt.Mails || replies < r.opt.Replies {
		list = append(list, fmt.Sprintf("%d mails and %d replies were said, of %d and %d", r.Said.Mails, replies, r.opt.Mails, r.opt.Replies))
	}
	if r.Audit.Effects == 0 || r.Audit.Places == 0 {
		list = append(list, "nothing was applied, or shown, of which the order could be judged")
	}
	if r.Blows[harmNewer] > 0 && r.Versions.Accepted == 0 {
		list = append(list, "no event of a newer version came while an older one ran")
	}
	for _, name := range sorted(r.Blows) {
		if planned, fell := r.Blows[name], r.Harm[name]; fell < fewest(planned) {
			list = append(list, fmt.Sprintf("%q fell %d times, of %d", name, fell, planned))
		}
	}
	if !r.opt.ShortWaits { // in the short form, replies may leave only when the faults have ended
		for _, name := range r.opt.unharmed(r.Faults) {
			list = append(list, "no fault of "+name+" struck")
		}
	}
	return list
}

// unharmed names those providers of a run of which no fault struck. The names of faults begin with the
// provider, or with the protocol.
func (o Options) unharmed(faults map[string]int) []string {
	used := [][]string{{"mail", "imap ", "smtp "}, {"Slack", "slack "}}
	if o.Teams {
		used[1] = []string{"Teams", "teams "}
	}
	if o.Model {
		used = append(used, []string{"the model", "model "})
	}
	if o.Chats {
		used = append(used, []string{"Meta", "meta "}, []string{"Twilio", "twilio "})
	}
	var list []string
	for _, p := range used {
		struck := 0
		for name, n := range faults {
			if slices.ContainsFunc(p[1:], func(begin string) bool { return strings.HasPrefix(name, begin) }) {
				struck += n
			}
		}
		if struck == 0 {
			list = append(list, p[0])
		}
	}
	return list
}

// fewest is how many blows of a kind have to fall.
func fewest(planned int) int { return (planned + 1) / 2 }

// unheard compares what the driver counted with what the oracle counted: an oracle that
// looks into an empty world, or was told of nothing, finds nothing.
func (r *Report) unheard() []string {
	var list []string
	s, v := r.Said, r.Verdict
	for _, c := range []struct {
		what       string
		said, seen int
	}{
		{"mails", s.Mails, v.Mails}, {"replies", s.Replies, v.Replies},
		{"replies to a mailbox that is gone", s.Backs, v.Backs}, {"remarks inside", s.Inside, v.Inside},
		{"edits", s.Edits, v.Edits}, {"deletions", s.Deletes, v.Deletes}, {"commands", s.Solved + s.Handed, v.Commands},
	} {
		if c.said != c.seen {
			list = append(list, fmt.Sprintf("%d %s seen, of %d", c.seen, c.what, c.said))
		}
	}
	if r.opt.Model && v.Asking*v.Noted == 0 {
		list = append(list, fmt.Sprintf("%d questions to the model seen, and %d messages named by notes", v.Asking, v.Noted))
	}
	if s == (counts{}) {
		list = append(list, "nothing was said")
	}
	return list
}
