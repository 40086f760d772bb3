package demo

import "time"

// Parley relays messages between customers and agents. Check verifies this from outside: it decides for each message
// that somebody wrote (SentMessage) whether it reached the other side. Its evidence is everything that was seen at the
// destinations (Observation): mails in a customer's mailbox, lines on a phone, posts in a Slack or Teams thread.
//
// For example, the customer Dana writes "Where is my parcel?" by mail. If a post in Slack under her name contains these
// words, the message has arrived. If a second post contains them, it was duplicated. If no post does although Parley has
// no work left, it is lost.

// States of a message.
const (
	StateWaiting   = "waiting"   // on its way, or Parley doesn't know of it yet
	StateArrived   = "arrived"   // it was seen at its destination
	StateAsked     = "asked"     // Parley could not deliver it, or doesn't know whether it did; an agent has to decide
	StateInside    = "inside"    // an internal note, which the customer must not get
	StateWithdrawn = "withdrawn" // its author deleted it before Parley sent it
	StateLost      = "lost"      // it was seen nowhere, although Parley has no work left
)

// Result is a message and its outcome.
type Result struct {
	*SentMessage
	State        string
	Record       *Record   // nil means that Parley doesn't know of it
	SeenAt       time.Time // when it was first seen; zero means never
	SeenText     string    // the version of its text that was seen then; "" means none
	Copies       int       // how often it was seen
	Notices      int       // Inbound: how often Parley mentioned it in a notice, which doesn't count as a copy
	OutOfOrder   bool      // a later message arrived before it
	SeenThread   string    // Inbound: the thread where it was first seen, as channel/ts
	missingFiles int       // Inbound: how many of its files were not seen yet
}

// IsSeen reports whether a message was seen anywhere.
func (r *Result) IsSeen() bool { return r.Copies+r.Notices > 0 }

// counterFor returns the counter that an observation of the message increments: Copies, or Notices for a notice.
func (r *Result) counterFor(o Observation) *int {
	if o.Notice != "" {
		return &r.Notices
	}
	return &r.Copies
}

// Counts counts the messages by outcome. Said = Arrived + Waiting + Lost.
type Counts struct {
	Said       int `json:"said"` // those that must arrive
	Arrived    int `json:"arrived"`
	Waiting    int `json:"waiting"` // including Asked
	Asked      int `json:"asked"`
	Lost       int `json:"lost"`
	Doubled    int `json:"doubled"`
	Disordered int `json:"disordered"`
	Leaked     int `json:"leaked"` // those of Inside that reached a customer
	Inside     int `json:"inside"`
	Withdrawn  int `json:"withdrawn"`
}

// Check looks for each sent message among the observations and decides its outcome. sent and observed must be in
// chronological order. records contains what Parley's database says about the messages, by SentMessage.Key. idle is a
// time since which Parley has had no work: a message that the observer knew before it and that was seen at no destination is
// lost. If idle is zero, no message counts as lost.
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

// countObservation counts the messages that an observation contains: one, or several that Parley combined in one post.
// A notice quotes at most one.
func countObservation(list []Result, o Observation) {
	end := 0 // end of the last message found, as a word index
	for _, from := range o.possibleStarts() {
		if from < end {
			continue
		}

		found, isFound := findMessage(list, o, from)
		if !isFound {
			continue
		}

		end = found.match.end
		countCopy(list, found, o)
		if o.Notice != "" {
			return
		}
	}
}

// possibleStarts returns the indexes of the words at which a message may begin: the first word of each line or, in a
// notice, any word, because a notice may quote a message in the middle of a sentence.
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

// countCopy counts an observation of the message that was found in it. The first copy determines when and where the message
// arrived; a notice does so only until there is a copy.
func countCopy(list []Result, found candidate, o Observation) {
	r := &list[found.index]
	count := r.counterFor(o)
	*count++
	isFirst := *count == 1
	isNoticeAfterCopy := o.Notice != "" && r.Copies > 0
	if isFirst && !isNoticeAfterCopy {
		r.SeenAt, r.SeenText, r.SeenThread = o.At, found.text, o.Thread
		r.OutOfOrder = wasOvertaken(list, found.index)
	}
}

// countFiles assigns the files of a post to the customer's messages with missing files, oldest first. A message that
// consists only of files has arrived when the last of them was seen.
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
	// minRepeatWords is the minimum length of a message for which a repetition inside another message counts as a
	// second copy. Shorter texts, such as "Thank you", may be repeated by chance.
	minRepeatWords = 3
	// wholeBonus is added to the score of a first copy that makes up whole lines. It outweighs everything else.
	wholeBonus = 1 << 20
	// wordScore is added for each matched word. It outweighs all other bonuses together, except wholeBonus.
	wordScore = 4
	// firstBonus is added to the score of a first copy, which is preferred to a second copy of another message.
	firstBonus = 2
)

// candidate is a message that an observation may contain.
type candidate struct {
	index int    // into the list of results
	text  string // the version of the message's text that matches
	match Match
	score int // how likely that is; 0 means that the observation doesn't contain it
}

// findMessage returns the message that most likely begins at word number from of an observation. If several are equally
// likely, it returns the first.
func findMessage(list []Result, o Observation, from int) (best candidate, isFound bool) {
	for i := range list {
		r := &list[i]
		isFilesOnly := r.FilesOnly && o.Notice == "" // countFiles handles it
		if isFilesOnly || !r.CouldBe(o) {
			continue
		}

		for _, v := range r.Versions {
			match := o.Match(v.Words, from)
			score := r.scoreOf(match, o, from)
			if score > best.score {
				best = candidate{index: i, text: v.Text, match: match, score: score}
			}
		}
	}

	return best, best.score > 0
}

// scoreOf rates how likely it is that an observation contains the message at word number from, given the match there.
// A first copy scores higher than a second one. A second copy counts only outside quotations, and only if it begins the
// observation or is too long to be a coincidence.
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

// wasOvertaken reports whether a later message arrived earlier in the same thread. Messages about which a person decided
// are ignored, because the person chose when to send them.
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

// mustArrive reports whether a message has to reach the other side. Every message from a customer has to. For an agent's
// message Parley's record decides or, until there is one, the form of its text. Regardless of the record, notes for
// colleagues and messages that were TakenBack and seen nevertheless count as internal, unless a person decided.
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

// decideState returns the message's state. idle is as in Check. A message that was seen has arrived, whatever its record
// says.
func (r *Result) decideState(idle time.Time) string {
	if !r.mustArrive() {
		return StateInside
	}

	isComplete := r.Copies > 0 && r.missingFiles == 0
	isOnlyMentioned := r.Copies == 0 && r.Notices > 0
	if isComplete || isOnlyMentioned {
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
