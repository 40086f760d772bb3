package engine

import (
	"cmp"
	"slices"
	"time"

	"parley/store"
	"parley/store/measure"
)

// measuredDeeds returns the kinds of log entries (deeds) that count in the statistics.
func measuredDeeds() []store.Deed {
	return []store.Deed{store.DeedOpened, store.DeedStarted, store.DeedPromoted, store.DeedReopened, store.DeedResolved, store.DeedClosed,
		store.DeedReplied, store.DeedSentAgain, store.DeedAnsweredElsewhere, store.DeedTook, store.DeedJoined, store.DeedAssigned,
		store.DeedUnassigned, store.DeedSetPending}
}

// fact is one event in the life of a conversation: an entry of its log, such as "Ann took it", or a message (what is "" then).
type measuringFact struct {
	at           time.Time
	id           int64 // of the row; orders facts of the same time
	what         store.Deed
	by           store.Doer
	agent        store.AgentID // who did it or wrote it; 0 means no agent
	detail       Detail
	fromCustomer bool // a message of the customer; otherwise a message is an answer
}

// factOf returns the fact of a log entry.
func factOf(e store.LogEntry) measuringFact {
	f := measuringFact{at: e.At, id: e.ID, what: e.What, by: e.Actor, detail: DetailOf(e)}
	if e.AgentID != nil {
		f.agent = *e.AgentID
	}
	return f
}

// listFacts merges the log and the messages of a conversation, in order of time. It leaves out messages of agents that didn't reach the
// customer, and automatic messages. An answer has the time at which it was last sent, not that at which it was typed.
func listFacts(log []store.LogEntry, messages []measure.Message) []measuringFact {
	var all []measuringFact
	lastSent := map[store.MessageID]measuringFact{} // the latest attempt to send each answer
	elsewhere := map[store.MessageID]bool{}         // answers that were sent without Parley
	promoted := map[store.MessageID]bool{}          // mails that count from the time at which an agent made conversations of them
	for _, e := range log {
		f := factOf(e)
		message := f.detail.Message
		switch e.What {
		case store.DeedReplied, store.DeedSentAgain, store.DeedAnsweredElsewhere:
			elsewhere[message] = elsewhere[message] || e.What == store.DeedAnsweredElsewhere
			before, wasSent := lastSent[message]
			if !wasSent || inOrder(before, f) < 0 {
				lastSent[message] = f
			}
		default:
			promoted[message] = promoted[message] || e.What == store.DeedPromoted
			all = append(all, f)
		}
	}

	for _, m := range messages {
		isAutomaticReply := m.Direction == store.DirectionOut && m.Automatic
		if m.Reason == store.ReasonMachine || isAutomaticReply {
			continue
		}

		wasSent := m.Direction == store.DirectionOut && m.Fate == store.FateOut
		isCopyOfAnswer := elsewhere[m.ID] && m.Fate == store.FateIn // the mailbox received it first
		switch {
		case wasSent || isCopyOfAnswer:
			f := measuringFact{at: m.At, id: int64(m.ID), agent: m.AgentID}
			if sent, ok := lastSent[m.ID]; ok {
				f.at, f.id = sent.at, sent.id
			}
			all = append(all, f)
		case isFromCustomer(m) && !promoted[m.ID]:
			all = append(all, messageOfCustomer(m))
		}
	}

	slices.SortFunc(all, inOrder)
	return all
}

func messageOfCustomer(m measure.Message) measuringFact {
	return measuringFact{at: m.At, id: int64(m.ID), fromCustomer: true}
}

// isFromCustomer reports whether a message came from a customer, and not from an autoresponder.
func isFromCustomer(m measure.Message) bool {
	wasReceived := m.Direction == store.DirectionIn && m.Fate == store.FateIn
	return wasReceived && !m.Automatic
}

// inOrder compares facts by time, then by the ids of their rows.
func inOrder(a, b measuringFact) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) }
