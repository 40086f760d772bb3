package demo

import (
	"strings"
	"sync"
	"time"
)

// Ways of a message.
const (
	wayIn  = "in"  // from a customer's mail to a thread
	wayOut = "out" // from a thread to a customer's mailbox
)

// States of a message in the journal.
const (
	stateWaiting   = "waiting"   // on its way, or Parley doesn't know of it yet
	stateArrived   = "arrived"   // it stands where it belongs
	stateAsked     = "asked"     // a person was told, and decides
	stateInside    = "inside"    // said among colleagues: must not arrive
	stateWithdrawn = "withdrawn" // its author took it back before it left
	stateLost      = "lost"      // it arrived nowhere, though Parley has nothing left to do
)

const (
	// startWords is how many words a second copy needs when it doesn't begin an arrival.
	startWords = 3
	// wholeBonus lets a message that stands in an arrival as lines of its own win over all others.
	wholeBonus = 1 << 20
)

// witness stands outside Parley: it sees what people say in Slack and in their mail
// programs, and what arrives there, and compares. The zero value is ready.
type witness struct {
	mu    sync.Mutex
	known map[string]*saying        // by key: what was said in this round
	seen  map[string]arrival        // by key: what was seen in this round; it counts as arrived even if it is removed later
	boxes map[string]map[string]int // by address: how many mails each folder had at the last look
	idle  time.Time                 // since when Parley has nothing to do; zero = it has
}

// saying is something that a person said.
type saying struct {
	Key     string // Message-ID, or channel/ts
	Way     string
	Who     string // the author's name
	Alias   string // what the author is called before a name is known; "" = nothing
	Whom    string // where it goes, in words
	At      time.Time
	Text    string // as it stands now
	Channel string // wayOut: where it was typed
	Thread  string
	Box     string // address: whose mail it is, or to whom it goes
	Meant   bool   // wayOut: looks as if it were for the customer
	Unheard bool   // Parley wasn't to be told of it
	Files   int    // wayIn: how many files came with it
	Bare    bool   // wayIn: it is nothing but files, whose names Parley may have made up

	name     string     // of the author, as nameKey gives it
	versions [][]string // the words by which it is known, and those before an edit
	heard    time.Time  // machine's clock: when the witness saw it first
	gone     bool       // deleted by its author
	decided  bool       // Parley left it to a person once: its place in the order is not judged
}

// arrival is something that stands at a destination.
type arrival struct {
	wording
	Key    string // of the mail or the post
	Way    string
	At     time.Time
	Box    string // wayOut: whose mailbox
	Thread string // wayIn: channel/ts of the root
	from   string // wayIn: the name under which it stands, as nameKey gives it
	told   string // wayIn, not under a customer's name: Parley's own words, which may tell of a message
	files  int    // wayIn: how many files an agent sees, is led to, or is told of
}

// claim is what Parley says about a message.
type claim struct {
	Fate     string
	Reason   string
	Delivery string // state; "" = there is none
	Attempt  int
	Held     bool // it waits for its time
	Error    string
}

// verdict is one message of the journal with what became of it.
type verdict struct {
	*saying
	State  string
	Claim  *claim    // nil: Parley does not know of it
	SeenAt time.Time // zero: nobody saw it
	Copies int       // how often it was seen
	Told   int       // wayIn: how often Parley told of it in words of its own, which is no copy
	Late   bool      // out of order
	root   string    // wayIn: channel/ts of the thread where it was seen
	lacks  int       // wayIn: how many of its files nobody saw
}

// seen tells whether a message stands anywhere.
func (v *verdict) seen() bool { return v.Copies+v.Told > 0 }

// seenLike gives the counter to which an arrival adds: of the message's copies, or of the times
// that Parley told of it.
func (v *verdict) seenLike(a arrival) *int {
	if a.told != "" {
		return &v.Told
	}
	return &v.Copies
}

// counts sum the journal up. Said = Arrived + Waiting + Lost.
type counts struct {
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

// compare finds each saying among the arrivals and judges it. Both lists are in order of time.
// idle is zero, or a moment since which Parley has had nothing to do: a message that was heard
// before it and is missing is lost.
func compare(said []*saying, arrived []arrival, claims map[string]claim, idle time.Time) ([]verdict, counts) {
	list := make([]verdict, len(said))
	for i, s := range said {
		list[i] = verdict{saying: s, lacks: s.Files}
		if c, ok := claims[s.Key]; ok {
			list[i].Claim = &c
			s.decided = s.decided || c.Fate == "ask" || c.Fate == "parked" || c.Fate == "unclear" || c.Delivery == "needs_decision"
		}
	}
	for _, a := range arrived {
		take(list, a)
		takeFiles(list, a)
	}
	var n counts
	for i := range list {
		list[i].State = list[i].judge(idle)
		n.add(list[i])
	}
	return list, n
}

// take finds the messages that an arrival brings: one, or several that were joined. Each begins
// where a line begins. Where Parley tells of a message in words of its own, it may begin anywhere.
func take(list []verdict, a arrival) {
	starts := a.lines
	if a.told != "" {
		starts = make([]int, len(a.words))
		for i := range starts {
			starts[i] = i
		}
	}
	end := 0
	for _, from := range starts {
		if from < end {
			continue
		}
		at, m := recognise(list, a, from)
		if at < 0 {
			continue
		}
		end = m.end
		v := &list[at]
		n := v.seenLike(a)
		if *n++; *n == 1 && (a.told == "" || v.Copies == 0) {
			v.SeenAt, v.root = a.At, a.Thread
			v.Late = overtaken(list, at)
		}
		if a.told != "" {
			return
		}
	}
}

// takeFiles counts the files of a post for those messages of its customer that still lack some, the
// oldest first. A message that is nothing but files has arrived when the last of them is seen.
func takeFiles(list []verdict, a arrival) {
	for i := range list {
		v := &list[i]
		if v.lacks == 0 || a.files == 0 || !v.mayBe(a) {
			continue
		}
		n := min(v.lacks, a.files)
		v.lacks, a.files = v.lacks-n, a.files-n
		if v.Bare && v.lacks == 0 {
			v.Copies, v.SeenAt, v.root = 1, a.At, a.Thread
		}
	}
}

// recognise finds the message that stands in an arrival from the given word on; -1 = none. Of
// several equal ones it takes the first that has not arrived. A second copy must begin the
// arrival, or be long enough not to stand there by chance.
func recognise(list []verdict, a arrival, from int) (int, match) {
	best, most, how := -1, 0, match{}
	for i := range list {
		v := &list[i]
		if !v.mayBe(a) || v.Bare && a.told == "" {
			continue
		}
		copies := *v.seenLike(a)
		for _, words := range v.versions {
			m := a.recognise(words, from)
			if m.found == 0 || copies > 0 && from > 0 && !(m.whole && m.found >= startWords) {
				continue
			}
			like := 4 * m.found
			if v.meant() {
				like++
			}
			if copies == 0 { // prefer the first copy of one message to the second copy of another
				like += 2
				if m.whole {
					like += wholeBonus
				}
			}
			if like > most {
				best, most, how = i, like, m
			}
		}
	}
	return best, how
}

// mayBe tells whether a message could have arrived there at all.
func (s *saying) mayBe(a arrival) bool {
	switch {
	case s.Way != a.Way:
		return false
	case a.Way == wayOut:
		return s.Box == a.Box
	case a.told != "":
		return strings.Contains(a.told, s.Box)
	}
	return sameName(s.name, a.from) || s.Alias != "" && sameName(nameKey(s.Alias), a.from)
}

// sameName tells whether a name is shown in these words, which may be cut short by "…". Both are
// given as nameKey gives them.
func sameName(name, shown string) bool {
	begin, short := strings.CutSuffix(shown, "…")
	return name == shown || short && begin != "" && strings.HasPrefix(name, begin)
}

// nameKey gives a name by its letters alone; … at its end stays.
func nameKey(name string) string {
	key := strings.Join(wordsOf(name), " ")
	if strings.HasSuffix(name, "…") {
		key += "…"
	}
	return key
}

// overtaken tells whether a message that was said later arrived earlier in the same place.
func overtaken(list []verdict, at int) bool {
	v := &list[at]
	if v.decided {
		return false
	}
	for i := at + 1; i < len(list); i++ {
		o := &list[i]
		if o.seen() && !o.decided && o.Way == v.Way && o.root == v.root && o.Thread == v.Thread {
			return true
		}
	}
	return false
}

// meant tells whether a message is to arrive: by Parley's decision, or by the look of its text while
// Parley has not decided.
func (v *verdict) meant() bool {
	switch {
	case v.Way == wayIn:
		return true
	case v.Claim == nil:
		return v.Meant
	}
	return v.Claim.Fate != "inside"
}

// judge gives the message's state.
func (v *verdict) judge(idle time.Time) string {
	fate, delivery := "", ""
	if v.Claim != nil {
		fate, delivery = v.Claim.Fate, v.Claim.Delivery
	}
	switch {
	case !v.meant():
		return stateInside
	case v.Copies > 0 && v.lacks == 0, v.Copies == 0 && v.Told > 0:
		return stateArrived
	case fate == "undone", fate == "dropped", v.gone && fate != "out":
		return stateWithdrawn
	case fate == "ask", fate == "parked", fate == "unclear", fate == "failed", delivery == "needs_decision", delivery == "failed":
		return stateAsked
	case !idle.IsZero() && v.heard.Before(idle):
		return stateLost
	}
	return stateWaiting
}

func (n *counts) add(v verdict) {
	switch v.State {
	case stateInside:
		n.Inside++
		if v.Copies > 0 {
			n.Leaked++
		}
		return
	case stateWithdrawn:
		n.Withdrawn++
		return
	case stateArrived:
		n.Arrived++
	case stateAsked:
		n.Asked++
		n.Waiting++
	case stateWaiting:
		n.Waiting++
	case stateLost:
		n.Lost++
	}
	n.Said++
	n.Doubled += max(0, v.Copies-1) + max(0, v.Told-1)
	if v.Late {
		n.Disordered++
	}
}

// forget empties the witness for a new round.
func (w *witness) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known, w.seen, w.boxes, w.idle = nil, nil, nil, time.Time{}
}
