package engine

import (
	"slices"

	"parley/bridge"
	"parley/store"
)

// A line is a remark that Parley posts in a conversation's thread. The chat notifies the agents whom a line
// mentions. This file decides who is mentioned and who is only named, since some agents are away and some have
// switched certain notices off. For example, Kim and Bo own conversation #12, Kim is away, and the customer
// writes again. The line names both, and mentions Bo. If Bo were away, too, it would mention their team. If
// nobody else were in the team, it would mention both after all, so that no notice is lost.

// maxMentions is the size of the largest team whose members are mentioned one by one. A larger team isn't
// mentioned at all.
const maxMentions = 8

// namedAgent is an agent whom a line names. If User is "", a mention in the thread doesn't notify the agent.
type namedAgent struct {
	bridge.AgentRef
	toldElsewhere bool // gets a direct message in another chat
}

func (a *namedAgent) isNotified() bool { return a.User != "" || a.toldElsewhere }

// onlyName makes the line name the agent without a notification.
func (a *namedAgent) onlyName() { a.User, a.toldElsewhere = "", false }

// mentionsToNotify decides whom a line notifies. It returns the line's mentions in the chat (surface), and the
// agents who get a direct message in another chat. canTell reports whether an agent can get one.
//   - A line that isn't a notice, such as one about a failed reply, notifies everybody whom it names.
//   - An agent who has switched a notice off is only named.
//   - Some notices need cover. For these, an agent who is away is only named if somebody else is notified: another owner, or else
//     the team. The team is also notified if an owner can't be reached or if nobody owns the conversation.
func mentionsToNotify(
	dir *Directory, c *Conversation, surface store.AccountID, line bridge.Line, canTell func(store.AgentID) bool,
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
	isCovered := slices.ContainsFunc(named, func(a namedAgent) bool { return a.isNotified() && !a.Away })
	if needsTeam && !isCovered && c.TeamID != nil {
		members := teamRefs(dir, dir.Team(*c.TeamID), surface)
		team = wantingNotice(dir, withoutAway(dir, members), notice)
	}
	if isCovered || len(team) > 0 {
		for i := range named {
			if named[i].Away {
				named[i].onlyName()
			}
		}
	}

	mentions, elsewhere = listNamed(named)
	return append(mentions, team...), elsewhere
}

// listNamed returns the mentions of the agents, and those who get a direct message in another chat.
func listNamed(named []namedAgent) (mentions []bridge.AgentRef, elsewhere []store.AgentID) {
	for _, agent := range named {
		mentions = append(mentions, agent.AgentRef)
		if agent.toldElsewhere {
			elsewhere = append(elsewhere, agent.ID)
		}
	}
	return mentions, elsewhere
}

// needsAgentsAgain reports whether a line says that a conversation needs attention again without anybody having
// asked for it: its snooze has ended, or its customer wrote after it was resolved.
func needsAgentsAgain(c *Conversation, line bridge.Line) bool {
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

// TeamMentions returns the members of a team to mention when a conversation is handed over to it: those who are
// present, or all if everybody is away. It leaves out the agent who hands it over (by) and those who have
// switched such notices off.
func TeamMentions(dir *Directory, team *store.Team, surface store.AccountID, by store.AgentID) []bridge.AgentRef {
	isActor := func(ref bridge.AgentRef) bool { return ref.ID == by }
	return wantingHandOver(dir, slices.DeleteFunc(teamRefs(dir, team, surface), isActor))
}

// wantingHandOver returns the members of a team who are told about a hand-over to it.
func wantingHandOver(dir *Directory, members []bridge.AgentRef) []bridge.AgentRef {
	notice, _ := bridge.Line{Content: &bridge.UnassignedLine{}}.Notice()
	if present := withoutAway(dir, members); len(present) > 0 {
		members = present
	}
	return wantingNotice(dir, members, notice)
}

// teamRefs returns the members of a team who can be mentioned in a surface.
func teamRefs(dir *Directory, team *store.Team, surface store.AccountID) (list []bridge.AgentRef) {
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

// withoutAway returns the agents who aren't away.
func withoutAway(dir *Directory, list []bridge.AgentRef) []bridge.AgentRef {
	return slices.DeleteFunc(slices.Clone(list), func(ref bridge.AgentRef) bool { return dir.IsAway(ref.ID) })
}

// wantingNotice returns the agents who haven't switched a notice off, or nil if there are more than
// maxMentions. It modifies list.
func wantingNotice(dir *Directory, list []bridge.AgentRef, notice bridge.Notice) []bridge.AgentRef {
	list = slices.DeleteFunc(list, func(ref bridge.AgentRef) bool { return hasDeclined(dir, ref.ID, notice) })
	if len(list) > maxMentions {
		return nil
	}
	return list
}

// hasDeclined reports whether an agent has switched a notice off.
func hasDeclined(dir *Directory, id store.AgentID, notice bridge.Notice) bool {
	agent := dir.Agent(id)
	if agent == nil || notice.Mandatory {
		return false
	}
	return slices.Contains(agent.Quiet, notice.Name)
}
