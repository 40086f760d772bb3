package slackfake

import (
	"net/http"

	"parley/channels/emulator"
)

// Admin is the body of POST /_fake/admin/{verb}; each verb reads what it needs:
//
//	add_user user → {"user"}    add_channel new_channel → {"channel"}    deactivate id  activate id
//	archive  unarchive  delete_channel  change_channel_id → {"channel_id"}  rename name (all: channel)
//	invite  kick (channel id)   lock_thread  unlock_thread  unfurl  forget (channel ts)
//	delete_file id              scopes names    uninstall  reinstall
//	disconnect name             drop_sockets    use_http targets    send_event name channel event
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

func (d *driver) controlAdmin(w http.ResponseWriter, r *http.Request) {
	s := d.srv
	var a Admin
	if !emulator.Read(w, r, &a) {
		return
	}

	var out reply
	var err error
	switch verb := r.PathValue("verb"); verb {
	case "add_user":
		out = reply{"user": s.Admin.AddUser(a.User)}
	case "add_channel":
		out = reply{"channel": s.Admin.AddChannel(a.NewChannel)}
	case "change_channel_id":
		var id string
		id, err = s.Admin.ChangeChannelID(a.Channel)
		out = reply{"channel_id": id}
	case "use_http":
		err = s.Webhooks.Use(r.Context(), a.Targets)
	default:
		run, ok := d.adminVerbs(a)[verb]
		if !ok {
			emulator.Write(w, http.StatusNotFound, reply{"ok": false, "error": "unknown verb " + verb})
			return
		}

		err = run()
	}

	emulator.Done(w, out, err)
}

func (d *driver) adminVerbs(a Admin) map[string]func() error {
	s := d.srv
	done := func(f func()) func() error {
		return func() error { f(); return nil }
	}

	active := func(deleted bool) func() error {
		return func() error { return s.Admin.UpdateUser(a.ID, func(u *User) { u.Deleted = deleted }) }
	}

	return map[string]func() error{
		"deactivate":     active(true),
		"activate":       active(false),
		"archive":        func() error { return s.Admin.ArchiveChannel(a.Channel, true) },
		"unarchive":      func() error { return s.Admin.ArchiveChannel(a.Channel, false) },
		"delete_channel": func() error { return s.Admin.DeleteChannel(a.Channel) },
		"rename":         func() error { return s.Admin.RenameChannel(a.Channel, a.Name) },
		"invite":         func() error { return s.Admin.Invite(a.Channel, a.ID, "") },
		"kick":           func() error { return s.Admin.Kick(a.Channel, a.ID) },
		"lock_thread":    func() error { return s.Admin.LockThread(a.Channel, a.TS, true) },
		"unlock_thread":  func() error { return s.Admin.LockThread(a.Channel, a.TS, false) },
		"unfurl":         func() error { return s.Admin.Unfurl(a.Channel, a.TS) },
		"forget":         func() error { return s.Admin.ForgetMessage(a.Channel, a.TS) },
		"delete_file":    func() error { return s.Admin.DeleteFile(a.ID) },
		"scopes":         done(func() { s.Admin.SetScopes(a.Names...) }),
		"uninstall":      done(s.Admin.Uninstall),
		"reinstall":      done(s.Admin.Reinstall),
		"disconnect":     done(func() { s.Sockets.Disconnect(a.Name) }),
		"drop_sockets":   done(s.Sockets.Drop),
		"send_event":     done(func() { s.Admin.SendEvent(a.Name, a.Channel, a.Event) }),
	}
}
