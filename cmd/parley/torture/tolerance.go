package torture

import (
	"fmt"

	"parley/cmd/parley/torture/checker"
)

// Some deviations are no violation, since an injected fault explains them: for example, Parley asks an agent about a
// reply whose result got lost. They are allowed as long as they are few. This file says how few.

// tolerance says how many of n messages may deviate: a fixed number and a percentage of n.
type tolerance struct {
	fixed   int
	percent int
}

const wholePercent = 100

func (t tolerance) limitFor(n int) int { return t.fixed + n*t.percent/wholePercent }

// findExcessiveExcuses returns the deviations that occurred more often than the injected faults explain: a Parley
// that asks about everything loses nothing and is of no use.
func findExcessiveExcuses(v *checker.Verdict, o Options) []string {
	usual := tolerance{fixed: 4, percent: 5}
	clicked := tolerance{fixed: 4, percent: 4}
	resolvedUnseen := tolerance{fixed: 2, percent: 30}

	ambiguous := tolerance{fixed: 2, percent: 2}
	if o.OwnCopies || o.Chats {
		// Without copies in Sent, and at WhatsApp, nothing tells whether a message arrived whose answer was lost.
		ambiguous = tolerance{fixed: 4, percent: 14}
	}

	markedCopies := tolerance{fixed: 2, percent: 2}
	if o.Blind { // Parley can't look whether a post is there, and posts again
		markedCopies = tolerance{fixed: 4, percent: 25}
	}

	var shortForm tolerance // is added to most of them
	if o.ShortWaits {
		// As many faults come in seconds as otherwise in minutes, the clock jumps over much of what is written, and Parley
		// asks people after a few checks: sooner on a slow machine.
		shortForm = tolerance{fixed: 4, percent: 20}
	}

	// A change is excused only where Parley was told too late, also because a slow machine made the change late. In
	// the short form a few more of them are.
	changes := tolerance{fixed: 4, percent: 5}

	replies := v.Replies + v.Bounced
	var list []string
	for _, c := range []struct {
		what    string
		count   int
		of      int
		allowed tolerance
		short   tolerance
	}{
		{"sent by a click for no reason", v.SentByClick - v.RightlyAsked, replies, clicked, shortForm},
		{"truly ambiguous", v.AmbiguousMessages, replies, ambiguous, shortForm},
		{"out of order, and excused", v.Excused, replies, usual, shortForm},
		{"received though deleted or edited, and excused", v.ExcusedChanges, v.Deletes + v.Edits, changes, tolerance{fixed: shortForm.fixed}},
		{"of which the platform gave up telling Parley", v.EventsLost, replies + v.Edits, usual, shortForm},
		{"resolved before the customer's message was shown", v.ResolvedUnseen, v.Commands, resolvedUnseen, shortForm},
		{"shown twice and marked so", v.MarkedCopies, v.Mails, markedCopies, shortForm},
	} {
		limit := c.allowed.limitFor(c.of) + c.short.limitFor(c.of)
		if c.count > limit {
			list = append(list, fmt.Sprintf("%d %s, of %d: more than the %d that faults explain", c.count, c.what, c.of, limit))
		}
	}

	return list
}
