package teamsfake

import (
	"parley/bot/teams/teamsfake/tenant"
)

// Users lists the directory in order of joining.
func (s *Server) Users() []tenant.User {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	out := []tenant.User{}
	for _, id := range s.org.UserIDs {
		out = append(out, *s.org.Users[id])
	}
	return out
}

// User returns a person; ok is false for an unknown id.
func (s *Server) User(id string) (tenant.User, bool) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if u := s.org.Users[id]; u != nil {
		return *u, true
	}
	return tenant.User{}, false
}

// Teams lists the teams.
func (s *Server) Teams() []tenant.Team {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	out := []tenant.Team{}
	for _, id := range s.org.TeamIDs {
		out = append(out, *s.org.Teams[id])
	}
	return out
}

// Channels lists the channels of all teams, General first, without personal chats.
func (s *Server) Channels() []tenant.Channel {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	out := []tenant.Channel{}
	for _, id := range s.org.ChannelIDs {
		if ch := s.org.Channels[id]; ch.Person == "" {
			out = append(out, ch.Channel)
		}
	}
	return out
}

// File returns a file by its id, or nil. The bytes are in Data.
func (s *Server) File(id string) *tenant.File {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if f := s.files.ByID[id]; f != nil {
		c := *f
		return &c
	}
	return nil
}

// Files lists all files and pictures, in no order.
func (s *Server) Files() []*tenant.File {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	out := []*tenant.File{}
	for _, f := range s.files.ByID {
		c := *f
		out = append(out, &c)
	}
	return out
}
