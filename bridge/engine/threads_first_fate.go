package engine

import (
	"parley/bridge"
	"parley/store"
)

// newLines are the lines about messages that a batch writes. A batch is the facts (events) that one transaction
// applies. A line such as "Not sent: the mailbox is full [Send again]" has to change when the fate of its message
// changes, for example from failed to out (sent). Within one batch, a fact may write the line and a later one may
// change the fate. The line must end up the same as if the two had been applied in separate batches. Therefore the
// fate at the end of the fact that wrote the line is stored with it.
type newLines struct {
	messages      *Messages
	written       []*Delivery                          // lines whose first fate isn't stored yet
	decidedBefore map[store.DeliveryID]*bridge.Outcome // by line: the decision about its message when the line was written
}

// addLine registers a new line about a message.
func (n *newLines) addLine(line *Delivery, m *Message) {
	n.written = append(n.written, line)
	n.decidedBefore[line.ID] = m.Decided
}

// NoteFirstFates stores the first fates of the lines that the last fact wrote. It is called after each fact.
// Lines about a single recipient are handled at the end of the batch.
func (n *newLines) NoteFirstFates() {
	for _, line := range n.written {
		m := n.messages.Get(line.MessageID)
		if m != nil && !isAboutRecipient(line.DecodedPayload().Line) {
			noteFirstFate(m, line)
		}
	}
	n.written = nil
}

// isDecidedSince reports whether an agent has decided about a line's message in this batch after the line was written.
func (n *newLines) isDecidedSince(line postedLine, m *Message) bool {
	return m.Decided != nil && m.Decided != n.decidedBefore[line.ID]
}

// noteFirstFate stores the current fate of a line's message with the line, unless one is stored. A line about a
// recipient in copy also gets whether the customer got the mail. The same delivery report may say that later in
// the batch, so such lines wait for its end.
func noteFirstFate(m *Message, line *Delivery) {
	first := line.DecodedPayload()
	if first.Fate != "" {
		return
	}

	first.Fate = m.Fate
	if failed, isFailed := first.Line.Content.(*bridge.FailedLine); isFailed && failed.Copied {
		failed.Sent = m.Fate == store.FateOut
	}
	line.SetPayload(first)
}
