package settings

import (
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge"
	"parley/bridge/setup"
)

// The pages of agents and of teams. This file has what is special about them: the columns of their lists, and the
// fields of their forms that aren't plain text. entryPages does the rest.

const quietPath = "quiet"

type agentRow struct {
	Name, Path, Email, Zone string
	Super, Admin, Away      bool
	Teams                   []string
	Chats                   []string // in which the agent's user is known
}

func (p pages) agentPages() entryPages {
	return entryPages{pages: p, kind: setup.EntryAgent, path: "/settings/agents", singular: "agent", title: "People",
		help:        "Who answers. People are found in your chats by their e-mail addresses.",
		takeOutHelp: "This person can do nothing more here and leaves all teams. What they wrote, and the history, stays.",
		parts: []fieldGroup{{paths: []string{"email", "name", "roles", "zone"}}, {title: "In chats", paths: []string{"slack", "teams"}},
			noticesPart(), {title: "Mails", paths: []string{"signature"}}},
		rows: func(v *web.Visit, s *listFilter, all []setup.Entry) (any, error) {
			return agentRows(all, pageOf(v, s, ofKind(all, setup.EntryAgent))), nil
		},
		newName:    func(v *web.Visit) string { return v.Value("email") },
		refineForm: p.refineAgent,
		noteAbove:  noteOfRoles,
		mustStay:   mustAgentStay,
	}
}

// noticesPart has the fields about what somebody is told.
func noticesPart() fieldGroup {
	return fieldGroup{title: "Notices", paths: []string{"presence", quietPath}}
}

// noteOfRoles returns a note as long as several admins exist and nobody is named super-admin.
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
	if admins < 2 { //nolint:mnd // a single admin counts as super-admin anyway
		return ""
	}
	return "Nobody is named super-admin, so every admin counts as one and can name others. Name one, and only super-admins can."
}

// refineAgent fixes the roles of the form for people who are no super-admins, because only super-admins make admins and say who
// an admin is in a chat. It offers a signature only if there are mails below which it stands.
func (p pages) refineAgent(v *web.Visit, form *web.Form, e *setup.Entry, all []setup.Entry) {
	if len(all) > 0 && letterChannel(p.desk, all) == "" {
		form.Groups = slices.DeleteFunc(form.Groups, func(g web.Group) bool { return g.Fields[0].Name == signaturePath })
	}

	roles := findField(form, "roles")

	if v.Person.Super {
		return
	}

	roles.Help = "Super-admins say who is an admin."
	hasHigherRole := e != nil && slices.ContainsFunc(e.Values["roles"], func(r string) bool { return r != setup.RoleAgent })
	if !hasHigherRole {
		roles.Choices = slices.DeleteFunc(roles.Choices, func(c web.Choice) bool { return c.Value != setup.RoleAgent })
		return
	}

	roles.Kind = ""
	roles.Fixed = true
	roles.Value = strings.ReplaceAll(strings.Join(e.Values["roles"], ", "), "_", "-")

	if e.Name != v.Person.Email {
		findField(form, "slack").Fixed = true
		findField(form, "teams").Fixed = true
	}
}

// mustAgentStay reports whether an agent can't be taken out. Only super-admins take out admins, and nobody takes out the last
// one of the highest role. Package setup refuses that, too.
func mustAgentStay(v *web.Visit, e *setup.Entry, all []setup.Entry) bool {
	has := func(role string) func(a setup.Entry) bool {
		return func(a setup.Entry) bool { return slices.Contains(a.Values["roles"], role) }
	}

	isAdmin := has(setup.RoleAdmin)(*e) || has(setup.RoleSuperAdmin)(*e)
	if !isAdmin {
		return false
	}
	if !v.Person.Super {
		return true
	}

	agents := ofKind(all, setup.EntryAgent)
	highest := setup.RoleSuperAdmin
	if !slices.ContainsFunc(agents, has(highest)) {
		highest = setup.RoleAdmin
	}

	others := slices.DeleteFunc(agents, func(a setup.Entry) bool { return a.Name == e.Name })
	return has(highest)(*e) && !slices.ContainsFunc(others, has(highest))
}

func agentRows(all, some []setup.Entry) (rows []agentRow) {
	teams := ofKind(all, setup.EntryTeam)
	isNobodyNamed := !slices.ContainsFunc(ofKind(all, setup.EntryAgent), func(a setup.Entry) bool {
		return slices.Contains(a.Values["roles"], setup.RoleSuperAdmin)
	})
	for _, e := range some {
		isAdmin := slices.Contains(e.Values["roles"], setup.RoleAdmin)
		row := agentRow{
			Name:  e.Value("name"),
			Path:  "/settings/agents/" + e.Name,
			Email: e.Name,
			Zone:  e.Value("zone"),
			Super: slices.Contains(e.Values["roles"], setup.RoleSuperAdmin) || isNobodyNamed && isAdmin, // then every admin counts as one
			Admin: isAdmin,
			Away:  e.Value("presence") == bridge.PresenceAway,
		}
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

type teamRow struct {
	Name, Path string
	Members    []string
	Channels   []string
	Accounts   []string
}

func (p pages) teamPages() entryPages {
	return entryPages{pages: p, kind: setup.EntryTeam, path: "/settings/teams", singular: "team", title: "Teams",
		help:        "Each team has a channel in Slack or Teams, where its conversations open.",
		takeOutHelp: "Its members stay. A team that conversations belong to stays, too, as does one that accounts belong to.",
		parts: []fieldGroup{
			{paths: []string{"name", "members", "agents"}},
			{title: "Channels", paths: []string{"slack_channel", "teams_channel", "home"}},
			{title: "Figures", paths: []string{"weekly_figures"}},
			{title: "Emoji", paths: []string{"emoji"}},
		},
		rows: func(v *web.Visit, s *listFilter, all []setup.Entry) (any, error) {
			return teamRows(all, pageOf(v, s, ofKind(all, setup.EntryTeam))), nil
		},
		newName:      func(v *web.Visit) string { return v.Value("name") },
		refineForm:   refineTeam,
		finishChange: emojiOfTeam,
	}
}

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

// refineTeam makes the members choices, and adds a field for the team's emoji, one on each line.
func refineTeam(_ *web.Visit, form *web.Form, e *setup.Entry, all []setup.Entry) {
	members := findField(form, "members")
	members.Kind = web.KindChecks
	members.Choices = nil
	members.Help = ""
	chosen := map[string]bool{}
	if e != nil {
		for _, m := range e.Values["members"] {
			chosen[m] = true
		}
	}

	for _, a := range ofKind(all, setup.EntryAgent) {
		members.Choices = append(members.Choices, web.Choice{
			Value:  a.Name,
			Text:   a.Value("name") + " (" + a.Name + ")",
			Chosen: chosen[a.Name],
		})
	}

	form.Groups = append(form.Groups,
		web.Group{Title: "Emoji", Fields: []web.Field{{
			Name:  "emoji",
			Label: "Emoji that are verbs",
			Kind:  web.KindLines,
			Help:  "One a line: `shipit: resolve`, `eyes: none`. They count in the team's channels, beside the usual ones.",
			Value: strings.Join(emojiLines(e), "\n"),
		}}})
}

const emojiPrefix = "emoji."

// emojiLines lists the team's emoji as the field shows them.
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

// emojiOfTeam turns the lines of the form into the keys of the group in parley.yaml. It returns what is wrong.
func emojiOfTeam(c *setup.Change, _ *web.Visit, old *setup.Entry) []string {
	lines, given := c.Values["emoji"]
	if !given || slices.Equal(lines, emojiLines(old)) {
		delete(c.Values, "emoji")
		return nil
	}

	c.Values["emoji"] = nil
	for _, line := range lines {
		name, verb := "", ""
		if colon := strings.LastIndex(line, ":"); colon > 0 { // the last one: an emoji may be written with colons
			name = strings.Trim(strings.TrimSpace(line[:colon]), ":")
			verb = strings.TrimSpace(line[colon+1:])
		}

		isPair := name != "" && verb != ""
		if !isPair || strings.Contains(name, ".") { // a dot would make another path of it
			return []string{"Emoji: “" + line + "” has no emoji and verb. Write one a line: shipit: resolve."}
		}

		c.Values[emojiPrefix+name] = []string{verb}
	}

	return nil
}
