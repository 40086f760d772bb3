package teamsfake

import (
	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/people"
	"parley/bot/teams/teamsfake/tenant"
)

// What tests read: messages, dialogs and the bot's calls.

// As returns the person with this Entra object id.
func (s *Server) As(user string) *people.Person { return s.people.As(user) }

// Dialog returns what is open in front of a person, or nil.
func (s *Server) Dialog(user string) *people.Dialog { return s.people.Dialog(user) }

// Calls returns the bot's requests whose method matches the pattern, oldest first; "" matches all. Bodies of requests for tokens are
// not kept.
func (s *Server) Calls(pattern string) []calls.Call { return s.journal.List(pattern) }

// Thread returns a thread's first message and its replies, oldest first, deleted ones as tombstones, without messages that only one
// person sees. It returns nil if there is no such thread.
func (s *Server) Thread(channel, root string) []*tenant.Message {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []*tenant.Message
	if ch := s.org.Channels[channel]; ch != nil {
		for _, m := range ch.Threads[root] {
			if isForAll(m) && !m.System {
				out = append(out, m.Clone())
			}
		}
	}
	return out
}

func isForAll(m *tenant.Message) bool { return m.Targeted == "" }

// Messages returns everything in a channel or personal chat in order of posting, tombstones
// included, without what only one person sees.
func (s *Server) Messages(channel string) []*tenant.Message { return s.org.Messages(channel, isForAll) }

// Roots returns the first messages of a channel's threads, oldest first.
func (s *Server) Roots(channel string) []*tenant.Message {
	return s.org.Messages(channel, func(m *tenant.Message) bool { return isForAll(m) && m.Root == m.ID })
}

// Personal returns the chat between the bot and a person, oldest first.
func (s *Server) Personal(user string) []*tenant.Message { return s.Messages(s.Opt.PersonalID(user)) }

// PersonalID returns the id of the chat between the bot and a person.
func (s *Server) PersonalID(user string) string { return s.Opt.PersonalID(user) }

// Targeted returns the messages of the bot that only this person sees, channel by channel, oldest first. Deleted and expired ones are
// left out, and so is what the person wrote privately to the bot.
func (s *Server) Targeted(user string) []*tenant.Message {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []*tenant.Message
	for _, id := range s.org.ChannelIDs {
		for _, m := range s.org.Channels[id].Messages {
			isShown := m.Bot && m.Targeted == user && !m.Deleted() && s.org.CanSeeLocked(user, m)
			if isShown {
				out = append(out, m.Clone())
			}
		}
	}

	return out
}

// Shown returns what a person sees in a channel, or in the personal chat if channel is "", in order of posting, deleted messages as
// tombstones, with the private messages between this person and the bot. It returns nil for somebody who isn't a member.
func (s *Server) Shown(user, channel string) []*tenant.Message {
	if channel == "" {
		channel = s.Opt.PersonalID(user)
	}
	return s.org.Messages(channel, func(m *tenant.Message) bool { // under the lock of Messages, which both need
		return s.org.IsMember(s.org.Channels[channel], user) && s.org.CanSeeLocked(user, m)
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
