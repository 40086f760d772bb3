package engine

import (
	"slices"

	"parley/bridge"
	"parley/store"
)

// A reply with many files leaves in several parts (deliveries). Each part may fail by itself or be unclear, which
// means that nobody knows whether it has left. A line in the thread then asks about that part only: "invoice.pdf
// was not sent. [Send again]". It keeps its buttons until that part is settled, whatever happens to the others.

// position says whether a line is the last one on its subject, because only the last one has buttons.
type position struct {
	isLast       bool // no later line is about the message
	isLastOfPart bool // no later line is about the same part of the message
}

// positionsOf returns the position of each line about one message. The lines are in order.
func positionsOf(lines []postedLine) []position {
	list := make([]position, len(lines))
	hasLaterLine := false
	hasLaterLineAbout := map[store.DeliveryID]bool{}
	for i := len(lines) - 1; i >= 0; i-- {
		line := lines[i].DecodedPayload().Line
		if isBeside(line) {
			continue
		}
		list[i] = position{isLast: !hasLaterLine, isLastOfPart: !hasLaterLineAbout[line.Args.Delivery]}
		hasLaterLine = true
		hasLaterLineAbout[line.Args.Delivery] = true
	}
	return list
}

// unfinishedPart returns the part that a line asks about, if its reply is waiting, unclear or failed. It
// returns nil if the line is about the whole reply or about an earlier sending of it.
func (st lineSettler) unfinishedPart(m *Message, line *bridge.Line) *Delivery {
	isUnfinished := m.Fate == store.FateFailed || m.Fate == store.FateUnclear || m.Fate == store.FateWaiting
	if !isUnfinished || line.Args.Delivery == 0 {
		return nil
	}
	parts := st.Outbox.PartsOf(m)
	i := slices.IndexFunc(parts, func(d *Delivery) bool { return d.ID == line.Args.Delivery })
	if i < 0 || len(parts) == 1 {
		return nil
	}
	return parts[i]
}

// isUndecided reports whether the question of a line about a part is still open.
func isUndecided(part *Delivery, line *bridge.Line) bool {
	switch line.Kind() {
	case bridge.LineUnclear:
		return part.State == store.NeedsDecision
	case bridge.LineFailed:
		return part.State == store.Failed
	default:
		return false
	}
}

// shownReceipt returns the state that is shown for a receipt of a message or a part: some accounts don't show
// "delivered" and "read".
func shownReceipt(th *Writer, m *Message, receipt bridge.OutcomeState) bridge.OutcomeState {
	if c := th.Conversations.Get(m.ConversationID); c != nil {
		return th.Settings(c).ShownReceipt(receipt)
	}
	return receipt
}

// undoneOutcome returns the outcome of a reply that was taken back. It may be unclear whether the reply left,
// if an attempt was running.
func undoneOutcome(parts Parts) bridge.OutcomeState {
	if len(parts.Unclear()) > 0 {
		return bridge.OutcomeUnclear
	}
	return bridge.OutcomeUndone
}
