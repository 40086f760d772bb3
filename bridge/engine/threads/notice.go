package threads

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/directory"
	"parley/store"
)

// A chat notifies the agents whom a line mentions. This file decides who that is: not everybody who is named wants a notice, and
// some are away. For example, Kim and Bo own conversation #12, Kim is away, and its customer writes again. The line names both,
// and the chat notifies Bo. If Bo were away, too, it would notify their team; with nobody else in the team it would notify both
// all the same, so that no notice is lost.

// maxMentions is the size of the largest team whose members are mentioned one by one. A larger team notices what is new in
// its channel without being mentioned.
const maxMentions = 8

// namedAgent is an agent whom a line names. User is "" if a mention in the thread doesn't notify the agent.
type namedAgent struct {
	bridge.AgentRef
	toldElsewhere bool // the agent is notified in another chat
}

func (a *namedAgent) isNotified() bool { return a.User != "" || a.toldElsewhere }

// onlyName has the line name the agent without a notice.
func (a *namedAgent) onlyName() { a.User, a.toldElsewhere = "", false }

// mentionsToNotify returns the mentions of a line, changed so that the chat (surface) notifies the right people, and the agents who
// are to be told in another chat, which canTell allows:
//   - A line that is no notice, such as one about a reply that failed, notifies all whom it names.
//   - Whoever chose to do without a notice is only named.
//   - Of a notice that needs cover, agents who are away are only named, if somebody is notified in their place: another owner,
//     else their team. The team is also notified for those who can't be notified at all, and if nobody owns the conversation.
func mentionsToNotify(
	dir *directory.Directory, c *book.Conversation, surface store.AccountID, line bridge.Line, canTell func(store.AgentID) bool,
) (mentions []bridge.AgentRef, elsewhere []store.AgentID) {
	named := make([]namedAgent, len(line.Mentions))
	for i, ref := range line.Mentions {
		named[i] = namedAgent{AgentRef: ref, toldElsewhere: canTell(ref.ID)}
	}
	notice, isNotice := line.Notice()
	if !isNotice {
		return listNamed(named)
	}

	needsTeam := needsAgentsAgain(c, line) && len(c.Assignees) == 0
	for i := range named {
		agent := &named[i]
		agent.Away = dir.IsAway(agent.ID)
		if agent.Away || !agent.isNotified() {
			needsTeam = true
		}
		if agent.ID != line.By.ID && hasDeclined(dir, agent.ID, notice) {
			agent.onlyName()
		}
	}
	if !notice.ToTeam {
		return listNamed(named)
	}

	var team []bridge.AgentRef
	isSomebodyThere := slices.ContainsFunc(named, func(a namedAgent) bool { return a.isNotified() && !a.Away })
	if needsTeam && !isSomebodyThere && c.TeamID != nil {
		members := teamRefs(dir, dir.Team(*c.TeamID), surface)
		team = wantingNotice(dir, withoutAway(dir, members), notice)
	}
	if isSomebodyThere || len(team) > 0 {
		for i := range named {
			if named[i].Away {
				named[i].onlyName()
			}
		}
	}

	mentions, elsewhere = listNamed(named)
	return append(mentions, team...), elsewhere
}

// listNamed returns the mentions of agents, and those of them who are told in another chat.
func listNamed(named []namedAgent) (mentions []bridge.AgentRef, elsewhere []store.AgentID) {
	for _, agent := range named {
		mentions = append(mentions, agent.AgentRef)
		if agent.toldElsewhere {
			elsewhere = append(elsewhere, agent.ID)
		}
	}
	return mentions, elsewhere
}

// needsAgentsAgain reports whether a line says that a conversation needs its agents again by itself: its snooze is over, or its customer
// said something after its end.
func needsAgentsAgain(c *book.Conversation, line bridge.Line) bool {
	if line.By != (bridge.AgentRef{}) {
		return false
	}
	switch line.Kind() {
	case bridge.LineWoke, bridge.LineReopened:
		return true
	case bridge.LineChanged:
		return !c.BridgeStatus().Open()
	default:
		return false
	}
}

// TeamMentions returns the members of a team who are mentioned in a surface when the team is handed a conversation: those who
// are not away, or all if everybody is. The agent who does it (by) is left out, and so is whoever declined such notices.
func TeamMentions(dir *directory.Directory, team *store.Team, surface store.AccountID, by store.AgentID) []bridge.AgentRef {
	return wantingHandOver(dir, slices.DeleteFunc(teamRefs(dir, team, surface), func(ref bridge.AgentRef) bool { return ref.ID == by }))
}

// wantingHandOver returns those of a team's members who are told that it is handed a conversation.
func wantingHandOver(dir *directory.Directory, members []bridge.AgentRef) []bridge.AgentRef {
	notice, _ := bridge.Line{Content: &bridge.UnassignedLine{}}.Notice()
	if present := withoutAway(dir, members); len(present) > 0 {
		members = present
	}
	return wantingNotice(dir, members, notice)
}

// teamRefs returns the members of a team who can be mentioned in a surface.
func teamRefs(dir *directory.Directory, team *store.Team, surface store.AccountID) (list []bridge.AgentRef) {
	if team == nil {
		return nil
	}
	for _, id := range team.Members {
		if ref := dir.Ref(surface, id); ref.User != "" {
			list = append(list, ref)
		}
	}
	return list
}

// withoutAway returns the agents of a list who are not away.
func withoutAway(dir *directory.Directory, list []bridge.AgentRef) []bridge.AgentRef {
	return slices.DeleteFunc(slices.Clone(list), func(ref bridge.AgentRef) bool { return dir.IsAway(ref.ID) })
}

// wantingNotice returns the agents of a list who want a notice. It returns none if they are too many to be mentioned
// one by one.
func wantingNotice(dir *directory.Directory, list []bridge.AgentRef, notice bridge.Notice) []bridge.AgentRef {
	list = slices.DeleteFunc(list, func(ref bridge.AgentRef) bool { return hasDeclined(dir, ref.ID, notice) })
	if len(list) > maxMentions {
		return nil
	}
	return list
}

// hasDeclined reports whether an agent chose to do without a notice.
func hasDeclined(dir *directory.Directory, id store.AgentID, notice bridge.Notice) bool {
	agent := dir.Agent(id)
	if agent == nil || notice.Mandatory {
		return false
	}
	return slices.Contains(agent.Quiet, notice.Name)
}
