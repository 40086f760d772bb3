package judge

import "slices"

// World is what the emulators show once everything is quiet.
type World struct {
	Threads []Thread
	Boxes   []Box
	// Asked are the marks of each question that a model was asked; nil means there was no model.
	Asked [][]Mark
}

// Thread is one thread of the support channel, oldest post first.
type Thread struct {
	Root  string
	Card  string // the words of the root, if Parley posted it; "" means somebody else did
	Posts []Post
}

// Post is one message in the chat.
type Post struct {
	TS    string
	User  string // the person who wrote it; "" means Parley
	Name  string // the customer in whose name Parley posted it; "" means none
	Token string // the delivery that made it; "" means none
	Marks []Mark
	Noted []Mark // of Parley's note: what an analysis found that the customer named

	Buttons map[string]string // of Parley's post: what a click on each button sends, by the button's verb
	Resolve bool              // a person's command that ends the conversation
	Again   bool              // Parley's post says that it may be a second copy
	Untold  bool              // of a person's post: the platform gave up telling Parley, which may not look it up
}

// Box is one customer's mailbox.
type Box struct {
	Conv  int
	Wrote []Mark // in the order of sending
	Inbox []Letter
	// Waiting are texts that the customer's phone has not sent yet.
	Waiting int
}

// Letter is a mail that a customer received.
type Letter struct {
	ID    string // Message-ID
	Marks []Mark // as often as somebody who reads it sees them
}

// Testimony is what judge knows besides what it sees.
type Testimony struct {
	Said Ledger
	// Clicks are those of the oracle's agent, by the reply that they were about.
	Clicks map[Mark]Clicks
	// Answered are the threads in which that agent clicked or typed, by their roots.
	Answered map[string]bool
	// Excused are messages that may arrive though deleted, or out of order: Parley was told of them
	// too late, or a jump of the clock ended their hold early.
	Excused map[Mark]bool
	// Late are teammates' messages of which Parley was told late, or never, by their ids.
	Late map[string]bool
	// LateEdits are messages of whose edit Parley was told after half of the hold, by their ids.
	LateEdits map[string]bool
	// Never are edits and deletions of which Parley was never told, by the message's id.
	Never map[string]bool
}

// Clicks are what the oracle's agent asked for about one reply.
type Clicks struct {
	// Sent counts the clicks after which the reply may have left, out of its place in the order.
	Sent int
	// Again counts those of them that were made while nobody could tell whether the customer
	// had it: each may have made one more copy.
	Again int
}

// isCustomers reports whether Parley posted it in a customer's name.
func (p *Post) isCustomers() bool { return p.User == "" && p.Name != "" }

// isParleys reports whether it is a line that Parley posted in its own name.
func (p *Post) isParleys() bool { return p.User == "" && p.Name == "" }

// find returns a message of a teammate by its id; nil means it is nowhere.
func (w *World) find(id string) (*Thread, *Post) {
	for i := range w.Threads {
		t := &w.Threads[i]
		if k := slices.IndexFunc(t.Posts, func(p Post) bool { return p.TS == id && p.User != "" }); k >= 0 {
			return t, &t.Posts[k]
		}
	}
	return nil, nil
}

// hasLineAbout reports whether a line that Parley posted in its own name shows a mark.
func (t *Thread) hasLineAbout(m Mark) bool {
	return slices.ContainsFunc(t.Posts, func(p Post) bool { return p.isParleys() && slices.Contains(p.Marks, m) })
}

// HasReached reports whether the customer got the message with this mark.
func (w *World) HasReached(m Mark) bool {
	return slices.ContainsFunc(w.Boxes, func(b Box) bool {
		return b.Conv == m.Conv && slices.ContainsFunc(b.Inbox, func(l Letter) bool { return slices.Contains(l.Marks, m) })
	})
}

// CardSeen is what a thread's card shows, and of whom it must name one while a customer waits.
type CardSeen struct {
	Card    string  `json:"card"`
	Keepers Keepers `json:"keepers"`
}
