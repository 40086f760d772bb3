package slackfake

import (
	"maps"
	"slices"
)

// Tests use the methods in this file to inspect the emulated workspace: its channels, messages, threads and
// views. The methods return copies and are safe for concurrent use.

// Channels returns all channels, including private and direct ones.
func (s *Server) Channels() []Channel {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []Channel
	for _, id := range s.rooms.chanIDs {
		out = append(out, s.rooms.channels[id].cloneChannel())
	}
	return out
}

// DM returns the id of the direct channel between a person and the bot, opening it if necessary.
func (s *Server) DM(user string) string {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return s.rooms.dmWith(user).ID
}

// Users returns all users, including bots, in the order in which they joined.
func (s *Server) Users() []User {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []User
	for _, id := range s.people.userIDs {
		out = append(out, *s.people.users[id])
	}
	return out
}

// Thread returns the root of a thread followed by its replies, oldest first, or nil if the root is unknown.
func (s *Server) Thread(channel, ts string) []*Message {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	if ch == nil || ch.byTS[ts] == nil {
		return nil
	}
	out := []*Message{ch.byTS[ts].Clone()}
	if t := ch.threads[ts]; t != nil {
		for _, m := range t.replies {
			out = append(out, m.Clone())
		}
	}
	return out
}

// Messages returns the top-level messages of a channel, including broadcast replies, oldest first.
func (s *Server) Messages(channel string) []*Message {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	if ch == nil {
		return nil
	}
	var out []*Message
	for _, m := range ch.messages {
		out = append(out, m.Clone())
	}
	return out
}

// Message returns a message, or nil if it is unknown.
func (s *Server) Message(channel, ts string) *Message {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	if ch == nil || ch.byTS[ts] == nil {
		return nil
	}
	return ch.byTS[ts].Clone()
}

// Ephemerals returns the messages that only this user sees, oldest first. If user is "", it returns those of
// all users.
func (s *Server) Ephemerals(user string) []Ephemeral {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []Ephemeral
	for _, e := range s.clicks.ephs {
		isVisible := user == "" || e.User == user
		if isVisible && !e.Deleted {
			out = append(out, *e)
		}
	}
	return slices.Clip(out)
}

// File returns a file with its data and shares, or nil if it is unknown.
func (s *Server) File(id string) *File {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	f := s.files.files[id]
	if f == nil {
		return nil
	}

	file := *f
	file.Shares = map[string]map[string][]*Share{}
	for visibility, byChannel := range f.Shares {
		file.Shares[visibility] = map[string][]*Share{}
		for channel, shares := range byChannel {
			for _, share := range shares {
				clone := *share
				file.Shares[visibility][channel] = append(file.Shares[visibility][channel], &clone)
			}
		}
	}

	return &file
}

// Followers returns the ids of the users who follow a thread, sorted.
func (s *Server) Followers(channel, thread string) []string {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	if ch == nil || ch.threads[thread] == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(ch.threads[thread].followers))
}

// Views returns the open modals of a user, the top one last.
func (s *Server) Views(user string) []*View {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []*View
	for _, id := range s.screens.Stacks[user] {
		out = append(out, s.screens.Views[id].Clone())
	}
	return out
}

// Home returns the home tab of a user, or nil if the app hasn't published one.
func (s *Server) Home(user string) *View {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if v := s.screens.Homes[user]; v != nil {
		return v.Clone()
	}
	return nil
}

// Calls returns the recorded calls of a Web API method, oldest first. If method is "", it returns the calls
// of all methods. At least the latest 20,000 calls are recorded.
func (s *Server) Calls(method string) []Call {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []Call
	for _, c := range s.api.calls {
		if method == "" || c.Method == method {
			out = append(out, c)
		}
	}
	return out
}
