package engine

import (
	"slices"
	"time"

	"parley/bridge"
	"parley/store"
)

// A conversation may end by itself, if the account's settings say so: some time after an agent's answer if the customer is silent, or when
// the customer answers with nothing but thanks. It never does while somebody waits for us: the last word must be an agent's.

// WatchSilence starts the timer that ends a conversation if the customer stays silent. It is called when an agent's answer has left.
func (w *work) WatchSilence(c *Conversation) {
	if wait, _ := w.silence(c); wait > 0 && c.Kind == store.KindCustomer {
		w.Timers.Start(store.Timer{ConversationID: c.ID, Kind: Silence, DueAt: w.Now.Add(wait)})
	}
}

// silence returns after how long a silence a conversation ends, and as what; 0 means never.
func (w *work) silence(c *Conversation) (wait time.Duration, why string) {
	s := w.Settings(c)
	resolve, abandon := time.Duration(s.AutoresolveHours)*time.Hour, time.Duration(s.AbandonHours)*time.Hour
	if abandon > 0 && (resolve == 0 || abandon < resolve) {
		return abandon, bridge.CloseAbandoned
	}
	return resolve, bridge.CloseInactivity
}

// EndBySilence is called when the timer of WatchSilence fires: it ends the conversation, unless something was said or done since.
func (w *work) EndBySilence(c *Conversation) {
	wait, why := w.silence(c)
	if wait == 0 || !c.BridgeStatus().Open() || !isAnswered(c) {
		return
	}
	due := c.LastAt.Add(wait)
	switch {
	case c.BridgeStatus() == bridge.StatusSnoozed:
		due = OrZero(c.SnoozedUntil).Add(wait)
	case w.hasUnsent(c):
		due = w.Now.Add(wait)
	}
	if due.After(w.Now) {
		w.Timers.Start(store.Timer{ConversationID: c.ID, Kind: Silence, DueAt: due})
		return
	}
	w.endByItself(c, bridge.EndedLine{Why: why, Hours: int(wait / time.Hour)})
}

// EndsByWords reports whether a text of the customer, which isn't added to the conversation yet, ends it.
func (w *work) EndsByWords(c *Conversation, text string) bool {
	words := w.Settings(c).AutoresolveWords
	isWaiting := c.BridgeStatus() != bridge.StatusSnoozed && c.BridgeStatus() != bridge.StatusClosed && isAnswered(c)
	return len(words) > 0 && isWaiting && slices.Contains(words, bridge.BareWords(text)) && !w.hasUnsent(c)
}

// EndByWords resolves a conversation because the customer said so. One that is resolved stays so.
func (w *work) EndByWords(c *Conversation) {
	if c.BridgeStatus().Open() {
		w.endByItself(c, bridge.EndedLine{Why: bridge.CloseWords})
	}
}

// isAnswered reports whether an agent had the last word.
func isAnswered(c *Conversation) bool {
	return c.LastFrom == store.FromAgent && c.WaitingSince == nil
}

// hasUnsent reports whether a text for the customer waits to be sent, or for somebody's decision.
func (w *work) hasUnsent(c *Conversation) bool {
	return len(w.Messages.WaitingReplies(c)) > 0 || slices.ContainsFunc(w.Messages.Latest(c), func(m store.Message) bool {
		return slices.Contains([]store.Fate{store.FateAsk, store.FateParked, store.FateUnclear}, m.Fate) && !m.IsAutomaticReply()
	})
}

// endByItself ends a conversation, with a line by which one click opens it again.
func (w *work) endByItself(c *Conversation, line bridge.EndedLine) {
	status, deed := bridge.StatusResolved, store.DeedResolved
	if line.Why == bridge.CloseAbandoned {
		status, deed = bridge.StatusClosed, store.DeedClosed
	}
	w.conclude(c, status, line.Why)
	w.Log.ByParley(c, deed, Detail{Text: line.Why})
	w.sumUp(c, OnResolve)
	w.Line(c, bridge.Line{Content: &line, Verbs: []bridge.Verb{bridge.VerbReopen}, Args: bridge.Args{Conversation: c.ID}})
	c.RefreshCard()
}
