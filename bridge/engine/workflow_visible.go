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

func visibleVerb() useCase {
	return useCase{
		Rules:  Rules{Name: bridge.VerbVisible, Right: store.RightReassign, Deed: store.DeedMadeVisible},
		DoInTx: (*work).setVisible,
	}
}

// setVisible applies !visible.
func (w *work) setVisible(ctx context.Context, tx pgx.Tx, r Request) error {
	if into := w.Conversations.MergedInto(r.Conversation); into != nil {
		w.Refuse(r, "merged", "It goes on in "+numberOf(into)+".", "Say there who may read it.")
		return nil
	}
	v, problem := w.visibilityOf(r, r.Args.Agents, r.Args.Team)
	if problem == nil {
		problem = w.ownersProblem(v, r.Conversation.Assignees)
	}
	switch {
	case problem != nil:
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
	case slices.Equal(v.VisibleTo, r.Conversation.VisibleTo):
		w.Unchanged(r)
	default:
		return w.showTo(ctx, tx, r, v)
	}
	return nil
}

// visibilityOf returns who is to read a conversation: the people whom a request names and its actor, or those in the private channel of
// a team. "all" are all who may read the account.
func (w *work) visibilityOf(r Request, people []string, team string) (v store.Visibility, problem *bridge.Problem) {
	isAll := len(people) == 1 && slices.Contains([]string{bridge.VisibleToAll, "everybody", "everyone"}, strings.ToLower(people[0]))
	if isAll {
		return v, nil
	}
	preferred := r.Surface
	if t := r.Conversation.Home(w.Dir); t != nil {
		preferred = t.AccountID
	}
	readers := []store.AgentID{r.Agent.ID}
	for _, who := range people {
		found := w.Dir.Find(r.Surface, who)
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
	of := w.Dir.FindTeam(team)
	if team != "" && of == nil {
		return v, &bridge.Problem{Code: "unknown_team", Text: "There is no team called " + team + ".", Hint: "For example: !visible @ann @ben"}
	}
	if v, problem = w.Reading.PrivateChannel(w.Dir, preferred, readers, of); problem != nil {
		return v, problem
	}
	slices.Sort(v.VisibleTo)
	for _, id := range v.VisibleTo {
		c, reader := r.Conversation, w.Dir.Agent(id)
		if w.Reading.As(reader).Shuts(c.AccountID) && !c.IsAssignee(id) {
			return store.Visibility{}, &bridge.Problem{
				Code: "not_allowed", Text: reader.Name + " may not read conversations of " + c.Account.Name + ".", Hint: "Ask an admin to let them.",
			}
		}
	}
	return v, nil
}

// visibleByRecord returns who is to read the new conversations of a customer on an account, whose record names these agents. Those who
// may not read the account are left out; 0 means any account.
func (w *work) visibleByRecord(
	emails []string, account, preferred store.AccountID,
) (v store.Visibility, problem *bridge.Problem) {
	if len(emails) == 0 {
		return v, nil
	}
	for _, email := range emails {
		if a := w.Dir.AgentByEmail(email); a != nil && (account == 0 || !w.Reading.As(a).Shuts(account)) {
			v.VisibleTo = append(v.VisibleTo, a.ID)
		}
	}
	if v, problem = w.Reading.PrivateChannel(w.Dir, preferred, v.VisibleTo, nil); problem != nil {
		return v, problem
	}
	slices.Sort(v.VisibleTo)
	return v, w.unknownAgent(emails...)
}

// ownersProblem says why a conversation of these owners can't be visible like this, or nil.
func (w *work) ownersProblem(v store.Visibility, owners []store.AgentID) *bridge.Problem {
	for _, id := range owners {
		if a := w.Dir.Agent(id); a != nil && v.IsRestricted() && !slices.Contains(v.VisibleTo, id) {
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
func (w *work) showTo(ctx context.Context, tx pgx.Tx, r Request, v store.Visibility) error {
	c, from := r.Conversation, r.Conversation.Home(w.Dir)
	c.Visibility = v
	c.Touch()
	c.RefreshCard()
	w.Log.Did(r, Detail{Agents: v.VisibleTo})
	if err := store.CheckBoards(ctx, tx, c.ID); err != nil || from == nil {
		return err
	}

	content := &bridge.VisibleLine{}
	for _, id := range v.VisibleTo {
		content.To = append(content.To, w.Dir.Ref(AnySurface, id).Name)
	}
	line := bridge.Line{Content: content, By: w.Dir.Ref(r.Surface, r.Agent.ID)}
	h := handover{work: w, c: c, from: from, to: w.destinationOf(c)}
	if h.distance() == sameThread {
		w.Line(c, line)
		return nil
	}
	line.Args.Team = h.nameOfHome()
	h.continueElsewhere(line)
	RepeatLastWords(w.Writer, c)
	if !v.IsRestricted() {
		return nil
	}
	posts, err := store.PostsInThreads(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	for _, p := range posts {
		if !w.Dir.IsOutsideOwnChannel(c.Account, c.Conversation, p.AccountID, p.Channel) {
			continue
		}
		TakeOut(w.Writer, c, removalOf(p))
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
