package torture

import "slices"

// world is what the emulators show once everything is quiet.
type world struct {
	Threads []thread
	Boxes   []box
}

// thread is one thread of the support channel, oldest post first.
type thread struct {
	Root  string
	Card  string // the words of the root, if Parley posted it; "" = somebody else did
	Posts []post
}

// post is one message in the chat.
type post struct {
	TS    string
	User  string // the person who wrote it; "" = Parley
	Name  string // the customer in whose name Parley posted it; "" = none
	Token string // the delivery that made it; "" = none
	Marks []mark

	Buttons map[string]string // of Parley's post: what a click on each button sends, by the button's verb
	Resolve bool              // a person's command that ends the conversation
	Again   bool              // Parley's post says that it may be a second copy
	Untold  bool              // of a person's post: the platform gave up telling Parley, which may not look it up
}

// box is one customer's mailbox.
type box struct {
	Conv  int
	Wrote []mark // in the order of sending
	Inbox []letter
	// Waiting are texts that the customer's phone has not sent yet.
	Waiting int
}

// letter is a mail that a customer received.
type letter struct {
	ID    string // Message-ID
	Marks []mark // as often as somebody who reads it sees them
}

// testimony is what judge knows besides what it sees.
type testimony struct {
	Said ledger
	// Clicks are those of the oracle's agent, by the reply that they were about.
	Clicks map[mark]clicks
	// Answered are the threads in which that agent clicked or typed, by their roots.
	Answered map[string]bool
	// Excused are messages that may arrive though deleted, or out of order: Parley was told of them
	// too late, or a jump of the clock ended their hold early.
	Excused map[mark]bool
	// Late are teammates' messages of which Parley was told late, or never, by their ids.
	Late map[string]bool
	// LateEdits are messages of whose edit Parley was told after half of the hold, by their ids.
	LateEdits map[string]bool
	// Never are edits and deletions of which Parley was never told, by the message's id.
	Never map[string]bool
}

// clicks are what the oracle's agent asked for about one reply.
type clicks struct {
	// Sent counts the clicks after which the reply may have left, out of its place in the order.
	Sent int
	// Again counts those of them that were made while nobody could tell whether the customer
	// had it: each may have made one more copy.
	Again int
}

// find gives a message of a teammate by its id; nil = it is nowhere.
func (w *world) find(id string) (*thread, *post) {
	for i := range w.Threads {
		t := &w.Threads[i]
		if k := slices.IndexFunc(t.Posts, func(p post) bool { return p.TS == id && p.User != "" }); k >= 0 {
			return t, &t.Posts[k]
		}
	}
	return nil, nil
}

// tells says whether a line of ours in a thread shows a mark.
func (t *thread) tells(m mark) bool {
	return slices.ContainsFunc(t.Posts, func(p post) bool { return p.User == "" && p.Name == "" && slices.Contains(p.Marks, m) })
}

// received says whether a customer has a mark.
func (w *world) received(m mark) bool {
	return slices.ContainsFunc(w.Boxes, func(b box) bool {
		return b.Conv == m.Conv && slices.ContainsFunc(b.Inbox, func(l letter) bool { return slices.Contains(l.Marks, m) })
	})
}
