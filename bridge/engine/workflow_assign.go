package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// A conversation has owners: the agents who answer it. An agent becomes the owner with !take, names others with
// "!assign @ann", gives the conversation to another team with "!assign #billing", and removes all owners with
// !unassign. Each verb also has a button. New owners are mentioned in the conversation's thread, or told in a
// direct message if they use another chat.

func takeVerb() workflowUseCase {
	return workflowUseCase{
		Rules:  Rules{Name: bridge.VerbTake, NeedsOpen: true, Right: store.RightReassign, Deed: store.DeedAssigned},
		DoInTx: warning((*WorkflowUseCases).take),
	}
}

// take makes the actor the only owner. An emoji isn't enough to take a conversation away from a colleague.
func (wf *WorkflowUseCases) take(_ context.Context, _ pgx.Tx, r Request) error {
	owners := []store.AgentID{r.Agent.ID}
	switch problem := wf.ownersProblem(r.Conversation.Visibility, owners); {
	case r.IsEmoji() && r.Conversation.IsHeldByOthers(r.Agent.ID):
		wf.askAboutColleagues(r, "Take it all the same?")
	case problem != nil: // a super-admin reads it, too
		wf.Refuse(r, problem.Code, problem.Text, problem.Hint)
	default:
		wf.assignTo(r, owners)
	}
	return nil
}

func assignVerb() workflowUseCase {
	return workflowUseCase{
		Rules:  Rules{Name: bridge.VerbAssign, NeedsOpen: true, Right: store.RightReassign, Deed: store.DeedAssigned},
		DoInTx: warning((*WorkflowUseCases).assign),
	}
}

// warning does what changes the owners, and warns the actor who has more than there is room for now.
func warning(do InTx[*WorkflowUseCases]) InTx[*WorkflowUseCases] {
	return func(wf *WorkflowUseCases, ctx context.Context, tx pgx.Tx, r Request) error {
		before := r.Conversation.Assignees
		if err := do(wf, ctx, tx, r); err != nil {
			return err
		}
		return wf.warnBeyondRoom(ctx, tx, r, before)
	}
}

func unassignVerb() workflowUseCase {
	return workflowUseCase{
		Rules: Rules{Name: bridge.VerbUnassign, NeedsOpen: true, Right: store.RightClear, Deed: store.DeedUnassigned},
		Do:    (*WorkflowUseCases).removeOwners,
	}
}

// assign assigns a conversation to the team or the agents that a request names, and says who may read it if the request does.
// Errors: the database's.
func (wf *WorkflowUseCases) assign(ctx context.Context, tx pgx.Tx, r Request) error {
	c, v := r.Conversation, r.Conversation.Visibility
	owners, team, problem := wf.chosen(r)
	if problem == nil && r.Args.VisibleTo != nil {
		v, problem = wf.visibilityOf(r, r.Args.VisibleTo, "")
	}
	if problem == nil {
		problem = wf.ownersProblem(v, owners)
	}
	if isMember := func(id store.AgentID) bool { return slices.Contains(team.Members, id) }; problem == nil && team != nil &&
		v.IsRestricted() && !slices.ContainsFunc(v.VisibleTo, isMember) {
		problem = &bridge.Problem{
			Code: "not_visible", Text: "Nobody of " + team.Name + " may read this conversation.",
			Hint: "Choose a team of somebody who may read it, or let everybody read it first: !visible all",
		}
	}
	if problem != nil {
		wf.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}

	isShownAnew := !slices.Equal(v.VisibleTo, c.VisibleTo)
	if isShownAnew {
		shown := r
		shown.Verb = bridge.VerbVisible
		if err := wf.showTo(ctx, tx, shown, v); err != nil {
			return err
		}
	}
	switch {
	case team != nil:
		wf.handOver(r, team)
	case !isShownAnew || !slices.Equal(owners, c.Assignees) || r.Args.Note != "":
		wf.assignTo(r, owners)
	}
	return nil
}

// unknownAgent is the problem of a request that names nobody whom Parley knows.
func unknownAgent(who string) *bridge.Problem {
	return &bridge.Problem{
		Code: "unknown_agent", Text: "I know no single agent called " + strings.TrimPrefix(who, "@") + ".",
		Hint: "Mention a colleague who is an agent, or use the Assign button.",
	}
}

// chosen returns the team, or the owners, that a request for an assignment names: the agents, in addition to the owners if
// r.Args.Add is set.
func (wf *WorkflowUseCases) chosen(r Request) (owners []store.AgentID, team *store.Team, problem *bridge.Problem) {
	if r.Args.Team != "" {
		if team = wf.Dir.FindTeam(r.Args.Team); team == nil {
			return nil, nil, &bridge.Problem{
				Code: "unknown_team", Text: "There is no team called " + r.Args.Team + ".", Hint: "The Assign button lists them.",
			}
		}
		return nil, team, wf.Reading.MayGive(wf.Dir, r.Agent, r.Conversation.Account, nil, team)
	}
	var chosen []store.AgentID
	for _, who := range r.Args.Agents {
		found := wf.Dir.Find(r.Surface, who)
		if who == "me" {
			found = r.Agent
		}

		if found == nil {
			return nil, nil, unknownAgent(who)
		}

		if problem := wf.Reading.MayGive(wf.Dir, r.Agent, r.Conversation.Account, found, nil); problem != nil {
			return nil, nil, problem
		}

		chosen = append(chosen, found.ID)
	}

	if len(chosen) == 0 && r.Args.VisibleTo == nil {
		return nil, nil, &bridge.Problem{Code: "nobody_named", Text: "Nobody was named.", Hint: "For example: !assign @ann"}
	}

	wantsSeveral := len(chosen) > 1 || r.Args.Add && len(r.Conversation.Assignees) > 0
	if wantsSeveral && wf.Settings(r.Conversation).OneOwner {
		return nil, nil, &bridge.Problem{
			Code: "one_owner", Text: "A conversation of " + r.Conversation.Account.Name + " has one owner: nobody can be added.",
			Hint: "To hand it over, name one person: !assign @ann",
		}
	}

	if r.Args.Add {
		chosen = append(slices.Clone(r.Conversation.Assignees), chosen...)
	}
	if len(chosen) == 0 { // only who may read it
		chosen = r.Conversation.Assignees
	}
	return chosen, nil, nil
}

// assignTo makes the chosen agents the only owners of a conversation.
func (wf *WorkflowUseCases) assignTo(r Request, chosen []store.AgentID) {
	c, agent := r.Conversation, r.Agent
	var owners []store.AgentID
	for _, id := range chosen {
		if !slices.Contains(owners, id) {
			owners = append(owners, id)
		}
	}

	hasNote := r.Args.Note != ""
	isUnchanged := slices.Equal(owners, c.Assignees)
	if isUnchanged && !hasNote {
		wf.Unchanged(r)
		return
	}

	mentions := wf.ownersToMention(r, owners)
	isNewColleague := func(id store.AgentID) bool { return id != agent.ID && !slices.Contains(c.Assignees, id) }
	if slices.ContainsFunc(owners, isNewColleague) {
		wf.sumUp(c, OnHandOver)
	}

	c.Assignees = owners
	for _, ref := range mentions {
		usesOtherChat := ref.User == "" // a mention wouldn't notify the agent
		if usesOtherChat && ref.ID != agent.ID {
			wf.TellAssigned(c, ref.ID)
		}
	}

	detail := Detail{Agents: owners, Note: r.Args.Note}
	if isUnchanged { // a hand-over in the log would make earlier texts of the owners look outdated
		wf.Log.ByAgent(c, agent, store.DeedNoted, detail)
	} else {
		wf.Log.Did(r, detail)
	}

	if len(mentions) > 0 || hasNote {
		wf.Line(c, bridge.Line{
			Content:  bridge.LineAssigned,
			By:       wf.Dir.Ref(r.Surface, agent.ID),
			Mentions: mentions,
			Text:     r.Args.Note,
		})
	}

	c.RefreshCard()
}

// ownersToMention returns the chosen owners to mention in the thread: the new ones, and those for whom a
// colleague left a note. A mention also makes the chat notify them of later messages. An agent who typed the
// verb in the thread follows it anyway, and is left out.
func (wf *WorkflowUseCases) ownersToMention(r Request, chosen []store.AgentID) []bridge.AgentRef {
	t := r.Conversation.Home(wf.Dir)
	if t == nil {
		return nil
	}

	typedInThread := r.Typed() && wf.Posts.IsShownInThread(r)
	var mentions []bridge.AgentRef
	for _, id := range chosen {
		isNew := !slices.Contains(r.Conversation.Assignees, id)
		isNews := isNew || r.Args.Note != ""
		if id == r.Agent.ID {
			isNews = isNew && !typedInThread
		}
		if isNews {
			mentions = append(mentions, wf.Dir.Ref(t.AccountID, id))
		}
	}
	return mentions
}

// removeOwners applies !unassign.
func (wf *WorkflowUseCases) removeOwners(r Request) {
	c, agent := r.Conversation, r.Agent
	if len(c.Assignees) == 0 {
		wf.Unchanged(r)
		return
	}
	owners := c.Assignees
	isOwner := func(id store.AgentID, who string) bool { return wf.Dir.Find(r.Surface, who) == wf.Dir.Agent(id) }
	if r.Several && !slices.EqualFunc(owners, r.Args.Agents, isOwner) {
		wf.Refuse(r, "moved_on", "It has other owners since.", "")
		return
	}
	wf.putInQueue(c)
	wf.Log.Did(r, Detail{Agents: owners})
	wf.Line(c, bridge.Line{Content: &bridge.UnassignedLine{}, By: wf.Dir.Ref(r.Surface, agent.ID)})
	c.RefreshCard()
}
