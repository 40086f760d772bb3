package teamsfake

// Tests of a bot read messages, dialogs and the bot's requests from the emulator with the methods of this file. They return
// copies. A deleted message stays in its thread as a tombstone. A targeted message is one that only one person sees.

// As returns the person with this Entra object id, for a test to act as.
func (s *Server) As(user string) *Person { return s.people.As(user) }

// Dialog returns the dialog that a person has open, or nil.
func (s *Server) Dialog(user string) *Dialog { return s.people.Dialog(user) }

// Calls returns the bot's requests whose name, such as "activities.send", matches a pattern, oldest first. "" matches all.
// Requests for tokens have no bodies, which contain secrets.
func (s *Server) Calls(pattern string) []Call { return s.journal.List(pattern) }

// Thread returns a thread's first message and its replies, oldest first, without targeted messages. It returns nil if the
// thread doesn't exist.
func (s *Server) Thread(channel, root string) []*Message {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	room := s.org.Channels[channel]
	if room == nil {
		return nil
	}
	var thread []*Message
	for _, m := range room.Threads[root] {
		if isForAll(m) && !m.System {
			thread = append(thread, m.Clone())
		}
	}
	return thread
}

func isForAll(m *Message) bool { return m.Targeted == "" }

// Messages returns the messages of a channel or personal chat, oldest first, without targeted ones.
func (s *Server) Messages(channel string) []*Message { return s.org.Messages(channel, isForAll) }

// Roots returns the first messages of a channel's threads, oldest first.
func (s *Server) Roots(channel string) []*Message {
	return s.org.Messages(channel, func(m *Message) bool { return isForAll(m) && m.Root == m.ID })
}

// Personal returns the messages of a person's chat with the bot, oldest first.
func (s *Server) Personal(user string) []*Message { return s.Messages(s.Opt.PersonalID(user)) }

// PersonalID returns the id of the chat between the bot and a person.
func (s *Server) PersonalID(user string) string { return s.Opt.PersonalID(user) }

// Targeted returns the bot's targeted messages to a person, channel by channel, oldest first. It leaves out deleted and
// expired ones, and the person's own private messages to the bot.
func (s *Server) Targeted(user string) []*Message {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var targeted []*Message
	for _, id := range s.org.ChannelIDs {
		for _, m := range s.org.Channels[id].Messages {
			isFromBot := m.Bot && m.Targeted == user
			if isFromBot && !m.Deleted() && s.org.CanSeeLocked(user, m) {
				targeted = append(targeted, m.Clone())
			}
		}
	}

	return targeted
}

// Shown returns the messages that a person sees in a channel, or in the personal chat if channel is "", oldest first. They
// include targeted messages to and from this person. It returns nil for somebody who isn't a member.
func (s *Server) Shown(user, channel string) []*Message {
	if channel == "" {
		channel = s.Opt.PersonalID(user)
	}
	return s.org.Messages(channel, func(m *Message) bool { // runs under the lock, which both methods need
		return s.org.IsMember(s.org.Channels[channel], user) && s.org.CanSeeLocked(user, m)
	})
}

// Message returns a message of a channel or personal chat, even if it is deleted or targeted. It returns nil if there is no
// such message.
func (s *Server) Message(channel, id string) *Message {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	room := s.org.Channels[channel]
	if room == nil || room.ByID[id] == nil {
		return nil
	}
	return room.ByID[id].Clone()
}
