package teamsfake

import (
	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/people"
	"parley/bot/teams/teamsfake/tenant"
)

// As returns the person with this Entra object id.
func (s *Server) As(user string) *people.Person { return s.people.As(user) }

// Dialog returns what is open in front of a person, or nil.
func (s *Server) Dialog(user string) *people.Dialog { return s.people.Dialog(user) }

// Calls lists the bot's requests of methods that match the pattern ("" means all), oldest first.
// Bodies of token requests are not kept.
func (s *Server) Calls(pattern string) []calls.Call { return s.journal.List(pattern) }

// Thread returns a root with its replies, oldest first, tombstones included, without what
// only one person sees; nil when the root is unknown.
func (s *Server) Thread(channel, root string) []*tenant.Message {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []*tenant.Message
	if ch := s.org.Channels[channel]; ch != nil {
		for _, m := range ch.Threads[root] {
			if m.Targeted == "" && !m.System {
				out = append(out, m.Clone())
			}
		}
	}
	return out
}

// Messages returns everything in a channel or personal chat in order of posting, tombstones
// included, without what only one person sees.
func (s *Server) Messages(channel string) []*tenant.Message {
	return s.org.Messages(channel, func(m *tenant.Message) bool { return m.Targeted == "" })
}

// Roots returns the first messages of a channel's threads, oldest first.
func (s *Server) Roots(channel string) []*tenant.Message {
	return s.org.Messages(channel, func(m *tenant.Message) bool { return m.Targeted == "" && m.Root == m.ID })
}

// Personal returns the chat between the bot and a person, oldest first.
func (s *Server) Personal(user string) []*tenant.Message { return s.Messages(s.Opt.PersonalID(user)) }

// PersonalID is the conversation id of the chat between the bot and a person.
func (s *Server) PersonalID(user string) string { return s.Opt.PersonalID(user) }

// Targeted returns the bot's messages that only this person sees and that are still to be
// seen, of all channels, oldest first; what the person wrote privately to the bot is not
// among them.
func (s *Server) Targeted(user string) []*tenant.Message {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	out := []*tenant.Message{}
	for _, id := range s.org.ChannelIDs {
		for _, m := range s.org.Channels[id].Messages {
			isToldAlone := m.Bot && m.Targeted == user
			if !isToldAlone || m.Deleted() {
				continue
			}
			if s.org.CanSee(user, m) {
				out = append(out, m.Clone())
			}
		}
	}

	return out
}

// Shown returns what a person sees in a channel, or in their personal chat (channel ""), in
// order of posting, tombstones included, with what is private between them and the bot; nil
// for who isn't there.
func (s *Server) Shown(user, channel string) []*tenant.Message {
	if channel == "" {
		channel = s.Opt.PersonalID(user)
	}
	return s.org.Messages(channel, func(m *tenant.Message) bool {
		return s.org.IsMember(s.org.Channels[channel], user) && s.org.CanSee(user, m)
	})
}

// Message returns one message of a channel or personal chat, also a deleted or private one,
// or nil.
func (s *Server) Message(channel, id string) *tenant.Message {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.org.Channels[channel]
	if ch == nil || ch.ByID[id] == nil {
		return nil
	}
	return ch.ByID[id].Clone()
}
