package slackfake

import (
	"maps"

	"parley/bot/slack/slackfake/workspace"
)

// This file is the table of Web API methods that the emulator knows: for each its scope, rate limit, required
// arguments and handler. All other methods get the answer unknown_method.

// method describes one Web API method.
// Source: docs.slack.dev/reference/methods, read 2026-11; errors also from the 2021 OpenAPI description.
type method struct {
	scope    string   // that the app needs, "a|b" for either; "" if none, or if the channel's kind decides
	tier     int      // calls per minute; 0 means a limit of the method's own
	required []string // arguments
	appToken bool     // needs the app-level token (xapp-…) in place of the bot's
	public   bool     // needs no token
	do       func(*call) (reply, *workspace.Refusal)
}

// Calls per minute of Slack's rate limit tiers.
const (
	tier2   = 20
	tier3   = 50
	tier4   = 100
	special = 0
	ample   = 600 // for methods of which Slack says only that it allows hundreds
)

func (a *webAPI) listMethods() map[string]method {
	all := a.conversationMethods()
	maps.Copy(all, a.chatMethods())
	maps.Copy(all, a.peopleMethods())
	maps.Copy(all, a.otherMethods())
	return all
}

func (a *webAPI) otherMethods() map[string]method {
	return map[string]method{
		"api.test":              {tier: ample, public: true, do: testAPI},
		"auth.test":             {tier: ample, do: a.users.authTest},
		"apps.connections.open": {tier: tier3, appToken: true, do: a.openConnection},

		"views.open":    {tier: tier4, required: []string{"view"}, do: a.views.OpenView},
		"views.push":    {tier: tier4, required: []string{"view"}, do: a.views.PushView},
		"views.update":  {tier: tier4, required: []string{"view"}, do: a.views.UpdateView},
		"views.publish": {tier: tier4, required: []string{"user_id", "view"}, do: a.views.PublishView},

		"files.getUploadURLExternal":   {scope: "files:write", tier: tier4, do: a.files.uploadURL},
		"files.completeUploadExternal": {scope: "files:write", tier: tier4, do: a.files.completeUpload},
		"files.info":                   {scope: "files:read", tier: tier4, required: []string{"file"}, do: a.files.fileInfo},
		"files.delete":                 {scope: "files:write", tier: tier3, required: []string{"file"}, do: a.files.deleteFile},
	}
}

func (a *webAPI) chatMethods() map[string]method {
	ch, chTS := []string{"channel"}, []string{"channel", "ts"}
	react := []string{"channel", "timestamp", "name"}
	return map[string]method{
		"chat.postMessage":   {scope: "chat:write", tier: special, required: ch, do: a.chat.postMessage},
		"chat.update":        {scope: "chat:write", tier: tier3, required: chTS, do: a.chat.updateMessage},
		"chat.delete":        {scope: "chat:write", tier: tier3, required: chTS, do: a.chat.deleteMessage},
		"chat.postEphemeral": {scope: "chat:write", tier: tier4, required: []string{"channel", "user"}, do: a.chat.postEphemeral},
		"chat.getPermalink":  {tier: ample, required: []string{"channel", "message_ts"}, do: a.chat.getPermalink},

		"reactions.add":    {scope: "reactions:write", tier: tier3, required: react, do: a.chat.addReaction},
		"reactions.remove": {scope: "reactions:write", tier: tier2, required: react, do: a.chat.removeReaction},
	}
}

func (a *webAPI) conversationMethods() map[string]method {
	ch, chTS := []string{"channel"}, []string{"channel", "ts"}
	return map[string]method{
		"conversations.history": {tier: tier3, required: ch, do: a.conversations.readHistory},
		"conversations.replies": {tier: tier3, required: chTS, do: a.conversations.readReplies},
		"conversations.info":    {tier: tier3, required: ch, do: a.conversations.channelInfo},
		"conversations.list":    {tier: tier2, do: a.conversations.listChannels},
		"conversations.members": {tier: tier4, required: ch, do: a.conversations.listMembers},
		"conversations.join":    {scope: "channels:join", tier: tier3, required: ch, do: a.conversations.joinChannel},
		"conversations.open":    {scope: "im:write", tier: tier3, do: a.conversations.openDM},
	}
}

func (a *webAPI) peopleMethods() map[string]method {
	return map[string]method{
		"users.info":          {scope: "users:read", tier: tier4, required: []string{"user"}, do: a.users.userInfo},
		"users.list":          {scope: "users:read", tier: tier2, do: a.users.listUsers},
		"users.lookupByEmail": {scope: "users:read.email", tier: tier3, required: []string{"email"}, do: a.users.lookupByEmail},
		"bots.info":           {scope: "users:read", tier: tier3, do: a.users.botInfo},
	}
}

// testAPI repeats the arguments of a call, and fails with the error that the argument error names.
// Source: docs.slack.dev/reference/methods/api.test, read 2026-11.
func testAPI(c *call) (reply, *workspace.Refusal) {
	if code := c.Str("error"); code != "" {
		return nil, &workspace.Refusal{Code: code, Args: c.Args}
	}
	if len(c.Args) == 0 {
		return nil, nil
	}
	return reply{"args": c.Args}, nil
}

func (a *webAPI) openConnection(*call) (reply, *workspace.Refusal) {
	return reply{"url": a.sockets.NewAddress()}, nil
}
