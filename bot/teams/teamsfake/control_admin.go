package teamsfake

import (
	"context"

	"parley/channels/emulator"
)

// Admin is the body of POST /_fake/admin/{verb}, by which a test in another process acts as an administrator of the emulated
// organisation. For example, POST /_fake/admin/rename with {"channel": "19:a@thread.tacv2", "name": "sales"} renames a
// channel. Each verb uses the fields listed after it. Those with an arrow return a value:
//
//	connect, set_endpoint         endpoint
//	set_url                       name
//	install, uninstall, upgrade   names (of teams)
//	add_user                      user → "user"
//	add_team                      team → "team"
//	add_channel                   new_channel → "channel"
//	rename                        channel, name
//	delete_channel                channel
//	restore_channel               channel
//	archive, unarchive            channel (a team's id)
//	erase                         channel, message
//	judge                         channel, message, policy
//	permit                        names
//	rsc                           on
//	region                        name
//	rotate_keys                   on (keeps the old keys)
//	revoke_tokens                 –
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

	Policy map[string]string `json:"policy"`
}

// adminVerbs returns the function of each verb. A verb returns the fields of its JSON response, if any.
func (d *driver) adminVerbs(a Admin) map[string]emulator.Verb {
	s := d.srv
	return map[string]emulator.Verb{
		"add_user":        func(context.Context) (Object, error) { return Object{"user": s.Admin.AddUser(a.User)}, nil },
		"add_team":        func(context.Context) (Object, error) { return Object{"team": s.Admin.AddTeam(a.Team)}, nil },
		"add_channel":     func(context.Context) (Object, error) { return Object{"channel": s.Admin.AddChannel(a.NewChannel)}, nil },
		"connect":         func(ctx context.Context) (Object, error) { return nil, s.Admin.Connect(ctx, a.Endpoint) },
		"install":         func(ctx context.Context) (Object, error) { return nil, s.Admin.Install(ctx, a.Names...) },
		"uninstall":       func(ctx context.Context) (Object, error) { return nil, s.Admin.Uninstall(ctx, a.Names...) },
		"upgrade":         func(ctx context.Context) (Object, error) { return nil, s.Admin.Upgrade(ctx, a.Names...) },
		"set_endpoint":    emulator.Done(func() { s.Activities.SetEndpoint(a.Endpoint) }),
		"set_url":         emulator.Done(func() { s.SetURL(a.Name) }),
		"rename":          emulator.Try(func() error { return s.Admin.RenameChannel(a.Channel, a.Name) }),
		"delete_channel":  emulator.Try(func() error { return s.Admin.DeleteChannel(a.Channel) }),
		"restore_channel": emulator.Try(func() error { return s.Admin.RestoreChannel(a.Channel) }),
		"archive":         emulator.Try(func() error { return s.Admin.ArchiveTeam(a.Channel, true) }),
		"unarchive":       emulator.Try(func() error { return s.Admin.ArchiveTeam(a.Channel, false) }),
		"erase":           emulator.Try(func() error { return s.Admin.Erase(a.Channel, a.Message) }),
		"judge":           emulator.Try(func() error { return s.Admin.Judge(a.Channel, a.Message, a.Policy) }),
		"permit":          emulator.Done(func() { s.Entra.Permit(a.Names...) }),
		"rsc":             emulator.Done(func() { s.Entra.SetRSC(a.On) }),
		"region":          emulator.Done(func() { s.Admin.SetRegion(a.Name) }),
		"rotate_keys":     emulator.Try(func() error { return s.Entra.RotateKeys(a.On) }),
		"revoke_tokens":   emulator.Done(s.Entra.RevokeTokens),
	}
}
