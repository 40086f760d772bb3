package judge

import (
	"slices"
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
	// wordScore is what a word counts: more than all else but wholeBonus.
	wordScore = 4
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

// needsPerson reports whether Parley waits for a person to decide.
func (c *Claim) needsPerson() bool {
	return slices.Contains([]string{"ask", "parked", "unclear"}, c.Fate) || c.Delivery == "needs_decision"
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

// IsSeen reports whether a message stands anywhere.
func (v *Verdict) IsSeen() bool { return v.Copies+v.Told > 0 }

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
			s.decided = s.decided || c.needsPerson()
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
		isFirst := *count == 1
		isToldAfterCopy := a.Told != "" && v.Copies > 0
		if isFirst && !isToldAfterCopy {
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
		if v.missingFiles == 0 || a.Files == 0 {
			continue
		}
		if !v.MayBe(a) {
			continue
		}

		n := min(v.missingFiles, a.Files)
		v.missingFiles -= n
		a.Files -= n
		if v.Bare && v.missingFiles == 0 {
			v.Copies = 1
			v.SeenAt, v.Root = a.At, a.Thread
		}
	}
}

// findMessage returns the index of the message that stands in an arrival from the given word on, or -1. Of
// several equal messages it takes the first that has not arrived. A second copy must begin the
// arrival, or be long enough not to stand there by chance.
func findMessage(list []Verdict, a Arrival, from int) (int, Match) {
	best, bestScore := -1, 0
	var bestMatch Match
	for i := range list {
		v := &list[i]
		isFilesOnly := v.Bare && a.Told == "" // countFiles finds it
		if isFilesOnly || !v.MayBe(a) {
			continue
		}

		copies := *v.counterFor(a)
		for _, words := range v.Versions {
			m := a.Recognise(words, from)
			if m.Found == 0 {
				continue
			}

			isLong := m.Whole && m.Found >= startWords
			mayBeChance := from > 0 && !isLong
			if copies > 0 && mayBeChance {
				continue
			}

			score := wordScore * m.Found
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
				best, bestScore = i, score
				bestMatch = m
			}
		}
	}

	return best, bestMatch
}

// MayBe reports whether a message could have arrived there at all.
func (s *Saying) MayBe(a Arrival) bool {
	if s.Way != a.Way {
		return false
	}
	if a.Way == WayOut {
		return s.Box == a.Box
	}
	if a.Told != "" {
		return strings.Contains(a.Told, s.Box)
	}
	if IsSameName(s.Name, a.From) {
		return true
	}
	return s.Alias != "" && IsSameName(NameKey(s.Alias), a.From)
}

// IsSameName reports whether shown is a name, or its beginning with "…". Both are as NameKey writes them.
func IsSameName(name, shown string) bool {
	if name == shown {
		return true
	}
	begin, isCut := strings.CutSuffix(shown, "…") // "priya ra…" is the beginning of "priya raman"
	isBeginning := isCut && begin != ""
	return isBeginning && strings.HasPrefix(name, begin)
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
		isJudged := o.IsSeen() && !o.decided
		isSamePlace := o.Root == v.Root && o.Thread == v.Thread
		isSameOrder := o.Way == v.Way && isSamePlace
		if isJudged && isSameOrder {
			return true
		}
	}

	return false
}

// isMeant reports whether a message is to arrive: by Parley's decision, or by the look of its text while
// Parley has not decided.
func (v *Verdict) isMeant() bool {
	if v.Way == WayIn {
		return true
	}
	if v.Claim == nil {
		return v.Meant
	}
	return v.Claim.Fate != "inside"
}

// decideState returns the message's state. idle is as in Compare. What was seen has arrived, whatever Parley says of it.
func (v *Verdict) decideState(idle time.Time) string {
	if !v.isMeant() {
		return StateInside
	}

	isComplete := v.Copies > 0 && v.missingFiles == 0
	isOnlyTold := v.Copies == 0 && v.Told > 0
	if isComplete || isOnlyTold {
		return StateArrived
	}

	var c Claim
	if v.Claim != nil {
		c = *v.Claim
	}

	isDeleted := v.Gone && c.Fate != "out"
	isUndone := c.Fate == "undone" || c.Fate == "dropped"
	if isDeleted || isUndone {
		return StateWithdrawn
	}

	hasFailed := c.Fate == "failed" || c.Delivery == "failed"
	if hasFailed || c.needsPerson() {
		return StateAsked
	}
	if !idle.IsZero() && v.Heard.Before(idle) {
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
