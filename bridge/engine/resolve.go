package engine

import (
	"fmt"

	"parley/bridge"
	"parley/store"
)

// endOrReopen does resolve, close and reopen.
func (w *work) endOrReopen(r request) {
	c, agent, surface, a := r.conv, r.agent, r.surface, r.Action
	by := w.dir.Ref(surface, agent.ID)
	other := w.convs.openBeside(c)
	switch {
	case a.Verb == bridge.VerbReopen && c.status() == bridge.StatusResolved && other != nil:
		w.refuse(r, "continued", fmt.Sprintf("The customer's conversation continues in #%d.", other.ID),
			"Answer there, or resolve it first.")
		return
	case a.Verb == bridge.VerbReopen && c.status() == bridge.StatusResolved:
		c.Status, c.CloseReason, c.ResolvedAt = string(bridge.StatusOpen), "", nil
		w.keepStatus(c)
		w.log.byAgent(c, agent, store.DeedReopened, nil)
		w.line(c, bridge.Line{Content: bridge.LineReopened, By: by, Mentions: w.convs.others(c, agent)})
	case a.Verb == bridge.VerbReopen:
		w.refuse(r, "not_resolved", "This conversation is "+c.Status+", not resolved.", "")
		return
	case !c.status().Open():
		w.refuse(r, "not_open", "This conversation is "+c.Status+" already.", c.afterTheEnd())
		return
	case a.Origin == bridge.OriginEmoji && c.othersOwn(agent.ID) && !r.onCard():
		w.whisper(c, surface, a, bridge.Line{Content: &bridge.RefusedLine{Reason: "not_assignee", Hint: "Resolve it all the same?"}, Verb: a.Verb,
			Verbs: []bridge.Verb{bridge.VerbResolve}, Args: bridge.Args{Conversation: c.ID}})
		return
	case c.unshown: // who resolves has not read it, and nobody would
		w.refuse(r, "unread", "The customer has just written again; it is about to be shown here.", "Read it, then resolve.")
		return
	default:
		w.end(r, by)
	}
	c.refreshCard()
}

func (w *work) end(r request, by bridge.AgentRef) {
	c, a := r.conv, r.Action
	if c.status() == bridge.StatusSnoozed {
		w.endSnooze(c)
	}
	c.Status, c.CloseReason = string(bridge.StatusResolved), "agent"
	what := store.DeedResolved
	if a.Verb == bridge.VerbClose {
		c.Status, c.CloseReason, what = string(bridge.StatusClosed), "admin", store.DeedClosed
	}
	c.ResolvedAt, c.WaitingSince = &w.now, nil
	w.log.byAgent(c, r.agent, what, detail{Text: a.Args.Note})
	line := bridge.Line{Content: bridge.LineResolved, By: by, Text: a.Args.Note, Verb: a.Verb, Args: bridge.Args{Conversation: c.ID}}
	if a.Verb == bridge.VerbResolve {
		line.Verbs = []bridge.Verb{bridge.VerbReopen}
	}
	if line.Mentions = w.convs.others(c, r.agent); a.Args.Note != "" || len(line.Mentions) > 0 {
		w.line(c, line) // the note belongs to the thread, and its owners learn there who did it
		return
	}
	w.confirm(c, r.surface, a, line)
}

// othersOwn says that the conversation is somebody else's.
func (c *conv) othersOwn(agent int64) bool {
	return len(c.Assignees) > 0 && !c.isAssignee(agent)
}

// onCard says that something was done to the conversation's card, and not to a message.
func (r request) onCard() bool {
	t := r.conv.threads[r.surface]
	return t != nil && t.Root != "" && r.Place.Message == t.Root
}

// openBeside finds the open conversation that a chat has with the same customer: there
// may be only one (invariant 5).
func (cs *conversations) openBeside(c *conv) *conv {
	if !c.Exclusive || c.IdentityID == nil {
		return nil
	}
	for _, id := range keys(cs.rows) {
		o := cs.rows[id]
		if o != c && o.Exclusive && o.AccountID == c.AccountID && o.status().Open() && o.IdentityID != nil && *o.IdentityID == *c.IdentityID {
			return o
		}
	}
	return nil
}

// others names the assignees except the one who acts.
func (cs *conversations) others(c *conv, agent *store.Agent) []bridge.AgentRef {
	var refs []bridge.AgentRef
	for _, r := range cs.owners(c) {
		if r.ID != agent.ID {
			refs = append(refs, r)
		}
	}
	return refs
}
