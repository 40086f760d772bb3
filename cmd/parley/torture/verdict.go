package torture

import "fmt"

// Verdict is the oracle's judgement, in the words that docs/performance.md defines.
type Verdict struct {
	Mails    int `json:"mails"`    // written by customers
	Replies  int `json:"replies"`  // typed by agents, for the customer
	Inside   int `json:"inside"`   // typed, not for the customer
	Edits    int `json:"edits"`    // of replies
	Deletes  int `json:"deletes"`  // of replies, in their hold
	Commands int `json:"commands"` // conversations resolved, handed over, put back
	Lost     int `json:"lost"`
	Doubled  int `json:"doubled"`

	Reordered int `json:"reordered"`
	Leaked    int `json:"leaked"`
	Scattered int `json:"scattered"` // mails of one conversation outside its thread
	Ambiguous int `json:"ambiguous"` // nobody could tell: decided by the oracle's agent
	Unsure    int `json:"unsure"`    // messages in which the ambiguous replies left: replies that left together count once
	Clicked   int `json:"clicked"`   // replies that Parley asked about or parked, sent by the oracle's agent
	Asked     int `json:"asked"`     // of these, replies about which Parley rightly asks
	Late      int `json:"late"`      // deleted during the hold, yet received
	Forgotten int `json:"forgotten"` // the customer spoke last, and the card names neither an owner nor the right queue
	// Unaccounted counts what the driver had said and no emulator shows, and what they show
	// and nobody said.
	Unaccounted int `json:"unaccounted"`
	// Unseen counts customers who wait in a resolved conversation, as their words came
	// into the thread only after it was resolved. No promise is broken by it.
	Unseen  int `json:"unseen"`
	Excused int `json:"excused"` // received though deleted, or out of order: the platform could not tell of it within the hold
	Twice   int `json:"twice"`   // customers' messages and lines shown twice, marked as such: nobody could find out whether the first was posted
	Untold  int `json:"untold"`  // replies and edits of which the platform gave up telling Parley, who may not look
	Backs   int `json:"backs"`   // replies that came back, as the thread says
	// Findings says what is behind each count, at most a few dozen.
	Findings []string `json:"findings,omitempty"`
}

// Bad says that a promise was broken.
func (v *Verdict) Bad() bool { return v.waits()+v.Doubled+v.Reordered+v.Leaked+v.Scattered+v.Late > 0 }

// waits counts what may still be put right by waiting.
func (v *Verdict) waits() int { return v.Lost + v.Forgotten + v.Unaccounted }

func (v *Verdict) find(count *int, format string, args ...any) {
	const most = 40
	*count++
	if len(v.Findings) < most {
		v.Findings = append(v.Findings, fmt.Sprintf(format, args...))
	}
}

// broken says which promises were broken, in words.
func (v *Verdict) broken() []string {
	return counted([]tally{{"lost", v.Lost}, {"doubled", v.Doubled}, {"reordered", v.Reordered}, {"leaked", v.Leaked},
		{"scattered", v.Scattered},
		{"received though deleted", v.Late}, {"forgotten", v.Forgotten}, {"unaccounted for", v.Unaccounted}})
}

// tally is a word for people and how often it applies.
type tally struct {
	what string
	n    int
}

// counted writes what is not zero.
func counted(list []tally) []string {
	var words []string
	for _, t := range list {
		if t.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", t.n, t.what))
		}
	}
	return words
}

// share says how many of n messages may be excused: a fixed number and a percentage of n.
type share struct {
	some    int
	percent int
}

func (s share) of(n int) int { return s.some + n*s.percent/100 }

// excessive says which excuses were used more often than faults explain: a Parley that
// asks about everything loses nothing and is of no use.
func (v *Verdict) excessive(o Options) []string {
	replies := v.Replies + v.Backs
	unsure := share{2, 2}
	// Without copies in Sent, and at WhatsApp, nothing tells whether a message arrived whose answer
	// was lost.
	if o.OwnCopies || o.Chats {
		unsure = share{4, 14}
	}
	twice := share{2, 2}
	if o.Blind {
		twice = share{4, 25}
	}
	// In the short form as many blows fall in seconds as otherwise in minutes, the clock jumps over much of
	// what is said, and people are asked after a few looks: sooner on a slow machine.
	short := share{4, 20}
	var list []string
	for _, c := range []struct {
		tally
		most share
		from int
	}{
		{tally{"sent by a click for no reason", v.Clicked - v.Asked}, share{4, 4}, replies},
		{tally{"truly ambiguous", v.Unsure}, unsure, replies},
		{tally{"excused", v.Excused}, share{4, 5}, replies},
		{tally{"untold", v.Untold}, share{4, 5}, replies + v.Edits},
		{tally{"resolved before the customer's words were shown", v.Unseen}, share{2, 30}, v.Commands},
		{tally{"shown twice and marked so", v.Twice}, twice, v.Mails},
	} {
		most := c.most.of(c.from)
		if o.ShortWaits {
			most += short.of(c.from)
		}
		if c.n > most {
			list = append(list, fmt.Sprintf("%d %s, of %d: more than the %d that faults explain", c.n, c.what, c.from, most))
		}
	}
	return list
}
