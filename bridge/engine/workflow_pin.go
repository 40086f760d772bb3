package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// A customer who is pinned to an agent is that agent's own: new conversations go there before all rules.

func pinVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbPin, Deed: store.DeedPinned}, DoInTx: (*work).pin}
}

func unpinVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbUnpin, Deed: store.DeedUnpinned}, DoInTx: (*work).unpin}
}

// pin makes the customer the actor's own, who must be an owner of the conversation; admins make it that of the owner.
func (w *work) pin(ctx context.Context, tx pgx.Tx, r Request) error {
	c, owner := r.Conversation, r.Agent
	switch {
	case c.IdentityID == nil:
		w.Refuse(r, "no_customer", "This conversation has no single customer.", "")
		return nil
	case slices.Contains(c.Assignees, owner.ID):
	case owner.IsAdmin() && len(c.Assignees) > 0:
		owner = w.Dir.Agent(c.Assignees[0])
	default:
		w.Refuse(r, "not_owner", "Only whoever has the conversation pins its customer.", "Take it first: !take")
		return nil
	}

	former := w.People.PinOf(c)
	if former == owner.ID {
		w.Unchanged(r)
		return nil
	}
	if a := w.Dir.Agent(former); a != nil && a.Active {
		w.Refuse(r, "pinned", "Pinned ("+a.Name+").", "First "+a.Name+", or an admin, detaches: !unpin")
		return nil
	}
	return w.setPin(ctx, tx, r, owner)
}

// unpin makes the customer nobody's own again.
func (w *work) unpin(ctx context.Context, tx pgx.Tx, r Request) error {
	switch a := w.Dir.Agent(w.People.PinOf(r.Conversation)); {
	case a == nil:
		w.Unchanged(r)
	case a.ID != r.Agent.ID && !r.Agent.IsAdmin():
		w.Refuse(r, "pinned", "Pinned ("+a.Name+").", "Only "+a.Name+", or an admin, detaches.")
	default:
		return w.setPin(ctx, tx, r, nil)
	}
	return nil
}

func (w *work) setPin(ctx context.Context, tx pgx.Tx, r Request, owner *store.Agent) error {
	var detail Detail
	var id store.AgentID
	if owner != nil {
		id, detail.Text = owner.ID, owner.Name
	}
	if err := store.SetPin(ctx, tx, *r.Conversation.IdentityID, id); err != nil {
		return err
	}
	w.Log.Did(r, detail)
	w.Confirm(r, bridge.Line{Args: bridge.Args{Conversation: r.Conversation.ID, Note: detail.Text}})
	return nil
}

// GiveToPinner gives a conversation that the customer has reopened to the agent whose own customer it is, if that agent is there.
func (w *work) GiveToPinner(c *Conversation) {
	agent := w.Dir.Agent(w.People.PinOf(c))
	if agent == nil || slices.Contains(c.Assignees, agent.ID) || !w.Dir.IsThere(agent.ID, w.Now) ||
		!w.Dir.May(agent, c.Account, store.RightTakes) || !w.Reading.As(agent).May(c.Conversation) {
		return
	}
	w.giveTo(c, agent, &bridge.RoutedLine{Agent: agent.Name, Rule: bridge.ByPin}, "the customer is pinned to "+agent.Name)
}
