package threads

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/directory"
	"parley/store"
)

// maxMentions is the size of the largest team whose members are mentioned one by one. A larger team notices what is new in
// its channel without being mentioned.
const maxMentions = 8

// A chat notifies the agents whom a line mentions. This file decides who that is: not everybody who is named wants a notice, and
// some are away.

// mentionsToNotify returns the mentions of a line, changed so that the chat notifies the right people. A mention without a User
// only names the agent, and notifies nobody.
//   - Agents who chose to do without such notices are only named.
//   - Agents who are away are only named if somebody is notified in their place: another owner, else the team. If there is
//     nobody, they are notified all the same, so that no notice is lost.
//   - For somebody who has no user in the chat, the team is notified, as for agents who are away. But whoever can be told in
//     another chat (canTell) counts as notified, and is returned in elsewhere.
//   - The team is also notified if a conversation that nobody owns needs its agents again (comesBack).
func mentionsToNotify(
	dir *directory.Directory, c *book.Conversation, surface store.AccountID, line bridge.Line, canTell func(store.AgentID) bool,
) (mentions []bridge.AgentRef, elsewhere []store.AgentID) {
	comesBackToNobody := comesBack(c, line) && len(c.Assignees) == 0
	if len(line.Mentions) == 0 && !comesBackToNobody {
		return nil, nil
	}

	mentions = slices.Clone(line.Mentions)
	for _, ref := range mentions {
		if canTell(ref.ID) {
			elsewhere = append(elsewhere, ref.ID)
		}
	}
	notice, isNotice := line.Notice()
	if !isNotice {
		return mentions, elsewhere
	}

	isReached := func(ref bridge.AgentRef) bool { return ref.User != "" || slices.Contains(elsewhere, ref.ID) }
	someNotified, needsCover := false, comesBackToNobody
	for i := range mentions {
		mentions[i].Away = dir.IsAway(mentions[i].ID)
		if mentions[i].Away || !isReached(mentions[i]) {
			needsCover = true
		}
		if hasDeclined(dir, mentions[i].ID, notice) && mentions[i].ID != line.By.ID {
			mentions[i].User = ""
			elsewhere = slices.DeleteFunc(elsewhere, func(id store.AgentID) bool { return id == mentions[i].ID })
		}
		if isReached(mentions[i]) && !mentions[i].Away {
			someNotified = true
		}
	}

	if !notice.Cover {
		return mentions, elsewhere
	}

	var instead []bridge.AgentRef
	if needsCover && !someNotified && c.TeamID != nil {
		instead = wantingNotice(dir, withoutAway(dir, teamRefs(dir, dir.Team(*c.TeamID), surface)), notice)
	}

	hasCover := someNotified || len(instead) > 0
	if hasCover {
		for i := range mentions {
			if mentions[i].Away {
				mentions[i].User = ""
			}
		}
		elsewhere = slices.DeleteFunc(elsewhere, dir.IsAway)
	}

	return append(mentions, instead...), elsewhere
}

// comesBack reports whether a line says that a conversation needs its agents again by itself: its snooze is over, or its customer
// said something after its end.
func comesBack(c *book.Conversation, line bridge.Line) bool {
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
	if agent == nil || notice.Always {
		return false
	}
	return slices.Contains(agent.Quiet, notice.Name)
}
