package slackfake

import (
	"cmp"
	"maps"
	"strings"
	"time"
)

// directory has the users of the emulated Slack workspace: people and bots. "The lock", which guards it and the whole
// workspace, is workspace.Ground.Mu.
type directory struct {
	*Ground
	users   map[string]*User // by id, U…
	userIDs []string         // in the order in which they were added
}

// hasUser reports whether there is a user with an id. The caller must hold the lock.
func (d *directory) hasUser(user string) bool { return d.users[user] != nil }

// find returns the first user that matches, or nil. The caller must hold the lock.
func (d *directory) find(matches func(*User) bool) *User {
	for _, id := range d.userIDs {
		if u := d.users[id]; matches(u) {
			return u
		}
	}
	return nil
}

// reset removes all users. The caller must hold the lock.
func (d *directory) reset() { d.users, d.userIDs = map[string]*User{}, nil }

// putUser adds or replaces a user, with defaults for empty fields. The caller must hold the lock.
func (d *directory) putUser(u User) *User {
	if u.ID == "" {
		u.ID = d.NewID("U")
	}
	u.TeamID = cmp.Or(u.TeamID, d.Opt.TeamID)
	u.Name = cmp.Or(u.Name, strings.ToLower(u.ID))
	u.RealName = cmp.Or(u.RealName, u.Name)
	u.TZ = cmp.Or(u.TZ, "Europe/Berlin")
	u.Updated = cmp.Or(u.Updated, d.Now().Unix())

	if d.users[u.ID] == nil {
		d.userIDs = append(d.userIDs, u.ID)
	}
	d.users[u.ID] = &u
	d.Note(Change{Kind: "user", User: u.ID})
	return &u
}

// emailAccess is whether the app may read e-mail addresses, which requires the scope users:read.email.
type emailAccess bool

const showsEmail emailAccess = true

// describe returns a user in the format of the Web API and of events. The caller must hold the lock.
// Source: docs.slack.dev/reference/objects/user-object, read 2026-11.
func (d *directory) describe(u *User, access emailAccess) Reply {
	out := Reply{
		"id":          u.ID,
		"team_id":     u.TeamID,
		"name":        u.Name,
		"deleted":     u.Deleted,
		"profile":     d.describeProfile(u, access),
		"is_bot":      u.Bot,
		"is_app_user": false,
		"updated":     u.Updated,
	}
	if !u.Deleted { // Slack omits these fields for deactivated users
		maps.Copy(out, d.describeActive(u))
	}
	return out
}

func (d *directory) describeProfile(u *User, access emailAccess) Reply {
	profile := Reply{
		"real_name":               u.RealName,
		"real_name_normalized":    u.RealName,
		"display_name":            u.DisplayName,
		"display_name_normalized": u.DisplayName,
		"title":                   "",
		"phone":                   "",
		"skype":                   "",
		"status_text":             "",
		"status_emoji":            "",
		"avatar_hash":             "g" + strings.ToLower(u.ID),
		"team":                    u.TeamID,
	}
	for _, size := range []string{"24", "48", "72", "192", "512"} {
		profile["image_"+size] = u.Image
	}
	if u.Bot {
		profile["bot_id"] = u.BotID
		profile["api_app_id"] = d.Opt.AppID
	} else if u.Email != "" && access == showsEmail {
		profile["email"] = u.Email
	}
	return profile
}

// describeActive returns the fields that only users have who aren't deactivated.
func (d *directory) describeActive(u *User) Reply {
	label, offset := d.timeZoneOf(u)
	active := Reply{
		"real_name":                  u.RealName,
		"tz":                         u.TZ,
		"tz_label":                   label,
		"tz_offset":                  offset,
		"is_admin":                   u.Admin,
		"is_owner":                   false,
		"is_primary_owner":           false,
		"is_restricted":              u.Restricted,
		"is_ultra_restricted":        false,
		"is_email_confirmed":         !u.Bot,
		"who_can_share_contact_card": "EVERYONE",
	}
	if u.Stranger {
		active["is_stranger"] = true
	}
	if len(u.Teams) > 0 {
		active["enterprise_user"] = Object{
			"id":            u.ID,
			"enterprise_id": "E0FAKE",
			"is_admin":      false,
			"is_owner":      false,
			"teams":         u.Teams,
		}
	}
	return active
}

// timeZoneOf returns the name of a user's time zone, such as CET, and its offset from UTC in seconds.
func (d *directory) timeZoneOf(u *User) (label string, offset int) {
	zone, err := time.LoadLocation(u.TZ)
	if err != nil { // an invented zone of a test
		return u.TZ, u.TZOffset
	}
	return d.Now().In(zone).Zone()
}
