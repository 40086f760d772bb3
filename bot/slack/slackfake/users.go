package slackfake

import (
	"cmp"
	"strings"
	"time"

	"parley/bot/slack/slackfake/webcall"
	"parley/bot/slack/slackfake/workspace"
)

// The directory keeps the emulated workspace's people and bots. userAPI answers the app's users.* calls about
// them. The lock, workspace.Ground.Mu, guards both.

// directory is the workspace's people and bots, by user id (U…).
type directory struct {
	*ground
	users   map[string]*User
	userIDs []string // in order of joining
}

// hasUser reports whether somebody has this id. Caller holds the lock.
func (d *directory) hasUser(user string) bool { return d.users[user] != nil }

// reset forgets everybody. Caller holds the lock.
func (d *directory) reset() { d.users, d.userIDs = map[string]*User{}, nil }

// putUser stores u, after filling in the fields that are empty. The caller holds the lock.
func (d *directory) putUser(u User) *User {
	if u.ID == "" {
		u.ID = d.NewID("U")
	}

	u.TeamID = cmp.Or(u.TeamID, d.Opt.TeamID)
	if u.Name == "" {
		u.Name = strings.ToLower(u.ID)
	}

	u.RealName = cmp.Or(u.RealName, u.Name)
	u.TZ = cmp.Or(u.TZ, "Europe/Berlin")
	if u.Updated == 0 {
		u.Updated = d.Now().Unix()
	}
	if d.users[u.ID] == nil {
		d.userIDs = append(d.userIDs, u.ID)
	}

	d.users[u.ID] = &u
	d.Note(Change{Kind: "user", User: u.ID})
	return &u
}

// userJSON returns a user as the Web API and events show them. email says whether the app may read the e-mail
// address. The caller holds the lock.
func (d *directory) userJSON(u *User, email bool) reply {
	zone, label := u.TZOffset, u.TZ
	if loc, err := time.LoadLocation(u.TZ); err == nil {
		label, zone = d.Now().In(loc).Zone()
	}

	display := u.DisplayName
	profile := reply{
		"real_name": u.RealName, "real_name_normalized": u.RealName, "display_name": display,
		"display_name_normalized": display, "title": "", "phone": "", "skype": "", "status_text": "", "status_emoji": "",
		"avatar_hash": "g" + strings.ToLower(u.ID), "team": u.TeamID,
		"image_24": u.Image, "image_48": u.Image, "image_72": u.Image, "image_192": u.Image, "image_512": u.Image,
	}

	hasEmail := !u.Bot && u.Email != ""
	if email && hasEmail {
		profile["email"] = u.Email
	}
	if u.Bot {
		profile["bot_id"], profile["api_app_id"] = u.BotID, d.Opt.AppID
	}

	out := reply{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "deleted": u.Deleted, "profile": profile,
		"is_bot": u.Bot, "updated": u.Updated, "is_app_user": false,
	}
	if u.Deleted {
		return out // Slack leaves the rest out for deactivated people
	}

	out["real_name"] = u.RealName
	out["tz"], out["tz_label"] = u.TZ, label
	out["tz_offset"] = zone
	out["is_admin"] = u.Admin
	out["is_owner"], out["is_primary_owner"] = false, false
	out["is_restricted"], out["is_ultra_restricted"] = u.Restricted, false
	out["is_email_confirmed"], out["who_can_share_contact_card"] = !u.Bot, "EVERYONE"
	if u.Stranger {
		out["is_stranger"] = true
	}
	if len(u.Teams) > 0 {
		out["enterprise_user"] = map[string]any{"id": u.ID, "enterprise_id": "E0FAKE", "is_admin": false, "is_owner": false, "teams": u.Teams}
	}

	return out
}

// userAPI answers about people, teams and the token.
type userAPI struct {
	*ground
	people *directory
}

func (a *userAPI) userInfo(c *call) (reply, *workspace.Refusal) {
	u := a.people.users[c.Str("user")]
	if u == nil {
		return nil, workspace.Refuse("user_not_found")
	}
	return reply{"user": a.people.userJSON(u, useEmailScope(c))}, nil
}

// useEmailScope reports whether the app may read addresses, and records that the scope was used.
func useEmailScope(c *call) bool { return c.Need("users:read.email") == nil }

func (a *userAPI) listUsers(c *call) (reply, *workspace.Refusal) {
	limit, skip, err := c.Page(1000, 1000)
	if err != nil {
		return nil, err
	}

	email := useEmailScope(c)
	out, more := []reply{}, 0
	for i := skip; i < len(a.people.userIDs); i++ {
		if len(out) == limit {
			more = i
			break
		}
		out = append(out, a.people.userJSON(a.people.users[a.people.userIDs[i]], email))
	}

	return reply{"members": out, "cache_ts": a.Now().Unix(), "response_metadata": webcall.ResponseMetadata(more)}, nil
}

func (a *userAPI) lookupByEmail(c *call) (reply, *workspace.Refusal) {
	for _, id := range a.people.userIDs {
		u := a.people.users[id]
		hasEmail := u.Email != "" && strings.EqualFold(u.Email, c.Str("email"))
		isActive := !u.Deleted && !u.Bot
		if hasEmail && isActive {
			return reply{"user": a.people.userJSON(u, true)}, nil
		}
	}
	return nil, workspace.Refuse("users_not_found")
}

// botInfo answers what a bot is. A token of a whole organisation has to name the workspace.
// Source: docs.slack.dev/reference/methods/bots.info.
func (a *userAPI) botInfo(c *call) (reply, *workspace.Refusal) {
	if isOfOrganisation := strings.HasPrefix(a.Opt.TeamID, "E"); isOfOrganisation && c.Str("team_id") == "" {
		return nil, workspace.Refuse("missing_argument")
	}
	id := cmp.Or(c.Str("bot"), a.Opt.BotID)
	for _, uid := range a.people.userIDs {
		u := a.people.users[uid]
		if u.BotID == id {
			return reply{"bot": reply{
				"id": id, "deleted": u.Deleted, "name": u.Name, "updated": u.Updated, "app_id": a.Opt.AppID, "user_id": u.ID,
				"icons": reply{},
			}}, nil
		}
	}
	return nil, workspace.Refuse("bot_not_found")
}

func (a *userAPI) authTest(c *call) (reply, *workspace.Refusal) {
	return reply{
		"url": a.Opt.WorkspaceURL, "team": a.Opt.TeamName, "user": a.Opt.AppName, "team_id": a.Opt.TeamID,
		"user_id": a.Opt.BotUser, "bot_id": a.Opt.BotID, "is_enterprise_install": false,
	}, nil
}
