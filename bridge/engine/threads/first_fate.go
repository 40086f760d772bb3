package threads

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// newLines are the tracked lines that a batch writes. A batch may write a line and change the fate of its message afterwards, by another
// fact: then the line has to show that, as if the two facts had come in two batches.
type newLines struct {
	messages      *book.Messages
	written       []*book.Delivery                     // those of which the first fate isn't noted yet
	decidedBefore map[store.DeliveryID]*bridge.Outcome // what had been decided about a line's message when the line was written
}

// addLine notes that a line about a message was written.
func (n *newLines) addLine(line *book.Delivery, m *book.Message) {
	n.written = append(n.written, line)
	n.decidedBefore[line.ID] = m.Decided
}

// NoteFirstFates notes with each new line which fate its message has at the end of the fact that wrote the line. It is called after
// each fact. Lines about a recipient are left to noteFirstFate.
func (n *newLines) NoteFirstFates() {
	for _, line := range n.written {
		m := n.messages.Rows[line.MessageID]
		if m != nil && !isAboutRecipient(line.DecodedPayload().Line) {
			noteFirstFate(m, line)
		}
	}
	n.written = nil
}

// isDecidedSince reports whether somebody has decided about a line's message in this batch, after the line was written.
func (n *newLines) isDecidedSince(line postedLine, m *book.Message) bool {
	return m.Decided != nil && m.Decided != n.decidedBefore[line.ID]
}

// noteFirstFate notes with a new line which fate its message has. The line is changed once the message has another one. A line about
// somebody in copy also says then whether the customer got the mail. That may be told later in the batch, by the same report, so that
// it is noted at the end of the batch.
func noteFirstFate(m *book.Message, line *book.Delivery) {
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
