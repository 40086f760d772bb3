package teamsfake

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"parley/bot/teams/teamsfake/client"
)

// organisation is the people, teams and channels, and who may see what. Guarded by the lock.
type organisation struct {
	*ground
	users      map[string]*User
	userIDs    []string // in order of joining
	teams      map[string]*Team
	teamIDs    []string
	channels   map[string]*channel
	channelIDs []string
	blocked    map[string]bool // people who blocked the bot
}

// reset forgets everybody. Caller holds the lock.
func (o *organisation) reset() {
	o.users, o.teams, o.channels, o.blocked = map[string]*User{}, map[string]*Team{}, map[string]*channel{}, map[string]bool{}
	o.userIDs, o.teamIDs, o.channelIDs = nil, nil, nil
}

// channel is a channel or a personal chat with its messages. Guarded by the lock.
type channel struct {
	Channel
	person   string     // of a personal chat
	messages []*Message // by id
	byID     map[string]*Message
	threads  map[string][]*Message // by root, which is the first; none in a personal chat
}

func newChannel(c Channel, person string) *channel {
	return &channel{Channel: c, person: person, byID: map[string]*Message{}, threads: map[string][]*Message{}}
}

// begins tells whether a thread begins with this message: what one person sees has no replies.
func (ch *channel) begins(id string) bool {
	m := ch.byID[id]
	return m != nil && m.Root == id && m.Targeted == ""
}

// AddUser adds a person to the directory and returns it with its ids.
func (s *Administrator) AddUser(u User) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.org.putUser(u)
}

func (o *organisation) putUser(u User) *User {
	u.ID = cmp.Or(u.ID, o.guid("user"))
	u.TenantID = cmp.Or(u.TenantID, o.opt.TenantID)
	u.Name = cmp.Or(u.Name, "Person "+hash(u.ID)[:4])
	u.TeamsID = o.opt.teamsID(&u)
	if o.users[u.ID] == nil {
		o.userIDs = append(o.userIDs, u.ID)
	}
	o.users[u.ID] = &u
	o.note(Change{Kind: "user", User: u.ID})
	return &u
}

// AddTeam adds a team with its General channel.
func (s *Administrator) AddTeam(t Team) Team {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.org.putTeam(t)
}

func (o *organisation) putTeam(t Team) *Team {
	t.ID = cmp.Or(t.ID, o.threadID("team"))
	t.GroupID = cmp.Or(t.GroupID, guidOf("group", t.ID))
	o.teams[t.ID] = &t
	o.teamIDs = append(o.teamIDs, t.ID)
	o.putChannel(Channel{ID: t.ID, Team: t.ID, Name: "General"})
	return &t
}

// AddChannel adds a channel; Team defaults to the first one. Where the app is installed, it
// is told of it.
func (s *Administrator) AddChannel(c Channel) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.org.putChannel(c)
	s.announcer.tellChannel(ch, "channelCreated")
	return ch.Channel
}

func (o *organisation) putChannel(c Channel) *channel {
	c.ID = cmp.Or(c.ID, o.threadID("channel"))
	if c.Team == "" && len(o.teamIDs) == 0 {
		o.putTeam(Team{Name: "Support"})
	}
	if c.Team == "" {
		c.Team = o.teamIDs[0]
	}
	c.Kind = cmp.Or(c.Kind, KindStandard)
	ch := newChannel(c, "")
	if o.channels[c.ID] == nil {
		o.channelIDs = append(o.channelIDs, c.ID)
	}
	o.channels[c.ID] = ch
	o.note(Change{Kind: "channel", Channel: c.ID})
	return ch
}

// Users lists the directory in order of joining.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []User{}
	for _, id := range s.org.userIDs {
		out = append(out, *s.org.users[id])
	}
	return out
}

// User returns a person; ok is false for an unknown id.
func (s *Server) User(id string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.org.users[id]; u != nil {
		return *u, true
	}
	return User{}, false
}

// Teams lists the teams.
func (s *Server) Teams() []Team {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Team{}
	for _, id := range s.org.teamIDs {
		out = append(out, *s.org.teams[id])
	}
	return out
}

// Channels lists the channels of all teams, General first, without personal chats.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Channel{}
	for _, id := range s.org.channelIDs {
		if ch := s.org.channels[id]; ch.person == "" {
			out = append(out, ch.Channel)
		}
	}
	return out
}

// person finds somebody by Entra object id or 29: id. Caller holds the lock.
func (o *organisation) person(id string) *User {
	if u := o.users[id]; u != nil {
		return u
	}
	for _, u := range o.users {
		if u.TeamsID == id {
			return u
		}
	}
	return nil
}

// isPerson tells whether an id is somebody's. Caller holds the lock.
func (o *organisation) isPerson(id string) bool { return o.person(id) != nil }

// memberIDs lists who is in a channel, in order of joining. Caller holds the lock.
func (o *organisation) memberIDs(ch *channel) []string {
	if ch.person != "" {
		return []string{ch.person}
	}
	only := o.teams[ch.Team].Members
	if ch.Kind != KindStandard {
		only = ch.Members
	}
	return slices.DeleteFunc(slices.Clone(o.userIDs), func(id string) bool {
		return o.users[id].Bot || only != nil && !slices.Contains(only, id)
	})
}

func (o *organisation) isMember(ch *channel, user string) bool {
	return slices.Contains(o.memberIDs(ch), user)
}

// cardFaults says what clients would not show of a card in a channel or chat, nil = anywhere.
// Caller holds the lock.
func (o *organisation) cardFaults(card json.RawMessage, ch *channel) []string {
	return client.CardFaults(card, func(id string) bool { return o.mentionable(ch, id) })
}

// dialogFaults is cardFaults for a card in a dialog.
func (o *organisation) dialogFaults(card json.RawMessage, ch *channel) []string {
	return client.DialogFaults(card, func(id string) bool { return o.mentionable(ch, id) })
}

// mentionable tells whether a card in a channel or chat, nil = anywhere, may mention somebody by a
// 29: id, an Entra object id or a user principal name. Caller holds the lock.
func (o *organisation) mentionable(ch *channel, id string) bool {
	u := o.person(id)
	if u == nil {
		for _, x := range o.users {
			if x.Email != "" && strings.EqualFold(x.Email, id) {
				u = x
			}
		}
	}
	return u != nil && (ch == nil || o.isMember(ch, u.ID))
}

// reachable tells whether the bot may act in a channel. Caller holds the lock.
func (o *organisation) reachable(ch *channel) bool {
	if ch.person != "" {
		return o.knows(ch.person)
	}
	return o.teams[ch.Team].Installed && !ch.Deleted && (ch.Kind == KindStandard || ch.Added)
}

// knows tells whether the app is installed for a person: in a team of theirs.
func (o *organisation) knows(user string) bool {
	u := o.users[user]
	if u == nil || u.Bot {
		return false
	}
	for _, t := range o.teams {
		if t.Installed && (t.Members == nil || slices.Contains(t.Members, user)) {
			return true
		}
	}
	return false
}

// personal returns the chat between the bot and a person. Caller holds the lock.
func (o *organisation) personal(user string) *channel {
	id := o.opt.personalID(user)
	if o.channels[id] == nil {
		o.channels[id] = newChannel(Channel{ID: id, Kind: "personal"}, user)
		o.channelIDs = append(o.channelIDs, id)
	}
	return o.channels[id]
}

// Block makes a person block the bot, or not any more.
func (s *Administrator) Block(user string, blocked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.org.blocked[user] = blocked
}
