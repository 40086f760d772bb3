package workflow

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
	"parley/bridge/engine/usecase"
	"parley/bridge/engine/verb"
	"parley/store"
)

// A conversation has owners: the agents who answer it. An agent becomes the owner with !take, names others with
// "!assign @ann", gives the conversation to another team with "!assign #billing", and removes all owners with
// !unassign. Each verb also has a button. New owners are mentioned in the conversation's thread, or told in a
// direct message if they use another chat.

func takeVerb() useCase {
	return useCase{
		Rules:  verb.Rules{Name: bridge.VerbTake, NeedsOpen: true, Right: store.RightReassign, Deed: store.DeedAssigned},
		DoInTx: warning((*UseCases).take),
	}
}

// take makes the actor the only owner. An emoji isn't enough to take a conversation away from a colleague.
func (wf *UseCases) take(r book.Request) {
	if r.IsEmoji() && r.Conversation.IsHeldByOthers(r.Agent.ID) {
		wf.askAboutColleagues(r, "Take it all the same?")
		return
	}
	wf.assignTo(r, []store.AgentID{r.Agent.ID})
}

func assignVerb() useCase {
	return useCase{
		Rules:  verb.Rules{Name: bridge.VerbAssign, NeedsOpen: true, Right: store.RightReassign, Deed: store.DeedAssigned},
		DoInTx: warning((*UseCases).assign),
	}
}

// warning does what changes the owners, and warns the actor who has more than there is room for now.
func warning(do func(*UseCases, book.Request)) usecase.InTx[*UseCases] {
	return func(wf *UseCases, ctx context.Context, tx pgx.Tx, r book.Request) error {
		before := r.Conversation.Assignees
		do(wf, r)
		return wf.warnBeyondRoom(ctx, tx, r, before)
	}
}

func unassignVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbUnassign, NeedsOpen: true, Right: store.RightClear, Deed: store.DeedUnassigned},
		Do:    (*UseCases).removeOwners,
	}
}

// assign assigns a conversation to the team or the agents that a request names.
func (wf *UseCases) assign(r book.Request) {
	if r.Args.Team != "" {
		wf.assignTeam(r)
	} else {
		wf.assignAgents(r)
	}
}

// assignAgents assigns a conversation to the agents that a request names, in addition to its owners if
// r.Args.Add is set.
func (wf *UseCases) assignAgents(r book.Request) {
	var chosen []store.AgentID
	for _, who := range r.Args.Agents {
		found := wf.Dir.Find(r.Surface, who)
		if who == "me" {
			found = r.Agent
		}

		if found == nil {
			wf.Refuse(r, "unknown_agent", "I know no single agent called "+strings.TrimPrefix(who, "@")+".",
				"Mention a colleague who is an agent, or use the Assign button.")
			return
		}

		if problem := wf.Reading.MayGive(wf.Dir, r.Agent, r.Conversation.Account, found, nil); problem != nil {
			wf.Refuse(r, problem.Code, problem.Text, problem.Hint)
			return
		}

		chosen = append(chosen, found.ID)
	}

	if len(chosen) == 0 {
		wf.Refuse(r, "nobody_named", "Nobody was named.", "For example: !assign @ann")
		return
	}

	wantsSeveral := len(chosen) > 1 || r.Args.Add && len(r.Conversation.Assignees) > 0
	if wantsSeveral && wf.Settings(r.Conversation).OneOwner {
		wf.Refuse(r, "one_owner", "A conversation of "+r.Conversation.Account.Name+" has one owner: nobody can be added.",
			"To hand it over, name one person: !assign @ann")
		return
	}

	if r.Args.Add {
		chosen = append(slices.Clone(r.Conversation.Assignees), chosen...)
	}

	wf.assignTo(r, chosen)
}

// assignTo makes the chosen agents the only owners of a conversation.
func (wf *UseCases) assignTo(r book.Request, chosen []store.AgentID) {
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
		wf.sumUp(c, own.OnHandOver)
	}

	c.Assignees = owners
	for _, ref := range mentions {
		usesOtherChat := ref.User == "" // a mention wouldn't notify the agent
		if usesOtherChat && ref.ID != agent.ID {
			wf.TellAssigned(c, ref.ID)
		}
	}

	detail := book.Detail{Agents: owners, Note: r.Args.Note}
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
func (wf *UseCases) ownersToMention(r book.Request, chosen []store.AgentID) []bridge.AgentRef {
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

// assignTeam hands a conversation over to a team.
func (wf *UseCases) assignTeam(r book.Request) {
	team := wf.Dir.FindTeam(r.Args.Team)
	if team == nil {
		wf.Refuse(r, "unknown_team", "There is no team called "+r.Args.Team+".", "The Assign button lists them.")
		return
	}
	if problem := wf.Reading.MayGive(wf.Dir, r.Agent, r.Conversation.Account, nil, team); problem != nil {
		wf.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return
	}
	wf.handOver(r, team)
}

// removeOwners applies !unassign.
func (wf *UseCases) removeOwners(r book.Request) {
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
	wf.Log.Did(r, book.Detail{Agents: owners})
	wf.Line(c, bridge.Line{Content: &bridge.UnassignedLine{}, By: wf.Dir.Ref(r.Surface, agent.ID)})
	c.RefreshCard()
}
