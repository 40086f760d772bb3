package torture

import (
	"time"

	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/emulators"
)

// How many conversations a run has. There are enough for some to be by each kind of channel, and few enough for each to
// have several messages.
const (
	mailsPerConversation = 8
	minConversations     = 6
	maxConversations     = 300
	bounceEvery          = 8 // one customer by mail in so many has a mailbox that is gone
)

// conversation is one customer's conversation.
type conversation struct {
	number     int
	kind       emulators.ChatKind
	agent      string // the agent who replies
	colleague  string // the other agent
	root       string // id of its thread's first message; "" means that the thread has not been seen yet
	lastMailID string // Message-ID of the customer's last new mail
	// untilReopened is how many messages the customer must still write before the conversation is open again for certain. One is
	// not enough, since it may have been written before the conversation was resolved.
	untilReopened int
	wroteAt       time.Time // when the customer wrote last
	resolved      bool      // as its card showed when findThreads ran last
	isSnoozed     bool      // as its card showed then
	wasSnoozed    bool      // an agent has snoozed it in this run
	markerCount   int       // how many markers it has had
	bounces       bool      // mail to this customer comes back
	// quietUntil is until when nobody types in the thread, because a fault waits for a reply to leave. Each further message would
	// make the reply wait anew.
	quietUntil time.Time
}

// makeConversations makes the conversations of a run. Their agents are Ann and Ben in turn.
func makeConversations(o Options, t emulators.Traits) []*conversation {
	var list []*conversation
	byMail := 0
	n := min(max(minConversations, o.Mails/mailsPerConversation), maxConversations)
	for number := 1; number <= n; number++ {
		c := &conversation{
			number:    number,
			kind:      emulators.ChatKindOf(number, o.Chats),
			agent:     t.Ann,
			colleague: t.Ben,
		}
		if number%2 == 0 {
			c.agent, c.colleague = t.Ben, t.Ann
		}
		if c.kind == emulators.ByMail {
			byMail++
			c.bounces = byMail%bounceEvery == 2 // the second, so that the smallest run has one, too
		}
		list = append(list, c)
	}
	return list
}

// nextMarker makes the marker of the conversation's next message.
func (c *conversation) nextMarker(kind string) checker.Marker {
	c.markerCount++
	return checker.Marker{Kind: kind, Conversation: c.number, Number: c.markerCount}
}
