package torture

import (
	"iter"
	"slices"
	"time"
)

// Observation is what people see at the end of a test run, when everything has been delivered: agents in their chat
// threads, customers in their mailboxes and on their phones. It is read from the emulators, never from Parley's
// database.
//
// Messages are identified by markers, such as "outbound-c017-5", which are unique words in their texts.
type Observation struct {
	Threads   []Thread
	Mailboxes []Mailbox
	// Submissions are the mails that Parley handed to the mail server.
	Submissions []Submission
}

// Submission is a mail that Parley handed to the mail server.
type Submission struct {
	ID string   // its Message-ID
	To []string // the recipients of the SMTP envelope
}

// Thread is one thread of the support channel.
type Thread struct {
	Root  string // id of its first message
	Card  string // the text of the first message; "" if it isn't Parley's
	Posts []Post // oldest first
}

// Post is one message in the chat in which agents work.
type Post struct {
	ID           string
	Author       string // the person who wrote it; "" means Parley
	CustomerName string // the customer in whose name Parley posted it; "" means its own name
	Token        string // identifies the delivery (queued post) that produced it; "" if unknown
	Markers      []Marker
	EndWords     []string // see EndWordsIn
	LineKind     string   // see LineKindIn
	Files        []File   // of Parley's posts only

	Buttons   map[string]string // of Parley's posts only: what a click sends, by the button's verb
	IsResolve bool              // a person's command that resolves the conversation
	MaybeCopy bool              // Parley labelled its post as a possible second copy
	EventLost bool              // the platform gave up notifying Parley of a person's post, and Parley can't look it up
}

// Mailbox is what one customer sent and received, by mail or by phone.
type Mailbox struct {
	Conversation int
	Readers      []string // the recipients of every mail to the customer: the customer and those in Cc
	Sent         []Marker // in the order of sending
	Received     []Message
	Unsent       int // texts that the customer's phone has yet to send
}

// Message is a message that a customer received.
type Message struct {
	ID      string
	Markers []Marker // including repeated ones

	EndWords []string // those in each form (text, HTML) of the message; see EndWordsIn
}

// Expectation is what the checker compares an Observation with: what people wrote and did, and which deviations are
// excused because an injected fault explains them.
type Expectation struct {
	History History
	// HasEnds is true if each message of the run ends with its EndWord.
	HasEnds bool
	// Clicks has the clicks of the simulated agent who answers Parley's questions, by reply.
	Clicks map[Marker]Clicks
	// ActedIn has the threads, by root, in which that agent clicked or typed.
	ActedIn map[string]bool
	// Excused has replies that may arrive out of order or although they were deleted, because Parley was
	// notified too late. It also has customers' messages that may be shown out of order for the same reason.
	Excused map[Marker]bool
	// LateEvents has the ids of teammates' messages of which Parley was notified late or never.
	LateEvents map[string]bool
	// LateEdits has the ids of replies that may have been sent before Parley was notified of an edit.
	LateEdits map[string]bool
	// LostEvents has the ids of messages whose edit or deletion Parley was never notified of and can't look up.
	LostEvents map[string]bool

	telling Telling              // as given to Excuse
	posts   map[Marker]Operation // what people posted; nil before Excuse
}

// Clicks counts the clicks of the simulated agent about one reply.
type Clicks struct {
	// Sends counts the clicks after which the reply may have been sent, and so out of order.
	Sends int
	// Resends counts those of Sends that were made when it was unknown whether the customer already had
	// the reply. Each of them may have sent one more copy.
	Resends int
	// SentAt is the time of the last click that asked for an attempt; zero if there was none.
	SentAt time.Time
}

// wasClickedBefore reports whether both replies were sent by one click each, and the first reply's came first, long enough
// before the other for Parley to learn of them in this order.
func (e *Expectation) wasClickedBefore(first, second Marker) bool {
	a, b := e.Clicks[first], e.Clicks[second]
	isOneEach := a.Sends == 1 && b.Sends == 1 && !a.SentAt.IsZero()
	return isOneEach && b.SentAt.Sub(a.SentAt) > OrderedEventGap
}

// Card is the text of a card (the first post of a thread, which shows the state of the conversation), and who may be
// named on it while the customer waits.
type Card struct {
	Text        string      `json:"text"`
	Responsible Responsible `json:"responsible"`
}

// isFromCustomer reports whether Parley posted p in a customer's name.
func (p *Post) isFromCustomer() bool { return p.Author == "" && p.CustomerName != "" }

// isFromParley reports whether Parley posted p in its own name.
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

// findPost returns a person's post by its id, with its thread. Both are nil if no thread shows it.
func (o *Observation) findPost(id string) (*Thread, *Post) {
	for t, p := range o.posts() {
		if p.ID == id && p.Author != "" {
			return t, p
		}
	}
	return nil, nil
}

// hasLineAbout reports whether Parley posted a line in its own name that contains the marker.
func (t *Thread) hasLineAbout(m Marker) bool {
	return slices.ContainsFunc(t.Posts, func(p Post) bool { return p.isFromParley() && slices.Contains(p.Markers, m) })
}

// HasReached reports whether the customer received the message with this marker.
func (o *Observation) HasReached(m Marker) bool {
	hasMarker := func(r Message) bool { return slices.Contains(r.Markers, m) }
	return o.hasReceivedWhere(m.Conversation, hasMarker)
}

// hasReceivedFormer reports whether the customer received an edited reply with its original text.
func (o *Observation) hasReceivedFormer(original, edited Marker) bool {
	isFormer := func(r Message) bool {
		return slices.Contains(r.Markers, original) && !slices.Contains(r.Markers, edited)
	}
	return o.hasReceivedWhere(original.Conversation, isFormer)
}

// hasReceivedWhere reports whether the customer of a conversation received a message for which matches returns true.
func (o *Observation) hasReceivedWhere(conversation int, matches func(Message) bool) bool {
	return slices.ContainsFunc(o.Mailboxes, func(b Mailbox) bool {
		return b.Conversation == conversation && slices.ContainsFunc(b.Received, matches)
	})
}

// CustomerOf returns the conversation to which the first customer's message in a thread belongs; 0 if there is none.
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
