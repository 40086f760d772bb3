package slackfake

import (
	"net/http"

	"parley/bot/chatfake"
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

func (s *Server) controlAdmin(w http.ResponseWriter, r *http.Request) {
	var a Admin
	if !chatfake.Read(w, r, &a) {
		return
	}
	var out reply
	var err error
	switch verb := r.PathValue("verb"); verb {
	case "add_user":
		out = reply{"user": s.AddUser(a.User)}
	case "add_channel":
		out = reply{"channel": s.AddChannel(a.NewChannel)}
	case "change_channel_id":
		var id string
		id, err = s.ChangeChannelID(a.Channel)
		out = reply{"channel_id": id}
	case "use_http":
		err = s.UseHTTP(r.Context(), a.Targets)
	default:
		run, ok := s.adminVerbs(a)[verb]
		if !ok {
			writeJSON(w, http.StatusNotFound, reply{"ok": false, "error": "unknown verb " + verb})
			return
		}
		err = run()
	}
	chatfake.Done(w, out, err)
}

func (s *Server) adminVerbs(a Admin) map[string]func() error {
	done := func(f func()) func() error {
		return func() error { f(); return nil }
	}
	active := func(deleted bool) func() error {
		return func() error { return s.UpdateUser(a.ID, func(u *User) { u.Deleted = deleted }) }
	}
	return map[string]func() error{
		"deactivate":     active(true),
		"activate":       active(false),
		"archive":        func() error { return s.ArchiveChannel(a.Channel, true) },
		"unarchive":      func() error { return s.ArchiveChannel(a.Channel, false) },
		"delete_channel": func() error { return s.DeleteChannel(a.Channel) },
		"rename":         func() error { return s.RenameChannel(a.Channel, a.Name) },
		"invite":         func() error { return s.Invite(a.Channel, a.ID, "") },
		"kick":           func() error { return s.Kick(a.Channel, a.ID) },
		"lock_thread":    func() error { return s.LockThread(a.Channel, a.TS, true) },
		"unlock_thread":  func() error { return s.LockThread(a.Channel, a.TS, false) },
		"unfurl":         func() error { return s.Unfurl(a.Channel, a.TS) },
		"forget":         func() error { return s.ForgetMessage(a.Channel, a.TS) },
		"delete_file":    func() error { return s.DeleteFile(a.ID) },
		"scopes":         done(func() { s.SetScopes(a.Names...) }),
		"uninstall":      done(s.Uninstall),
		"reinstall":      done(s.Reinstall),
		"disconnect":     done(func() { s.Disconnect(a.Name) }),
		"drop_sockets":   done(s.DropSockets),
		"send_event":     done(func() { s.SendEvent(a.Name, a.Channel, a.Event) }),
	}
}
