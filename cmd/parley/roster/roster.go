// Package roster makes the members of a team's channel its agents: an admin confirms them once, and where the team is
// set up so, whoever comes into the channel later becomes an agent without being asked about.
//
// What does not belong here: who is in a channel (bridge.Roster), and what agents are (bridge/setup).
package roster

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
	"parley/store/roster"
)

// Options of New. All are required.
type Options struct {
	Pool    *pgxpool.Pool
	Sealer  *store.Sealer
	Specs   []channels.Spec
	Surface func(kind string) bridge.Surface // nil where the chat isn't connected
	Log     *slog.Logger
}

// Keeper knows the channels' members.
type Keeper struct{ o Options }

// New makes a Keeper.
func New(o Options) *Keeper { return &Keeper{o} }

// Standing says what somebody is to the team.
type Standing string

// Standings.
const (
	Unknown   Standing = ""          // nothing yet
	InTeam    Standing = "in team"   // an agent, and a member of the team
	Colleague Standing = "colleague" // an agent, and no member
	TakenOut  Standing = "taken out" // an agent who was taken out
	Nameless  Standing = "nameless"  // the chat doesn't tell the address
	Barred    Standing = "barred"    // can't be an agent in this chat
)

// Person is a member of a channel.
type Person struct {
	bridge.Member
	Standing Standing
	Decided  bool // an admin has decided about this person before
}

// May says whether the person can be chosen.
func (p Person) May() bool {
	return p.Standing == Unknown || p.Standing == Colleague || p.Standing == TakenOut
}

// List is who is in a team's channel.
type List struct {
	Team      string
	Kind      string // of the chat
	Channel   string
	Confirmed bool // an admin has confirmed this channel once
	Follows   bool // whoever comes later becomes an agent, too
	People    []Person

	id store.TeamID
}

// Errors of Look and Confirm.
var (
	ErrNoChannel = errors.New("roster: the team has no channel in this chat")
	ErrNoChat    = errors.New("roster: the chat is not connected, or tells nobody's name")
)

// Look lists the members of a team's channel in a chat, by name. Members about whom known is true are not asked about
// and have no name; nil = all are.
// Errors: ErrNoChannel, ErrNoChat; the chat's.
func (k *Keeper) Look(ctx context.Context, team, kind string, known func(user string) bool) (List, error) {
	d, err := store.LoadDirectory(ctx, k.o.Pool)
	if err != nil {
		return List{}, err
	}
	l := List{Team: team, Kind: kind}
	people := peopleOf(d, team, kind)
	if people.team == nil || people.channel == "" {
		return l, ErrNoChannel
	}
	l.Team, l.id, l.Channel, l.Follows = people.team.Name, people.team.ID, people.channel, people.team.Agents == store.AgentsOfChannel
	surface, ok := k.o.Surface(kind).(bridge.Roster)
	if !ok {
		return l, ErrNoChat
	}
	confirmed, err := roster.Confirmed(ctx, k.o.Pool, l.id, kind)
	if err != nil {
		return l, err
	}
	l.Confirmed = confirmed == l.Channel
	decided, err := roster.Decided(ctx, k.o.Pool, l.id, kind)
	if err != nil {
		return l, err
	}
	members, err := surface.Members(ctx, l.Channel, func(user string) bool {
		return people.users[user] != nil || known != nil && known(user)
	})
	if err != nil {
		return l, fmt.Errorf("roster: %w", err)
	}
	for _, m := range members {
		l.People = append(l.People, people.stand(Person{Member: m, Decided: decided[m.User]}))
	}
	slices.SortFunc(l.People, func(a, b Person) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.User, b.User))
	})
	return l, nil
}

// known are the agents, as they concern one team and one chat.
type known struct {
	team    *store.Team
	channel string
	users   map[string]*store.Agent // by their user in the chat
	emails  map[string]*store.Agent // in small letters
	members map[store.AgentID]bool
}

func peopleOf(d store.Directory, team, kind string) known {
	p := known{users: map[string]*store.Agent{}, emails: map[string]*store.Agent{}, members: map[store.AgentID]bool{}}
	var surface store.AccountID
	for _, a := range d.Accounts {
		if a.Side == store.SideSurface && a.Kind == kind {
			surface = a.ID
		}
	}
	byID := map[store.AgentID]*store.Agent{}
	for i := range d.Agents {
		a := &d.Agents[i]
		byID[a.ID], p.emails[strings.ToLower(a.Email)] = a, a
	}
	for _, u := range d.Users {
		if a := byID[u.AgentID]; u.AccountID == surface && a != nil && a.Active {
			p.users[u.UserID] = a
		}
	}
	for i := range d.Teams {
		if strings.EqualFold(d.Teams[i].Name, team) {
			p.team = &d.Teams[i]
		}
	}
	if p.team == nil {
		return p
	}
	for _, id := range p.team.Members {
		p.members[id] = true
	}
	for _, c := range d.Channels {
		if c.TeamID == p.team.ID && c.AccountID == surface {
			p.channel = c.Channel
		}
	}
	return p
}

// stand finds out what somebody is to the team.
func (k known) stand(p Person) Person {
	a := k.users[p.User]
	if a == nil {
		a = k.emails[strings.ToLower(p.Email)]
	} else {
		p.Name, p.Email = a.Name, a.Email
	}
	switch {
	case p.Mute:
		p.Standing = Barred
	case a != nil && !a.Active:
		p.Standing = TakenOut
	case a != nil && k.members[a.ID] && k.users[p.User] != nil:
		p.Standing = InTeam
	case a != nil:
		p.Standing = Colleague
	case p.Email == "":
		p.Standing = Nameless
	}
	return p
}

// Confirm makes the chosen ones of those who were listed agents of the team, and keeps in mind that an admin decided
// about all who were listed. follow says whether whoever comes later becomes an agent, too. It gives how many joined.
// Errors: ErrNoChannel, ErrNoChat, setup.ErrMissing; the chat's.
func (k *Keeper) Confirm(ctx context.Context, by setup.Author, team, kind string, listed, chosen []string, follow bool) (int, error) {
	l, err := k.Look(ctx, team, kind, func(user string) bool { return !slices.Contains(chosen, user) })
	if err != nil {
		return 0, err
	}
	var joining []Person
	for _, p := range l.People {
		if slices.Contains(listed, p.User) && slices.Contains(chosen, p.User) && p.May() {
			joining = append(joining, p)
		}
	}
	rule := store.AgentsListed
	if follow {
		rule = store.AgentsOfChannel
	}
	if err := k.join(ctx, by, l, rule, joining); err != nil {
		return 0, err
	}
	return len(joining), store.InTx(ctx, k.o.Pool, func(tx pgx.Tx) error {
		if err := roster.Confirm(ctx, tx, l.id, l.Kind, l.Channel); err != nil {
			return err
		}
		return roster.Decide(ctx, tx, l.id, l.Kind, listed)
	})
}

func (k *Keeper) join(ctx context.Context, by setup.Author, l List, rule string, people []Person) error {
	var list []setup.Joining
	for _, p := range people {
		list = append(list, setup.Joining{Kind: l.Kind, User: p.User, Email: p.Email, Name: p.Name})
	}
	_, err := setup.Join(ctx, k.o.Pool, l.Team, rule, list, setup.Options{Sealer: k.o.Sealer, Specs: k.o.Specs, Author: by})
	return err
}
