package judge

import (
	"strings"
	"time"
)

// Ways of a message.
const (
	WayIn  = "in"  // from a customer's mail to a thread
	WayOut = "out" // from a thread to a customer's mailbox
)

// States of a message in the journal.
const (
	StateWaiting   = "waiting"   // on its way, or Parley doesn't know of it yet
	StateArrived   = "arrived"   // it stands where it belongs
	StateAsked     = "asked"     // a person was told, and decides
	StateInside    = "inside"    // said among colleagues: must not arrive
	StateWithdrawn = "withdrawn" // its author took it back before it left
	StateLost      = "lost"      // it arrived nowhere, though Parley has nothing left to do
)

const (
	// startWords is how many words a second copy needs when it doesn't begin an arrival.
	startWords = 3
	// wholeBonus lets a message that stands in an arrival as lines of its own win over all others.
	wholeBonus = 1 << 20
)

// Saying is something that a person said.
type Saying struct {
	Key     string // Message-ID, or channel/ts
	Way     string
	Who     string // the author's name
	Alias   string // what the author is called before a name is known; "" means nothing
	Whom    string // where it goes, in words
	At      time.Time
	Text    string // as it stands now
	Channel string // WayOut: where it was typed
	Thread  string
	Box     string // address: whose mail it is, or to whom it goes
	Meant   bool   // WayOut: looks as if it were for the customer
	Unheard bool   // Parley wasn't to be told of it
	Files   int    // WayIn: how many files came with it
	Bare    bool   // WayIn: it is nothing but files, whose names Parley may have made up

	Name     string     // of the author, as NameKey writes it
	Versions [][]string // the words by which it is known, and those before an edit
	Heard    time.Time  // machine's clock: when the witness saw it first
	Gone     bool       // deleted by its author
	decided  bool       // a person decided once about it: its place in the order is not judged
}

// Arrival is something that stands at a destination.
type Arrival struct {
	Wording
	Key    string // of the mail or the post
	Way    string
	At     time.Time
	Box    string // WayOut: whose mailbox
	Thread string // WayIn: channel/ts of the root
	From   string // WayIn: the name under which it stands, as NameKey writes it
	Told   string // WayIn, not under a customer's name: Parley's own words, which may tell of a message
	Files  int    // WayIn: how many files an agent sees, is led to, or is told of
}

// Carries reports how much of what was said stands in what arrived.
func (a *Arrival) Carries(said []string) int {
	best := 0
	for _, from := range a.Lines {
		best = max(best, a.Recognise(said, from).Found)
	}
	return best
}

// Claim is what Parley says about a message.
type Claim struct {
	Fate     string
	Reason   string
	Delivery string // state; "" means there is none
	Attempt  int
	Held     bool // it waits for its time
	Error    string
}

// Verdict is one saying with what became of it.
type Verdict struct {
	*Saying
	State        string
	Claim        *Claim    // nil: Parley does not know of it
	SeenAt       time.Time // zero: nobody saw it
	Copies       int       // how often it was seen
	Told         int       // WayIn: how often Parley told of it in words of its own, which is no copy
	Late         bool      // out of order
	Root         string    // WayIn: channel/ts of the thread where it was seen
	missingFiles int       // WayIn: how many of its files nobody saw
}

// Seen reports whether a message stands anywhere.
func (v *Verdict) Seen() bool { return v.Copies+v.Told > 0 }

// counterFor returns the counter to which an arrival adds: of the message's copies, or of the times
// that Parley told of it.
func (v *Verdict) counterFor(a Arrival) *int {
	if a.Told != "" {
		return &v.Told
	}
	return &v.Copies
}

// Counts sum the journal up. Said = Arrived + Waiting + Lost.
type Counts struct {
	Said       int `json:"said"` // and meant to arrive
	Arrived    int `json:"arrived"`
	Waiting    int `json:"waiting"` // Asked included
	Asked      int `json:"asked"`
	Lost       int `json:"lost"`
	Doubled    int `json:"doubled"`
	Disordered int `json:"disordered"`
	Leaked     int `json:"leaked"` // said inside, and seen by a customer
	Inside     int `json:"inside"`
	Withdrawn  int `json:"withdrawn"`
}

// Compare finds each saying among the arrivals and judges it. Both lists are in order of time.
// idle is zero, or a moment since which Parley has had nothing to do: a message that was heard
// before it and is missing is lost.
func Compare(said []*Saying, arrived []Arrival, claims map[string]Claim, idle time.Time) ([]Verdict, Counts) {
	list := make([]Verdict, len(said))
	for i, s := range said {
		list[i] = Verdict{Saying: s, missingFiles: s.Files}
		if c, ok := claims[s.Key]; ok {
			list[i].Claim = &c
			s.decided = s.decided || c.Fate == "ask" || c.Fate == "parked" || c.Fate == "unclear" || c.Delivery == "needs_decision"
		}
	}
	for _, a := range arrived {
		countArrival(list, a)
		countFiles(list, a)
	}
	var n Counts
	for i := range list {
		list[i].State = list[i].decideState(idle)
		n.add(list[i])
	}
	return list, n
}

// countArrival finds the messages that an arrival brings: one, or several that were joined. Each begins
// where a line begins. Where Parley tells of a message in words of its own, it may begin anywhere.
func countArrival(list []Verdict, a Arrival) {
	starts := a.Lines
	if a.Told != "" {
		starts = make([]int, len(a.Words))
		for i := range starts {
			starts[i] = i
		}
	}
	end := 0
	for _, from := range starts {
		if from < end {
			continue
		}
		at, m := findMessage(list, a, from)
		if at < 0 {
			continue
		}
		end = m.end
		v := &list[at]
		count := v.counterFor(a)
		*count++
		isFirstSight := *count == 1 && (a.Told == "" || v.Copies == 0)
		if isFirstSight {
			v.SeenAt, v.Root = a.At, a.Thread
			v.Late = wasOvertaken(list, at)
		}
		if a.Told != "" {
			return
		}
	}
}

// countFiles counts the files of a post for those messages of its customer that still lack some, the
// oldest first. A message that is nothing but files has arrived when the last of them is seen.
func countFiles(list []Verdict, a Arrival) {
	for i := range list {
		v := &list[i]
		if v.missingFiles == 0 || a.Files == 0 || !v.MayBe(a) {
			continue
		}
		n := min(v.missingFiles, a.Files)
		v.missingFiles -= n
		a.Files -= n
		if v.Bare && v.missingFiles == 0 {
			v.Copies, v.SeenAt, v.Root = 1, a.At, a.Thread
		}
	}
}

// findMessage returns the index of the message that stands in an arrival from the given word on, or -1. Of
// several equal messages it takes the first that has not arrived. A second copy must begin the
// arrival, or be long enough not to stand there by chance.
func findMessage(list []Verdict, a Arrival, from int) (int, Match) {
	best, bestScore, bestMatch := -1, 0, Match{}
	for i := range list {
		v := &list[i]
		if !v.MayBe(a) || v.Bare && a.Told == "" {
			continue
		}
		copies := *v.counterFor(a)
		for _, words := range v.Versions {
			m := a.Recognise(words, from)
			if m.Found == 0 {
				continue
			}
			mayBeChance := from > 0 && !(m.Whole && m.Found >= startWords)
			if copies > 0 && mayBeChance {
				continue
			}
			score := 4 * m.Found // a word counts more than all that follows but wholeBonus
			if v.isMeant() {
				score++
			}
			if copies == 0 { // prefer the first copy of one message to the second copy of another
				score += 2
				if m.Whole {
					score += wholeBonus
				}
			}
			if score > bestScore {
				best, bestScore, bestMatch = i, score, m
			}
		}
	}
	return best, bestMatch
}

// MayBe reports whether a message could have arrived there at all.
func (s *Saying) MayBe(a Arrival) bool {
	switch {
	case s.Way != a.Way:
		return false
	case a.Way == WayOut:
		return s.Box == a.Box
	case a.Told != "":
		return strings.Contains(a.Told, s.Box)
	}
	return SameName(s.Name, a.From) || s.Alias != "" && SameName(NameKey(s.Alias), a.From)
}

// SameName reports whether shown is a name, or its beginning with "…". Both are as NameKey writes them.
func SameName(name, shown string) bool {
	begin, short := strings.CutSuffix(shown, "…")
	return name == shown || short && begin != "" && strings.HasPrefix(name, begin)
}

// NameKey returns the words of a name in small letters, without punctuation. A … at its end stays.
func NameKey(name string) string {
	key := strings.Join(WordsOf(name), " ")
	if strings.HasSuffix(name, "…") {
		key += "…"
	}
	return key
}

// wasOvertaken reports whether a message that was said later arrived earlier in the same place.
func wasOvertaken(list []Verdict, at int) bool {
	v := &list[at]
	if v.decided {
		return false
	}
	for i := at + 1; i < len(list); i++ {
		o := &list[i]
		if o.Seen() && !o.decided && o.Way == v.Way && o.Root == v.Root && o.Thread == v.Thread {
			return true
		}
	}
	return false
}

// isMeant reports whether a message is to arrive: by Parley's decision, or by the look of its text while
// Parley has not decided.
func (v *Verdict) isMeant() bool {
	switch {
	case v.Way == WayIn:
		return true
	case v.Claim == nil:
		return v.Meant
	}
	return v.Claim.Fate != "inside"
}

// decideState returns the message's state. idle is as in Compare. The order of the cases matters: what was seen has
// arrived, whatever Parley says of it.
func (v *Verdict) decideState(idle time.Time) string {
	fate, delivery := "", ""
	if v.Claim != nil {
		fate, delivery = v.Claim.Fate, v.Claim.Delivery
	}
	switch {
	case !v.isMeant():
		return StateInside
	case v.Copies > 0 && v.missingFiles == 0, v.Copies == 0 && v.Told > 0:
		return StateArrived
	case fate == "undone", fate == "dropped", v.Gone && fate != "out":
		return StateWithdrawn
	case fate == "ask", fate == "parked", fate == "unclear", fate == "failed", delivery == "needs_decision", delivery == "failed":
		return StateAsked
	case !idle.IsZero() && v.Heard.Before(idle):
		return StateLost
	}
	return StateWaiting
}

func (n *Counts) add(v Verdict) {
	switch v.State {
	case StateInside:
		n.Inside++
		if v.Copies > 0 {
			n.Leaked++
		}
		return
	case StateWithdrawn:
		n.Withdrawn++
		return
	case StateArrived:
		n.Arrived++
	case StateAsked:
		n.Asked++
		n.Waiting++
	case StateWaiting:
		n.Waiting++
	case StateLost:
		n.Lost++
	}
	n.Said++
	n.Doubled += max(0, v.Copies-1) + max(0, v.Told-1)
	if v.Late {
		n.Disordered++
	}
}
