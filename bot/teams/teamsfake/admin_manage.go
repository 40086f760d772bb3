package teamsfake

import "fmt"

// Administrator acts as an administrator of the organisation or an owner of its teams. Safe for concurrent use.
type Administrator struct {
	*Ground    // the lock, clock and ids that all parts of the emulator share
	org        *Directory
	files      *Library
	entra      *Entra
	announcer  *Announcer
	activities *Activities
}

// NewAdmin makes an Administrator. It tells the bot about changes through n.
func NewAdmin(n *Announcer) *Administrator {
	return &Administrator{Ground: n.Ground, org: n.Org, files: n.Files, entra: n.Entra, announcer: n, activities: n.Activities}
}

// SetRegion moves the organisation to another region: later activities have another service URL. Earlier service URLs
// still work.
func (s *Administrator) SetRegion(region string) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.Region = region
}

// changeChannel calls change with a channel while it holds the lock, and records that in the log of changes.
// Errors: ErrNoChannel, also for a personal chat.
func (s *Administrator) changeChannel(id string, change func(*Room)) error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.org.Channels[id]
	if ch == nil || ch.Person != "" {
		return fmt.Errorf("teamsfake: %w: %s", ErrNoChannel, id)
	}
	change(ch)
	s.Note(Change{Kind: "channel", Channel: id})
	return nil
}

// RenameChannel renames a channel. The bot gets the event channelRenamed.
// Errors: ErrNoChannel.
func (s *Administrator) RenameChannel(id, name string) error {
	return s.changeChannel(id, func(ch *Room) {
		ch.Name = name
		s.announcer.TellChannel(ch, "channelRenamed")
	})
}

// DeleteChannel deletes a channel. The bot gets the event channelDeleted.
// Errors: ErrNoChannel.
func (s *Administrator) DeleteChannel(id string) error {
	return s.changeChannel(id, func(ch *Room) {
		s.announcer.TellChannel(ch, "channelDeleted")
		ch.Deleted = true
	})
}

// RestoreChannel restores a deleted channel. The bot gets the event channelRestored.
// Errors: ErrNoChannel.
func (s *Administrator) RestoreChannel(id string) error {
	return s.changeChannel(id, func(ch *Room) {
		ch.Deleted = false
		s.announcer.TellChannel(ch, "channelRestored")
	})
}

// ArchiveTeam archives a team, so that the bot can't post in its channels, or unarchives it. id is the id of the team or
// of one of its channels.
// Errors: ErrNoChannel.
func (s *Administrator) ArchiveTeam(id string, archived bool) error {
	return s.changeChannel(id, func(ch *Room) {
		s.org.Teams[ch.Team].Archived = archived
		event := "teamUnarchived"
		if archived {
			event = "teamArchived"
		}
		s.announcer.TellChannel(ch, event)
	})
}

// Judge sets the verdict of the organisation's data loss prevention on a message, with Graph's keys and values, such as
// "dlpAction": "blockAccess". A nil policy removes it. Only Graph shows it.
// Errors: ErrNoMessage.
func (s *Administrator) Judge(channel, id string, policy map[string]string) error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.org.Channels[channel]
	if ch == nil || ch.ByID[id] == nil {
		return ErrNoMessage
	}
	ch.ByID[id].Policy = policy
	return nil
}

// Erase deletes anybody's message, also one of the bot, as the owner of a team may. The bot gets the event
// softDeleteMessage if it has the right to get all messages of the channel.
// Errors: ErrNoMessage.
func (s *Administrator) Erase(channel, id string) error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.org.Channels[channel]
	if ch == nil {
		return ErrNoMessage
	}

	m := ch.ByID[id]
	if m == nil || m.Deleted() {
		return ErrNoMessage
	}

	s.org.EraseLocked(ch, m)

	if !s.org.IsReachable(ch) || !s.entra.HasPermission(PermitMessages) {
		return nil
	}

	a := s.announcer.Base("messageDelete", Where{Room: ch, Root: m.Root, User: m.User})
	a["id"], a["from"] = m.ID, s.announcer.Actor()
	if data, ok := a["channelData"].(Object); ok {
		data["eventType"] = "softDeleteMessage"
	}

	s.activities.Emit(ThreadConversation(ch.ID, m.Root), a)
	return nil
}
