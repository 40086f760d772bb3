package threads

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/directory"
	"parley/store"
)

// maxTold is the size of the largest team whose members are mentioned one by one. A larger team notices what
// is new in its channel.
const maxTold = 8

// noticed says who of those whom a line mentions is told by the chat: an agent who chose to do without such
// notices is only named. So is one who is away, where somebody else is told: another owner, else the team.
// If nobody else can be, whoever is away is mentioned as ever, so that no notice reaches nobody.
func noticed(dir *directory.Directory, c *book.Conversation, surface store.AccountID, line bridge.Line) []bridge.AgentRef {
	notice, is := line.Notice()
	if !is {
		return line.Mentions
	}
	told := slices.Clone(line.Mentions)
	here := false
	for i := range told {
		told[i].Away = dir.Away(told[i].ID)
		here = here || !told[i].Away
		if quiet(dir, told[i].ID, notice) && told[i].ID != line.By.ID {
			told[i].User = ""
		}
	}
	if !notice.Cover || len(told) == 0 {
		return told
	}
	var instead []bridge.AgentRef
	if !here && c.TeamID != nil {
		instead = members(dir, dir.Team(*c.TeamID), surface, notice, func(id store.AgentID) bool { return !dir.Away(id) })
	}
	for i := range told {
		if told[i].Away && (here || len(instead) > 0) {
			told[i].User = ""
		}
	}
	return append(told, instead...)
}

// TeamToTell gives the members of a team who are mentioned when it is handed a conversation, in a surface and
// without whoever does that: those who are there, or all if nobody is.
func TeamToTell(dir *directory.Directory, team *store.Team, surface store.AccountID, by store.AgentID) []bridge.AgentRef {
	notice, _ := bridge.Line{Content: &bridge.UnassignedLine{}}.Notice()
	here := members(dir, team, surface, notice, func(id store.AgentID) bool { return id != by && !dir.Away(id) })
	if here != nil {
		return here
	}
	return members(dir, team, surface, notice, func(id store.AgentID) bool { return id != by })
}

// members gives the chosen members of a team whom a notice may mention in a surface: none if they are too many
// to be mentioned one by one.
func members(dir *directory.Directory, team *store.Team, surface store.AccountID, notice bridge.Notice, chosen func(store.AgentID) bool) []bridge.AgentRef {
	if team == nil {
		return nil
	}
	var list []bridge.AgentRef
	for _, id := range team.Members {
		if ref := dir.Ref(surface, id); chosen(id) && ref.User != "" && !quiet(dir, id, notice) {
			list = append(list, ref)
		}
	}
	if len(list) > maxTold {
		return nil
	}
	return list
}

// quiet says that an agent chose to do without a notice.
func quiet(dir *directory.Directory, id store.AgentID, notice bridge.Notice) bool {
	agent := dir.Agent(id)
	return agent != nil && !notice.Always && slices.Contains(agent.Quiet, notice.Name)
}
