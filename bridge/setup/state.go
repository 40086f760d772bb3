package setup

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/routing/hours"
	"parley/store"
	"parley/store/retention"
)

// state is everything that parley.yaml describes, with names instead of ids. There are two of them: the
// current one (have) and the one that the file asks for (want). Apply shows and writes the difference.
type state struct {
	company  string
	settings map[string]string          // the defaults of all accounts
	surfaces map[string]store.AccountID // by kind; 0 = to be made
	agents   []agent                    // active ones
	teams    []team
	accounts []account

	templates []template
	tags      []store.Tag // those that can be chosen
	knowledge []string    // folders and addresses, sorted

	retention retention.Days
}

type agent struct {
	id    store.AgentID // 0 = new
	email string
	name  string
	roles []string
	zone  string
	users map[string]string // by kind of surface

	presence  string // "" = available
	quiet     []string
	signature signature
}

type team struct {
	id       store.TeamID // 0 = new
	name     string
	members  []string          // e-mail addresses
	channels map[string]string // by kind of surface
	home     string            // kind of surface
	emoji    map[string]string // verbs by names
	agents   string            // store.AgentsOfChannel; "" = whom an admin lists
	weekly   string            // a cron expression; "" = never
}

type account struct {
	row      store.Account // ID 0 = new; save sets its ids of team and surface
	team     string
	surface  string // kind; "" = the team's
	settings map[string]string
	hours    hours.Plan
	config   map[string]string
	secrets  map[string]string // decrypted; nil = there was no sealer
}

func (a account) signature() signature { return signature{a.row.Signature, a.row.RichSignature} }

func (s *state) agent(email string) *agent {
	return find(s.agents, func(a agent) bool { return strings.EqualFold(a.email, email) })
}

func (s *state) team(name string) *team {
	return find(s.teams, func(t team) bool { return strings.EqualFold(t.name, name) })
}

func (s *state) account(name string) *account {
	return find(s.accounts, func(a account) bool { return strings.EqualFold(a.row.Name, name) })
}

func find[T any](list []T, is func(T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return &list[i]
	}
	return nil
}

// clone returns a copy that can be changed without changing the original.
func (s *state) clone() *state {
	c := &state{company: s.company, settings: maps.Clone(s.settings), surfaces: maps.Clone(s.surfaces), agents: slices.Clone(s.agents),
		teams: slices.Clone(s.teams), accounts: slices.Clone(s.accounts), templates: slices.Clone(s.templates), tags: slices.Clone(s.tags), knowledge: s.knowledge, retention: s.retention}
	for i := range c.agents {
		c.agents[i].users = maps.Clone(c.agents[i].users)
	}
	for i := range c.teams {
		c.teams[i].channels = maps.Clone(c.teams[i].channels)
	}
	for i := range c.accounts {
		a := &c.accounts[i]
		a.settings, a.config, a.secrets = maps.Clone(a.settings), maps.Clone(a.config), maps.Clone(a.secrets)
	}
	return c
}

// stateOf converts a directory to a state. Without a sealer, secrets are not decrypted.
func stateOf(d store.Directory, sealer *store.Sealer) (*state, error) {
	s := &state{company: d.Company, settings: map[string]string{}, surfaces: map[string]store.AccountID{}, tags: tagsOf(d.Tags)}
	if err := json.Unmarshal(d.Settings, &s.settings); err != nil {
		return nil, fmt.Errorf("setup: settings of all accounts: %w", err)
	}
	kinds := map[store.AccountID]string{}
	for _, a := range d.Accounts {
		if a.Side == store.SideSurface && slices.Contains(surfaceKinds(), a.Kind) {
			s.surfaces[a.Kind], kinds[a.ID] = a.ID, a.Kind
		}
	}
	emails := map[store.AgentID]string{}
	for _, a := range d.Agents {
		if !a.Active {
			continue
		}
		row := agent{id: a.ID, email: a.Email, name: a.Name, roles: store.SaidRoles(a.Roles), zone: a.Zone, users: map[string]string{},
			presence: a.Presence, quiet: a.Quiet, signature: signature{a.Signature, a.RichSignature}}
		for _, u := range d.Users {
			if kind := kinds[u.AccountID]; u.AgentID == a.ID && kind != "" {
				row.users[kind] = u.UserID
			}
		}
		emails[a.ID] = a.Email
		s.agents = append(s.agents, row)
	}
	names := map[store.TeamID]string{}
	for _, t := range d.Teams {
		names[t.ID] = t.Name
		s.teams = append(s.teams, teamOf(t, d.Channels, emails, kinds))
	}
	for _, row := range d.Accounts {
		if row.Side != store.SideChannel {
			continue
		}
		a, err := accountOf(row, names, kinds, sealer)
		if err != nil {
			return nil, err
		}
		s.accounts = append(s.accounts, a)
	}
	return s, nil
}

func teamOf(t store.Team, channels []store.TeamChannel, emails map[store.AgentID]string, kinds map[store.AccountID]string) team {
	row := team{id: t.ID, name: t.Name, channels: map[string]string{}, emoji: t.Emoji, agents: agentsRule(t.Agents), weekly: t.Weekly}
	for _, id := range t.Members {
		if emails[id] != "" {
			row.members = append(row.members, emails[id])
		}
	}
	for _, c := range channels {
		if kind := kinds[c.AccountID]; c.TeamID == t.ID && kind != "" {
			row.channels[kind] = c.Channel
			if c.Home {
				row.home = kind
			}
		}
	}
	return row
}

func accountOf(row store.Account, teams map[store.TeamID]string, kinds map[store.AccountID]string, sealer *store.Sealer) (account, error) {
	a := account{row: row, settings: map[string]string{}}
	a.row.Signature = strings.TrimRight(row.Signature, "\n") // as signatureSource does
	if row.TeamID != nil {
		a.team = teams[*row.TeamID]
	}
	if row.SurfaceID != nil && row.SurfaceChannel != "" {
		a.surface = kinds[*row.SurfaceID]
	}
	if len(row.Settings) > 0 {
		if err := json.Unmarshal(row.Settings, &a.settings); err != nil {
			return a, fmt.Errorf("setup: account %s: settings: %w", row.Name, err)
		}
	}
	if len(row.Hours) > 0 {
		if err := json.Unmarshal(row.Hours, &a.hours); err != nil {
			return a, fmt.Errorf("setup: account %s: hours: %w", row.Name, err)
		}
	}
	config, err := openConfig(row)
	if err != nil {
		return a, err
	}
	a.config = config
	if sealer != nil {
		a.secrets, err = openSecrets(row, sealer)
	}
	return a, err
}
