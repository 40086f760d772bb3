package slackfake

import (
	"strings"
	"time"
)

// directory is the workspace's people and bots. Guarded by the lock.
type directory struct {
	*ground
	grant   *grant
	users   map[string]*User
	userIDs []string // in order of joining
}

// reset forgets everybody. Caller holds the lock.
func (d *directory) reset() { d.users, d.userIDs = map[string]*User{}, nil }

// AddUser adds a person (or bot) and tells the app with team_join. Empty ID, TeamID and names
// are filled in. It returns what was added.
func (a *Administrator) AddUser(u User) User {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.people.putUser(u)
	a.events.emit("team_join", nil, map[string]any{"type": "team_join", "user": a.people.userJSON(p, a.grant.scopes["users:read.email"])})
	return *p
}

// putUser fills in and stores u. Caller holds the lock.
func (d *directory) putUser(u User) *User {
	if u.ID == "" {
		u.ID = d.newID("U")
	}
	if u.TeamID == "" {
		u.TeamID = d.opt.TeamID
	}
	if u.Name == "" {
		u.Name = strings.ToLower(u.ID)
	}
	if u.RealName == "" {
		u.RealName = u.Name
	}
	if u.TZ == "" {
		u.TZ = "Europe/Berlin"
	}
	if u.Updated == 0 {
		u.Updated = d.now().Unix()
	}
	if d.users[u.ID] == nil {
		d.userIDs = append(d.userIDs, u.ID)
	}
	d.users[u.ID] = &u
	d.note(Change{Kind: "user", User: u.ID})
	return &u
}

// UpdateUser changes a person and tells the app with user_change. Deactivation is
// Deleted = true; Slack then shows no profile picture but keeps the rest.
// Errors: user_not_found.
func (a *Administrator) UpdateUser(id string, change func(*User)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	u := a.people.users[id]
	if u == nil {
		return refuse("user_not_found")
	}
	change(u)
	u.Updated = a.now().Unix()
	a.note(Change{Kind: "user", User: id})
	a.events.emit("user_change", nil, map[string]any{
		"type": "user_change", "user": a.people.userJSON(u, a.grant.scopes["users:read.email"]),
		"cache_ts": u.Updated, "event_ts": formatTS(a.now().UnixMicro()),
	})
	return nil
}

// Users lists everybody, bots included, in order of joining.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []User
	for _, id := range s.people.userIDs {
		out = append(out, *s.people.users[id])
	}
	return out
}

func (d *directory) userJSON(u *User, email bool) reply {
	zone, label := u.TZOffset, u.TZ
	if loc, err := time.LoadLocation(u.TZ); err == nil {
		label, zone = d.now().In(loc).Zone()
	}
	display := u.DisplayName
	profile := reply{
		"real_name": u.RealName, "real_name_normalized": u.RealName, "display_name": display,
		"display_name_normalized": display, "title": "", "phone": "", "skype": "", "status_text": "", "status_emoji": "",
		"avatar_hash": "g" + strings.ToLower(u.ID), "team": u.TeamID,
		"image_24": u.Image, "image_48": u.Image, "image_72": u.Image, "image_192": u.Image, "image_512": u.Image,
	}
	if email && !u.Bot && u.Email != "" {
		profile["email"] = u.Email
	}
	if u.Bot {
		profile["bot_id"], profile["api_app_id"] = u.BotID, d.opt.AppID
	}
	out := reply{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "deleted": u.Deleted, "profile": profile,
		"is_bot": u.Bot, "updated": u.Updated, "is_app_user": false,
	}
	if u.Deleted {
		return out // Slack leaves the rest out for deactivated people
	}
	out["real_name"], out["tz"], out["tz_label"], out["tz_offset"] = u.RealName, u.TZ, label, zone
	out["is_admin"], out["is_owner"], out["is_primary_owner"] = u.Admin, false, false
	out["is_restricted"], out["is_ultra_restricted"] = u.Restricted, false
	out["is_email_confirmed"], out["who_can_share_contact_card"] = !u.Bot, "EVERYONE"
	if u.Stranger {
		out["is_stranger"] = true
	}
	return out
}

// userAPI answers about people, teams and the token.
type userAPI struct {
	*ground
	people *directory
	grant  *grant
	events *Events
}

func (a *userAPI) userInfo(c *call) (reply, *apiError) {
	u := a.people.users[c.str("user")]
	if u == nil {
		return nil, refuse("user_not_found")
	}
	return reply{"user": a.people.userJSON(u, c.mayReadEmail())}, nil
}

// mayReadEmail also records the scope as used.
func (c *call) mayReadEmail() bool { return c.need("users:read.email") == nil }

func (a *userAPI) listUsers(c *call) (reply, *apiError) {
	limit, skip, err := c.page(1000, 1000)
	if err != nil {
		return nil, err
	}
	email := c.mayReadEmail()
	out, more := []reply{}, 0
	for i := skip; i < len(a.people.userIDs); i++ {
		if len(out) == limit {
			more = i
			break
		}
		out = append(out, a.people.userJSON(a.people.users[a.people.userIDs[i]], email))
	}
	return reply{"members": out, "cache_ts": a.now().Unix(), "response_metadata": nextCursor(more)}, nil
}

func (a *userAPI) lookupByEmail(c *call) (reply, *apiError) {
	for _, id := range a.people.userIDs {
		u := a.people.users[id]
		if u.Email != "" && strings.EqualFold(u.Email, c.str("email")) && !u.Deleted && !u.Bot {
			return reply{"user": a.people.userJSON(u, true)}, nil
		}
	}
	return nil, refuse("users_not_found")
}

func (a *userAPI) botInfo(c *call) (reply, *apiError) {
	id := c.str("bot")
	if id == "" {
		id = a.opt.BotID
	}
	for _, uid := range a.people.userIDs {
		u := a.people.users[uid]
		if u.BotID == id {
			return reply{"bot": reply{
				"id": id, "deleted": u.Deleted, "name": u.Name, "updated": u.Updated, "app_id": a.opt.AppID, "user_id": u.ID,
				"icons": reply{},
			}}, nil
		}
	}
	return nil, refuse("bot_not_found")
}

func (a *userAPI) teamInfo(c *call) (reply, *apiError) {
	return reply{"team": reply{
		"id": a.opt.TeamID, "name": a.opt.TeamName, "domain": a.opt.Domain, "email_domain": "", "icon": reply{},
	}}, nil
}

func (a *userAPI) authTest(c *call) (reply, *apiError) {
	return reply{
		"url": a.opt.WorkspaceURL, "team": a.opt.TeamName, "user": a.opt.AppName, "team_id": a.opt.TeamID,
		"user_id": a.opt.BotUser, "bot_id": a.opt.BotID, "is_enterprise_install": false,
	}, nil
}

func (a *userAPI) apiTest(c *call) (reply, *apiError) {
	if e := c.str("error"); e != "" {
		return nil, refuse(e)
	}
	return reply{"args": c.args}, nil
}
