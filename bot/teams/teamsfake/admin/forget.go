package admin

import (
	"slices"

	"parley/bot/teams/teamsfake/tenant"
)

// Forget removes a message without a trace, as a retention policy does; nobody is told.
// Errors: ErrNoChannel, ErrNoMessage.
func (s *Administrator) Forget(channel, id string) error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.org.Channels[channel]
	if ch == nil {
		return tenant.ErrNoChannel
	}
	if ch.ByID[id] == nil {
		return tenant.ErrNoMessage
	}

	root, this := ch.ByID[id].Root, func(m *tenant.Message) bool { return m.ID == id }
	delete(ch.ByID, id)
	ch.Messages = slices.DeleteFunc(ch.Messages, this)
	if ch.Threads[root] = slices.DeleteFunc(ch.Threads[root], this); len(ch.Threads[root]) == 0 {
		delete(ch.Threads, root)
	}

	s.Note(tenant.Change{Kind: "deleted", Channel: channel, Message: id})
	return nil
}
