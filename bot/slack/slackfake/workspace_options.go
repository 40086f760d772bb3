package slackfake

import (
	"cmp"
	"log/slog"
	"time"
)

// Options configure an emulated Slack workspace: who is in it, what the app may do, and how Slack behaves,
// such as rate limits and delays. The zero value is a workspace in Socket Mode whose app has all scopes.
// Tests can set a clock of their own:
//
//	slackfake.New(slackfake.Options{Clock: clock.Now, Limits: true})
type Options struct {
	// Clock returns Slack's time, which determines time stamps, retries and the expiry of triggers and upload tickets.
	// Default time.Now. Pings and HTTP timeouts always use the real clock.
	Clock func() time.Time
	// SignClock returns the time in signed requests. Default Clock. Set it to time.Now if Clock is moved while the app
	// verifies signatures by the real clock.
	SignClock func() time.Time
	Log       *slog.Logger

	SigningSecret string // has a default; see Server.SigningSecret
	BotToken      string // xoxb-…
	AppToken      string // xapp-…

	TeamID   string // T…, or E… if the token is for a whole Enterprise organisation
	TeamName string
	Domain   string // <domain>.slack.com
	AppID    string // A…
	AppName  string // name of the bot user
	BotID    string // B…
	BotUser  string // U… of the bot user

	// WorkspaceURL is the base of permalinks, default https://<domain>.slack.com/. The demo sets it to its own
	// address, so that people can follow the links.
	WorkspaceURL string
	// PublicURL is the base of file and socket URLs. The default is the address of the last Web API call, since
	// clients send tokens only to a host they know.
	PublicURL string

	Scopes []string // granted bot scopes; nil means AllScopes()
	Events []string // subscribed bot events (message.channels, app_mention, …); nil means all

	Commands  []string // slash commands of the manifest; nil means any
	Shortcuts []string // callback ids of the manifest's shortcuts; nil means any
	NoHome    bool     // the home tab is disabled
	// ReadOnlyDM is messages_tab_read_only_enabled: people can't send direct messages to the bot.
	ReadOnlyDM bool

	// MovedFiles redirects file downloads to another URL that requires the token, too, as in an Enterprise
	// organisation.
	MovedFiles bool

	Users    []User    // initial users; Reset restores them
	Channels []Channel // initial channels; the bot is a member only if its id is among the members

	AckTimeout     time.Duration   // how long the app may take to acknowledge; default 3 s
	RetryDelays    []time.Duration // delays before retries of undelivered events; default 0, 1 min, 5 min
	TriggerLife    time.Duration   // how long a trigger id is valid; default 3 s
	PingInterval   time.Duration   // default 5 s
	FileShareDelay time.Duration   // from the completion of an upload to the file's message; default 20 ms

	Limits        bool    // enforce rate limits
	PostPerSecond float64 // chat.postMessage per channel, default 1
	PostBurst     int     // default 3, at least PostPerSecond
	TierFactor    float64 // multiplies the limits per minute; default 1
	// Seed determines which random faults occur. Ids depend on it and on the time of New, so a Clock that returns a
	// constant time makes them reproducible.
	Seed int64
}

// AllScopes returns the bot scopes that an app may have, including some that no emulated method needs. It omits
// chat:write.public, with which the error not_in_channel would never occur.
func AllScopes() []string {
	return []string{
		"app_mentions:read", "assistant:write", "channels:history", "channels:join", "channels:manage", "channels:read",
		"chat:write", "chat:write.customize", "commands", "files:read", "files:write",
		"groups:history", "groups:read", "groups:write", "im:history", "im:read", "im:write", "mpim:history", "mpim:read", "pins:write",
		"reactions:read", "reactions:write", "team:read", "users:read", "users:read.email",
	}
}

// WithDefaults returns the options with defaults for all fields that aren't set.
func (o Options) WithDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.SignClock == nil {
		o.SignClock = o.Clock
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}

	o.SigningSecret = cmp.Or(o.SigningSecret, "fake-signing-secret-0123456789ab")
	o.BotToken = cmp.Or(o.BotToken, "xoxb-0000000000-0000000000-fakeBotTokenForEmulator")
	o.AppToken = cmp.Or(o.AppToken, "xapp-1-A0FAKEAPP01-0000000000-fakeappleveltoken")
	o.TeamID = cmp.Or(o.TeamID, "T0FAKETEAM1")
	o.TeamName = cmp.Or(o.TeamName, "Acme")
	o.Domain = cmp.Or(o.Domain, "acme")
	o.AppID = cmp.Or(o.AppID, "A0FAKEAPP01")
	o.AppName = cmp.Or(o.AppName, "helpdesk")
	o.BotID = cmp.Or(o.BotID, "B0FAKEBOT01")
	o.BotUser = cmp.Or(o.BotUser, "U0FAKEBOT01")
	o.WorkspaceURL = cmp.Or(o.WorkspaceURL, "https://"+o.Domain+".slack.com/")
	if o.WorkspaceURL[len(o.WorkspaceURL)-1] != '/' {
		o.WorkspaceURL += "/"
	}
	if o.Scopes == nil {
		o.Scopes = AllScopes()
	}

	o.AckTimeout = cmp.Or(o.AckTimeout, 3*time.Second)
	o.TriggerLife = cmp.Or(o.TriggerLife, 3*time.Second)
	o.PingInterval = cmp.Or(o.PingInterval, 5*time.Second)
	o.FileShareDelay = cmp.Or(o.FileShareDelay, 20*time.Millisecond)
	if o.RetryDelays == nil {
		o.RetryDelays = []time.Duration{0, time.Minute, 5 * time.Minute}
	}

	o.PostPerSecond = cmp.Or(o.PostPerSecond, 1)
	o.PostBurst = max(o.PostBurst, int(o.PostPerSecond), 3)
	o.TierFactor = cmp.Or(o.TierFactor, 1)
	return o
}
