package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/routing"
	"parley/store"
)

// Routed gives a conversation to the agent or the team that rules have chosen, as the verb "assign" would. It does nothing if somebody
// was quicker: the rules are then asked again, or have nothing more to decide.
// Errors: the database's.
func (w *work) Routed(ctx context.Context, tx pgx.Tx, c *Conversation, f Fact) error {
	if err := store.EndRouted(ctx, tx, c.ID); err != nil {
		return err
	}
	if c.BridgeStatus() != bridge.StatusOpen || len(c.Assignees) > 0 {
		return nil
	}

	if team := w.Dir.Team(f.Team); f.Agent == 0 && team != nil {
		w.Log.ByParley(c, store.DeedAssigned, Detail{Team: team.ID, Text: team.Name, Note: f.Why})
		w.moveToTeam(c, team, bridge.AgentRef{}, "")
		return nil
	}

	agent := w.Dir.Agent(f.Agent)
	if agent == nil || !agent.Active {
		return nil
	}
	line := &bridge.RoutedLine{Agent: agent.Name, Rule: f.By, Word: f.Word}
	if c.TeamID != nil {
		team := w.Dir.Team(*c.TeamID)
		isMember := team != nil && slices.Contains(team.Members, agent.ID)
		if !isMember && f.By != string(routing.ByFallback) && !c.Account.ReplaceTeam(c.TeamID) {
			return nil // it was handed over meanwhile
		}
		if isMember {
			line.Team = team.Name
		}
	}

	w.giveTo(c, agent, line, f.Why)
	return nil
}

// giveTo makes an agent the only owner of a conversation, with a line that says why. The log keeps why, too, in more words.
func (w *work) giveTo(c *Conversation, agent *store.Agent, line *bridge.RoutedLine, why string) {
	c.Assignees = []store.AgentID{agent.ID}
	w.Log.ByParley(c, store.DeedAssigned, Detail{Agents: c.Assignees, Note: why})
	var mentions []bridge.AgentRef
	if t := c.Home(w.Dir); t != nil {
		mentions = append(mentions, w.Dir.Ref(t.AccountID, agent.ID))
		if mentions[0].User == "" {
			w.TellAssigned(c, agent.ID)
		}
	}
	w.Line(c, bridge.Line{Content: line, Mentions: mentions})
	c.Touch()
	c.RefreshCard()
}
