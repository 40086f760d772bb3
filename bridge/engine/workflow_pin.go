package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// A customer who is pinned to an agent is that agent's own: new conversations go there before all rules.

func pinVerb() workflowUseCase {
	return workflowUseCase{Rules: Rules{Name: bridge.VerbPin, Deed: store.DeedPinned}, DoInTx: (*WorkflowUseCases).pin}
}

func unpinVerb() workflowUseCase {
	return workflowUseCase{Rules: Rules{Name: bridge.VerbUnpin, Deed: store.DeedUnpinned}, DoInTx: (*WorkflowUseCases).unpin}
}

// pin makes the customer the actor's own, who must be an owner of the conversation; admins make it that of the owner.
func (wf *WorkflowUseCases) pin(ctx context.Context, tx pgx.Tx, r Request) error {
	c, owner := r.Conversation, r.Agent
	switch {
	case c.IdentityID == nil:
		wf.Refuse(r, "no_customer", "This conversation has no single customer.", "")
		return nil
	case slices.Contains(c.Assignees, owner.ID):
	case owner.IsAdmin() && len(c.Assignees) > 0:
		owner = wf.Dir.Agent(c.Assignees[0])
	default:
		wf.Refuse(r, "not_owner", "Only whoever has the conversation pins its customer.", "Take it first: !take")
		return nil
	}

	former := wf.People.PinOf(c)
	if former == owner.ID {
		wf.Unchanged(r)
		return nil
	}
	if a := wf.Dir.Agent(former); a != nil && a.Active {
		wf.Refuse(r, "pinned", "Pinned ("+a.Name+").", "First "+a.Name+", or an admin, detaches: !unpin")
		return nil
	}
	return wf.setPin(ctx, tx, r, owner)
}

// unpin makes the customer nobody's own again.
func (wf *WorkflowUseCases) unpin(ctx context.Context, tx pgx.Tx, r Request) error {
	switch a := wf.Dir.Agent(wf.People.PinOf(r.Conversation)); {
	case a == nil:
		wf.Unchanged(r)
	case a.ID != r.Agent.ID && !r.Agent.IsAdmin():
		wf.Refuse(r, "pinned", "Pinned ("+a.Name+").", "Only "+a.Name+", or an admin, detaches.")
	default:
		return wf.setPin(ctx, tx, r, nil)
	}
	return nil
}

func (wf *WorkflowUseCases) setPin(ctx context.Context, tx pgx.Tx, r Request, owner *store.Agent) error {
	var detail Detail
	var id store.AgentID
	if owner != nil {
		id, detail.Text = owner.ID, owner.Name
	}
	if err := store.SetPin(ctx, tx, *r.Conversation.IdentityID, id); err != nil {
		return err
	}
	wf.Log.Did(r, detail)
	wf.Confirm(r, bridge.Line{Args: bridge.Args{Conversation: r.Conversation.ID, Note: detail.Text}})
	return nil
}

// GiveToPinner gives a conversation that the customer has reopened to the agent whose own customer it is, if that agent is there.
func (wf *WorkflowUseCases) GiveToPinner(c *Conversation) {
	agent := wf.Dir.Agent(wf.People.PinOf(c))
	if agent == nil || slices.Contains(c.Assignees, agent.ID) || !wf.Dir.IsThere(agent.ID, wf.Now) ||
		!wf.Dir.May(agent, c.Account, store.RightTakes) || !wf.Reading.As(agent).May(c.Conversation) {
		return
	}
	wf.giveTo(c, agent, &bridge.RoutedLine{Agent: agent.Name, Rule: bridge.ByPin}, "the customer is pinned to "+agent.Name)
}
