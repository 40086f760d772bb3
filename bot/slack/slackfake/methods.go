package slackfake

// method describes one Web API method.
// Source: docs.slack.dev/reference/methods, read 2026-11; errors also from the 2021 OpenAPI description.
type method struct {
	scope    string // alternatives separated by |; "" = none, or decided by the channel's kind
	tier     int    // calls per minute; 0 = special
	required []string
	appToken bool
	do       func(*call) (reply, *apiError)
}

// Calls per minute of Slack's rate limit tiers.
const (
	tier2   = 20
	tier3   = 50
	tier4   = 100
	special = 0
	ample   = 600 // "special" methods that allow hundreds of calls
)

// methods is the table of what the emulator answers.
func methods() map[string]method {
	ch := []string{"channel"}
	chTS := []string{"channel", "ts"}
	react := []string{"channel", "timestamp", "name"}
	return map[string]method{
		"api.test":              {tier: tier4, do: (*call).apiTest},
		"auth.test":             {tier: ample, do: (*call).authTest},
		"auth.revoke":           {tier: tier3, do: (*call).revokeAuth},
		"apps.connections.open": {tier: tier3, appToken: true, do: (*call).openConnection},

		"chat.postMessage":   {scope: "chat:write", tier: special, required: ch, do: (*call).postMessage},
		"chat.update":        {scope: "chat:write", tier: tier3, required: chTS, do: (*call).updateMessage},
		"chat.delete":        {scope: "chat:write", tier: tier3, required: chTS, do: (*call).deleteMessage},
		"chat.postEphemeral": {scope: "chat:write", tier: tier4, required: []string{"channel", "user"}, do: (*call).postEphemeral},
		"chat.getPermalink":  {tier: ample, required: []string{"channel", "message_ts"}, do: (*call).permalink},

		"conversations.history":    {tier: tier3, required: ch, do: (*call).history},
		"conversations.replies":    {tier: tier3, required: chTS, do: (*call).repliesOf},
		"conversations.info":       {tier: tier3, required: ch, do: (*call).channelInfo},
		"conversations.list":       {tier: tier2, do: (*call).listChannels},
		"conversations.members":    {tier: tier4, required: ch, do: (*call).listMembers},
		"conversations.join":       {scope: "channels:join", tier: tier3, required: ch, do: (*call).joinChannel},
		"conversations.leave":      {tier: tier3, required: ch, do: (*call).leaveChannel},
		"conversations.invite":     {tier: tier3, required: ch, do: (*call).inviteUsers},
		"conversations.create":     {tier: tier2, do: (*call).createChannel},
		"conversations.kick":       {tier: tier3, required: []string{"channel", "user"}, do: (*call).kickUser},
		"conversations.archive":    {tier: tier2, required: ch, do: (*call).archiveChannel},
		"conversations.unarchive":  {tier: tier2, required: ch, do: (*call).unarchiveChannel},
		"conversations.rename":     {tier: tier2, required: ch, do: (*call).renameChannel},
		"conversations.setTopic":   {tier: tier2, required: ch, do: (*call).setTopic},
		"conversations.setPurpose": {tier: tier2, required: ch, do: (*call).setPurpose},
		"conversations.close":      {scope: "im:write", tier: tier2, required: ch, do: (*call).closeDM},
		"conversations.open":       {scope: "im:write", tier: tier3, do: (*call).openDM},
		"users.conversations":      {tier: tier3, do: (*call).listOwnChannels},

		"users.info":          {scope: "users:read", tier: tier4, required: []string{"user"}, do: (*call).userInfo},
		"users.profile.get":   {scope: "users:read", tier: tier4, do: (*call).userProfile},
		"users.getPresence":   {scope: "users:read", tier: tier3, required: []string{"user"}, do: (*call).userPresence},
		"users.list":          {scope: "users:read", tier: tier2, do: (*call).listUsers},
		"users.lookupByEmail": {scope: "users:read.email", tier: tier3, required: []string{"email"}, do: (*call).lookupByEmail},
		"bots.info":           {scope: "users:read", tier: tier3, do: (*call).botInfo},
		"team.info":           {scope: "team:read", tier: tier3, do: (*call).teamInfo},

		"reactions.add":    {scope: "reactions:write", tier: tier3, required: react, do: (*call).addReaction},
		"reactions.remove": {scope: "reactions:write", tier: tier2, required: react, do: (*call).removeReaction},
		"reactions.get":    {scope: "reactions:read", tier: tier3, required: react[:2], do: (*call).getReactions},

		"views.open":    {tier: tier4, required: []string{"view"}, do: (*call).openView},
		"views.push":    {tier: tier4, required: []string{"view"}, do: (*call).pushView},
		"views.update":  {tier: tier4, required: []string{"view"}, do: (*call).updateView},
		"views.publish": {tier: tier4, required: []string{"user_id", "view"}, do: (*call).publishView},

		"files.getUploadURLExternal":   {scope: "files:write", tier: tier4, do: (*call).uploadURL},
		"files.completeUploadExternal": {scope: "files:write", tier: tier4, do: (*call).completeUpload},
		"files.info":                   {scope: "files:read", tier: tier4, required: []string{"file"}, do: (*call).fileInfo},
		"files.delete":                 {scope: "files:write", tier: tier3, required: []string{"file"}, do: (*call).deleteFile},

		"assistant.threads.setStatus": {scope: "chat:write|assistant:write", tier: ample, do: (*call).setStatus},
	}
}
