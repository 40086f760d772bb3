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

func takeVerb() useCase {
	return useCase{
		Rules:  Rules{Name: bridge.VerbTake, NeedsOpen: true, Right: store.RightReassign, Deed: store.DeedAssigned},
		DoInTx: warning((*work).take),
	}
}

// take makes the actor the only owner. An emoji isn't enough to take a conversation away from a colleague.
func (w *work) take(_ context.Context, _ pgx.Tx, r Request) error {
	owners := []store.AgentID{r.Agent.ID}
	switch problem := w.ownersProblem(r.Conversation.Visibility, owners); {
	case r.IsEmoji() && r.Conversation.IsHeldByOthers(r.Agent.ID):
		w.askAboutColleagues(r, "Take it all the same?")
	case problem != nil: // a super-admin reads it, too
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
	default:
		w.assignTo(r, owners)
	}
	return nil
}

func assignVerb() useCase {
	return useCase{
		Rules:  Rules{Name: bridge.VerbAssign, NeedsOpen: true, Right: store.RightReassign, Deed: store.DeedAssigned},
		DoInTx: warning((*work).assign),
	}
}

// warning does what changes the owners, and warns the actor who has more than there is room for now.
func warning(do inTx) inTx {
	return func(wf *work, ctx context.Context, tx pgx.Tx, r Request) error {
		before := r.Conversation.Assignees
		if err := do(wf, ctx, tx, r); err != nil {
			return err
		}
		return wf.warnBeyondRoom(ctx, tx, r, before)
	}
}

func unassignVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbUnassign, NeedsOpen: true, Right: store.RightClear, Deed: store.DeedUnassigned},
		Do:    (*work).removeOwners,
	}
}

// assign assigns a conversation to the team or the agents that a request names, and says who may read it if the request does.
// Errors: the database's.
func (w *work) assign(ctx context.Context, tx pgx.Tx, r Request) error {
	c, v := r.Conversation, r.Conversation.Visibility
	owners, team, problem := w.chosen(r)
	if problem == nil && r.Args.VisibleTo != nil {
		v, problem = w.visibilityOf(r, r.Args.VisibleTo, "")
	}
	if problem == nil {
		problem = w.ownersProblem(v, owners)
	}
	if isMember := func(id store.AgentID) bool { return slices.Contains(team.Members, id) }; problem == nil && team != nil &&
		v.IsRestricted() && !slices.ContainsFunc(v.VisibleTo, isMember) {
		problem = &bridge.Problem{
			Code: "not_visible", Text: "Nobody of " + team.Name + " may read this conversation.",
			Hint: "Choose a team of somebody who may read it, or let everybody read it first: !visible all",
		}
	}
	if problem != nil {
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}

	isShownAnew := !slices.Equal(v.VisibleTo, c.VisibleTo)
	if isShownAnew {
		shown := r
		shown.Verb = bridge.VerbVisible
		if err := w.showTo(ctx, tx, shown, v); err != nil {
			return err
		}
	}
	switch {
	case team != nil:
		w.handOver(r, team)
	case !isShownAnew || !slices.Equal(owners, c.Assignees) || r.Args.Note != "":
		w.assignTo(r, owners)
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

// unknownTeam is the problem of a request that names no team whom Parley knows.
func unknownTeam(name string) *bridge.Problem {
	return &bridge.Problem{Code: "unknown_team", Text: "There is no team called " + name + ".", Hint: "The Assign button lists them."}
}

// chosen returns the team, or the owners, that a request for an assignment names: the agents, in addition to the owners if
// r.Args.Add is set.
func (w *work) chosen(r Request) (owners []store.AgentID, team *store.Team, problem *bridge.Problem) {
	if r.Args.Team != "" {
		if team = w.Dir.FindTeam(r.Args.Team); team == nil {
			return nil, nil, unknownTeam(r.Args.Team)
		}
		return nil, team, w.Reading.MayGive(w.Dir, r.Agent, r.Conversation.Account, nil, team)
	}
	var chosen []store.AgentID
	for _, who := range r.Args.Agents {
		found := w.Dir.Find(r.Surface, who)
		if who == "me" {
			found = r.Agent
		}

		if found == nil {
			return nil, nil, unknownAgent(who)
		}

		if problem := w.Reading.MayGive(w.Dir, r.Agent, r.Conversation.Account, found, nil); problem != nil {
			return nil, nil, problem
		}

		chosen = append(chosen, found.ID)
	}

	if len(chosen) == 0 && r.Args.VisibleTo == nil {
		return nil, nil, &bridge.Problem{Code: "nobody_named", Text: "Nobody was named.", Hint: "For example: !assign @ann"}
	}

	wantsSeveral := len(chosen) > 1 || r.Args.Add && len(r.Conversation.Assignees) > 0
	if wantsSeveral && w.Settings(r.Conversation).OneOwner {
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
func (w *work) assignTo(r Request, chosen []store.AgentID) {
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
		w.Unchanged(r)
		return
	}

	mentions := w.ownersToMention(r, owners)
	isNewColleague := func(id store.AgentID) bool { return id != agent.ID && !slices.Contains(c.Assignees, id) }
	if slices.ContainsFunc(owners, isNewColleague) {
		w.sumUp(c, OnHandOver)
	}

	c.Assignees = owners
	for _, ref := range mentions {
		usesOtherChat := ref.User == "" // a mention wouldn't notify the agent
		if usesOtherChat && ref.ID != agent.ID {
			w.TellAssigned(c, ref.ID)
		}
	}

	detail := Detail{Agents: owners, Note: r.Args.Note}
	if isUnchanged { // a hand-over in the log would make earlier texts of the owners look outdated
		w.Log.ByAgent(c, agent, store.DeedNoted, detail)
	} else {
		w.Log.Did(r, detail)
	}

	if len(mentions) > 0 || hasNote {
		w.Line(c, bridge.Line{
			Content:  bridge.LineAssigned,
			By:       w.Dir.Ref(r.Surface, agent.ID),
			Mentions: mentions,
			Text:     r.Args.Note,
		})
	}

	c.RefreshCard()
}

// ownersToMention returns the chosen owners to mention in the thread: the new ones, and those for whom a
// colleague left a note. A mention also makes the chat notify them of later messages. An agent who typed the
// verb in the thread follows it anyway, and is left out.
func (w *work) ownersToMention(r Request, chosen []store.AgentID) []bridge.AgentRef {
	t := r.Conversation.Home(w.Dir)
	if t == nil {
		return nil
	}

	typedInThread := r.Typed() && w.Posts.IsShownInThread(r)
	var mentions []bridge.AgentRef
	for _, id := range chosen {
		isNew := !slices.Contains(r.Conversation.Assignees, id)
		isNews := isNew || r.Args.Note != ""
		if id == r.Agent.ID {
			isNews = isNew && !typedInThread
		}
		if isNews {
			mentions = append(mentions, w.Dir.Ref(t.AccountID, id))
		}
	}
	return mentions
}

// removeOwners applies !unassign.
func (w *work) removeOwners(r Request) {
	c, agent := r.Conversation, r.Agent
	if len(c.Assignees) == 0 {
		w.Unchanged(r)
		return
	}
	owners := c.Assignees
	isOwner := func(id store.AgentID, who string) bool { return w.Dir.Find(r.Surface, who) == w.Dir.Agent(id) }
	if r.Several && !slices.EqualFunc(owners, r.Args.Agents, isOwner) {
		w.Refuse(r, "moved_on", "It has other owners since.", "")
		return
	}
	w.putInQueue(c)
	w.Log.Did(r, Detail{Agents: owners})
	w.Line(c, bridge.Line{Content: &bridge.UnassignedLine{}, By: w.Dir.Ref(r.Surface, agent.ID)})
	c.RefreshCard()
}
