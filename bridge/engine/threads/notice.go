package threads

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/directory"
	"parley/store"
)

// maxTold is the size of the largest team whose members are mentioned one by one. A larger team notices what is new in
// its channel without being mentioned.
const maxTold = 8

// mentionsToNotify returns the mentions of a line, changed so that the chat notifies the right people. A mention
// without a User only names the agent. Agents who chose to do without such notices are only named. So are agents who
// are away, if somebody else is notified instead: another owner, else the team. If nobody else is, they are notified
// all the same, so that no notice reaches nobody.
func mentionsToNotify(dir *directory.Directory, c *book.Conversation, surface store.AccountID, line bridge.Line) []bridge.AgentRef {
	if len(line.Mentions) == 0 {
		return nil
	}
	notice, isNotice := line.Notice()
	if !isNotice {
		return line.Mentions
	}
	told := slices.Clone(line.Mentions)
	somePresent := false
	for i := range told {
		told[i].Away = dir.Away(told[i].ID)
		if !told[i].Away {
			somePresent = true
		}
		if wantsNoNotice(dir, told[i].ID, notice) && told[i].ID != line.By.ID {
			told[i].User = ""
		}
	}
	if !notice.Cover {
		return told
	}
	var instead []bridge.AgentRef
	if !somePresent && c.TeamID != nil {
		instead = wantingNotice(dir, present(dir, members(dir, dir.Team(*c.TeamID), surface)), notice)
	}
	for i := range told {
		if told[i].Away && (somePresent || len(instead) > 0) {
			told[i].User = ""
		}
	}
	return append(told, instead...)
}

// TeamMentions returns the members of a team who are mentioned in a surface when the team is handed a conversation:
// those who are not away, or all if everybody is, without the agent who does it (by) and without those who do without
// such notices.
func TeamMentions(dir *directory.Directory, team *store.Team, surface store.AccountID, by store.AgentID) []bridge.AgentRef {
	notice, _ := bridge.Line{Content: &bridge.UnassignedLine{}}.Notice()
	others := slices.DeleteFunc(members(dir, team, surface), func(ref bridge.AgentRef) bool { return ref.ID == by })
	if some := present(dir, others); len(some) > 0 {
		others = some
	}
	return wantingNotice(dir, others, notice)
}

// members returns the members of a team who can be mentioned in a surface.
func members(dir *directory.Directory, team *store.Team, surface store.AccountID) (list []bridge.AgentRef) {
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

// present returns the agents of a list who are not away.
func present(dir *directory.Directory, list []bridge.AgentRef) []bridge.AgentRef {
	return slices.DeleteFunc(slices.Clone(list), func(ref bridge.AgentRef) bool { return dir.Away(ref.ID) })
}

// wantingNotice returns the agents of a list who want a notice. It returns none if they are too many to be mentioned
// one by one.
func wantingNotice(dir *directory.Directory, list []bridge.AgentRef, notice bridge.Notice) []bridge.AgentRef {
	list = slices.DeleteFunc(list, func(ref bridge.AgentRef) bool { return wantsNoNotice(dir, ref.ID, notice) })
	if len(list) > maxTold {
		return nil
	}
	return list
}

// wantsNoNotice reports whether an agent chose to do without a notice.
func wantsNoNotice(dir *directory.Directory, id store.AgentID, notice bridge.Notice) bool {
	agent := dir.Agent(id)
	return agent != nil && !notice.Always && slices.Contains(agent.Quiet, notice.Name)
}
