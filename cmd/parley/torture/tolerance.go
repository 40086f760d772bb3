package torture

import "fmt"

// Some deviations in a test run are not violations, because an injected fault explains them. For example, Parley asks an
// agent what to do about a reply if the mail server's response was lost. Such deviations are allowed as long as they are
// few. This file defines the limits.

// tolerance is the limit on how many of n messages may deviate: a fixed number plus a percentage of n.
type tolerance struct {
	fixed   int
	percent int
}

const wholePercent = 100

func (t tolerance) limitFor(n int) int { return t.fixed + n*t.percent/wholePercent }

// findExcessiveExcuses describes the deviations that exceed their limits. Without limits, a Parley that asks about every
// reply would pass, since it loses nothing.
func findExcessiveExcuses(v *Verdict, o Options) []string {
	usual := tolerance{fixed: 4, percent: 5}
	clicked := tolerance{fixed: 4, percent: 4}
	resolvedUnseen := tolerance{fixed: 2, percent: 30}

	ambiguous := tolerance{fixed: 2, percent: 2}
	if o.OwnCopies || o.Chats {
		// Without copies in Sent, and at WhatsApp, Parley can't find out whether a message was sent if the response was lost.
		ambiguous = tolerance{fixed: 4, percent: 14}
	}

	markedCopies := tolerance{fixed: 2, percent: 2}
	if o.Blind { // Parley can't check whether a post exists, and posts again
		markedCopies = tolerance{fixed: 4, percent: 25}
	}

	var shortForm tolerance // added to most limits in a short run
	if o.ShortWaits {
		// As many faults occur in seconds as otherwise in minutes, and Parley asks people
		// after fewer checks.
		shortForm = tolerance{fixed: 4, percent: 20}
	}

	// A change is excused only if Parley was notified too late, which also happens if a slow machine delays the change.
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
