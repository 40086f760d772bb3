package checker

import "time"

// Check decides for each message that somebody wrote whether it reached the other side. It is given the messages
// (SentMessage) and everything that was seen at the destinations (Observation): mails in a customer's mailbox,
// lines on a phone, posts in a Slack or Teams thread. Each Result has a state, such as StateArrived or StateLost.
//
// For example, Dana writes "Where is my parcel?" by mail. A post in Slack shows these words under her name: the message has arrived.
// If another post shows them, too, it has two copies, and one is too many. If none does, and Parley has nothing left to do, it is lost.

// States of a message.
const (
	StateWaiting   = "waiting"   // on its way, or Parley doesn't know of it yet
	StateArrived   = "arrived"   // it stands where it belongs
	StateAsked     = "asked"     // Parley could not deliver it, or is in doubt: an agent has to decide
	StateInside    = "inside"    // written for colleagues: the customer must not get it
	StateWithdrawn = "withdrawn" // its author took it back before it left
	StateLost      = "lost"      // it arrived nowhere, though Parley has nothing left to do
)

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

// countObservation counts the messages that an observation shows: one, or several that Parley joined. A Notice quotes one at most.
func countObservation(list []Result, o Observation) {
	end := 0 // of the last message that was found
	for _, from := range o.possibleStarts() {
		if from < end {
			continue
		}

		found, isFound := findMessage(list, o, from)
		if !isFound {
			continue
		}

		end = found.match.end
		countCopy(list, found.index, o)
		if o.Notice != "" {
			return
		}
	}
}

// possibleStarts returns the indexes of the words at which a message may begin. Each begins at the beginning of a line. In a Notice,
// which quotes a message within a sentence of Parley's own, it may begin at any word.
func (o *Observation) possibleStarts() []int {
	if o.Notice == "" {
		return o.Lines
	}
	starts := make([]int, len(o.Words))
	for i := range starts {
		starts[i] = i
	}
	return starts
}

// countCopy counts that the message at an index of the list was seen. What was seen first tells when and where it arrived.
func countCopy(list []Result, index int, o Observation) {
	r := &list[index]
	count := r.counterFor(o)
	*count++
	isFirst := *count == 1
	isToldAfterCopy := o.Notice != "" && r.Copies > 0
	if isFirst && !isToldAfterCopy {
		r.SeenAt, r.SeenThread = o.At, o.Thread
		r.OutOfOrder = wasOvertaken(list, index)
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

const (
	// minRepeatWords is how many words a message needs to count as a second copy of itself in the middle of another
	// one. Fewer, such as "Thank you", may stand there by chance.
	minRepeatWords = 3
	// wholeBonus is added to the score of a first copy that makes up whole lines, so that it wins over all others.
	wholeBonus = 1 << 20
	// wordScore is added for each word that was found: more than all other preferences together, except wholeBonus.
	wordScore = 4
	// firstBonus is added to the score of a first copy, so that it wins over an equal second copy of another message.
	firstBonus = 2
)

// candidate is a message that may stand in an observation.
type candidate struct {
	index int // in the list of results
	match Match
	score int // how likely it is; 0 means that it doesn't stand there
}

// findMessage returns the likeliest message that begins at the word with the index from of an observation; of equally likely ones
// the first. isFound is false if there is none.
func findMessage(list []Result, o Observation, from int) (best candidate, isFound bool) {
	for i := range list {
		r := &list[i]
		isFilesOnly := r.FilesOnly && o.Notice == "" // countFiles finds it
		if isFilesOnly || !r.CouldBe(o) {
			continue
		}

		for _, words := range r.Versions {
			match := o.Match(words, from)
			score := r.scoreOf(match, o, from)
			if score > best.score {
				best = candidate{index: i, match: match, score: score}
			}
		}
	}

	return best, best.score > 0
}

// scoreOf returns how likely it is that a message stands in an observation, from the given word on, where so much of it was found.
// A first copy is likelier than a second one, which must begin the observation, or be long enough not to stand there by chance, or
// as a quotation.
func (r *Result) scoreOf(match Match, o Observation, from int) int {
	if match.Found == 0 {
		return 0
	}

	score := wordScore * match.Found
	if r.mustArrive() {
		score++
	}

	isSecondCopy := *r.counterFor(o) > 0
	if isSecondCopy {
		isLong := match.Whole && match.Found >= minRepeatWords
		mayBeChance := from > 0 && !isLong
		if mayBeChance || o.quoted[from] {
			return 0
		}
		return score
	}

	score += firstBonus
	if match.Whole {
		score += wholeBonus
	}
	return score
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
