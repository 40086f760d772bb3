package teamsfake

// The methods of this file read the emulated organisation: its people, teams, channels and files. They return copies.

// Users lists the people in the order in which they joined.
func (s *Server) Users() []User {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	users := []User{}
	for _, id := range s.org.UserIDs {
		users = append(users, *s.org.Users[id])
	}
	return users
}

// User returns a person by Entra object id. ok is false if there is no such person.
func (s *Server) User(id string) (user User, ok bool) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if u := s.org.Users[id]; u != nil {
		return *u, true
	}
	return User{}, false
}

// Teams lists the teams in the order in which they were made.
func (s *Server) Teams() []Team {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	teams := []Team{}
	for _, id := range s.org.TeamIDs {
		teams = append(teams, *s.org.Teams[id])
	}
	return teams
}

// Channels lists the channels of all teams, each team's General first. It doesn't include personal chats.
func (s *Server) Channels() []Channel {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	channels := []Channel{}
	for _, id := range s.org.ChannelIDs {
		room := s.org.Channels[id]
		isPersonal := room.Person != ""
		if !isPersonal {
			channels = append(channels, room.Channel)
		}
	}
	return channels
}

// File returns a file by its id, or nil. Its Data must not be changed.
func (s *Server) File(id string) *File {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	file := s.files.ByID[id]
	if file == nil {
		return nil
	}
	copied := *file
	return &copied
}

// Files lists all files and pictures in no particular order. Their Data must not be changed.
func (s *Server) Files() []*File {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	files := []*File{}
	for _, file := range s.files.ByID {
		copied := *file
		files = append(files, &copied)
	}
	return files
}
