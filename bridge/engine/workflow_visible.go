package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// A conversation may be visible to some people only. Its thread then is in a private channel with just these people, which an admin has
// made and given to a team. What Parley posted elsewhere is taken out of the chats behind it.

func visibleVerb() workflowUseCase {
	return workflowUseCase{
		Rules:  Rules{Name: bridge.VerbVisible, Right: store.RightReassign, Deed: store.DeedMadeVisible},
		DoInTx: (*WorkflowUseCases).setVisible,
	}
}

// setVisible applies !visible.
func (wf *WorkflowUseCases) setVisible(ctx context.Context, tx pgx.Tx, r Request) error {
	if into := wf.Conversations.MergedInto(r.Conversation); into != nil {
		wf.Refuse(r, "merged", "It goes on in "+numberOf(into)+".", "Say there who may read it.")
		return nil
	}
	v, problem := wf.visibilityOf(r, r.Args.Agents, r.Args.Team)
	if problem == nil {
		problem = wf.ownersProblem(v, r.Conversation.Assignees)
	}
	switch {
	case problem != nil:
		wf.Refuse(r, problem.Code, problem.Text, problem.Hint)
	case slices.Equal(v.VisibleTo, r.Conversation.VisibleTo):
		wf.Unchanged(r)
	default:
		return wf.showTo(ctx, tx, r, v)
	}
	return nil
}

// visibilityOf returns who is to read a conversation: the people whom a request names and its actor, or those in the private channel of
// a team. "all" are all who may read the account.
func (wf *WorkflowUseCases) visibilityOf(r Request, people []string, team string) (v store.Visibility, problem *bridge.Problem) {
	isAll := len(people) == 1 && slices.Contains([]string{bridge.VisibleToAll, "everybody", "everyone"}, strings.ToLower(people[0]))
	if isAll {
		return v, nil
	}
	preferred := r.Surface
	if t := r.Conversation.Home(wf.Dir); t != nil {
		preferred = t.AccountID
	}
	readers := []store.AgentID{r.Agent.ID}
	for _, who := range people {
		found := wf.Dir.Find(r.Surface, who)
		switch {
		case who == "me":
			found = r.Agent
		case found == nil:
			return v, unknownAgent(who)
		}
		if !slices.Contains(readers, found.ID) {
			readers = append(readers, found.ID)
		}
	}
	of := wf.Dir.FindTeam(team)
	if team != "" && of == nil {
		return v, &bridge.Problem{Code: "unknown_team", Text: "There is no team called " + team + ".", Hint: "For example: !visible @ann @ben"}
	}
	if v, problem = wf.Reading.PrivateChannel(wf.Dir, preferred, readers, of); problem != nil {
		return v, problem
	}
	slices.Sort(v.VisibleTo)
	for _, id := range v.VisibleTo {
		c, reader := r.Conversation, wf.Dir.Agent(id)
		if wf.Reading.As(reader).Shuts(c.AccountID) && !c.IsAssignee(id) {
			return store.Visibility{}, &bridge.Problem{
				Code: "not_allowed", Text: reader.Name + " may not read conversations of " + c.Account.Name + ".", Hint: "Ask an admin to let them.",
			}
		}
	}
	return v, nil
}

// visibleByRecord returns who is to read the new conversations of a customer on an account, whose record names these agents. Those who
// may not read the account are left out; 0 means any account.
func (wf *WorkflowUseCases) visibleByRecord(
	emails []string, account, preferred store.AccountID,
) (v store.Visibility, problem *bridge.Problem) {
	if len(emails) == 0 {
		return v, nil
	}
	for _, email := range emails {
		if a := wf.Dir.AgentByEmail(email); a != nil && (account == 0 || !wf.Reading.As(a).Shuts(account)) {
			v.VisibleTo = append(v.VisibleTo, a.ID)
		}
	}
	if v, problem = wf.Reading.PrivateChannel(wf.Dir, preferred, v.VisibleTo, nil); problem != nil {
		return v, problem
	}
	slices.Sort(v.VisibleTo)
	return v, wf.unknownAgent(emails...)
}

// ownersProblem says why a conversation of these owners can't be visible like this, or nil.
func (wf *WorkflowUseCases) ownersProblem(v store.Visibility, owners []store.AgentID) *bridge.Problem {
	for _, id := range owners {
		if a := wf.Dir.Agent(id); a != nil && v.IsRestricted() && !slices.Contains(v.VisibleTo, id) {
			return &bridge.Problem{
				Code: "not_visible", Text: a.Name + " would have this conversation, but not be able to read it.",
				Hint: "Give it to one of the people who may read it, or name " + a.Name + ", too, among those who may.",
			}
		}
	}
	return nil
}

// showTo makes a conversation visible to some people, or to all, and moves its thread.
// Errors: the database's.
func (wf *WorkflowUseCases) showTo(ctx context.Context, tx pgx.Tx, r Request, v store.Visibility) error {
	c, from := r.Conversation, r.Conversation.Home(wf.Dir)
	c.Visibility = v
	c.Touch()
	c.RefreshCard()
	wf.Log.Did(r, Detail{Agents: v.VisibleTo})
	if err := store.CheckBoards(ctx, tx, c.ID); err != nil || from == nil {
		return err
	}

	content := &bridge.VisibleLine{}
	for _, id := range v.VisibleTo {
		content.To = append(content.To, wf.Dir.Ref(AnySurface, id).Name)
	}
	line := bridge.Line{Content: content, By: wf.Dir.Ref(r.Surface, r.Agent.ID)}
	h := handover{WorkflowUseCases: wf, c: c, from: from, to: wf.destinationOf(c)}
	if h.distance() == sameThread {
		wf.Line(c, line)
		return nil
	}
	line.Args.Team = h.nameOfHome()
	h.continueElsewhere(line)
	RepeatLastWords(wf.Writer, c)
	if !v.IsRestricted() {
		return nil
	}
	posts, err := store.PostsInThreads(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	for _, p := range posts {
		if !wf.Dir.IsOutsideOwnChannel(c.Account, c.Conversation, p.AccountID, p.Channel) {
			continue
		}
		TakeOut(wf.Writer, c, removalOf(p))
	}
	return nil
}

// removalOf asks to take a post out of its chat.
func removalOf(p store.PostInThread) ErasedPost {
	return ErasedPost{
		Surface: p.AccountID, Kind: bridge.PostKind(p.Kind), Conversation: p.ConversationID, Message: p.MessageID,
		Place: bridge.Place{Channel: p.Channel, Thread: p.Thread, Message: p.Message},
	}
}

// nameOfHome names the team in whose channel the conversation goes on.
func (h handover) nameOfHome() string {
	if t := h.Dir.TeamOfChannel(h.to.surface, h.to.channel); t != nil {
		return t.Name
	}
	return ""
}
