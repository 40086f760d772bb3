package engine

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// assign does take, assign (people or a team) and unassign.
func (w *work) assign(r request) {
	switch {
	case r.Verb == bridge.VerbUnassign:
		w.unassign(r)
	case r.Verb == bridge.VerbTake:
		w.assignTo(r, []int64{r.agent.ID})
	case r.Args.Team != "":
		w.assignTeam(r)
	default:
		w.assignAgents(r)
	}
}

func (w *work) assignAgents(r request) {
	var chosen []int64
	for _, who := range r.Args.Agents {
		found := w.dir.Find(r.surface, who)
		if who == "me" {
			found = r.agent
		}
		if found == nil {
			w.refuse(r, "unknown_agent", "I know no single agent called "+strings.TrimPrefix(who, "@")+".",
				"Mention a colleague who is an agent, or use the Assign button.")
			return
		}
		chosen = append(chosen, found.ID)
	}
	if len(chosen) == 0 {
		w.refuse(r, "nobody_named", "Nobody was named.", "For example: !assign @ann")
		return
	}
	if w.settings(r.conv).OneOwner && (r.Args.Add || len(chosen) > 1) {
		w.refuse(r, "one_owner", "A conversation of "+r.conv.account.Name+" has one owner: nobody can be added.", "To hand it over, name one person: !assign @ann")
		return
	}
	if r.Args.Add {
		chosen = append(slices.Clone(r.conv.Assignees), chosen...)
	}
	w.assignTo(r, chosen)
}

// assignTo sets the assignees. A line mentions the new ones, so that the surface notifies them of it
// and of what is said in the thread later. Whoever typed in the thread is notified anyway.
func (w *work) assignTo(r request, chosen []int64) {
	c, agent, surface, a := r.conv, r.agent, r.surface, r.Action
	var unique []int64
	for _, id := range chosen {
		if !slices.Contains(unique, id) {
			unique = append(unique, id)
		}
	}
	if slices.Equal(unique, c.Assignees) {
		w.unchanged(r)
		return
	}
	t := c.home(w.dir)
	var notice []bridge.AgentRef
	for _, id := range unique {
		if !slices.Contains(c.Assignees, id) && (id != agent.ID || !a.Typed()) && t != nil {
			notice = append(notice, w.dir.Ref(t.AccountID, id))
		}
	}
	c.Assignees = unique
	for _, ref := range notice {
		if ref.User == "" && ref.ID != agent.ID {
			w.tellAssigned(c, ref.ID)
		}
	}
	w.log.byAgent(c, agent, store.DeedAssigned, detail{Agents: unique, Note: a.Args.Note})
	if len(notice) > 0 {
		w.line(c, bridge.Line{Content: bridge.LineAssigned, By: w.dir.Ref(surface, agent.ID), Mentions: notice, Text: a.Args.Note})
	}
	c.refreshCard()
}

func (w *work) assignTeam(r request) {
	team := w.dir.FindTeam(r.Args.Team)
	if team == nil {
		w.refuse(r, "unknown_team", "There is no team called "+r.Args.Team+".", "The Assign button lists them.")
		return
	}
	w.handOver(r.conv, r.agent, r.surface, team, r.Args.Note)
}

func (w *work) unassign(r request) {
	c, agent, surface := r.conv, r.agent, r.surface
	if len(c.Assignees) == 0 {
		w.unchanged(r)
		return
	}
	w.queue(c)
	w.log.byAgent(c, agent, store.DeedUnassigned, nil)
	w.line(c, bridge.Line{Content: &bridge.UnassignedLine{}, By: w.dir.Ref(surface, agent.ID)})
	c.refreshCard()
}
