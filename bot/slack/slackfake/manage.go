package slackfake

import (
	"unicode/utf8"
)

// maxTopic bounds topics and purposes. Units: runes.
const maxTopic = 250

// managed finds a channel that the bot may change.
func (c *call) managed() (*channel, *apiError) {
	ch, err := c.findChannel(c.str("channel"))
	switch {
	case err != nil:
		return nil, err
	case ch.IM:
		return nil, refuse("method_not_supported_for_channel_type")
	case !ch.members[c.opt.BotUser]:
		return nil, refuse("not_in_channel")
	}
	return ch, c.need(manageScope(ch.Private))
}

func manageScope(private bool) string {
	if private {
		return "groups:write"
	}
	return "channels:manage"
}

func (c *call) kickUser() (reply, *apiError) {
	ch, err := c.managed()
	if err != nil {
		return nil, err
	}
	user := c.str("user")
	switch {
	case c.users[user] == nil:
		return nil, refuse("user_not_found")
	case user == c.opt.BotUser:
		return nil, refuse("cant_kick_self")
	case ch.Name == "general":
		return nil, refuse("cant_kick_from_general")
	case !ch.members[user]:
		return nil, refuse("not_in_channel")
	}
	c.leave(ch, user)
	return reply{}, nil
}

func (c *call) archiveChannel() (reply, *apiError) {
	ch, err := c.managed()
	switch {
	case err != nil:
		return nil, err
	case ch.Archived:
		return nil, refuse("already_archived")
	case ch.Name == "general":
		return nil, refuse("cant_archive_general")
	}
	c.archive(ch, c.opt.BotUser, true)
	return reply{}, nil
}

func (c *call) unarchiveChannel() (reply, *apiError) {
	ch, err := c.managed()
	if err != nil {
		return nil, err
	}
	if !ch.Archived {
		return nil, refuse("not_archived")
	}
	c.archive(ch, c.opt.BotUser, false)
	return reply{}, nil
}

func (c *call) renameChannel() (reply, *apiError) {
	ch, err := c.managed()
	if err != nil {
		return nil, err
	}
	name := c.str("name")
	if err := c.freeName(name); err != nil {
		return nil, err
	}
	c.rename(ch, c.opt.BotUser, name)
	return reply{"channel": c.channelJSON(ch)}, nil
}

func (c *call) setTopic() (reply, *apiError)   { return c.setAbout("topic") }
func (c *call) setPurpose() (reply, *apiError) { return c.setAbout("purpose") }

// setAbout changes topic or purpose, which Slack also announces in the channel.
func (c *call) setAbout(what string) (reply, *apiError) {
	ch, err := c.managed()
	switch {
	case err != nil:
		return nil, err
	case ch.Archived:
		return nil, refuse("is_archived")
	case utf8.RuneCountInString(c.str(what)) > maxTopic:
		return nil, refuse("too_long")
	}
	place := &ch.Topic
	if what == "purpose" {
		place = &ch.Purpose
	}
	*place = c.str(what)
	c.announce(ch, c.opt.BotUser, "channel_"+what, "set the channel "+what+": "+*place)
	return reply{"channel": c.channelJSON(ch)}, nil
}

// closeDM only hides a direct channel, so nothing changes for the app.
func (c *call) closeDM() (reply, *apiError) {
	ch, err := c.findChannel(c.str("channel"))
	if err != nil {
		return nil, err
	}
	if !ch.IM {
		return nil, refuse("method_not_supported_for_channel_type")
	}
	return reply{}, nil
}

func (c *call) userProfile() (reply, *apiError) {
	id := c.str("user")
	if id == "" {
		id = c.opt.BotUser
	}
	u := c.users[id]
	if u == nil {
		return nil, refuse("user_not_found")
	}
	return reply{"profile": c.userJSON(u, c.mayReadEmail())["profile"]}, nil
}

func (c *call) userPresence() (reply, *apiError) {
	if c.users[c.str("user")] == nil {
		return nil, refuse("user_not_found")
	}
	return reply{"presence": "active", "online": true}, nil
}

// revokeAuth ends the token as auth.revoke does; Reinstall makes it valid again.
func (c *call) revokeAuth() (reply, *apiError) {
	if c.flag("test") {
		return reply{"revoked": false}, nil
	}
	c.revoked = true
	c.emit("tokens_revoked", nil, map[string]any{
		"type": "tokens_revoked", "tokens": map[string]any{"oauth": []string{}, "bot": []string{c.opt.BotUser}},
	})
	return reply{"revoked": true}, nil
}
