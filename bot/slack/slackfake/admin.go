package slackfake

import (
	"slices"
)

// The methods of this file do what administrators, other people and Slack itself do.

// chanEvent emits channel_x or group_x. Caller holds s.mu.
func (s *Server) chanEvent(ch *channel, what string, payload any) {
	name := ch.kind() + "_" + what
	s.note(Change{Kind: "channel", Channel: ch.ID})
	s.emit(name, ch, map[string]any{"type": name, "channel": payload})
}

func (s *Server) withChannel(id string, f func(*channel)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[id]
	if ch == nil {
		return refuse("channel_not_found")
	}
	f(ch)
	return nil
}

// ArchiveChannel archives or unarchives a channel; archiving removes nobody here, as apps see
// is_archived first. Errors: channel_not_found.
func (s *Server) ArchiveChannel(id string, on bool) error {
	return s.withChannel(id, func(ch *channel) { s.archive(ch, s.somebody(ch), on) })
}

func (s *Server) archive(ch *channel, actor string, on bool) {
	if on {
		s.announce(ch, actor, "channel_archive", "archived the channel")
		ch.Archived = true
		s.chanEvent(ch, "archive", ch.ID)
		return
	}
	ch.Archived = false
	s.chanEvent(ch, "unarchive", ch.ID)
	s.announce(ch, actor, "channel_unarchive", "un-archived the channel")
}

// RenameChannel changes a channel's name. Errors: channel_not_found.
func (s *Server) RenameChannel(id, name string) error {
	return s.withChannel(id, func(ch *channel) { s.rename(ch, s.somebody(ch), name) })
}

func (s *Server) rename(ch *channel, actor, name string) {
	s.announce(ch, actor, "channel_name", "has renamed the channel from \""+ch.Name+"\" to \""+name+"\"")
	ch.Name = name
	s.chanEvent(ch, "rename", map[string]any{"id": ch.ID, "name": name, "created": ch.Created})
}

// DeleteChannel removes a channel with its messages. Errors: channel_not_found.
func (s *Server) DeleteChannel(id string) error {
	return s.withChannel(id, func(ch *channel) {
		s.chanEvent(ch, "deleted", ch.ID)
		delete(s.channels, id)
		s.chanIDs = slices.DeleteFunc(s.chanIDs, func(x string) bool { return x == id })
	})
}

// ChangeChannelID gives a channel a new id, as moves to an organisation do, and returns it.
// The Web API understands the old one. Errors: channel_not_found.
func (s *Server) ChangeChannelID(id string) (fresh string, err error) {
	err = s.withChannel(id, func(ch *channel) {
		fresh = s.newID("C")
		ch.ID = fresh
		s.channels[fresh] = ch
		delete(s.channels, id)
		s.moved[id] = fresh
		s.chanIDs[slices.Index(s.chanIDs, id)] = fresh
		s.note(Change{Kind: "channel", Channel: fresh})
		s.emit("channel_id_changed", ch, map[string]any{
			"type": "channel_id_changed", "old_channel_id": id, "new_channel_id": fresh,
		})
	})
	return fresh, err
}

// Invite adds a member, for instance the bot, in somebody's name. Errors: channel_not_found.
func (s *Server) Invite(in, user, inviter string) error {
	return s.withChannel(in, func(ch *channel) { s.enter(ch, user, inviter) })
}

// Kick removes a member, for instance the bot. Errors: channel_not_found.
func (s *Server) Kick(in, user string) error {
	return s.withChannel(in, func(ch *channel) { s.leave(ch, user) })
}

// LockThread forbids (or allows again) replies in a thread. Errors: channel_not_found, thread_not_found.
func (s *Server) LockThread(in, ts string, on bool) error {
	missing := false
	err := s.withChannel(in, func(ch *channel) {
		if m := ch.byTS[ts]; m == nil || m.isReply() {
			missing = true
			return
		}
		th := ch.threadOf(ts)
		th.locked, th.root.IsLocked = on, &on
		s.note(Change{Kind: "changed", Channel: ch.ID, TS: ts, Thread: ts})
	})
	if err == nil && missing {
		return refuse("thread_not_found")
	}
	return err
}

// Unfurl attaches a link preview to a message: message_changed without an edit.
// Errors: channel_not_found, message_not_found.
func (s *Server) Unfurl(in, ts string) error {
	missing := false
	err := s.withChannel(in, func(ch *channel) {
		m := ch.byTS[ts]
		if m == nil {
			missing = true
			return
		}
		prev := m.clone()
		m.Attachments = mustJSON([]any{object{
			"id": 1, "from_url": "https://example.test/", "original_url": "https://example.test/", "title": "Example", "fallback": "Example",
		}})
		s.change(ch, m, prev)
	})
	if err == nil && missing {
		return refuse("message_not_found")
	}
	return err
}

// ForgetMessage makes a message vanish without an event, as retention rules do.
// Errors: channel_not_found.
func (s *Server) ForgetMessage(in, ts string) error {
	return s.withChannel(in, func(ch *channel) {
		m := ch.byTS[ts]
		if m == nil {
			return
		}
		delete(ch.byTS, ts)
		delete(ch.threads, ts)
		ch.messages = without(ch.messages, m)
		if t := ch.threads[m.ThreadTS]; t != nil {
			t.replies = without(t.replies, m)
			t.recount()
		}
		s.note(Change{Kind: "deleted", Channel: ch.ID, TS: ts, Thread: m.ThreadTS})
	})
}

// DeleteFile removes a file; messages keep a tombstone of it. Errors: file_not_found.
func (s *Server) DeleteFile(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil {
		return refuse("file_not_found")
	}
	s.buryFile(f)
	return nil
}

// File returns a file with its bytes and places, or nil.
func (s *Server) File(id string) *File {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil {
		return nil
	}
	n := *f
	n.Shares = map[string]map[string][]*Share{}
	for kind, places := range f.Shares {
		n.Shares[kind] = map[string][]*Share{}
		for ch, list := range places {
			for _, sh := range list {
				c := *sh
				n.Shares[kind][ch] = append(n.Shares[kind][ch], &c)
			}
		}
	}
	return &n
}

// Uninstall takes the app out: tokens_revoked and app_uninstalled are sent, then every call
// fails with account_inactive. Reinstall undoes it.
func (s *Server) Uninstall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = true
	s.emit("tokens_revoked", nil, map[string]any{
		"type": "tokens_revoked", "tokens": map[string]any{"oauth": []string{}, "bot": []string{s.opt.BotUser}},
	})
	s.emit("app_uninstalled", nil, map[string]any{"type": "app_uninstalled"})
}

// Reinstall makes the tokens valid again.
func (s *Server) Reinstall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = false
}

// SendEvent sends any inner event as it is, for what apps must survive: unknown types, odd
// fields. channel may be empty.
func (s *Server) SendEvent(name, channel string, event map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emit(name, s.channels[channel], event)
}
