package settings

import (
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// The pages of agents and of teams. entryPages implements lists and forms of entries. This file configures it: the columns
// of both lists, and the fields of the forms that aren't plain text.

const quietPath = "quiet"

type agentRow struct {
	Name, Path, Email, Zone string
	Super, Admin            bool
	Presence                string // in words; "" means available
	Room                    string // how much of it is taken, such as "5/8"; "" means that there is room for any number
	Teams                   []string
	Chats                   []string // the chats in which the agent was found: "Slack"
}

// Presence says whether an agent is there, and how much of the room is taken: see agentRow.
type Presence struct{ Words, Room string }

func (p pages) agentPages() entryPages {
	return entryPages{
		pages:       p,
		kind:        setup.EntryAgent,
		path:        "/settings/agents",
		singular:    "agent",
		title:       "People",
		help:        "Who answers. People are found in your chats by their e-mail addresses.",
		takeOutHelp: "This person can do nothing more here and leaves all teams. What they wrote, and the history, stays.",
		parts: []fieldGroup{
			{paths: []string{"email", "name", "roles", "zone"}},
			{title: "In chats", paths: []string{"slack", "teams"}},
			noticesPart(),
			{title: "Conversations by rules", paths: []string{"capacity", "takes", "skills", "brands"}},
			{title: "Mails", paths: []string{"signature"}},
		},
		rows: func(v *web.Visit, s *listFilter, all []setup.Entry) (any, error) {
			rows := agentRows(all, pageOf(v, s, ofKind(all, setup.EntryAgent)))
			now, err := p.desk.Presences(v.Context())
			for i := range rows {
				rows[i].Presence, rows[i].Room = now[rows[i].Email].Words, now[rows[i].Email].Room
			}
			return rows, err
		},
		newName:    func(v *web.Visit) string { return v.Value("email") },
		refineForm: p.refineAgent,
		noteAbove:  noteOfRoles,
		mustStay:   mustAgentStay,
	}
}

// noticesPart returns the group of an agent's notification settings.
func noticesPart() fieldGroup {
	return fieldGroup{title: "Notices", paths: []string{"presence", quietPath}}
}

// Only super-admins manage admins. As long as nobody has that role explicitly, every admin counts as a super-admin.

// noteOfRoles returns a note for the list of agents if several admins count as super-admins; otherwise "".
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

// refineAgent restricts the form of an agent for admins who aren't super-admins: they can't grant or revoke admin roles,
// nor change which chat users an admin is. It removes the signature if there is no account whose replies would have it.
func (p pages) refineAgent(v *web.Visit, form *web.Form, e *setup.Entry, all []setup.Entry) {
	if len(all) > 0 && letterChannel(p.desk, all) == "" {
		form.Groups = slices.DeleteFunc(form.Groups, func(g web.Group) bool { return g.Fields[0].Name == signaturePath })
	}

	roles := findField(form, "roles")
	for _, r := range rolesOf(all) {
		chosen := e != nil && slices.Contains(e.Values["roles"], r.Name)
		roles.Choices = append(roles.Choices, web.Choice{Value: r.Name, Text: r.Name, Chosen: chosen})
	}
	if v.Person.Super {
		return
	}

	isHigher := func(r string) bool { return r == setup.RoleAdmin || r == setup.RoleSuperAdmin }
	roles.Help = "Super-admins say who is an admin."
	hasHigherRole := e != nil && slices.ContainsFunc(e.Values["roles"], isHigher)
	if !hasHigherRole {
		roles.Choices = slices.DeleteFunc(roles.Choices, func(c web.Choice) bool { return isHigher(c.Value) })
		return
	}

	roles.Kind = "" // shown as text
	roles.Fixed = true
	roles.Value = strings.ReplaceAll(strings.Join(e.Values["roles"], ", "), "_", "-")

	if e.Name != v.Person.Email {
		findField(form, "slack").Fixed = true
		findField(form, "teams").Fixed = true
	}
}

// mustAgentStay reports whether the person may not remove an agent. Only super-admins can remove admins, and nobody can
// remove the last super-admin or, without super-admins, the last admin. Package setup enforces the same; here it only
// hides the button.
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

// agentRows returns the rows of the agents in some. all has the entries of every kind.
func agentRows(all, some []setup.Entry) (rows []agentRow) {
	isSuper := func(a setup.Entry) bool { return slices.Contains(a.Values["roles"], setup.RoleSuperAdmin) }
	hasSuper := slices.ContainsFunc(ofKind(all, setup.EntryAgent), isSuper)
	teams := ofKind(all, setup.EntryTeam)
	for _, e := range some {
		isAdmin := slices.Contains(e.Values["roles"], setup.RoleAdmin)
		countsAsSuper := isAdmin && !hasSuper
		row := agentRow{
			Name:  e.Value("name"),
			Path:  "/settings/agents/" + pathOf(e.Name),
			Email: e.Name,
			Zone:  e.Value("zone"),
			Super: isSuper(e) || countsAsSuper,
			Admin: isAdmin,
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
	Members    []string // names
	Channels   []string // "Slack C0123"
	Accounts   []string
}

func (p pages) teamPages() entryPages {
	return entryPages{
		pages:       p,
		kind:        setup.EntryTeam,
		path:        "/settings/teams",
		singular:    "team",
		title:       "Teams",
		help:        "Each team has a channel in Slack or Teams, where its conversations open.",
		takeOutHelp: "Its members stay. A team that conversations belong to stays, too, as does one that accounts belong to.",
		parts: []fieldGroup{
			{paths: []string{"name", "members", "agents"}},
			{title: "Channels", paths: []string{"slack_channel", "teams_channel", "home", "board"}},
			{title: "Emoji", paths: []string{"emoji"}},
		},
		rows: func(v *web.Visit, s *listFilter, all []setup.Entry) (any, error) {
			return teamRows(all, pageOf(v, s, ofKind(all, setup.EntryTeam))), nil
		},
		newName: func(v *web.Visit) string { return v.Value("name") },
		refineForm: func(v *web.Visit, form *web.Form, e *setup.Entry, all []setup.Entry) {
			refineTeam(v, form, e, all)
			p.offerChannels(v.Context(), form)
		},
		finishChange: emojiOfTeam,
	}
}

// teamRows returns the rows of the teams in some. all has the entries of every kind.
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

// refineTeam shows the members as checkboxes, and adds a field for the team's emoji.
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

	emoji := web.Field{
		Name:  "emoji",
		Label: "Emoji that are verbs",
		Kind:  web.KindLines,
		Help:  "One a line: `shipit: resolve`, `eyes: none`. They count in the team's channels, beside the usual ones.",
		Value: strings.Join(emojiLines(e), "\n"),
	}
	form.Groups = append(form.Groups, web.Group{Title: "Emoji", Fields: []web.Field{emoji}})
}

// emojiPrefix is the path prefix of a team's emoji. The value at "emoji.shipit" is the verb "resolve".
const emojiPrefix = "emoji."

// emojiLines returns the lines of the emoji field: "shipit: resolve".
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

// emojiOfTeam converts the lines of the emoji field in a change to values at emojiPrefix. It returns problems with them.
func emojiOfTeam(c *setup.Change, _ *web.Visit, old *setup.Entry) []string {
	lines, isGiven := c.Values["emoji"]
	if !isGiven || slices.Equal(lines, emojiLines(old)) {
		delete(c.Values, "emoji")
		return nil
	}

	c.Values["emoji"] = nil // clears the emoji that aren't set below
	for _, line := range lines {
		name, verb := "", ""
		if colon := strings.LastIndex(line, ":"); colon > 0 { // the last: emoji may be typed as ":shipit:"
			name = strings.Trim(strings.TrimSpace(line[:colon]), ":")
			verb = strings.TrimSpace(line[colon+1:])
		}

		isPair := name != "" && verb != ""
		if !isPair || strings.Contains(name, ".") { // a dot separates the parts of a path
			return []string{"Emoji: “" + line + "” has no emoji and verb. Write one a line: shipit: resolve."}
		}

		c.Values[emojiPrefix+name] = []string{verb}
	}

	return nil
}
