package slackfake

import (
	"maps"
	"slices"
)

// By these methods of Server a test reads what is to be seen in the emulated workspace: channels, messages,
// threads, views. They return copies and take the lock, so they may be called at any time.

// Channels lists all channels, private and direct ones included.
func (s *Server) Channels() []Channel {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []Channel
	for _, id := range s.rooms.chanIDs {
		out = append(out, s.rooms.channels[id].cloneChannel())
	}
	return out
}

// DM returns the id of the direct channel of a person with the bot, opening it if needed.
func (s *Server) DM(user string) string {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return s.rooms.dmWith(user).ID
}

// Users lists everybody, bots included, in order of joining.
func (s *Server) Users() []User {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []User
	for _, id := range s.people.userIDs {
		out = append(out, *s.people.users[id])
	}
	return out
}

// Thread returns a root with its replies, oldest first; nil when the root is unknown.
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

// Messages returns a channel's top-level messages (roots and broadcasts), oldest first.
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

// Message returns one message, or nil.
func (s *Server) Message(channel, ts string) *Message {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	if ch == nil || ch.byTS[ts] == nil {
		return nil
	}
	return ch.byTS[ts].Clone()
}

// Ephemerals returns what only this person sees, oldest first; user "" means everybody's.
func (s *Server) Ephemerals(user string) []Ephemeral {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []Ephemeral
	for _, e := range s.clicks.ephs {
		isMeant := user == "" || e.User == user
		if isMeant && !e.Deleted {
			out = append(out, *e)
		}
	}
	return slices.Clip(out)
}

// File returns a file with its bytes and places, or nil.
func (s *Server) File(id string) *File {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	f := s.files.files[id]
	if f == nil {
		return nil
	}

	n := *f
	n.Shares = map[string]map[string][]*Share{}
	for kind, places := range f.Shares {
		n.Shares[kind] = map[string][]*Share{}
		for ch, list := range places {
			for _, sh := range list {
				c := *sh
				n.Shares[kind][ch] = append(n.Shares[kind][ch], &c)
			}
		}
	}

	return &n
}

// Followers lists who follows a thread, sorted.
func (s *Server) Followers(channel, thread string) []string {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	if ch == nil || ch.threads[thread] == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(ch.threads[thread].followers))
}

// Views lists the modals that a person has open, the top one last.
func (s *Server) Views(user string) []*View {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []*View
	for _, id := range s.screens.Stacks[user] {
		out = append(out, s.screens.Views[id].Clone())
	}
	return out
}

// Home returns the home tab that a person would see; nil when none was published.
func (s *Server) Home(user string) *View {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if v := s.screens.Homes[user]; v != nil {
		return v.Clone()
	}
	return nil
}

// Calls returns the latest Web API calls (at least 20,000), oldest first; method "" means all.
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
