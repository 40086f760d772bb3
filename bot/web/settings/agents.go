package settings

import (
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge"
	"parley/bridge/setup"
)

const quietPath = "quiet"

// agentRow is an agent in the list.
type agentRow struct {
	Name, Path, Email, Zone string
	Super, Admin, Away      bool
	Teams                   []string
	Chats                   []string // in which the agent's user is known
}

// agents has the pages of people.
func (p pages) agents() shelf {
	return shelf{pages: p, kind: setup.EntryAgent, path: "/settings/agents", one: "agent", title: "People",
		help: "Who answers. People are found in your chats by their e-mail addresses.",
		out:  "This person can do nothing more here and leaves all teams. What they wrote, and the history, stays.",
		parts: []part{{paths: []string{"email", "name", "roles", "zone"}}, {title: "In chats", paths: []string{"slack", "teams"}},
			noticesPart(), {title: "Mails", paths: []string{"signature"}}},
		rows: func(v *web.Visit, s *sieve, all []setup.Entry) (any, error) {
			return agentRows(all, pageOf(v, s, ofKind(all, setup.EntryAgent))), nil
		},
		named:  func(v *web.Visit) string { return v.Value("email") },
		refine: p.refineAgent,
		note:   noteOfRoles,
		stays:  agentStays,
	}
}

// noticesPart has the fields about what somebody is told.
func noticesPart() part { return part{title: "Notices", paths: []string{"presence", quietPath}} }

// noteOfRoles says so as long as nobody is named super-admin.
func noteOfRoles(all []setup.Entry) string {
	admins := 0
	for _, e := range ofKind(all, setup.EntryAgent) {
		if slices.Contains(e.Values["roles"], setup.RoleSuperAdmin) {
			return ""
		}
		if slices.Contains(e.Values["roles"], setup.RoleAdmin) {
			admins++
		}
	}
	if admins < 2 { //nolint:mnd // one alone is it anyway
		return ""
	}
	return "Nobody is named super-admin, so every admin counts as one and can name others. Name one, and only super-admins can."
}

// refineAgent lets nobody but super-admins make admins, or say who they are in a chat.
// A signature is offered where there are mails below which it stands.
func (p pages) refineAgent(v *web.Visit, form *web.Form, e *setup.Entry, all []setup.Entry) {
	if len(all) > 0 && lettersOf(p.desk, all) == "" {
		form.Groups = slices.DeleteFunc(form.Groups, func(g web.Group) bool { return g.Fields[0].Name == signaturePath })
	}
	roles := field(form, "roles")
	if v.Person.Super {
		return
	}
	roles.Help = "Super-admins say who is an admin."
	if e == nil || !slices.ContainsFunc(e.Values["roles"], func(r string) bool { return r != setup.RoleAgent }) {
		roles.Choices = slices.DeleteFunc(roles.Choices, func(c web.Choice) bool { return c.Value != setup.RoleAgent })
		return
	}
	roles.Kind, roles.Fixed, roles.Value = "", true, strings.ReplaceAll(strings.Join(e.Values["roles"], ", "), "_", "-")
	if e.Name != v.Person.Email {
		field(form, "slack").Fixed, field(form, "teams").Fixed = true, true
	}
}

// agentStays says that an agent can't be taken out: an admin by somebody who is no super-admin, and the last of the highest
// role by nobody. Package setup refuses it.
func agentStays(v *web.Visit, e *setup.Entry, all []setup.Entry) bool {
	has := func(role string) func(a setup.Entry) bool {
		return func(a setup.Entry) bool { return slices.Contains(a.Values["roles"], role) }
	}
	agents, highest := ofKind(all, setup.EntryAgent), setup.RoleSuperAdmin
	if !slices.ContainsFunc(agents, has(highest)) {
		highest = setup.RoleAdmin
	}
	if !has(setup.RoleAdmin)(*e) && !has(setup.RoleSuperAdmin)(*e) {
		return false
	}
	others := slices.DeleteFunc(agents, func(a setup.Entry) bool { return a.Name == e.Name })
	return !v.Person.Super || has(highest)(*e) && !slices.ContainsFunc(others, has(highest))
}

// agentRows makes the rows of some agents.
func agentRows(all, some []setup.Entry) (rows []agentRow) {
	teams := ofKind(all, setup.EntryTeam)
	for _, e := range some {
		row := agentRow{Name: e.Value("name"), Path: "/settings/agents/" + e.Name, Email: e.Name, Zone: e.Value("zone"), Super: slices.Contains(e.Values["roles"], setup.RoleSuperAdmin), Admin: slices.Contains(e.Values["roles"], setup.RoleAdmin),
			Away: e.Value("presence") == bridge.PresenceAway}
		for _, t := range teams {
			if slices.Contains(t.Values["members"], e.Name) {
				row.Teams = append(row.Teams, t.Name)
			}
		}
		for chat, name := range map[string]string{"slack": "Slack", "teams": "Teams"} {
			if e.Value(chat) != "" {
				row.Chats = append(row.Chats, name)
			}
		}
		slices.Sort(row.Chats)
		rows = append(rows, row)
	}
	return rows
}

// teamRow is a team in the list.
type teamRow struct {
	Name, Path string
	Members    []string
	Channels   []string
	Accounts   []string
}

// teams has the pages of teams.
func (p pages) teams() shelf {
	return shelf{pages: p, kind: setup.EntryTeam, path: "/settings/teams", one: "team", title: "Teams",
		help: "Each team has a channel in Slack or Teams, where its conversations open.",
		out:  "Its members stay. A team that conversations belong to stays, too, as does one that accounts belong to.",
		parts: []part{{paths: []string{"name", "members", "agents"}}, {title: "Channels", paths: []string{"slack_channel", "teams_channel", "home"}},
			{title: "Figures", paths: []string{"weekly_figures"}}, {title: "Emoji", paths: []string{"emoji"}}},
		rows: func(v *web.Visit, s *sieve, all []setup.Entry) (any, error) {
			return teamRows(all, pageOf(v, s, ofKind(all, setup.EntryTeam))), nil
		},
		named:  func(v *web.Visit) string { return v.Value("name") },
		refine: refineTeam,
		change: emojiOfTeam,
	}
}

// teamRows makes the rows of some teams.
func teamRows(all, some []setup.Entry) (rows []teamRow) {
	names := map[string]string{}
	for _, e := range ofKind(all, setup.EntryAgent) {
		names[e.Name] = e.Value("name")
	}
	accounts := ofKind(all, setup.EntryAccount)
	for _, e := range some {
		row := teamRow{Name: e.Name, Path: "/settings/teams/" + pathOf(e.Name)}
		for _, m := range e.Values["members"] {
			row.Members = append(row.Members, names[m])
		}
		for _, chat := range []struct{ key, name string }{{"slack_channel", "Slack"}, {"teams_channel", "Teams"}} {
			if id := e.Value(chat.key); id != "" {
				row.Channels = append(row.Channels, chat.name+" "+id)
			}
		}
		for _, a := range accounts {
			if a.Value("team") == e.Name {
				row.Accounts = append(row.Accounts, a.Name)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// refineTeam lets members be chosen, and shows the team's emoji, one a line.
func refineTeam(_ *web.Visit, form *web.Form, e *setup.Entry, all []setup.Entry) {
	members := field(form, "members")
	members.Kind, members.Choices, members.Help = web.KindChecks, nil, ""
	chosen := map[string]bool{}
	if e != nil {
		for _, m := range e.Values["members"] {
			chosen[m] = true
		}
	}
	for _, a := range ofKind(all, setup.EntryAgent) {
		members.Choices = append(members.Choices, web.Choice{Value: a.Name, Text: a.Value("name") + " (" + a.Name + ")", Chosen: chosen[a.Name]})
	}
	form.Groups = append(form.Groups, web.Group{Title: "Emoji", Fields: []web.Field{{Name: "emoji", Label: "Emoji that are verbs", Kind: web.KindLines,
		Help: "One a line: `shipit: resolve`, `eyes: none`. They count in the team's channels, beside the usual ones.", Value: strings.Join(emojiLines(e), "\n")}}})
}

const emojiPrefix = "emoji."

func emojiLines(e *setup.Entry) (lines []string) {
	if e == nil {
		return nil
	}
	for path := range e.Values {
		if name, ok := strings.CutPrefix(path, emojiPrefix); ok {
			lines = append(lines, name+": "+e.Value(path))
		}
	}
	slices.Sort(lines)
	return lines
}

// emojiOfTeam turns lines into the keys of the group.
func emojiOfTeam(c *setup.Change, _ *web.Visit, old *setup.Entry) []string {
	lines, given := c.Values["emoji"]
	if !given || slices.Equal(lines, emojiLines(old)) {
		delete(c.Values, "emoji")
		return nil
	}
	c.Values["emoji"] = nil
	for _, line := range lines {
		at := strings.LastIndex(line, ":")
		name, verb := "", ""
		if at > 0 {
			name, verb = strings.Trim(strings.TrimSpace(line[:at]), ":"), strings.TrimSpace(line[at+1:])
		}
		if name == "" || verb == "" || strings.Contains(name, ".") {
			return []string{"Emoji: “" + line + "” has no emoji and verb. Write one a line: shipit: resolve."}
		}
		c.Values[emojiPrefix+name] = []string{verb}
	}
	return nil
}
