package judge

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
	Noted   int `json:"noted"`   // customers' messages that a note of an analysis names
	Asking  int `json:"asking"`  // questions that a model was asked
	// Findings says what is behind each count, at most a few dozen.
	Findings []string `json:"findings,omitempty"`
}

// IsBad reports whether a promise was broken.
func (v *Verdict) IsBad() bool {
	return v.Waits()+v.Doubled+v.Reordered+v.Leaked+v.Scattered+v.Late > 0
}

// Waits counts what may still be put right by waiting.
func (v *Verdict) Waits() int { return v.Lost + v.Forgotten + v.Unaccounted }

// find counts a broken promise and says what is behind it, unless enough is said already.
func (v *Verdict) find(count *int, format string, args ...any) {
	const most = 40
	*count++
	if len(v.Findings) < most {
		v.Findings = append(v.Findings, fmt.Sprintf(format, args...))
	}
}

// Broken reports which promises were broken, in words.
func (v *Verdict) Broken() []string {
	return Counted([]Tally{{"lost", v.Lost}, {"doubled", v.Doubled}, {"reordered", v.Reordered}, {"leaked", v.Leaked},
		{"scattered", v.Scattered},
		{"received though deleted", v.Late}, {"forgotten", v.Forgotten}, {"unaccounted for", v.Unaccounted}})
}

// Tally is a word for people and how often it applies.
type Tally struct {
	What string
	N    int
}

// Counted writes what is not zero.
func Counted(list []Tally) []string {
	var words []string
	for _, t := range list {
		if t.N > 0 {
			words = append(words, fmt.Sprintf("%d %s", t.N, t.What))
		}
	}
	return words
}
