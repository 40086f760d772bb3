package slackfake

import (
	"maps"
	"slices"
)

// Administrator changes the emulated Slack workspace as an admin, or Slack itself, would. For example, it archives a
// channel, deactivates a user or uninstalls the app. The app under test receives the events that Slack would send.
//
// "The lock" is workspace.Ground.Mu, which guards the whole workspace. The methods of Administrator acquire it, so they
// are safe for concurrent use. Their errors are Slack's error codes, such as channel_not_found.
type Administrator struct {
	*Ground
	people *directory
	rooms  *rooms
	board  *board
	files  *library
	grant  *Grant
	events *Events
}

// SetScopes replaces the granted bot scopes, as a reinstallation would.
func (a *Administrator) SetScopes(scopes ...string) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	a.grant.Scopes = map[string]bool{}
	for _, sc := range scopes {
		a.grant.Scopes[sc] = true
	}
}

// ScopesUsed returns the scopes, sorted, that calls and delivered events have required so far. Tests compare them with the
// app's manifest, which should request no others.
func (a *Administrator) ScopesUsed() []string {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	return slices.Sorted(maps.Keys(a.grant.Used))
}

// emitChannelEvent sends the app the event channel_{what}, or group_{what} if the channel is private. The caller must
// hold the lock.
func (r *rooms) emitChannelEvent(ch *channel, what string, payload any) {
	name := ch.Kind() + "_" + what
	r.Note(Change{Kind: "channel", Channel: ch.ID})
	r.events.Emit(name, &ch.Channel, map[string]any{"type": name, "channel": payload})
}

// withChannel calls f with the channel with an id, while it holds the lock.
func (r *rooms) withChannel(id string, f func(*channel)) error {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	ch := r.channels[id]
	if ch == nil {
		return Refuse("channel_not_found")
	}
	f(ch)
	return nil
}

// ArchiveChannel archives a channel or, if on is false, unarchives it. Its members remain members. Errors:
// channel_not_found.
func (a *Administrator) ArchiveChannel(id string, on bool) error {
	return a.rooms.withChannel(id, func(ch *channel) { a.rooms.setArchived(ch, on) })
}

func (r *rooms) setArchived(ch *channel, on bool) {
	actor := r.anyPerson(ch)
	if on {
		r.postNotice(ch, actor, "channel_archive", "archived the channel")
		ch.Archived = true
		r.emitChannelEvent(ch, "archive", ch.ID)
		return
	}
	ch.Archived = false
	r.emitChannelEvent(ch, "unarchive", ch.ID)
	r.postNotice(ch, actor, "channel_unarchive", "un-archived the channel")
}

// RenameChannel changes a channel's name. Errors: channel_not_found.
func (a *Administrator) RenameChannel(id, name string) error {
	return a.rooms.withChannel(id, func(ch *channel) {
		a.rooms.postNotice(ch, a.rooms.anyPerson(ch), "channel_name", "has renamed the channel from \""+ch.Name+"\" to \""+name+"\"")
		ch.Name = name
		a.rooms.emitChannelEvent(ch, "rename", map[string]any{"id": ch.ID, "name": name, "created": ch.Created})
	})
}

// DeleteChannel deletes a channel with its messages. Errors: channel_not_found.
func (a *Administrator) DeleteChannel(id string) error {
	return a.rooms.withChannel(id, func(ch *channel) {
		a.rooms.emitChannelEvent(ch, "deleted", ch.ID)
		delete(a.rooms.channels, id)
		a.rooms.chanIDs = slices.DeleteFunc(a.rooms.chanIDs, func(x string) bool { return x == id })
	})
}

// ChangeChannelID gives a channel a new id and returns it. In Slack that happens when a workspace joins an Enterprise
// organisation. The Web API still accepts the old id. Errors: channel_not_found.
func (a *Administrator) ChangeChannelID(id string) (fresh string, err error) {
	err = a.rooms.withChannel(id, func(ch *channel) {
		fresh = a.NewID("C")
		ch.ID = fresh
		a.rooms.channels[fresh] = ch
		delete(a.rooms.channels, id)
		a.rooms.moved[id] = fresh
		a.rooms.chanIDs[slices.Index(a.rooms.chanIDs, id)] = fresh
		a.Note(Change{Kind: "channel", Channel: fresh})
		a.events.Emit("channel_id_changed", &ch.Channel, map[string]any{
			"type": "channel_id_changed", "old_channel_id": id, "new_channel_id": fresh,
		})
	})
	return fresh, err
}

// Invite adds a member, for example the bot. inviter may be "". Errors: channel_not_found.
func (a *Administrator) Invite(in, user, inviter string) error {
	return a.rooms.withChannel(in, func(ch *channel) { a.rooms.enter(ch, user, inviter) })
}

// Kick removes a member, for example the bot. Errors: channel_not_found.
func (a *Administrator) Kick(in, user string) error {
	return a.rooms.withChannel(in, func(ch *channel) { a.rooms.leave(ch, user) })
}

// LockThread forbids replies and reactions in a thread or, if on is false, allows them again. Errors: channel_not_found,
// thread_not_found.
func (a *Administrator) LockThread(in, ts string, on bool) error {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	ch := a.rooms.channels[in]
	if ch == nil {
		return Refuse("channel_not_found")
	}

	m := ch.byTS[ts]
	if m == nil || m.IsReply() {
		return Refuse("thread_not_found")
	}

	th := ch.threadOf(ts)
	th.locked, th.root.IsLocked = on, &on
	a.Note(Change{Kind: "changed", Channel: ch.ID, TS: ts, Thread: ts})
	return nil
}

// Unfurl attaches the preview of a link to a message. The app receives message_changed, although nobody has edited the
// message. Errors: channel_not_found, message_not_found.
func (a *Administrator) Unfurl(in, ts string) error {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	ch := a.rooms.channels[in]
	if ch == nil {
		return Refuse("channel_not_found")
	}

	m := ch.byTS[ts]
	if m == nil {
		return Refuse("message_not_found")
	}

	prev := m.Clone()
	m.Attachments = MustJSON([]any{Object{
		"id": 1, "from_url": "https://example.test/", "original_url": "https://example.test/", "title": "Example", "fallback": "Example",
	}})

	a.board.emitChange(ch, m, prev)
	return nil
}

// ForgetMessage deletes a message without an event, as Slack's retention policies do. If the message begins a thread, the
// replies are deleted, too. It does nothing if there is no such message. Errors: channel_not_found.
func (a *Administrator) ForgetMessage(in, ts string) error {
	return a.rooms.withChannel(in, func(ch *channel) {
		m := ch.byTS[ts]
		if m == nil {
			return
		}

		if t := ch.threads[ts]; t != nil {
			for _, reply := range t.replies {
				delete(ch.byTS, reply.TS)
				ch.messages = removeMessage(ch.messages, reply)
			}
		}
		delete(ch.byTS, ts)
		delete(ch.threads, ts)
		ch.messages = removeMessage(ch.messages, m)
		if t := ch.threads[m.ThreadTS]; t != nil {
			t.replies = removeMessage(t.replies, m)
			t.recountReplies()
		}

		a.Note(Change{Kind: "deleted", Channel: ch.ID, TS: ts, Thread: m.ThreadTS})
	})
}

// DeleteFile deletes a file. In messages a tombstone replaces it. Errors: file_not_found.
func (a *Administrator) DeleteFile(id string) error {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	f := a.files.files[id]
	if f == nil {
		return Refuse("file_not_found")
	}
	a.files.buryFile(f)
	return nil
}

// Uninstall uninstalls the app. The app receives tokens_revoked and app_uninstalled. Calls with the bot token then fail
// with account_inactive. The app-level token doesn't belong to an installation, so it remains valid, and Socket Mode
// connections can still be opened. Reinstall reverses it.
func (a *Administrator) Uninstall() {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	a.grant.Revoked = true
	a.events.Emit("tokens_revoked", nil, map[string]any{
		"type": "tokens_revoked", "tokens": map[string]any{"oauth": []string{}, "bot": []string{a.Opt.BotUser}},
	})
	a.events.Emit("app_uninstalled", nil, map[string]any{"type": "app_uninstalled"})
}

// Reinstall makes the tokens valid again.
func (a *Administrator) Reinstall() {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	a.grant.Revoked = false
}

// NewToken reinstalls the app with a new bot token, as Slack does after Uninstall, and returns the token. The previous one
// is refused with token_revoked.
func (a *Administrator) NewToken() string {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	a.grant.Revoked, a.grant.Token = false, a.Opt.BotToken+"-2"
	return a.grant.Token
}

// SendEvent sends an arbitrary event, for example of an unknown type, to test how the app handles it. channel may be "".
func (a *Administrator) SendEvent(name, channel string, event map[string]any) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	var in *Channel
	if ch := a.rooms.channels[channel]; ch != nil {
		in = &ch.Channel
	}
	a.events.Emit(name, in, event)
}

// AddChannel adds a channel and returns it. If the ID is empty, one is generated. For a public channel the app receives
// channel_created.
func (a *Administrator) AddChannel(c Channel) Channel {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	ch := a.rooms.putChannel(c)
	if !ch.Private && !ch.IM {
		a.events.Emit("channel_created", nil, map[string]any{"type": "channel_created", "channel": map[string]any{
			"id": ch.ID, "name": ch.Name, "created": ch.Created, "creator": ch.Creator,
		}})
	}
	return ch.cloneChannel()
}

// AddUser adds a person or a bot and returns it. If the ID, the TeamID or a name is empty, it is generated. The app receives
// team_join.
func (a *Administrator) AddUser(u User) User {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	p := a.people.putUser(u)
	a.events.Emit("team_join", nil, Object{"type": "team_join", "user": a.describe(p)})
	return *p
}

// UpdateUser changes a user by calling change. The app receives user_change. To deactivate a user, set Deleted.
// Errors: user_not_found.
func (a *Administrator) UpdateUser(id string, change func(*User)) error {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	u := a.people.users[id]
	if u == nil {
		return Refuse("user_not_found")
	}

	change(u)
	u.Updated = a.Now().Unix()
	a.Note(Change{Kind: "user", User: id})
	a.events.Emit("user_change", nil, Object{
		"type":     "user_change",
		"user":     a.describe(u),
		"cache_ts": u.Updated,
		"event_ts": FormatTS(a.Now().UnixMicro()),
	})

	return nil
}

// describe returns the fields of a user that the app's scopes permit it to see.
func (a *Administrator) describe(u *User) Reply {
	return a.people.describe(u, emailAccess(a.grant.Scopes["users:read.email"]))
}
