package teamsfake

// AddUser adds a person to the directory and returns it with its ids.
func (s *Administrator) AddUser(u User) User {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return *s.org.PutUser(u)
}

// AddTeam adds a team with its General channel.
func (s *Administrator) AddTeam(t Team) Team {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return *s.org.PutTeam(t)
}

// AddChannel adds a channel to the team c.Team, by default the first one. If the app is installed there, it is informed.
func (s *Administrator) AddChannel(c Channel) Channel {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.org.PutChannel(c)
	s.announcer.TellChannel(ch, "channelCreated")
	return ch.Channel
}

// NameSite lets the app read the files of a channel's site with Sites.Selected.
func (s *Administrator) NameSite(channel string) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if ch := s.org.Channels[channel]; ch != nil {
		s.files.OpenSite(ch)
	}
}
