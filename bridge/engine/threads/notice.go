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
	if len(line.Mentions) == 0 {
		return nil
	}
	notice, is := line.Notice()
	if !is {
		return line.Mentions
	}
	told := slices.Clone(line.Mentions)
	someHere := false
	for i := range told {
		told[i].Away = dir.Away(told[i].ID)
		someHere = someHere || !told[i].Away
		if quiet(dir, told[i].ID, notice) && told[i].ID != line.By.ID {
			told[i].User = ""
		}
	}
	if !notice.Cover {
		return told
	}
	var instead []bridge.AgentRef
	if !someHere && c.TeamID != nil {
		instead = toTell(dir, here(dir, members(dir, dir.Team(*c.TeamID), surface)), notice)
	}
	for i := range told {
		if told[i].Away && (someHere || len(instead) > 0) {
			told[i].User = ""
		}
	}
	return append(told, instead...)
}

// TeamToTell returns the members of a team who are mentioned when it is handed a conversation, in a surface and
// without whoever does that: of those who are there, or of all if nobody is, the ones who want to be told.
func TeamToTell(dir *directory.Directory, team *store.Team, surface store.AccountID, by store.AgentID) []bridge.AgentRef {
	notice, _ := bridge.Line{Content: &bridge.UnassignedLine{}}.Notice()
	others := slices.DeleteFunc(members(dir, team, surface), func(ref bridge.AgentRef) bool { return ref.ID == by })
	if some := here(dir, others); len(some) > 0 {
		others = some
	}
	return toTell(dir, others, notice)
}

// members returns those members of a team who can be mentioned in a surface.
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

// here returns those agents of a list who aren't away.
func here(dir *directory.Directory, list []bridge.AgentRef) []bridge.AgentRef {
	return slices.DeleteFunc(slices.Clone(list), func(ref bridge.AgentRef) bool { return dir.Away(ref.ID) })
}

// toTell returns those agents of a list who don't do without a notice: none if they are too many to be mentioned one by
// one.
func toTell(dir *directory.Directory, list []bridge.AgentRef, notice bridge.Notice) []bridge.AgentRef {
	list = slices.DeleteFunc(list, func(ref bridge.AgentRef) bool { return quiet(dir, ref.ID, notice) })
	if len(list) > maxTold {
		return nil
	}
	return list
}

// quiet reports whether an agent chose to do without a notice.
func quiet(dir *directory.Directory, id store.AgentID, notice bridge.Notice) bool {
	agent := dir.Agent(id)
	return agent != nil && !notice.Always && slices.Contains(agent.Quiet, notice.Name)
}
