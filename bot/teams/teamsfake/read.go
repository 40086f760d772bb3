package teamsfake

// Thread returns a root with its replies, oldest first, tombstones included, without what
// only one person sees; nil when the root is unknown.
func (s *Server) Thread(channel, root string) []*Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Message
	if ch := s.org.channels[channel]; ch != nil {
		for _, m := range ch.threads[root] {
			if m.Targeted == "" && !m.system {
				out = append(out, m.clone())
			}
		}
	}
	return out
}

// Messages returns everything in a channel or personal chat in order of posting, tombstones
// included, without what only one person sees.
func (s *Server) Messages(channel string) []*Message {
	return s.org.list(channel, func(m *Message) bool { return m.Targeted == "" })
}

// Roots returns the first messages of a channel's threads, oldest first.
func (s *Server) Roots(channel string) []*Message {
	return s.org.list(channel, func(m *Message) bool { return m.Targeted == "" && m.Root == m.ID })
}

// Personal returns the chat between the bot and a person, oldest first.
func (s *Server) Personal(user string) []*Message { return s.Messages(s.opt.personalID(user)) }

// PersonalID is the conversation id of the chat between the bot and a person.
func (s *Server) PersonalID(user string) string { return s.opt.personalID(user) }

// Targeted returns the bot's messages that only this person sees and that are still to be
// seen, of all channels, oldest first; what the person wrote privately to the bot is not
// among them.
func (s *Server) Targeted(user string) []*Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []*Message{}
	for _, id := range s.org.channelIDs {
		for _, m := range s.org.channels[id].messages {
			if m.Bot && m.Targeted == user && !m.Deleted() && s.org.sees(user, m) {
				out = append(out, m.clone())
			}
		}
	}
	return out
}

// Shown returns what a person sees in a channel, or in their personal chat (channel ""), in
// order of posting, tombstones included, with what is private between them and the bot; nil
// for who isn't there.
func (s *Server) Shown(user, channel string) []*Message {
	if channel == "" {
		channel = s.opt.personalID(user)
	}
	return s.org.list(channel, func(m *Message) bool { return s.org.isMember(s.org.channels[channel], user) && s.org.sees(user, m) })
}

// Message returns one message of a channel or personal chat, also a deleted or private one,
// or nil.
func (s *Server) Message(channel, id string) *Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.org.channels[channel]; ch != nil && ch.byID[id] != nil {
		return ch.byID[id].clone()
	}
	return nil
}

func (o *organisation) list(channel string, want func(*Message) bool) []*Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	ch := o.channels[channel]
	if ch == nil {
		return nil
	}
	var out []*Message
	for _, m := range ch.messages {
		if want(m) && !m.system {
			out = append(out, m.clone())
		}
	}
	return out
}
