package teamsfake

import (
	"slices"
	"time"
)

// This file of the Teams emulator makes messages disappear in ways that a bot doesn't notice: Teams sends it no event.
// Tests use it to check that the bot copes with a thread whose messages are gone.

// Forget removes a message without a trace, as a retention policy does.
// Errors: ErrNoChannel, ErrNoMessage.
func (s *Administrator) Forget(channel, id string) error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	room, message, err := s.findMessage(channel, id)
	if err != nil {
		return err
	}

	isForgotten := func(m *Message) bool { return m.ID == id }
	delete(room.ByID, id)
	room.Messages = slices.DeleteFunc(room.Messages, isForgotten)
	thread := slices.DeleteFunc(room.Threads[message.Root], isForgotten)
	room.Threads[message.Root] = thread
	if len(thread) == 0 {
		delete(room.Threads, message.Root)
	}

	s.Note(Change{Kind: "deleted", Channel: channel, Message: id})
	return nil
}

// Blank deletes a message such that Graph shows it with an empty body and without a deletedDateTime. Graph is reported
// to do that with some deleted messages of channels; its reference doesn't mention it.
// Errors: ErrNoChannel, ErrNoMessage.
func (s *Administrator) Blank(channel, id string) error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	room, message, err := s.findMessage(channel, id)
	if err != nil {
		return err
	}
	s.org.EraseLocked(room, message)
	message.DeletedAt = time.Time{}
	return nil
}

// findMessage returns a message and its channel. The caller holds the lock.
// Errors: ErrNoChannel, ErrNoMessage.
func (s *Administrator) findMessage(channel, id string) (*Room, *Message, error) {
	room := s.org.Channels[channel]
	if room == nil {
		return nil, nil, ErrNoChannel
	}
	message := room.ByID[id]
	if message == nil {
		return nil, nil, ErrNoMessage
	}
	return room, message, nil
}
