package measuring

import (
	"cmp"
	"slices"
	"time"

	"parley/bridge/engine/book"
	"parley/store"
	"parley/store/measure"
)

// measuredDeeds returns the deeds of which figures are made.
func measuredDeeds() []store.Deed {
	return []store.Deed{store.DeedOpened, store.DeedStarted, store.DeedPromoted, store.DeedReopened, store.DeedResolved, store.DeedClosed,
		store.DeedReplied, store.DeedSentAgain, store.DeedAnsweredElsewhere, store.DeedTook, store.DeedJoined, store.DeedAssigned,
		store.DeedUnassigned, store.DeedSetPending}
}

// fact is one thing that happened in a conversation: something was done, or something was said (then what is "").
type fact struct {
	at     time.Time
	id     int64 // of its row: facts of the same time are in the order of their rows
	what   store.Deed
	by     store.Doer
	agent  store.AgentID // who did it, or who wrote what left; 0 means no agent
	detail book.Detail
	in     bool // the customer said it
}

// listFacts returns what was done and said in a conversation, in order. It leaves out what agents said that didn't reach the customer.
// An answer has the time at which it was sent last.
func listFacts(log []store.LogEntry, said []measure.Message) []fact {
	var all []fact
	sent := map[store.MessageID]fact{}      // by message: when it was last sent
	elsewhere := map[store.MessageID]bool{} // answers that were given without Parley
	promoted := map[store.MessageID]bool{}  // mails that count from when somebody promoted them, and not from when they came
	for _, e := range log {
		f := fact{at: e.At, id: e.ID, what: e.What, by: e.Actor, detail: book.DetailOf(e)}
		if e.AgentID != nil {
			f.agent = *e.AgentID
		}

		switch e.What {
		case store.DeedReplied, store.DeedSentAgain, store.DeedAnsweredElsewhere:
			elsewhere[f.detail.Message] = elsewhere[f.detail.Message] || e.What == store.DeedAnsweredElsewhere
			before, wasSent := sent[f.detail.Message]
			if !wasSent || inOrder(before, f) < 0 {
				sent[f.detail.Message] = f
			}
		default:
			promoted[f.detail.Message] = promoted[f.detail.Message] || e.What == store.DeedPromoted
			all = append(all, f)
		}
	}

	for _, m := range said {
		if m.Reason == store.ReasonMachine {
			continue
		}

		hasLeft := m.Direction == store.DirectionOut && m.Fate == store.FateOut
		isCopy := elsewhere[m.ID] && m.Fate == store.FateIn // of an answer: it came into the mailbox first
		if hasLeft || isCopy {
			f := fact{at: m.At, id: int64(m.ID), agent: m.AgentID}
			if s, ok := sent[m.ID]; ok {
				f.at, f.id = s.at, s.id
			}
			all = append(all, f)
		} else if isFromCustomer(m) && !promoted[m.ID] {
			all = append(all, fact{at: m.At, id: int64(m.ID), in: true})
		}
	}

	slices.SortFunc(all, inOrder)
	return all
}

// isFromCustomer reports whether a customer wrote a message, and no machine of the customer's.
func isFromCustomer(m measure.Message) bool {
	wasReceived := m.Direction == store.DirectionIn && m.Fate == store.FateIn
	return wasReceived && !m.Automatic
}

// inOrder compares facts by time, and by their rows.
func inOrder(a, b fact) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) }
