package torture

import (
	"fmt"

	"parley/cmd/parley/torture/checker"
)

// tolerance says how many of n messages may be excused: a fixed number and a percentage of n.
type tolerance struct {
	fixed   int
	percent int
}

const wholePercent = 100

func (s tolerance) limitFor(n int) int { return s.fixed + n*s.percent/wholePercent }

// findExcessiveExcuses reports which excuses were used more often than faults explain: a Parley that
// asks about everything loses nothing and is of no use.
func findExcessiveExcuses(v *checker.Verdict, o Options) []string {
	replies := v.Replies + v.Bounced
	unsure := tolerance{fixed: 2, percent: 2}

	// Without copies in Sent, and at WhatsApp, nothing tells whether a message arrived whose answer
	// was lost.
	if o.OwnCopies || o.Chats {
		unsure = tolerance{fixed: 4, percent: 14}
	}

	twice := tolerance{fixed: 2, percent: 2}
	if o.Blind { // Parley can't look whether a post is there, and posts again
		twice = tolerance{fixed: 4, percent: 25}
	}

	// In the short form as many blows fall in seconds as otherwise in minutes, the clock jumps over much of
	// what is said, and people are asked after a few looks: sooner on a slow machine.
	short := tolerance{fixed: 4, percent: 20}
	usual := tolerance{fixed: 4, percent: 5}
	var list []string
	for _, c := range []struct {
		checker.Tally
		most tolerance
		from int
	}{
		{checker.Tally{What: "sent by a click for no reason", Count: v.SentByClick - v.RightlyAsked}, tolerance{fixed: 4, percent: 4}, replies},
		{checker.Tally{What: "truly ambiguous", Count: v.AmbiguousMessages}, unsure, replies},
		{checker.Tally{What: "excused", Count: v.Excused}, usual, replies},
		{checker.Tally{What: "untold", Count: v.EventsLost}, usual, replies + v.Edits},
		{checker.Tally{What: "resolved before the customer's words were shown", Count: v.ResolvedUnseen}, tolerance{fixed: 2, percent: 30}, v.Commands},
		{checker.Tally{What: "shown twice and marked so", Count: v.MarkedCopies}, twice, v.Mails},
	} {
		most := c.most.limitFor(c.from)
		if o.ShortWaits {
			most += short.limitFor(c.from)
		}
		if c.Count > most {
			list = append(list, fmt.Sprintf("%d %s, of %d: more than the %d that faults explain", c.Count, c.What, c.from, most))
		}
	}

	return list
}
