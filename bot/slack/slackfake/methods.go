package slackfake

import "maps"

// This file is the table of Slack's Web API methods that the emulator implements, each with its scope, rate
// limit, required arguments and handler. The emulator answers all other methods with unknown_method.

// method describes one Web API method.
// Source: docs.slack.dev/reference/methods, read 2026-11; errors also from the 2021 OpenAPI description.
type method struct {
	scope    string   // the scope the app needs, or "a|b" for either; "" if none, or if it depends on the kind of channel
	tier     int      // calls per minute; 0 if the method has a limit of its own
	required []string // names of required arguments
	appToken bool     // the method needs the app-level token (xapp-…) instead of the bot token
	public   bool     // the method needs no token
	do       func(*WebcallCall) (Reply, *WorkspaceRefusal)
}

// Calls per minute of Slack's rate limit tiers.
const (
	tier2   = 20
	tier3   = 50
	tier4   = 100
	special = 0
	ample   = 600 // methods for which Slack documents only "hundreds of requests"
)

func (a *webAPI) listMethods() map[string]method {
	methods := a.conversationMethods()
	maps.Copy(methods, a.chatMethods())
	maps.Copy(methods, a.peopleMethods())
	maps.Copy(methods, a.otherMethods())
	return methods
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
	channel, message := []string{"channel"}, []string{"channel", "ts"}
	reaction := []string{"channel", "timestamp", "name"}
	return map[string]method{
		"chat.postMessage":   {scope: "chat:write", tier: special, required: channel, do: a.chat.postMessage},
		"chat.update":        {scope: "chat:write", tier: tier3, required: message, do: a.chat.updateMessage},
		"chat.delete":        {scope: "chat:write", tier: tier3, required: message, do: a.chat.deleteMessage},
		"chat.postEphemeral": {scope: "chat:write", tier: tier4, required: []string{"channel", "user"}, do: a.chat.postEphemeral},
		"chat.getPermalink":  {tier: ample, required: []string{"channel", "message_ts"}, do: a.chat.getPermalink},

		"reactions.add":    {scope: "reactions:write", tier: tier3, required: reaction, do: a.chat.addReaction},
		"pins.add":         {scope: "pins:write", tier: tier2, required: []string{"channel", "timestamp"}, do: a.chat.addPin},
		"reactions.remove": {scope: "reactions:write", tier: tier2, required: reaction, do: a.chat.removeReaction},
	}
}

func (a *webAPI) conversationMethods() map[string]method {
	channel, message := []string{"channel"}, []string{"channel", "ts"}
	return map[string]method{
		"conversations.history": {tier: tier3, required: channel, do: a.conversations.readHistory},
		"conversations.replies": {tier: tier3, required: message, do: a.conversations.readReplies},
		"conversations.info":    {tier: tier3, required: channel, do: a.conversations.channelInfo},
		"conversations.list":    {tier: tier2, do: a.conversations.listChannels},
		"conversations.members": {tier: tier4, required: channel, do: a.conversations.listMembers},
		"conversations.join":    {scope: "channels:join", tier: tier3, required: channel, do: a.conversations.joinChannel},
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

// testAPI returns the arguments of the call. If there is an argument named error, the call fails with that error.
// Source: docs.slack.dev/reference/methods/api.test, read 2026-11.
func testAPI(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	if code := c.Str("error"); code != "" {
		return nil, &WorkspaceRefusal{Code: code, Args: c.Args}
	}
	if len(c.Args) == 0 {
		return nil, nil
	}
	return Reply{"args": c.Args}, nil
}

// openConnection returns the address for a new Socket Mode connection.
func (a *webAPI) openConnection(*WebcallCall) (Reply, *WorkspaceRefusal) {
	return Reply{"url": a.sockets.NewAddress()}, nil
}
