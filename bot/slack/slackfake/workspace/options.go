package workspace

import (
	"cmp"
	"log/slog"
	"time"
)

// A test or the demo describes the workspace that it wants by Options: who is in it, what the app may do, and
// how Slack behaves (rate limits, delays).

// Options shape a workspace. The zero value is a usable one in Socket Mode with every scope.
type Options struct {
	// Clock gives Slack's time: stamps, trigger and ticket life, retry and redelivery times.
	// Default time.Now. Pings and HTTP timeouts always follow the real clock.
	Clock func() time.Time
	// SignClock stamps signed requests. Default Clock; apps that verify by the real clock while
	// Clock is moved need time.Now.
	SignClock func() time.Time
	Log       *slog.Logger

	SigningSecret string // default made up; see Server.SigningSecret
	BotToken      string // xoxb-…
	AppToken      string // xapp-…

	TeamID   string // T…; E… if the token is of a whole Enterprise organisation
	TeamName string
	Domain   string // <domain>.slack.com
	AppID    string // A…
	AppName  string // name of the bot user
	BotID    string // B…
	BotUser  string // U… of the bot user

	// WorkspaceURL starts permalinks (default https://<domain>.slack.com/). A demo page sets
	// its own so that a person can follow them.
	WorkspaceURL string
	// PublicURL is the base of file and socket addresses; default is the address of the last
	// Web API call, because clients send tokens only to the host they know.
	PublicURL string

	Scopes []string // granted bot scopes; nil means AllScopes()
	Events []string // subscribed bot events (message.channels, app_mention, …); nil means all

	Commands  []string // slash commands of the manifest; nil means any
	Shortcuts []string // callback ids of the manifest's shortcuts; nil means any
	NoHome    bool     // the home tab is switched off
	// ReadOnlyDM is messages_tab_read_only_enabled: people cannot write to the bot directly.
	ReadOnlyDM bool

	// MovedFiles lets files.slack.com send whoever asks for a file on to another address, which wants the
	// token, too. So it is in an Enterprise organisation.
	MovedFiles bool

	Users    []User    // the seed; Reset returns to it
	Channels []Channel // members without the bot's id do not have the bot

	AckTimeout     time.Duration   // default 3 s
	RetryDelays    []time.Duration // of undelivered events; default 0, 1 min, 5 min
	TriggerLife    time.Duration   // default 3 s
	PingInterval   time.Duration   // default 5 s
	FileShareDelay time.Duration   // from complete to the message; default 20 ms

	Limits        bool    // enforce rate limits
	PostPerSecond float64 // chat.postMessage per channel, default 1
	PostBurst     int     // default 3, at least PostPerSecond
	TierFactor    float64 // multiplies the per-minute tiers, default 1
	// Seed decides faults with a chance. Made-up ids depend on it and on the time of New, so
	// that a standing Clock gives the same ids each time.
	Seed int64
}

// AllScopes lists bot scopes that an app may be granted, also such as no method here asks for, except
// chat:write.public, which would hide not_in_channel.
func AllScopes() []string {
	return []string{
		"app_mentions:read", "assistant:write", "channels:history", "channels:join", "channels:manage", "channels:read",
		"chat:write", "chat:write.customize", "commands", "files:read", "files:write",
		"groups:history", "groups:read", "groups:write", "im:history", "im:read", "im:write", "mpim:history", "mpim:read",
		"reactions:read", "reactions:write", "team:read", "users:read", "users:read.email",
	}
}

// WithDefaults fills in what is not given.
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
