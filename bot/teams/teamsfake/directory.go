package teamsfake

import (
	"cmp"
	"slices"
)

// AddUser adds a person to the directory and returns it with its ids.
func (s *Server) AddUser(u User) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.putUser(u)
}

func (s *Server) putUser(u User) *User {
	u.ID = cmp.Or(u.ID, s.guid("user"))
	u.TenantID = cmp.Or(u.TenantID, s.opt.TenantID)
	u.Name = cmp.Or(u.Name, "Person "+hash(u.ID)[:4])
	u.TeamsID = s.teamsID(&u)
	if s.users[u.ID] == nil {
		s.userIDs = append(s.userIDs, u.ID)
	}
	s.users[u.ID] = &u
	s.note(Change{Kind: "user", User: u.ID})
	return &u
}

// AddTeam adds a team with its General channel.
func (s *Server) AddTeam(t Team) Team {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.putTeam(t)
}

func (s *Server) putTeam(t Team) *Team {
	t.ID = cmp.Or(t.ID, s.threadID("team"))
	t.GroupID = cmp.Or(t.GroupID, guidOf("group", t.ID))
	s.teams[t.ID] = &t
	s.teamIDs = append(s.teamIDs, t.ID)
	s.putChannel(Channel{ID: t.ID, Team: t.ID, Name: "General"})
	return &t
}

// AddChannel adds a channel; Team defaults to the first one. Where the app is installed, it
// is told of it.
func (s *Server) AddChannel(c Channel) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.putChannel(c)
	s.tellChannel(ch, "channelCreated")
	return ch.Channel
}

func (s *Server) putChannel(c Channel) *channel {
	c.ID = cmp.Or(c.ID, s.threadID("channel"))
	if c.Team == "" && len(s.teamIDs) == 0 {
		s.putTeam(Team{Name: "Support"})
	}
	if c.Team == "" {
		c.Team = s.teamIDs[0]
	}
	c.Kind = cmp.Or(c.Kind, KindStandard)
	ch := newChannel(c, "")
	if s.channels[c.ID] == nil {
		s.channelIDs = append(s.channelIDs, c.ID)
	}
	s.channels[c.ID] = ch
	s.note(Change{Kind: "channel", Channel: c.ID})
	return ch
}

// Users lists the directory in order of joining.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []User{}
	for _, id := range s.userIDs {
		out = append(out, *s.users[id])
	}
	return out
}

// User returns a person; ok is false for an unknown id.
func (s *Server) User(id string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users[id]; u != nil {
		return *u, true
	}
	return User{}, false
}

// Teams lists the teams.
func (s *Server) Teams() []Team {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Team{}
	for _, id := range s.teamIDs {
		out = append(out, *s.teams[id])
	}
	return out
}

// Channels lists the channels of all teams, General first, without personal chats.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Channel{}
	for _, id := range s.channelIDs {
		if ch := s.channels[id]; ch.person == "" {
			out = append(out, ch.Channel)
		}
	}
	return out
}

// person finds somebody by Entra object id or 29: id. Caller holds s.mu.
func (s *Server) person(id string) *User {
	if u := s.users[id]; u != nil {
		return u
	}
	for _, u := range s.users {
		if u.TeamsID == id {
			return u
		}
	}
	return nil
}

// memberIDs lists who is in a channel, in order of joining. Caller holds s.mu.
func (s *Server) memberIDs(ch *channel) []string {
	if ch.person != "" {
		return []string{ch.person}
	}
	only := s.teams[ch.Team].Members
	if ch.Kind != KindStandard {
		only = ch.Members
	}
	return slices.DeleteFunc(slices.Clone(s.userIDs), func(id string) bool {
		return s.users[id].Bot || only != nil && !slices.Contains(only, id)
	})
}

func (s *Server) isMember(ch *channel, user string) bool {
	return slices.Contains(s.memberIDs(ch), user)
}

// reachable tells whether the bot may act in a channel. Caller holds s.mu.
func (s *Server) reachable(ch *channel) bool {
	if ch.person != "" {
		return s.knows(ch.person)
	}
	return s.teams[ch.Team].Installed && !ch.Deleted && (ch.Kind == KindStandard || ch.Added)
}

// knows tells whether the app is installed for a person: in a team of theirs.
func (s *Server) knows(user string) bool {
	u := s.users[user]
	if u == nil || u.Bot {
		return false
	}
	for _, t := range s.teams {
		if t.Installed && (t.Members == nil || slices.Contains(t.Members, user)) {
			return true
		}
	}
	return false
}

// personal returns the chat between the bot and a person. Caller holds s.mu.
func (s *Server) personal(user string) *channel {
	id := s.personalID(user)
	if s.channels[id] == nil {
		s.channels[id] = newChannel(Channel{ID: id, Kind: "personal"}, user)
		s.channelIDs = append(s.channelIDs, id)
	}
	return s.channels[id]
}

// Block makes a person block the bot, or not any more.
func (s *Server) Block(user string, blocked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocked[user] = blocked
}
