package teamsfake

import (
	"context"
	"net/http"

	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/entra"
	"parley/bot/teams/teamsfake/tenant"
	"parley/channels/emulator"
)

// Admin is the body of POST /_fake/admin/{verb}. A verb reads the fields that stand beside it, and answers ok with what stands
// behind the arrow:
//
//	connect, set_endpoint         endpoint
//	set_url                       name
//	install, uninstall, upgrade   names (of teams)
//	add_user                      user → "user"
//	set_user                      user
//	add_team                      team → "team"
//	add_channel                   new_channel → "channel"
//	rename                        channel, name
//	delete_channel                channel
//	restore_channel               channel
//	add_app, remove_app           channel
//	archive, unarchive            channel (a team's id)
//	members                       channel, names
//	erase                         channel, message
//	block, unblock                id
//	permit                        names
//	rsc                           on
//	region                        name
//	tokens                        name (a Token)
//	rotate_keys                   on: the old ones are kept
//	revoke_tokens                 –
type Admin struct {
	Endpoint   string         `json:"endpoint"`
	User       tenant.User    `json:"user"`
	Team       tenant.Team    `json:"team"`
	NewChannel tenant.Channel `json:"new_channel"`
	Channel    string         `json:"channel"`
	Message    string         `json:"message"`
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Names      []string       `json:"names"`
	On         bool           `json:"on"`
}

func (d *driver) controlAdmin(w http.ResponseWriter, r *http.Request) {
	s := d.srv
	var a Admin
	if !emulator.DecodeJSON(w, r, &a) {
		return
	}

	switch verb := r.PathValue("verb"); verb {
	case "add_user":
		emulator.WriteResult(w, object{"user": s.Admin.AddUser(a.User)}, nil)
	case "add_team":
		emulator.WriteResult(w, object{"team": s.Admin.AddTeam(a.Team)}, nil)
	case "add_channel":
		emulator.WriteResult(w, object{"channel": s.Admin.AddChannel(a.NewChannel)}, nil)
	default:
		run, ok := d.adminVerbs(a)[verb]
		if !ok {
			calls.WriteJSON(w, http.StatusNotFound, object{"ok": false, "error": "unknown verb " + verb})
			return
		}

		emulator.WriteResult(w, nil, run(r.Context()))
	}
}

// adminVerbs returns what each verb does that answers with nothing but an error.
func (d *driver) adminVerbs(a Admin) map[string]func(context.Context) error {
	s := d.srv
	type verb = func(context.Context) error
	try := func(f func() error) verb { return func(context.Context) error { return f() } }
	done := func(f func()) verb { return func(context.Context) error { f(); return nil } }
	return map[string]verb{
		"connect":         func(ctx context.Context) error { return s.Admin.Connect(ctx, a.Endpoint) },
		"install":         func(ctx context.Context) error { return s.Admin.Install(ctx, a.Names...) },
		"uninstall":       func(ctx context.Context) error { return s.Admin.Uninstall(ctx, a.Names...) },
		"upgrade":         func(ctx context.Context) error { return s.Admin.Upgrade(ctx, a.Names...) },
		"set_endpoint":    done(func() { s.Activities.SetEndpoint(a.Endpoint) }),
		"set_url":         done(func() { s.SetURL(a.Name) }),
		"set_user":        try(func() error { return s.Admin.SetUser(a.User) }),
		"rename":          try(func() error { return s.Admin.RenameChannel(a.Channel, a.Name) }),
		"delete_channel":  try(func() error { return s.Admin.DeleteChannel(a.Channel) }),
		"restore_channel": try(func() error { return s.Admin.RestoreChannel(a.Channel) }),
		"add_app":         try(func() error { return s.Admin.AddApp(a.Channel, true) }),
		"remove_app":      try(func() error { return s.Admin.AddApp(a.Channel, false) }),
		"archive":         try(func() error { return s.Admin.ArchiveTeam(a.Channel, true) }),
		"unarchive":       try(func() error { return s.Admin.ArchiveTeam(a.Channel, false) }),
		"members":         try(func() error { return s.Admin.SetMembers(a.Channel, a.Names) }),
		"erase":           try(func() error { return s.Admin.Erase(a.Channel, a.Message) }),
		"block":           done(func() { s.Admin.Block(a.ID, true) }),
		"unblock":         done(func() { s.Admin.Block(a.ID, false) }),
		"permit":          done(func() { s.Entra.Permit(a.Names...) }),
		"rsc":             done(func() { s.Entra.SetRSC(a.On) }),
		"region":          done(func() { s.Admin.SetRegion(a.Name) }),
		"tokens":          done(func() { s.Entra.SetTokens(entra.Token(a.Name)) }),
		"rotate_keys":     try(func() error { return s.Entra.RotateKeys(a.On) }),
		"revoke_tokens":   done(s.Entra.RevokeTokens),
	}
}
