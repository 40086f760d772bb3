package admin

import (
	"slices"
	"time"

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

// Blank takes a person's message away so that Graph shows neither its text nor when it was deleted, and tells nobody.
// Reported by others; Graph's reference doesn't say it.
// Errors: ErrNoMessage.
func (s *Administrator) Blank(channel, id string) error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.org.Channels[channel]
	if ch == nil || ch.ByID[id] == nil {
		return tenant.ErrNoMessage
	}
	s.org.Erase(ch, ch.ByID[id])
	ch.ByID[id].DeletedAt = time.Time{}
	return nil
}
