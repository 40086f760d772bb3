package teamsfake

import (
	"context"
	"net/http"

	"parley/bot/chatfake"
)

// Admin is the body of POST /_fake/admin/{verb}; each verb reads what it needs:
//
//	connect endpoint       set_endpoint endpoint      set_url name           install uninstall upgrade  names (teams)
//	add_user user → {"user"}  set_user user  add_team team → {"team"}  add_channel new_channel → {"channel"}
//	rename channel name    delete_channel channel     restore_channel channel  add_app remove_app channel
//	archive unarchive  channel (a team's id)          members channel names    erase channel message
//	block unblock id       permit names               rsc on                   region name
//	tokens name (a Token)  rotate_keys on (keep the old)                       revoke_tokens
type Admin struct {
	Endpoint   string   `json:"endpoint"`
	User       User     `json:"user"`
	Team       Team     `json:"team"`
	NewChannel Channel  `json:"new_channel"`
	Channel    string   `json:"channel"`
	Message    string   `json:"message"`
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Names      []string `json:"names"`
	On         bool     `json:"on"`
}

func (s *Server) controlAdmin(w http.ResponseWriter, r *http.Request) {
	var a Admin
	if !chatfake.Read(w, r, &a) {
		return
	}
	switch verb := r.PathValue("verb"); verb {
	case "add_user":
		chatfake.Done(w, object{"user": s.AddUser(a.User)}, nil)
	case "add_team":
		chatfake.Done(w, object{"team": s.AddTeam(a.Team)}, nil)
	case "add_channel":
		chatfake.Done(w, object{"channel": s.AddChannel(a.NewChannel)}, nil)
	default:
		run, ok := s.adminVerbs(a)[verb]
		if !ok {
			writeJSON(w, http.StatusNotFound, object{"ok": false, "error": "unknown verb " + verb})
			return
		}
		chatfake.Done(w, nil, run(r.Context()))
	}
}

func (s *Server) adminVerbs(a Admin) map[string]func(context.Context) error {
	type verb = func(context.Context) error
	try := func(f func() error) verb { return func(context.Context) error { return f() } }
	done := func(f func()) verb { return func(context.Context) error { f(); return nil } }
	return map[string]verb{
		"connect":         func(ctx context.Context) error { return s.Connect(ctx, a.Endpoint) },
		"install":         func(ctx context.Context) error { return s.Install(ctx, a.Names...) },
		"uninstall":       func(ctx context.Context) error { return s.Uninstall(ctx, a.Names...) },
		"upgrade":         func(ctx context.Context) error { return s.Upgrade(ctx, a.Names...) },
		"set_endpoint":    done(func() { s.SetEndpoint(a.Endpoint) }),
		"set_url":         done(func() { s.SetURL(a.Name) }),
		"set_user":        try(func() error { return s.SetUser(a.User) }),
		"rename":          try(func() error { return s.RenameChannel(a.Channel, a.Name) }),
		"delete_channel":  try(func() error { return s.DeleteChannel(a.Channel) }),
		"restore_channel": try(func() error { return s.RestoreChannel(a.Channel) }),
		"add_app":         try(func() error { return s.AddApp(a.Channel, true) }),
		"remove_app":      try(func() error { return s.AddApp(a.Channel, false) }),
		"archive":         try(func() error { return s.ArchiveTeam(a.Channel, true) }),
		"unarchive":       try(func() error { return s.ArchiveTeam(a.Channel, false) }),
		"members":         try(func() error { return s.SetMembers(a.Channel, a.Names) }),
		"erase":           try(func() error { return s.Erase(a.Channel, a.Message) }),
		"block":           done(func() { s.Block(a.ID, true) }),
		"unblock":         done(func() { s.Block(a.ID, false) }),
		"permit":          done(func() { s.Permit(a.Names...) }),
		"rsc":             done(func() { s.SetRSC(a.On) }),
		"region":          done(func() { s.SetRegion(a.Name) }),
		"tokens":          done(func() { s.SetTokens(Token(a.Name)) }),
		"rotate_keys":     try(func() error { return s.RotateKeys(a.On) }),
		"revoke_tokens":   done(s.RevokeTokens),
	}
}
