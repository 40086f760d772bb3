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
func (wf *WorkflowUseCases) WatchSilence(c *Conversation) {
	if wait, _ := wf.silence(c); wait > 0 && c.Kind == store.KindCustomer {
		wf.Timers.Start(store.Timer{ConversationID: c.ID, Kind: Silence, DueAt: wf.Now.Add(wait)})
	}
}

// silence returns after how long a silence a conversation ends, and as what; 0 means never.
func (wf *WorkflowUseCases) silence(c *Conversation) (wait time.Duration, why string) {
	s := wf.Settings(c)
	resolve, abandon := time.Duration(s.AutoresolveHours)*time.Hour, time.Duration(s.AbandonHours)*time.Hour
	if abandon > 0 && (resolve == 0 || abandon < resolve) {
		return abandon, bridge.CloseAbandoned
	}
	return resolve, bridge.CloseInactivity
}

// EndBySilence is called when the timer of WatchSilence fires: it ends the conversation, unless something was said or done since.
func (wf *WorkflowUseCases) EndBySilence(c *Conversation) {
	wait, why := wf.silence(c)
	if wait == 0 || !c.BridgeStatus().Open() || !isAnswered(c) {
		return
	}
	due := c.LastAt.Add(wait)
	switch {
	case c.BridgeStatus() == bridge.StatusSnoozed:
		due = OrZero(c.SnoozedUntil).Add(wait)
	case wf.hasUnsent(c):
		due = wf.Now.Add(wait)
	}
	if due.After(wf.Now) {
		wf.Timers.Start(store.Timer{ConversationID: c.ID, Kind: Silence, DueAt: due})
		return
	}
	wf.endByItself(c, bridge.EndedLine{Why: why, Hours: int(wait / time.Hour)})
}

// EndsByWords reports whether a text of the customer, which isn't added to the conversation yet, ends it.
func (wf *WorkflowUseCases) EndsByWords(c *Conversation, text string) bool {
	words := wf.Settings(c).AutoresolveWords
	isWaiting := c.BridgeStatus() != bridge.StatusSnoozed && c.BridgeStatus() != bridge.StatusClosed && isAnswered(c)
	return len(words) > 0 && isWaiting && slices.Contains(words, bridge.BareWords(text)) && !wf.hasUnsent(c)
}

// EndByWords resolves a conversation because the customer said so. One that is resolved stays so.
func (wf *WorkflowUseCases) EndByWords(c *Conversation) {
	if c.BridgeStatus().Open() {
		wf.endByItself(c, bridge.EndedLine{Why: bridge.CloseWords})
	}
}

// isAnswered reports whether an agent had the last word.
func isAnswered(c *Conversation) bool {
	return c.LastFrom == store.FromAgent && c.WaitingSince == nil
}

// hasUnsent reports whether a text for the customer waits to be sent, or for somebody's decision.
func (wf *WorkflowUseCases) hasUnsent(c *Conversation) bool {
	return len(wf.Messages.WaitingReplies(c)) > 0 || slices.ContainsFunc(wf.Messages.Latest(c), func(m store.Message) bool {
		return slices.Contains([]store.Fate{store.FateAsk, store.FateParked, store.FateUnclear}, m.Fate) && !m.IsAutomaticReply()
	})
}

// endByItself ends a conversation, with a line by which one click opens it again.
func (wf *WorkflowUseCases) endByItself(c *Conversation, line bridge.EndedLine) {
	status, deed := bridge.StatusResolved, store.DeedResolved
	if line.Why == bridge.CloseAbandoned {
		status, deed = bridge.StatusClosed, store.DeedClosed
	}
	wf.conclude(c, status, line.Why)
	wf.Log.ByParley(c, deed, Detail{Text: line.Why})
	wf.sumUp(c, OnResolve)
	wf.Line(c, bridge.Line{Content: &line, Verbs: []bridge.Verb{bridge.VerbReopen}, Args: bridge.Args{Conversation: c.ID}})
	c.RefreshCard()
}
