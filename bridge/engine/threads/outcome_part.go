package threads

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// A reply with many files leaves in several parts, and each may fail or be unclear by itself. Then a line asks only about that part, and
// goes on asking whatever becomes of the other parts.

// position says whether a line is the last one about something: only the last one asks.
type position struct {
	isLast       bool // no later line is about the message
	isLastOfPart bool // no later line is about the part of the message that the line is about
}

// positionsOf returns the position of each of the lines about one message, which are in order.
func positionsOf(lines []postedLine) []position {
	list := make([]position, len(lines))
	hasLaterLine := false
	hasLaterLineAbout := map[store.DeliveryID]bool{}
	for i := len(lines) - 1; i >= 0; i-- {
		line := lines[i].DecodedPayload().Line
		if isAboutRecipient(line) {
			continue
		}
		list[i] = position{isLast: !hasLaterLine, isLastOfPart: !hasLaterLineAbout[line.Args.Delivery]}
		hasLaterLine = true
		hasLaterLineAbout[line.Args.Delivery] = true
	}
	return list
}

// unfinishedPart returns the part about which a line asks, while parts of its reply have failed, are unclear, or wait. It returns nil if
// the line is about the whole reply, or about an earlier sending of it.
func (st lineSettler) unfinishedPart(m *book.Message, line *bridge.Line) *book.Delivery {
	isUnfinished := m.Fate == store.FateFailed || m.Fate == store.FateUnclear || m.Fate == store.FateWaiting
	if !isUnfinished || line.Args.Delivery == 0 {
		return nil
	}
	parts := st.Outbox.PartsOf(m)
	i := slices.IndexFunc(parts, func(d *book.Delivery) bool { return d.ID == line.Args.Delivery })
	if i < 0 || len(parts) == 1 {
		return nil
	}
	return parts[i]
}

// isUndecided reports whether what a line asks about a part is still to be decided.
func isUndecided(part *book.Delivery, line *bridge.Line) bool {
	switch line.Kind() {
	case bridge.LineUnclear:
		return part.State == store.NeedsDecision
	case bridge.LineFailed:
		return part.State == store.Failed
	default:
		return false
	}
}

// shownReceipt returns how far a message that left, or a part of it, is shown to have come: what its receipts tell (told), as far as
// the account's settings want that.
func shownReceipt(th *Writer, m *book.Message, told bridge.OutcomeState) bridge.OutcomeState {
	if c := th.Conversations.Rows[m.ConversationID]; c != nil {
		return th.Settings(c).ShownReceipt(told)
	}
	return told
}

// undoneOutcome returns what became of a reply that was taken back. Nobody may know whether it left, if an attempt was under way.
func undoneOutcome(parts book.Parts) bridge.OutcomeState {
	if len(parts.Unclear()) > 0 {
		return bridge.OutcomeUnclear
	}
	return bridge.OutcomeUndone
}
