package checker

import (
	"strings"
	"time"
)

// Check decides for each message that somebody wrote whether it reached the other side. It is given the messages
// (SentMessage) and everything that was seen at the destinations (Observation): mails in a customer's mailbox,
// lines on a phone, posts in a Slack or Teams thread. Each Result has a state, such as StateArrived or StateLost.

// Directions of a message.
const (
	Inbound  = "in"  // from a customer to a thread
	Outbound = "out" // from a thread to a customer
)

// States of a message.
const (
	StateWaiting   = "waiting"   // on its way, or Parley doesn't know of it yet
	StateArrived   = "arrived"   // it stands where it belongs
	StateAsked     = "asked"     // Parley could not deliver it, or is in doubt: an agent has to decide
	StateInside    = "inside"    // written for colleagues: the customer must not get it
	StateWithdrawn = "withdrawn" // its author took it back before it left
	StateLost      = "lost"      // it arrived nowhere, though Parley has nothing left to do
)

const (
	// minRepeatWords is how many words a message needs to count as a second copy of itself in the middle of another
	// one. Fewer, such as "Thank you", may stand there by chance.
	minRepeatWords = 3
	// wholeBonus is added to the score of a first copy that makes up whole lines, so that it wins over all others.
	wholeBonus = 1 << 20
	// wordScore is added for each word that was found: more than all other preferences together, except wholeBonus.
	wordScore = 4
)

// SentMessage is a message that a person wrote.
type SentMessage struct {
	Key         string // "<id>" of a customer's mail or phone message; "channel/ts" of an agent's post
	Direction   string
	Author      string // name
	AuthorAlias string // what the author is called before the name is known; "" means nothing
	Recipient   string // for people
	SentAt      time.Time
	Text        string // as it stands now
	Channel     string // Outbound: where it was typed
	Thread      string
	Mailbox     string // address of the customer; by phone the kind of chat follows: "dana@cole.test whatsapp"
	ForCustomer bool   // Outbound: it looks as if it were for the customer
	IsNote      bool   // Outbound: its words have always said that it is a note for colleagues
	Unannounced bool   // Teams doesn't send it to Parley, since it doesn't mention the app
	Files       int    // Inbound: how many files came with it
	FilesOnly   bool   // Inbound: it is nothing but files, whose names Parley may have made up

	// What the observer adds, and what Check found out.
	AuthorKey   string     // the author's name, as NameKey writes it
	Versions    [][]string // the words by which it is recognised, and those before an edit
	FirstSeenAt time.Time  // when the observer saw it first, by the machine's clock
	Deleted     bool       // deleted by its author
	TakenBack   bool       // it was deleted while Parley had not sent it yet
	wasDecided  bool       // a person decided once about it, or sent it: its place in the order is not checked
}

// Observation is something that was seen at a destination.
type Observation struct {
	Wording
	Key         string // of the mail or the post
	Direction   string
	At          time.Time
	Mailbox     string // Outbound: whose mailbox
	Thread      string // Inbound: channel/ts of the root
	CustomerKey string // Inbound: the name under which it stands, as NameKey writes it
	Notice      string // Inbound, not in a customer's name: Parley's own words, which may tell of a message
	Files       int    // Inbound: how many files it shows, links or names
}

// CountWords returns how many words of a message were found in the observation, from the line on where most were found.
func (o *Observation) CountWords(message []string) int {
	best := 0
	for _, from := range o.Lines {
		best = max(best, o.Match(message, from).Found)
	}
	return best
}

// Result is a message with what became of it.
type Result struct {
	*SentMessage
	State        string
	Record       *Record   // nil means that Parley doesn't know of it
	SeenAt       time.Time // zero means that it was not seen
	Copies       int       // how often it was seen
	Notices      int       // Inbound: how often Parley told of it in words of its own, which is no copy
	OutOfOrder   bool      // a later message arrived before it
	SeenThread   string    // Inbound: channel/ts of the thread where it was seen
	missingFiles int       // Inbound: how many of its files nobody saw
}

// IsSeen reports whether a message was seen anywhere.
func (r *Result) IsSeen() bool { return r.Copies+r.Notices > 0 }

// counterFor returns the counter to which an observation of the message adds.
func (r *Result) counterFor(o Observation) *int {
	if o.Notice != "" {
		return &r.Notices
	}
	return &r.Copies
}

// Counts count the messages by what became of them. Said = Arrived + Waiting + Lost.
type Counts struct {
	Said       int `json:"said"` // that have to arrive
	Arrived    int `json:"arrived"`
	Waiting    int `json:"waiting"` // Asked included
	Asked      int `json:"asked"`
	Lost       int `json:"lost"`
	Doubled    int `json:"doubled"`
	Disordered int `json:"disordered"`
	Leaked     int `json:"leaked"` // those of Inside that a customer saw
	Inside     int `json:"inside"`
	Withdrawn  int `json:"withdrawn"`
}

// Check looks for each message among what was observed and decides what became of it. sent and observed must be in
// order of time. records has what Parley's database says, by the keys of the messages. A message that was first
// seen before idle and stands nowhere is lost, because Parley has had nothing to do since then. A zero idle means
// that none counts as lost.
func Check(sent []*SentMessage, observed []Observation, records map[string]Record, idle time.Time) ([]Result, Counts) {
	list := make([]Result, len(sent))
	for i, m := range sent {
		list[i] = Result{SentMessage: m, missingFiles: m.Files}
		if r, ok := records[m.Key]; ok {
			list[i].Record = &r
			m.wasDecided = m.wasDecided || r.needsPerson() || r.isSentByPerson()
		}
	}

	for _, o := range observed {
		countObservation(list, o)
		countFiles(list, o)
	}

	var n Counts
	for i := range list {
		list[i].State = list[i].decideState(idle)
		n.add(list[i])
	}

	return list, n
}

// countObservation counts the messages that an observation shows: one, or several that Parley joined. Each begins
// at the beginning of a line. In a Notice, which quotes a message within a sentence of Parley's own, it may begin
// at any word.
func countObservation(list []Result, o Observation) {
	starts := o.Lines
	if o.Notice != "" {
		starts = make([]int, len(o.Words))
		for i := range starts {
			starts[i] = i
		}
	}

	end := 0
	for _, from := range starts {
		if from < end {
			continue
		}

		at, m := findMessage(list, o, from)
		if at < 0 {
			continue
		}

		end = m.end
		r := &list[at]
		count := r.counterFor(o)
		*count++
		isFirst := *count == 1
		isToldAfterCopy := o.Notice != "" && r.Copies > 0
		if isFirst && !isToldAfterCopy {
			r.SeenAt, r.SeenThread = o.At, o.Thread
			r.OutOfOrder = wasOvertaken(list, at)
		}
		if o.Notice != "" {
			return
		}
	}
}

// countFiles counts the files of a post for those messages of its customer that still lack some, the oldest first. A message
// that is nothing but files has arrived when the last of them is seen.
func countFiles(list []Result, o Observation) {
	for i := range list {
		r := &list[i]
		if r.missingFiles == 0 || o.Files == 0 {
			continue
		}
		if !r.CouldBe(o) {
			continue
		}

		n := min(r.missingFiles, o.Files)
		r.missingFiles -= n
		o.Files -= n
		if r.FilesOnly && r.missingFiles == 0 {
			r.Copies = 1
			r.SeenAt, r.SeenThread = o.At, o.Thread
		}
	}
}

// findMessage returns the index of the message that stands in an observation from the given word on, or -1. Of several equal
// messages it takes the first that has not arrived. A second copy must begin the observation, or be long enough not to stand
// there by chance, or as a quotation.
func findMessage(list []Result, o Observation, from int) (int, Match) {
	best, bestScore := -1, 0
	var bestMatch Match
	for i := range list {
		r := &list[i]
		isFilesOnly := r.FilesOnly && o.Notice == "" // countFiles finds it
		if isFilesOnly || !r.CouldBe(o) {
			continue
		}

		copies := *r.counterFor(o)
		for _, words := range r.Versions {
			m := o.Match(words, from)
			if m.Found == 0 {
				continue
			}

			isLong := m.Whole && m.Found >= minRepeatWords
			mayBeChance := from > 0 && !isLong || o.quoted[from]
			if copies > 0 && mayBeChance {
				continue
			}

			score := wordScore * m.Found
			if r.mustArrive() {
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

// CouldBe reports whether a message could have been observed there at all.
func (m *SentMessage) CouldBe(o Observation) bool {
	if m.Direction != o.Direction {
		return false
	}
	if o.Direction == Outbound {
		return m.Mailbox == o.Mailbox
	}
	if o.Notice != "" {
		return strings.Contains(o.Notice, m.Mailbox)
	}
	if IsSameName(m.AuthorKey, o.CustomerKey) {
		return true
	}
	return m.AuthorAlias != "" && IsSameName(NameKey(m.AuthorAlias), o.CustomerKey)
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

// wasOvertaken reports whether a later message arrived earlier in the same place.
func wasOvertaken(list []Result, at int) bool {
	r := &list[at]
	if r.wasDecided {
		return false
	}

	for i := at + 1; i < len(list); i++ {
		later := &list[i]
		isComparable := later.IsSeen() && !later.wasDecided
		isSamePlace := later.SeenThread == r.SeenThread && later.Thread == r.Thread
		isSameDirection := later.Direction == r.Direction
		if isComparable && isSamePlace && isSameDirection {
			return true
		}
	}

	return false
}

// mustArrive reports whether a message has to arrive: by Parley's decision, or by the look of its text while Parley has not
// decided. Whatever Parley says, a note leaves only if a person sends it, and what was taken back doesn't leave.
func (r *Result) mustArrive() bool {
	if r.Direction == Inbound {
		return true
	}
	hasLeaked := r.TakenBack && r.Copies > 0
	mustStay := r.IsNote || hasLeaked
	if mustStay && !r.wasDecided {
		return false
	}
	if r.Record == nil {
		return r.ForCustomer
	}
	return r.Record.Fate != "inside"
}

// decideState returns the message's state. idle is as in Check. What was seen has arrived, whatever Parley says of it.
func (r *Result) decideState(idle time.Time) string {
	if !r.mustArrive() {
		return StateInside
	}

	isComplete := r.Copies > 0 && r.missingFiles == 0
	isOnlyTold := r.Copies == 0 && r.Notices > 0
	if isComplete || isOnlyTold {
		return StateArrived
	}

	var record Record // the zero value if Parley doesn't know of the message
	if r.Record != nil {
		record = *r.Record
	}

	isDeleted := r.Deleted && record.Fate != "out"
	if isDeleted || record.isTakenBack(r.Deleted) {
		return StateWithdrawn
	}

	hasFailed := record.Fate == "failed" || record.Delivery == "failed"
	if hasFailed || record.needsPerson() {
		return StateAsked
	}
	if !idle.IsZero() && r.FirstSeenAt.Before(idle) {
		return StateLost
	}

	return StateWaiting
}

func (n *Counts) add(r Result) {
	switch r.State {
	case StateInside:
		n.Inside++
		if r.Copies > 0 {
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
	n.Doubled += max(0, r.Copies-1) + max(0, r.Notices-1)
	if r.OutOfOrder {
		n.Disordered++
	}
}
