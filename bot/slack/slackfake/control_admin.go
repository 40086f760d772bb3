package slackfake

import (
	"context"

	"parley/channels/emulator"
)

// Admin is the body of POST /_fake/admin/{verb}, by which a program in another process changes the emulated workspace as an
// admin would (see Administrator). For example, {"channel":"C1"} with the verb "archive" archives the channel C1. This table
// has the fields that each verb uses and, after the arrow, the field of the response:
//
//	add_user           user → "user"
//	deactivate         id
//	activate           id
//	add_channel        new_channel → "channel"
//	archive            channel
//	unarchive          channel
//	rename             channel, name
//	delete_channel     channel
//	change_channel_id  channel → "channel_id"
//	invite             channel, id
//	kick               channel, id
//	lock_thread        channel, ts
//	unlock_thread      channel, ts
//	unfurl             channel, ts: a link preview is attached
//	forget             channel, ts: the message vanishes without an event
//	delete_file        id
//	scopes             names
//	uninstall          –
//	reinstall          –
//	disconnect         name: the reason of Socket Mode's disconnect
//	drop_sockets       –
//	use_http           targets
//	send_event         name, channel, event
type Admin struct {
	User       User           `json:"user"`
	NewChannel Channel        `json:"new_channel"`
	Channel    string         `json:"channel"`
	TS         string         `json:"ts"`
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Names      []string       `json:"names"`
	Targets    Targets        `json:"targets"`
	Event      map[string]any `json:"event"`
}

// adminVerbs returns the actions of the verbs for a body.
func (d *driver) adminVerbs(a Admin) map[string]emulator.Verb {
	s := d.srv
	setDeleted := func(deleted bool) emulator.Verb {
		return emulator.Try(func() error { return s.Admin.UpdateUser(a.ID, func(u *User) { u.Deleted = deleted }) })
	}

	return map[string]emulator.Verb{
		"add_user":    func(context.Context) (Object, error) { return Object{"user": s.Admin.AddUser(a.User)}, nil },
		"add_channel": func(context.Context) (Object, error) { return Object{"channel": s.Admin.AddChannel(a.NewChannel)}, nil },
		"change_channel_id": func(context.Context) (Object, error) {
			id, err := s.Admin.ChangeChannelID(a.Channel)
			return Object{"channel_id": id}, err
		},
		"use_http":       func(ctx context.Context) (Object, error) { return nil, s.Webhooks.Use(ctx, a.Targets) },
		"deactivate":     setDeleted(true),
		"activate":       setDeleted(false),
		"archive":        emulator.Try(func() error { return s.Admin.ArchiveChannel(a.Channel, true) }),
		"unarchive":      emulator.Try(func() error { return s.Admin.ArchiveChannel(a.Channel, false) }),
		"delete_channel": emulator.Try(func() error { return s.Admin.DeleteChannel(a.Channel) }),
		"rename":         emulator.Try(func() error { return s.Admin.RenameChannel(a.Channel, a.Name) }),
		"invite":         emulator.Try(func() error { return s.Admin.Invite(a.Channel, a.ID, "") }),
		"kick":           emulator.Try(func() error { return s.Admin.Kick(a.Channel, a.ID) }),
		"lock_thread":    emulator.Try(func() error { return s.Admin.LockThread(a.Channel, a.TS, true) }),
		"unlock_thread":  emulator.Try(func() error { return s.Admin.LockThread(a.Channel, a.TS, false) }),
		"unfurl":         emulator.Try(func() error { return s.Admin.Unfurl(a.Channel, a.TS) }),
		"forget":         emulator.Try(func() error { return s.Admin.ForgetMessage(a.Channel, a.TS) }),
		"delete_file":    emulator.Try(func() error { return s.Admin.DeleteFile(a.ID) }),
		"scopes":         emulator.Done(func() { s.Admin.SetScopes(a.Names...) }),
		"uninstall":      emulator.Done(s.Admin.Uninstall),
		"reinstall":      emulator.Done(s.Admin.Reinstall),
		"disconnect":     emulator.Done(func() { s.Sockets.Disconnect(a.Name) }),
		"drop_sockets":   emulator.Done(s.Sockets.Drop),
		"send_event":     emulator.Done(func() { s.Admin.SendEvent(a.Name, a.Channel, a.Event) }),
	}
}
