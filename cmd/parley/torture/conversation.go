package torture

import "time"

// The number of conversations of a test run. There are enough to cover each kind of channel (mail, WhatsApp, …), and few
// enough for each to have several messages.
const (
	mailsPerConversation = 8
	minConversations     = 6
	maxConversations     = 300
	bounceEvery          = 8 // of this many customers who write by mail, one has a mailbox that no longer exists
)

// conversation is the state of one simulated customer in a test run. The driver, which acts for all customers and
// agents, decides from it what may happen next: an agent can reply once the thread exists, for example.
type conversation struct {
	number     int
	kind       ChatKind
	agent      string // the agent who replies
	colleague  string // the other agent
	root       string // id of its chat thread's first message; "" until findThreads has found the thread
	lastMailID string // Message-ID of the customer's last new mail
	// untilReopened is how many more messages the customer must write until a resolved conversation is certainly open again.
	// One is not enough, since Parley may have received it before the conversation was resolved.
	untilReopened int
	wroteAt       time.Time // when the customer last wrote
	resolved      bool      // according to its card when findThreads last ran
	isSnoozed     bool      // likewise
	wasSnoozed    bool      // an agent has snoozed it in this run
	markerCount   int       // how many markers nextMarker has returned
	bounces       bool      // mail to this customer bounces
	// quietUntil is the time until which nobody types in the thread, because a fault waits until a reply is sent. Each
	// further message would delay the reply.
	quietUntil time.Time
}

// makeConversations returns the conversations of a run. Ann and Ben alternate as agents.
func makeConversations(o Options, t Traits) []*conversation {
	var list []*conversation
	byMail := 0
	n := min(max(minConversations, o.Mails/mailsPerConversation), maxConversations)
	for number := 1; number <= n; number++ {
		c := &conversation{
			number:    number,
			kind:      ChatKindOf(number, o.Chats),
			agent:     t.Ann,
			colleague: t.Ben,
		}
		if number%2 == 0 {
			c.agent, c.colleague = t.Ben, t.Ann
		}
		if c.kind == ByMail {
			byMail++
			c.bounces = byMail%bounceEvery == 2 // the second, so that even the smallest run has one
		}
		list = append(list, c)
	}
	return list
}

// nextMarker returns the marker of the conversation's next message. A marker is a unique word in the text, such as
// "outbound-c017-5", by which the message is recognised wherever it arrives.
func (c *conversation) nextMarker(kind string) Marker {
	c.markerCount++
	return Marker{Kind: kind, Conversation: c.number, Number: c.markerCount}
}
