package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parley/store"
)

// Load reads the whole state from the database. Without a sealer (nil), secrets are not decrypted.
func Load(ctx context.Context, q store.Querier, sealer *store.Sealer) (*State, error) {
	directory, err := store.LoadDirectory(ctx, q)
	if err != nil {
		return nil, err
	}
	s, err := FromDirectory(directory, sealer)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.loadTemplates(ctx, q), s.loadKnowledge(ctx, q), s.loadRetention(ctx, q)); err != nil {
		return nil, err
	}
	return s, nil
}

// FromDirectory converts a directory, which has the database rows of agents, teams and accounts, to a state. A
// state refers to things by name, so the ids in the rows are replaced: those of surfaces (the agents' chats) by
// their kind, those of agents by their e-mail address, those of teams by their name. Without a sealer (nil),
// secrets are not decrypted.
func FromDirectory(d store.Directory, sealer *store.Sealer) (*State, error) {
	s := &State{
		Company:  d.Company,
		Settings: map[string]string{},
		Surfaces: map[string]store.AccountID{},
		Tags:     tagsOf(d.Tags),
		Roles:    d.OwnRoles,
		Canned:   d.Canned,
	}
	if err := json.Unmarshal(d.Settings, &s.Settings); err != nil {
		return nil, fmt.Errorf("setup: settings of all accounts: %w", err)
	}

	if err := readJSON(d.Automations, &s.Automations); err != nil {
		return nil, fmt.Errorf("setup: automations: %w", err)
	}

	kinds := map[store.AccountID]string{} // of the surfaces
	for _, a := range d.Accounts {
		isChat := a.Side == store.SideSurface && slices.Contains(Chats(), a.Kind)
		if isChat {
			s.Surfaces[a.Kind], kinds[a.ID] = a.ID, a.Kind
		}
	}

	s.Moved = movedChannels(d.Moves, kinds)
	emails := map[store.AgentID]string{}
	for _, a := range d.Agents {
		if !a.Active {
			continue
		}

		emails[a.ID] = a.Email
		agent := agentOf(a, d.Users, kinds)
		if err := readJSON(a.Routing, &agent.Work); err != nil {
			return nil, fmt.Errorf("setup: agent %s: %w", a.Email, err)
		}
		s.Agents = append(s.Agents, agent)
	}

	names := map[store.TeamID]string{}
	for _, t := range d.Teams {
		names[t.ID] = t.Name
		s.Teams = append(s.Teams, teamOf(t, d.Channels, emails, kinds))
	}

	for _, row := range d.Accounts {
		if row.Side != store.SideChannel {
			continue
		}

		a, err := accountOf(row, names, kinds, sealer)
		if err != nil {
			return nil, err
		}
		s.Accounts = append(s.Accounts, a)
	}
	return s, nil
}

// agentOf converts the row of an agent, with the users of the agent in the chats.
func agentOf(a store.Agent, users []store.AgentUser, kinds map[store.AccountID]string) StateAgent {
	agent := StateAgent{
		ID:        a.ID,
		Email:     a.Email,
		Name:      a.Name,
		Roles:     store.SaidRoles(a.Roles),
		Zone:      a.Zone,
		Users:     map[string]store.SurfaceUser{},
		Presence:  a.Presence,
		Quiet:     a.Quiet,
		Signature: StateSignature{a.Signature, a.RichSignature},
	}
	for _, u := range users {
		kind := kinds[u.AccountID]
		if u.AgentID == a.ID && kind != "" {
			agent.Users[kind] = u.UserID
		}
	}
	return agent
}

// movedChannels returns the ids for State.Moved.
func movedChannels(moves []store.ChannelMove, kinds map[store.AccountID]string) map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, m := range moves {
		kind := kinds[m.AccountID]
		if all[kind] == nil {
			all[kind] = map[string]string{}
		}
		all[kind][m.Former] = m.Current
	}
	return all
}

// teamOf converts the row of a team, with its members and channels.
func teamOf(t store.Team, channels []store.TeamChannel, emails map[store.AgentID]string, kinds map[store.AccountID]string) StateTeam {
	team := StateTeam{ID: t.ID, Name: t.Name, Channels: map[string]string{}, Emoji: t.Emoji, Agents: AgentsRule(t.Agents), Board: t.Board}
	for _, id := range t.Members {
		if emails[id] != "" { // the agent is active
			team.Members = append(team.Members, emails[id])
		}
	}

	for _, c := range channels {
		kind := kinds[c.AccountID]
		if c.TeamID != t.ID || kind == "" {
			continue
		}

		team.Channels[kind] = c.Channel
		if c.Home {
			team.Home = kind
		}
	}
	return team
}

// accountOf converts the row of a customers' account. It reads the JSON in the row, and decrypts the secrets.
func accountOf(
	row store.Account, teams map[store.TeamID]string, kinds map[store.AccountID]string, sealer *store.Sealer,
) (StateAccount, error) {
	a := StateAccount{Row: row, Settings: map[string]string{}}
	a.Row.Signature = strings.TrimRight(row.Signature, "\n") // as reading a file does
	if row.TeamID != nil {
		a.Team = teams[*row.TeamID]
	}
	if row.SurfaceID != nil && row.SurfaceChannel != "" {
		a.Surface = kinds[*row.SurfaceID]
	}

	err := errors.Join(readJSON(row.Settings, &a.Settings), readJSON(row.Hours, &a.Hours), readJSON(row.Routing, &a.Plan))
	if err != nil {
		return a, fmt.Errorf("setup: account %s: settings, hours or rules: %w", row.Name, err)
	}

	config, err := Config(row)
	if err != nil {
		return a, err
	}
	a.Config = config
	if sealer != nil {
		a.Secrets, err = Secrets(row, sealer)
	}
	return a, err
}

// readJSON decodes a value that the database may not have.
func readJSON(raw []byte, to any) error {
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, to)
}

// loadTemplates adds the templates to a state.
func (s *State) loadTemplates(ctx context.Context, q store.Querier) error {
	const allAccounts = 0
	rows, err := store.ListTemplates(ctx, q, allAccounts)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if a := find(s.Accounts, func(a StateAccount) bool { return a.Row.ID == row.AccountID }); a != nil {
			s.Templates = append(s.Templates, StateTemplate{Row: row, Account: a.Row.Name})
		}
	}
	return nil
}

// loadKnowledge adds the sources of suggested replies to a state.
func (s *State) loadKnowledge(ctx context.Context, q store.Querier) error {
	places, err := store.KnowledgePlaces(ctx, q)
	for _, p := range places {
		s.Knowledge = append(s.Knowledge, p.Place)
	}
	return err
}

// loadRetention adds to a state for how many days records are kept.
func (s *State) loadRetention(ctx context.Context, q store.Querier) (err error) {
	s.Retention, err = store.ReadRetentionDays(ctx, q)
	return err
}

// tagsOf returns the tags that can be chosen, sorted by name without regard to case and without duplicates: older databases may have
// several spellings of a tag.
func tagsOf(rows []store.Tag) []store.Tag {
	list := slices.DeleteFunc(slices.Clone(rows), func(t store.Tag) bool { return !t.Active })
	slices.SortStableFunc(list, func(a, b store.Tag) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return slices.CompactFunc(list, func(a, b store.Tag) bool { return strings.EqualFold(a.Name, b.Name) })
}
