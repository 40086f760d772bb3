package admin

import (
	"slices"
	"time"

	"parley/bot/teams/teamsfake/tenant"
)

// Forget removes a message without a trace, as a retention policy does. The bot isn't told.
// Errors: ErrNoChannel, ErrNoMessage.
func (s *Administrator) Forget(channel, id string) error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.findMessage(channel, id)
	if err != nil {
		return err
	}

	isForgotten := func(m *tenant.Message) bool { return m.ID == id }
	delete(ch.ByID, id)
	ch.Messages = slices.DeleteFunc(ch.Messages, isForgotten)
	ch.Threads[m.Root] = slices.DeleteFunc(ch.Threads[m.Root], isForgotten)
	if len(ch.Threads[m.Root]) == 0 {
		delete(ch.Threads, m.Root)
	}

	s.Note(tenant.Change{Kind: "deleted", Channel: channel, Message: id})
	return nil
}

// Blank deletes a message so that Graph shows an empty body and no deletedDateTime, and doesn't tell the bot. Graph is reported to do
// that with some deleted messages of a channel; its reference doesn't mention it.
// Errors: ErrNoChannel, ErrNoMessage.
func (s *Administrator) Blank(channel, id string) error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.findMessage(channel, id)
	if err != nil {
		return err
	}
	s.org.EraseLocked(ch, m)
	m.DeletedAt = time.Time{}
	return nil
}

// findMessage finds a message. Caller holds the lock.
// Errors: ErrNoChannel, ErrNoMessage.
func (s *Administrator) findMessage(channel, id string) (*tenant.Room, *tenant.Message, error) {
	ch := s.org.Channels[channel]
	if ch == nil {
		return nil, nil, tenant.ErrNoChannel
	}
	m := ch.ByID[id]
	if m == nil {
		return nil, nil, tenant.ErrNoMessage
	}
	return ch, m, nil
}
