package engine

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// assign does take, assign (people or a team) and unassign.
func (w *work) assign(c *conv, agent *store.Agent, surface int64, a bridge.Action) {
	switch {
	case a.Verb == bridge.VerbUnassign:
		w.unassign(c, agent, surface, a)
	case a.Verb == bridge.VerbTake:
		w.assignTo(c, agent, surface, a, []int64{agent.ID})
	case a.Args.Team != "":
		w.assignTeam(c, agent, surface, a)
	default:
		w.assignAgents(c, agent, surface, a)
	}
}

func (w *work) assignAgents(c *conv, agent *store.Agent, surface int64, a bridge.Action) {
	var chosen []int64
	for _, who := range a.Args.Agents {
		found := w.dir.Find(surface, who)
		if who == "me" {
			found = agent
		}
		if found == nil {
			w.refuse(c, surface, a, "unknown_agent", "I know no single agent called "+strings.TrimPrefix(who, "@")+".",
				"Mention a colleague who is an agent, or use the Assign button.")
			return
		}
		chosen = append(chosen, found.ID)
	}
	if len(chosen) == 0 {
		w.refuse(c, surface, a, "nobody_named", "Nobody was named.", "For example: !assign @ann")
		return
	}
	if w.settings(c).OneOwner && (a.Args.Add || len(chosen) > 1) {
		w.refuse(c, surface, a, "one_owner", "A conversation of "+c.account.Name+" has one owner: nobody can be added.", "To hand it over, name one person: !assign @ann")
		return
	}
	if a.Args.Add {
		chosen = append(slices.Clone(c.Assignees), chosen...)
	}
	w.assignTo(c, agent, surface, a, chosen)
}

// assignTo sets the assignees; those who are new notice it by a line that mentions them, and whom
// the surface then tells what is said there. Who typed in the thread is told anyway.
func (w *work) assignTo(c *conv, agent *store.Agent, surface int64, a bridge.Action, chosen []int64) {
	var unique []int64
	for _, id := range chosen {
		if !slices.Contains(unique, id) {
			unique = append(unique, id)
		}
	}
	if slices.Equal(unique, c.Assignees) {
		w.unchanged(c, surface, a)
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
	w.logAgent(c, agent, "assigned", detail{Agents: unique, Note: a.Args.Note})
	if len(notice) > 0 {
		w.line(c, bridge.Line{Kind: bridge.LineAssigned, By: w.dir.Ref(surface, agent.ID), Mentions: notice, Text: a.Args.Note})
	}
	w.card(c)
}

func (w *work) assignTeam(c *conv, agent *store.Agent, surface int64, a bridge.Action) {
	team := w.dir.FindTeam(a.Args.Team)
	if team == nil {
		w.refuse(c, surface, a, "unknown_team", "There is no team called "+a.Args.Team+".", "The Assign button lists them.")
		return
	}
	w.handOver(c, agent, surface, team, a.Args.Note)
}

func (w *work) unassign(c *conv, agent *store.Agent, surface int64, a bridge.Action) {
	if len(c.Assignees) == 0 {
		w.unchanged(c, surface, a)
		return
	}
	w.queue(c)
	w.logAgent(c, agent, "unassigned", nil)
	w.line(c, bridge.Line{Kind: bridge.LineUnassigned, By: w.dir.Ref(surface, agent.ID)})
	w.card(c)
}
