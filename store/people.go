package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/store/internal/query"
)

// The directory is the configuration that admins write in parley.yaml or on Parley's web pages: the people who answer
// customers (agents), their teams, the chat channels in which a team's threads open, and the tags of conversations. A
// surface is a chat in which agents work, such as a Slack workspace.

// Agent is a person who answers customers.
type Agent struct {
	ID     AgentID  `db:"id" json:"id"`
	Email  string   `db:"email" json:"email"`
	Name   string   `db:"name" json:"name"`
	Roles  []string `db:"roles" json:"roles"`
	Zone   string   `db:"zone" json:"zone"` // IANA time zone; empty means the server's
	Active bool     `db:"active" json:"active"`

	Presence      string     `db:"presence" json:"presence"`             // empty means available
	PresenceUntil *time.Time `db:"presence_until" json:"presence_until"` // when the agent is available again; nil means unknown
	Cover         *AgentID   `db:"cover" json:"cover"`                   // who gets what customers wait for meanwhile, if anybody
	Quiet         []string   `db:"quiet" json:"quiet"`                   // kinds of notices that don't @-mention the agent

	Routing json.RawMessage `db:"routing" json:"routing"` // how rules give conversations to the agent: a routing.Work

	Signature     string         `db:"signature" json:"signature"`           // Markdown; empty means the account's signature
	RichSignature *RichSignature `db:"rich_signature" json:"rich_signature"` // nil if the signature is plain Markdown
}

// AgentUser maps a user of a surface, such as U012AB3CD in Slack, to an agent.
type AgentUser struct {
	AccountID AccountID   `db:"account_id"`
	UserID    SurfaceUser `db:"user_id"`
	AgentID   AgentID     `db:"agent_id"`
}

// Team is a group of agents who answer for the accounts and conversations that belong to it.
type Team struct {
	ID      TeamID    `db:"id"`
	Name    string    `db:"name"`
	Members []AgentID `db:"members"`

	Emoji  map[string]string `db:"emoji"`  // commands by emoji name, in addition to the default ones
	Agents string            `db:"agents"` // AgentsListed or AgentsOfChannel; empty means AgentsListed
	Board  bool              `db:"board"`  // a message in each of its channels shows what presses there
}

// Values of Team.Agents: who becomes a member of a team.
const (
	AgentsListed    = "listed"          // only people whom an admin lists
	AgentsOfChannel = "channel_members" // also each new member of the team's channel, once an admin has confirmed its current members
)

// TeamChannel is the channel of a surface in which the threads of a team's conversations open.
type TeamChannel struct {
	TeamID    TeamID    `db:"team_id"`
	AccountID AccountID `db:"account_id"`
	Channel   string    `db:"channel"`
	Home      bool      `db:"home"` // new threads open in this one, if the team has channels in several surfaces
}

// Tag is a label for conversations.
type Tag struct {
	Name        string   `db:"name" json:"name"`
	Color       string   `db:"color" json:"color"` // #rrggbb
	Description string   `db:"description" json:"description"`
	Category    string   `db:"category" json:"category"` // topic, issue, priority, workflow or segment; empty if none
	Kind        TagKind  `db:"kind" json:"kind"`
	Formerly    []string `db:"formerly" json:"formerly"` // former names, which conversations may still have
	Active      bool     `db:"active" json:"active"`     // whether it can be chosen
}

// TagKind is the way in which a tag is shown.
type TagKind string

// Kinds of tags.
const (
	TagPlain TagKind = "tag"
	TagLabel TagKind = "label" // highlights its conversations in lists
)

// ChannelMove records that a surface has changed the id of a channel. Package channelmove then updates all rows.
type ChannelMove struct {
	AccountID AccountID `db:"account_id"`
	Former    string    `db:"former"`
	Current   string    `db:"current"`
	BeganAt   time.Time `db:"began_at"`
}

// Directory is the whole configuration. It changes rarely, so each process caches it, and polls only the version in the
// database. If that has changed, the process loads the directory again.
type Directory struct {
	Version  int64
	Company  string
	Settings json.RawMessage // default settings of all accounts, a JSON object

	Automations json.RawMessage // a JSON array of routing.Automation
	OwnRoles    []Role
	Canned      []Canned // for all
	Agents      []Agent
	Users       []AgentUser
	Teams       []Team
	Channels    []TeamChannel
	Accounts    []Account
	Moves       []ChannelMove
	Tags        []Tag
}

const setAutomations = `UPDATE settings SET automations = $1`

// SetAutomations stores what happens by itself. The caller bumps the settings.
func SetAutomations(ctx context.Context, q Execer, automations json.RawMessage) error {
	return query.Exec(ctx, q, "automations", setAutomations, automations)
}

const setOwnRoles = `UPDATE settings SET roles = $1`

// SetOwnRoles stores the company's own roles. The caller bumps the settings.
func SetOwnRoles(ctx context.Context, q Execer, roles []Role) error {
	return query.Exec(ctx, q, "roles", setOwnRoles, orEmpty(roles))
}

const settingsVersion = `SELECT version, company FROM settings`

// SettingsVersion returns the current version of the directory and the company's name.
func SettingsVersion(ctx context.Context, q Querier) (version int64, company string, err error) {
	if err := q.QueryRow(ctx, settingsVersion).Scan(&version, &company); err != nil {
		return 0, "", fmt.Errorf("store: settings: %w", err)
	}
	return version, company, nil
}

const bumpSettings = `UPDATE settings SET version = version + 1`

// BumpSettings increments the version of the directory, so that all processes load it again.
func BumpSettings(ctx context.Context, q Execer) error {
	return query.Exec(ctx, q, "settings", bumpSettings)
}

const setCompany = `UPDATE settings SET company = $1`

// SetCompany sets the company's name.
func SetCompany(ctx context.Context, q Querier, name string) error {
	return query.Exec(ctx, q, "company", setCompany, name)
}

const accountSettings = `SELECT account_settings, automations, roles, canned FROM settings`
const setAccountSettings = `UPDATE settings SET account_settings = $1`

// SetAccountSettings sets Directory.Settings.
func SetAccountSettings(ctx context.Context, q Querier, settings json.RawMessage) error {
	return query.Exec(ctx, q, "account settings", setAccountSettings, settings)
}

const (
	listAgents = `SELECT id, email, name, roles, zone, active, presence, presence_until, cover, quiet, routing, signature, rich_signature
		FROM agents ORDER BY id`
	listAgentUsers   = `SELECT account_id, user_id, agent_id FROM agent_users`
	listTeams        = `SELECT id, name, members, emoji, agents, board FROM teams ORDER BY id`
	listTeamChannels = `SELECT team_id, account_id, channel, home FROM team_channels`
	listChannelMoves = `SELECT account_id, former, current, began_at FROM channel_moves`
)

// LoadDirectory reads the directory. It reads the version first: if the directory changes while it reads the rest, the next
// poll finds a newer version, and the directory is loaded again.
func LoadDirectory(ctx context.Context, q Querier) (Directory, error) {
	var d Directory
	var err error
	if d.Version, d.Company, err = SettingsVersion(ctx, q); err != nil {
		return d, err
	}
	if err = q.QueryRow(ctx, accountSettings).Scan(&d.Settings, &d.Automations, &d.OwnRoles, &d.Canned); err != nil {
		return d, fmt.Errorf("store: account settings: %w", err)
	}
	if d.Agents, err = query.Collect[Agent](ctx, q, "agents", listAgents); err != nil {
		return d, err
	}
	if d.Users, err = query.Collect[AgentUser](ctx, q, "agent users", listAgentUsers); err != nil {
		return d, err
	}
	if d.Teams, err = query.Collect[Team](ctx, q, "teams", listTeams); err != nil {
		return d, err
	}
	if d.Channels, err = query.Collect[TeamChannel](ctx, q, "team channels", listTeamChannels); err != nil {
		return d, err
	}
	if d.Accounts, err = ListAccounts(ctx, q); err != nil {
		return d, err
	}
	if d.Moves, err = query.Collect[ChannelMove](ctx, q, "channel moves", listChannelMoves); err != nil {
		return d, err
	}

	d.Tags, err = ListTags(ctx, q)
	return d, err
}

const saveAgent = `
	INSERT INTO agents (email, name, roles, zone, signature, rich_signature, presence, quiet, routing)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
	ON CONFLICT (email) DO UPDATE
	SET name = EXCLUDED.name, roles = EXCLUDED.roles, zone = EXCLUDED.zone, signature = EXCLUDED.signature,
		rich_signature = EXCLUDED.rich_signature, presence = EXCLUDED.presence, quiet = EXCLUDED.quiet,
		routing = EXCLUDED.routing, active = true,
		presence_at = CASE WHEN agents.presence = EXCLUDED.presence THEN agents.presence_at ELSE (SELECT parley_now()) END,
		presence_until = CASE WHEN agents.presence = EXCLUDED.presence THEN agents.presence_until END,
		cover = CASE WHEN agents.presence = EXCLUDED.presence THEN agents.cover END
	RETURNING id`

// SaveAgent creates or updates the agent with this e-mail address and returns the id. A retired agent becomes active again.
func SaveAgent(ctx context.Context, q Querier, a Agent) (AgentID, error) {
	return query.Value[AgentID](ctx, q, "save agent", saveAgent,
		a.Email, a.Name, orEmpty(a.Roles), a.Zone, a.Signature, a.RichSignature, a.Presence, orEmpty(a.Quiet), orObject(a.Routing))
}

const saveAgentUser = `
	WITH old AS (DELETE FROM agent_users WHERE account_id = $1 AND agent_id = $3 AND user_id <> $2)
	INSERT INTO agent_users (account_id, user_id, agent_id)
	VALUES ($1, $2, $3)
	ON CONFLICT (account_id, user_id) DO UPDATE SET agent_id = EXCLUDED.agent_id`

// SaveAgentUser maps a user of a surface to an agent. It replaces the agent's former user in that surface.
func SaveAgentUser(ctx context.Context, q Querier, u AgentUser) error {
	return query.Exec(ctx, q, "save agent user", saveAgentUser, u.AccountID, u.UserID, u.AgentID)
}

// retireAgent reads the clock in subselects, so that PostgreSQL does it once for all rows of a table.
const retireAgent = `
	WITH tokens AS (UPDATE api_tokens SET revoked_at = (SELECT clock_timestamp()) WHERE agent_id = $1 AND revoked_at IS NULL),
		links AS (UPDATE site_links SET used_at = (SELECT clock_timestamp()) WHERE agent_id = $1 AND used_at IS NULL),
		sign_outs AS (INSERT INTO site_sign_outs (agent_id, at) SELECT id, (SELECT clock_timestamp()) FROM agents WHERE id = $1
			ON CONFLICT (agent_id) DO UPDATE SET at = EXCLUDED.at)
	UPDATE agents SET active = false WHERE id = $1`

// RetireAgent makes an agent inactive. The agent can't be chosen any more, but stays in the history. It also invalidates the
// agent's sessions, sign-in links and API tokens for good, even if the agent becomes active again.
func RetireAgent(ctx context.Context, q Querier, id AgentID) error {
	return query.Exec(ctx, q, "retire agent", retireAgent, id)
}

const saveTeam = `
	INSERT INTO teams (name, members, emoji, agents, board)
	VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (name) DO UPDATE
	SET members = EXCLUDED.members, emoji = EXCLUDED.emoji, agents = EXCLUDED.agents, board = EXCLUDED.board
	RETURNING id`

// SaveTeam creates or updates the team with this name and returns its id.
func SaveTeam(ctx context.Context, q Querier, t Team) (TeamID, error) {
	emoji := t.Emoji
	if emoji == nil {
		emoji = map[string]string{} // nil would become NULL, which the column doesn't allow
	}
	return query.Value[TeamID](ctx, q, "save team", saveTeam, t.Name, orEmpty(t.Members), emoji, cmp.Or(t.Agents, AgentsListed), t.Board)
}

const saveTeamChannel = `
	INSERT INTO team_channels (team_id, account_id, channel, home)
	VALUES ($1, $2, $3, $4)
	ON CONFLICT (team_id, account_id) DO UPDATE SET channel = EXCLUDED.channel, home = EXCLUDED.home`

// SaveTeamChannel sets the channel of a surface in which a team's threads open.
func SaveTeamChannel(ctx context.Context, q Querier, c TeamChannel) error {
	return query.Exec(ctx, q, "save team channel", saveTeamChannel, c.TeamID, c.AccountID, c.Channel, c.Home)
}

const listTags = `SELECT name, color, description, category, kind, formerly, active FROM tags ORDER BY name`

// ListTags returns all tags ordered by name, including inactive ones.
func ListTags(ctx context.Context, q Querier) ([]Tag, error) {
	return query.Collect[Tag](ctx, q, "tags", listTags)
}
