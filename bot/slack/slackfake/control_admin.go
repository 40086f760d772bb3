package slackfake

import (
	"context"
	"net/http"

	"parley/channels/emulator"
)

// Admin is the body of POST /_fake/admin/{verb}. A verb reads the fields that stand beside it, and answers ok with what stands
// behind the arrow:
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

// controlAdmin runs a verb of an administrator.
func (d *driver) controlAdmin(w http.ResponseWriter, r *http.Request) {
	var a Admin
	if !emulator.DecodeJSON(w, r, &a) {
		return
	}
	runVerb(w, r, d.adminVerbs(a))
}

// verb does what a driver asks for, and returns what is answered besides ok.
type verb = func(context.Context) (reply, error)

// try makes a verb that answers nothing but an error, done one that always succeeds.
func try(f func() error) verb { return func(context.Context) (reply, error) { return nil, f() } }

func done(f func()) verb { return func(context.Context) (reply, error) { f(); return nil, nil } }

// runVerb runs the verb that a request names.
func runVerb(w http.ResponseWriter, r *http.Request, verbs map[string]verb) {
	run, ok := verbs[r.PathValue("verb")]
	if !ok {
		emulator.WriteJSON(w, http.StatusNotFound, reply{"ok": false, "error": "unknown verb " + r.PathValue("verb")})
		return
	}
	out, err := run(r.Context())
	emulator.WriteResult(w, out, err)
}

// adminVerbs returns what each verb of an administrator does.
func (d *driver) adminVerbs(a Admin) map[string]verb {
	s := d.srv
	setDeleted := func(deleted bool) verb {
		return try(func() error { return s.Admin.UpdateUser(a.ID, func(u *User) { u.Deleted = deleted }) })
	}

	return map[string]verb{
		"add_user":    func(context.Context) (reply, error) { return reply{"user": s.Admin.AddUser(a.User)}, nil },
		"add_channel": func(context.Context) (reply, error) { return reply{"channel": s.Admin.AddChannel(a.NewChannel)}, nil },
		"change_channel_id": func(context.Context) (reply, error) {
			id, err := s.Admin.ChangeChannelID(a.Channel)
			return reply{"channel_id": id}, err
		},
		"use_http":       func(ctx context.Context) (reply, error) { return nil, s.Webhooks.Use(ctx, a.Targets) },
		"deactivate":     setDeleted(true),
		"activate":       setDeleted(false),
		"archive":        try(func() error { return s.Admin.ArchiveChannel(a.Channel, true) }),
		"unarchive":      try(func() error { return s.Admin.ArchiveChannel(a.Channel, false) }),
		"delete_channel": try(func() error { return s.Admin.DeleteChannel(a.Channel) }),
		"rename":         try(func() error { return s.Admin.RenameChannel(a.Channel, a.Name) }),
		"invite":         try(func() error { return s.Admin.Invite(a.Channel, a.ID, "") }),
		"kick":           try(func() error { return s.Admin.Kick(a.Channel, a.ID) }),
		"lock_thread":    try(func() error { return s.Admin.LockThread(a.Channel, a.TS, true) }),
		"unlock_thread":  try(func() error { return s.Admin.LockThread(a.Channel, a.TS, false) }),
		"unfurl":         try(func() error { return s.Admin.Unfurl(a.Channel, a.TS) }),
		"forget":         try(func() error { return s.Admin.ForgetMessage(a.Channel, a.TS) }),
		"delete_file":    try(func() error { return s.Admin.DeleteFile(a.ID) }),
		"scopes":         done(func() { s.Admin.SetScopes(a.Names...) }),
		"uninstall":      done(s.Admin.Uninstall),
		"reinstall":      done(s.Admin.Reinstall),
		"disconnect":     done(func() { s.Sockets.Disconnect(a.Name) }),
		"drop_sockets":   done(s.Sockets.Drop),
		"send_event":     done(func() { s.Admin.SendEvent(a.Name, a.Channel, a.Event) }),
	}
}
