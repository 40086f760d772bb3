package torture

import (
	"fmt"

	"parley/cmd/parley/torture/judge"
)

// share says how many of n messages may be excused: a fixed number and a percentage of n.
type share struct {
	fixed   int
	percent int
}

const wholePercent = 100

func (s share) mostOf(n int) int { return s.fixed + n*s.percent/wholePercent }

// findExcessiveExcuses reports which excuses were used more often than faults explain: a Parley that
// asks about everything loses nothing and is of no use.
func findExcessiveExcuses(v *judge.Verdict, o Options) []string {
	replies := v.Replies + v.Backs
	unsure := share{fixed: 2, percent: 2}

	// Without copies in Sent, and at WhatsApp, nothing tells whether a message arrived whose answer
	// was lost.
	if o.OwnCopies || o.Chats {
		unsure = share{fixed: 4, percent: 14}
	}

	twice := share{fixed: 2, percent: 2}
	if o.Blind { // Parley can't look whether a post is there, and posts again
		twice = share{fixed: 4, percent: 25}
	}

	// In the short form as many blows fall in seconds as otherwise in minutes, the clock jumps over much of
	// what is said, and people are asked after a few looks: sooner on a slow machine.
	short := share{fixed: 4, percent: 20}
	usual := share{fixed: 4, percent: 5}
	var list []string
	for _, c := range []struct {
		judge.Tally
		most share
		from int
	}{
		{judge.Tally{What: "sent by a click for no reason", N: v.Clicked - v.Asked}, share{fixed: 4, percent: 4}, replies},
		{judge.Tally{What: "truly ambiguous", N: v.Unsure}, unsure, replies},
		{judge.Tally{What: "excused", N: v.Excused}, usual, replies},
		{judge.Tally{What: "untold", N: v.Untold}, usual, replies + v.Edits},
		{judge.Tally{What: "resolved before the customer's words were shown", N: v.Unseen}, share{fixed: 2, percent: 30}, v.Commands},
		{judge.Tally{What: "shown twice and marked so", N: v.Twice}, twice, v.Mails},
	} {
		most := c.most.mostOf(c.from)
		if o.ShortWaits {
			most += short.mostOf(c.from)
		}
		if c.N > most {
			list = append(list, fmt.Sprintf("%d %s, of %d: more than the %d that faults explain", c.N, c.What, c.from, most))
		}
	}

	return list
}
