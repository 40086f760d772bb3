package checker

import (
	"iter"
	"slices"
)

// Observation is what people see at the end of a run, when nothing is under way any more: agents in the threads of
// their chat, customers in their mailboxes and phones. The oracle reads it from the emulators.
type Observation struct {
	Threads   []Thread
	Mailboxes []Mailbox
	// ModelQuestions has the markers of each question that a model was asked. It is nil if the run has no model.
	ModelQuestions [][]Marker
	// Submissions are the mails that Parley handed to the mail server.
	Submissions []Submission
}

// Submission is a mail that Parley handed to the mail server.
type Submission struct {
	ID string   // its Message-ID
	To []string // the addresses to which the mail server was to bring it
}

// Thread is one thread of the support channel.
type Thread struct {
	Root  string
	Card  string // the words of the root, if Parley posted it; "" means somebody else did
	Posts []Post // the oldest first
}

// Post is one message in the chat in which agents work.
type Post struct {
	ID           string
	Author       string // the person who wrote it; "" means Parley
	CustomerName string // in whose name Parley posted it; "" means in its own
	Token        string // identifies the delivery that made it; "" means none is known
	Markers      []Marker
	NoteMarkers  []Marker // of a note of Parley's: the messages that an analysis names
	EndWords     []string // see EndWordsIn
	LineKind     string   // of a line of Parley's about a reply: see LineKindIn
	Files        []File   // of a post of Parley's

	Buttons   map[string]string // of a post of Parley's: what a click on each button sends, by the button's verb
	IsResolve bool              // a person's command that resolves the conversation
	MaybeCopy bool              // a post of Parley's that says that it may be a second copy
	EventLost bool              // a person's post of which the platform gave up telling Parley, which may not look it up
}

// Mailbox is what one customer sent and received, by mail or by phone.
type Mailbox struct {
	Conversation int
	Readers      []string // the addresses that every mail to the customer has: the customer's own, and who is in copy
	Sent         []Marker // in the order of sending
	Received     []Message
	Unsent       int // texts that the customer's phone still has to send
}

// Message is a message that a customer received.
type Message struct {
	ID      string
	Markers []Marker // each as often as its reader sees it

	EndWords []string // that are in each form of it: see EndWordsIn
}

// Expectation is what the checker compares an Observation with: what was said and done, and which
// deviations are excused, since an injected fault explains them.
type Expectation struct {
	History History
	// HasEnds says that each message of the run ends with its EndWord.
	HasEnds bool
	// Clicks are the clicks of the oracle's agent, by the reply that they were about.
	Clicks map[Marker]Clicks
	// ActedIn has the threads in which the oracle's agent clicked or typed, by their roots.
	ActedIn map[string]bool
	// Excused are replies that may arrive out of order, or although they were deleted: Parley was told
	// of them, or of the deletion, too late. A customer's message may be shown out of order if it was late.
	Excused map[Marker]bool
	// LateEvents are teammates' messages of which Parley was told late, or never, by their ids.
	LateEvents map[string]bool
	// LateEdits are messages of whose edit Parley was told when they may have left, by their ids.
	LateEdits map[string]bool
	// LostEvents are messages of whose edit or deletion Parley was never told, and can't find it, by their ids.
	LostEvents map[string]bool
}

// Clicks counts the clicks of the oracle's agent about one reply.
type Clicks struct {
	// Sends counts the clicks after which the reply may have left, out of its place in the order.
	Sends int
	// Resends counts those of Sends that were made while nobody could tell whether the customer had
	// the reply. Each of them may have made one more copy.
	Resends int
}

// Card is what the card of a thread shows, and whom it must name while the customer waits.
type Card struct {
	Text        string      `json:"text"`
	Responsible Responsible `json:"responsible"`
}

// isFromCustomer reports whether Parley posted it in a customer's name.
func (p *Post) isFromCustomer() bool { return p.Author == "" && p.CustomerName != "" }

// isFromParley reports whether Parley posted it in its own name.
func (p *Post) isFromParley() bool { return p.Author == "" && p.CustomerName == "" }

// posts iterates over all posts, each with its thread.
func (o *Observation) posts() iter.Seq2[*Thread, *Post] {
	return func(yield func(*Thread, *Post) bool) {
		for i := range o.Threads {
			t := &o.Threads[i]
			for k := range t.Posts {
				if !yield(t, &t.Posts[k]) {
					return
				}
			}
		}
	}
}

// findPost returns the post of a person by its id; nil means that no thread shows it.
func (o *Observation) findPost(id string) (*Thread, *Post) {
	for t, p := range o.posts() {
		if p.ID == id && p.Author != "" {
			return t, p
		}
	}
	return nil, nil
}

// hasLineAbout reports whether a line that Parley posted in its own name shows a marker.
func (t *Thread) hasLineAbout(m Marker) bool {
	return slices.ContainsFunc(t.Posts, func(p Post) bool { return p.isFromParley() && slices.Contains(p.Markers, m) })
}

// HasReached reports whether the customer received the message with this marker.
func (o *Observation) HasReached(m Marker) bool {
	return slices.ContainsFunc(o.Mailboxes, func(b Mailbox) bool {
		return b.Conversation == m.Conversation && slices.ContainsFunc(b.Received, func(r Message) bool { return slices.Contains(r.Markers, m) })
	})
}

// hasReceivedFormer reports whether the customer received an edited reply with the words that it had before.
func (o *Observation) hasReceivedFormer(original, edited Marker) bool {
	isFormer := func(r Message) bool {
		return slices.Contains(r.Markers, original) && !slices.Contains(r.Markers, edited)
	}
	return slices.ContainsFunc(o.Mailboxes, func(b Mailbox) bool {
		return b.Conversation == original.Conversation && slices.ContainsFunc(b.Received, isFormer)
	})
}

// CustomerOf returns the conversation of the first customer's message in a thread; 0 means there is none.
func CustomerOf(t Thread) int {
	for _, p := range t.Posts {
		for _, m := range p.Markers {
			if m.Kind == Inbound && p.isFromCustomer() {
				return m.Conversation
			}
		}
	}
	return 0
}
