package operate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/bridge/setup"
	"parley/channels"
	"parley/store"
)

// RosterOptions of New. All are required.
type RosterOptions struct {
	Pool    *pgxpool.Pool
	Sealer  *store.Sealer
	Specs   []channels.Spec
	Surface func(kind string) bridge.Surface // returns nil for a chat that isn't connected
	Log     *slog.Logger
}

// RosterKeeper lists the members of channels and makes agents of them.
type RosterKeeper struct{ o RosterOptions }

// NewRoster makes a Keeper.
func NewRoster(o RosterOptions) *RosterKeeper { return &RosterKeeper{o} }

// Status is a person's relation to the team.
type Status string

// Statuses.
const (
	NoAgent    Status = ""            // not an agent
	InTeam     Status = "in team"     // an agent of this team
	NotLinked  Status = "not linked"  // an agent of this team who has no user in this chat yet: joining links this one
	OtherUser  Status = "other user"  // has the address of an agent with another user in this chat: joining replaces that user
	NotInTeam  Status = "not in team" // an agent, but not of this team
	TakenOut   Status = "taken out"   // an agent whom an admin has deactivated
	NoEmail    Status = "no email"    // not an agent, and can't become one: the chat doesn't reveal the address
	NotAllowed Status = "not allowed" // the chat doesn't accept anything from this person, such as a guest in Teams
)

// Person is a member of a channel.
type Person struct {
	bridge.Member
	Status  Status
	Decided bool // an admin has decided about this person before
}

// CanJoin reports whether the person can be made an agent of the team.
func (p Person) CanJoin() bool { return p.isNew() || p.Status == TakenOut || p.Status == OtherUser }

// isNew reports whether the person isn't an agent of the team yet, or isn't linked to a user of the chat yet.
func (p Person) isNew() bool {
	return p.Status == NoAgent || p.Status == NotInTeam || p.Status == NotLinked
}

// List is the members of a team's channel.
type List struct {
	Team      string // its name
	Kind      string // of the chat, such as "slack"
	Channel   string
	Confirmed bool // an admin has confirmed the members of this channel
	Follows   bool // people who join the channel later become agents automatically
	People    []Person

	teamID store.TeamID
}

// Errors of List and Confirm.
var (
	ErrNoChannel = errors.New("roster: the team has no channel in this chat")
	ErrNoChat    = errors.New("roster: the chat is not connected, or tells nobody's name")
)

// List returns the members of a team's channel in a chat, sorted by name. For users for whom skip returns true, the name and
// address may be empty in the result, which saves a request to the chat each. A nil skip skips nobody.
// Errors: ErrNoChannel, ErrNoChat, and those of the chat.
func (k *RosterKeeper) List(ctx context.Context, team, kind string, skip func(user store.SurfaceUser) bool) (List, error) {
	d, err := store.LoadDirectory(ctx, k.o.Pool)
	if err != nil {
		return List{}, err
	}

	view := viewOf(d, team, kind)
	if view.team == nil || view.channel == "" {
		return List{Team: team, Kind: kind}, ErrNoChannel
	}

	l := List{
		Team:    view.team.Name,
		Kind:    kind,
		Channel: view.channel,
		Follows: view.team.Agents == store.AgentsOfChannel,
		teamID:  view.team.ID,
	}

	surface, ok := k.o.Surface(kind).(bridge.Roster)
	if !ok {
		return l, ErrNoChat
	}

	confirmedChannel, err := store.ConfirmedChannel(ctx, k.o.Pool, l.teamID, kind)
	if err != nil {
		return l, err
	}

	l.Confirmed = confirmedChannel == l.Channel
	decided, err := store.DecidedUsers(ctx, k.o.Pool, l.teamID, kind)
	if err != nil {
		return l, err
	}

	members, err := surface.Members(ctx, l.Channel, func(user store.SurfaceUser) bool {
		if a := view.byUser[user]; a != nil && a.Active {
			return true // the name is in the directory
		}
		return skip != nil && skip(user)
	})
	if err != nil {
		return l, fmt.Errorf("roster: %w", err)
	}

	for _, m := range members {
		l.People = append(l.People, view.describe(m, decided[m.User]))
	}

	slices.SortFunc(l.People, func(a, b Person) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.User, b.User))
	})

	return l, nil
}

// teamView is the part of the directory (all accounts, teams and agents) that concerns one team in one chat.
type teamView struct {
	team    *store.Team                        // nil if there is no such team
	channel string                             // the team's channel in the chat; "" if it has none
	members map[store.AgentID]bool             // the team's agents
	hasUser map[store.AgentID]bool             // the agents who have a user in the chat
	byUser  map[store.SurfaceUser]*store.Agent // all agents, including deactivated ones, by their user id in the chat
	byEmail map[string]*store.Agent            // all agents, including deactivated ones, by lower-case address
}

// viewOf extracts the view of a team in a chat from the directory.
func viewOf(d store.Directory, team, kind string) teamView {
	surface := surfaceID(d, kind)
	v := teamView{
		members: map[store.AgentID]bool{},
		hasUser: map[store.AgentID]bool{},
		byUser:  map[store.SurfaceUser]*store.Agent{},
		byEmail: map[string]*store.Agent{},
	}
	byID := map[store.AgentID]*store.Agent{}
	for i := range d.Agents {
		a := &d.Agents[i]
		byID[a.ID] = a
		v.byEmail[channels.LowerAddress(a.Email)] = a
	}

	for _, u := range d.Users {
		if a := byID[u.AgentID]; u.AccountID == surface && a != nil {
			v.byUser[u.UserID], v.hasUser[a.ID] = a, true
		}
	}

	i := slices.IndexFunc(d.Teams, func(t store.Team) bool { return strings.EqualFold(t.Name, team) })
	if i < 0 {
		return v
	}

	v.team = &d.Teams[i]
	for _, id := range v.team.Members {
		v.members[id] = true
	}

	for _, c := range d.Channels {
		if c.TeamID == v.team.ID && c.AccountID == surface {
			v.channel = c.Channel
		}
	}

	return v
}

// surfaceID returns the account of a chat, or 0 if the chat has none.
func surfaceID(d store.Directory, kind string) store.AccountID {
	var id store.AccountID
	for _, a := range d.Accounts {
		if a.Side == store.SideSurface && a.Kind == kind {
			id = a.ID
		}
	}
	return id
}

// findAgent returns the agent for a member of the channel, or nil if there is none. linked is true if the agent was found by
// the user in the chat, and false if by the address. An active agent with the member's address takes precedence over a
// deactivated one with the member's user.
func (v teamView) findAgent(m bridge.Member) (agent *store.Agent, linked bool) {
	byUser, byEmail := v.byUser[m.User], v.byEmail[channels.LowerAddress(m.Email)]
	isReplaced := byUser != nil && !byUser.Active && byEmail != nil && byEmail.Active
	if byUser == nil || isReplaced {
		return byEmail, false
	}
	return byUser, true
}

// describe determines a member's status. An agent's name and address come from the directory.
func (v teamView) describe(m bridge.Member, decided bool) Person {
	agent, linked := v.findAgent(m)
	if linked { // so that joining reactivates this agent, even if the address in the chat has changed
		m.Name, m.Email = agent.Name, agent.Email
	}

	p := Person{Member: m, Decided: decided}
	switch {
	case m.Mute:
		p.Status = NotAllowed
	case agent == nil && m.Email == "":
		p.Status = NoEmail
	case agent == nil:
		p.Status = NoAgent
	case !agent.Active:
		p.Status = TakenOut
	case !linked && v.hasUser[agent.ID]:
		p.Status = OtherUser
	case !v.members[agent.ID]:
		p.Status = NotInTeam
	case !linked:
		p.Status = NotLinked
	default:
		p.Status = InTeam
	}

	return p
}

// Decision is an admin's decision about the listed people.
type Decision struct {
	Team, Kind string              // the team, and the kind of the chat
	Channel    string              // the channel whose members the admin saw
	Listed     []store.SurfaceUser // the users whom the admin saw; no decision is recorded about people who joined since
	Chosen     []store.SurfaceUser // the users who become agents
	Follow     bool                // people who join the channel later become agents automatically
}

// Confirm makes the chosen users agents of the team, except those who weren't listed or can't join, and returns their
// number. It records a decision about all listed users.
// Errors: ErrNoChannel, ErrNoChat, setup.ErrMissing, those of the chat, and setup.ErrStale if the team's channel isn't
// the one that the admin saw.
func (k *RosterKeeper) Confirm(ctx context.Context, by setup.Author, d Decision) (int, error) {
	notChosen := func(user store.SurfaceUser) bool { return !slices.Contains(d.Chosen, user) }
	l, err := k.List(ctx, d.Team, d.Kind, notChosen)
	if err != nil {
		return 0, err
	}
	if l.Channel != d.Channel {
		return 0, setup.ErrStale
	}

	var joining []Person
	for _, p := range l.People {
		wasListed := slices.Contains(d.Listed, p.User)
		if wasListed && slices.Contains(d.Chosen, p.User) && p.CanJoin() {
			joining = append(joining, p)
		}
	}

	rule := store.AgentsListed
	if d.Follow {
		rule = store.AgentsOfChannel
	}

	err = k.join(ctx, by, l, rule, joining, func(tx pgx.Tx) error {
		if err := store.ConfirmChannel(ctx, tx, l.teamID, l.Kind, l.Channel); err != nil {
			return err
		}
		return store.DecideUsers(ctx, tx, l.teamID, l.Kind, d.Listed)
	})
	if err != nil {
		return 0, err
	}

	return len(joining), nil
}

// keepRule is a rule for join that leaves the team's rule unchanged, and requires it to be store.AgentsOfChannel.
const keepRule = ""

// join makes people agents of the team in l, and calls record in the same transaction. rule becomes the team's rule for who
// else becomes an agent: store.AgentsListed or store.AgentsOfChannel; or keepRule.
// Errors: setup.ErrMissing, those of record, and setup.ErrStale if the team's channel or rule has changed since l was read.
func (k *RosterKeeper) join(ctx context.Context, by setup.Author, l List, rule string, people []Person,
	record func(tx pgx.Tx) error) error {
	var list []setup.Joining
	for _, p := range people {
		list = append(list, setup.Joining{Kind: l.Kind, User: p.User, Email: p.Email, Name: p.Name, Replaces: p.Status == OtherUser})
	}

	checkAndRecord := func(ctx context.Context, tx pgx.Tx) error {
		d, err := store.LoadDirectory(ctx, tx)
		if err != nil {
			return err
		}

		now := viewOf(d, l.Team, l.Kind)
		if now.team == nil || now.channel != l.Channel {
			return setup.ErrStale
		}
		if rule == keepRule && now.team.Agents != store.AgentsOfChannel {
			return setup.ErrStale
		}

		return record(tx)
	}

	result, err := setup.Join(ctx, k.o.Pool, l.Team, rule, list, setup.Options{
		Sealer: k.o.Sealer,
		Specs:  k.o.Specs,
		Author: by,
		With:   checkAndRecord,
	})
	if err != nil || len(result.Changes) > 0 {
		return err
	}

	// setup.Join runs checkAndRecord only if it changes something.
	return store.InTx(ctx, k.o.Pool, func(tx pgx.Tx) error { return checkAndRecord(ctx, tx) })
}
