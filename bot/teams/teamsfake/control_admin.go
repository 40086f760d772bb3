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
//	judge                         channel, message, policy
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

	Policy map[string]string `json:"policy"`
}

func (d *driver) controlAdmin(w http.ResponseWriter, r *http.Request) {
	var a Admin
	if !emulator.DecodeJSON(w, r, &a) {
		return
	}
	runVerb(w, r, d.adminVerbs(a))
}

// verb does what a driver asks for, and returns what is answered besides ok.
type verb = func(context.Context) (object, error)

// try makes a verb that answers nothing but an error, done one that always succeeds.
func try(f func() error) verb { return func(context.Context) (object, error) { return nil, f() } }

func done(f func()) verb { return func(context.Context) (object, error) { f(); return nil, nil } }

// runVerb runs the verb that a request names.
func runVerb(w http.ResponseWriter, r *http.Request, verbs map[string]verb) {
	run, ok := verbs[r.PathValue("verb")]
	if !ok {
		calls.WriteJSON(w, http.StatusNotFound, object{"ok": false, "error": "unknown verb " + r.PathValue("verb")})
		return
	}
	out, err := run(r.Context())
	emulator.WriteResult(w, out, err)
}

// adminVerbs returns what each verb of an administrator does.
func (d *driver) adminVerbs(a Admin) map[string]verb {
	s := d.srv
	return map[string]verb{
		"add_user":        func(context.Context) (object, error) { return object{"user": s.Admin.AddUser(a.User)}, nil },
		"add_team":        func(context.Context) (object, error) { return object{"team": s.Admin.AddTeam(a.Team)}, nil },
		"add_channel":     func(context.Context) (object, error) { return object{"channel": s.Admin.AddChannel(a.NewChannel)}, nil },
		"connect":         func(ctx context.Context) (object, error) { return nil, s.Admin.Connect(ctx, a.Endpoint) },
		"install":         func(ctx context.Context) (object, error) { return nil, s.Admin.Install(ctx, a.Names...) },
		"uninstall":       func(ctx context.Context) (object, error) { return nil, s.Admin.Uninstall(ctx, a.Names...) },
		"upgrade":         func(ctx context.Context) (object, error) { return nil, s.Admin.Upgrade(ctx, a.Names...) },
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
		"judge":           try(func() error { return s.Admin.Judge(a.Channel, a.Message, a.Policy) }),
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
