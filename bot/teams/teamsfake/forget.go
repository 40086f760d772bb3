package teamsfake

import "slices"

// Forget removes a message without a trace, as a retention policy does; nobody is told.
// Errors: ErrNoChannel, ErrNoMessage.
func (s *Administrator) Forget(channel, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.org.channels[channel]
	switch {
	case ch == nil:
		return ErrNoChannel
	case ch.byID[id] == nil:
		return ErrNoMessage
	}
	root, this := ch.byID[id].Root, func(m *Message) bool { return m.ID == id }
	delete(ch.byID, id)
	ch.messages = slices.DeleteFunc(ch.messages, this)
	if ch.threads[root] = slices.DeleteFunc(ch.threads[root], this); len(ch.threads[root]) == 0 {
		delete(ch.threads, root)
	}
	s.note(Change{Kind: "deleted", Channel: channel, Message: id})
	return nil
}
