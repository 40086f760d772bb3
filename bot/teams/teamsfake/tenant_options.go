package teamsfake

import (
	"cmp"
	"log/slog"
	"time"
)

// Options configure an emulated Microsoft Teams organisation with one bot. The zero value is usable: it has all permissions,
// no rate limits, and one team with a channel General but no people.
type Options struct {
	// Clock is the time of the emulated Teams, for messages and rate limits. Default time.Now. Timeouts and
	// retries use the real time.
	Clock func() time.Time
	// SignClock is the time of tokens. Default Clock. If Clock isn't the real time but the bot verifies tokens
	// against the real time, set it to time.Now.
	SignClock func() time.Time
	Log       *slog.Logger

	TenantID    string // the organisation's id, a GUID; default 72f9…
	AppID       string // the bot's client id, a GUID
	AppPassword string
	BotName     string // default Parley
	Region      string // part of the Bot Connector's URL; default emea

	// Permissions are the permissions that the bot's app has. nil means AllPermissions().
	Permissions []string
	// Manifest is the app's manifest.json. If it isn't nil, features that it doesn't declare are refused: targeted
	// messages, slash commands, message extensions, files.
	Manifest []byte

	// TLS serves https with a certificate of the server's own (CertPEM). Microsoft's libraries require it.
	TLS bool

	// The initial organisation, which Reset restores. Each team has a channel General in addition to Channels.
	Users    []User
	Teams    []Team // if Teams and Channels are nil, there is one team
	Channels []Channel

	// Unsigned sends requests to the bot without an Authorization header, and accepts the bot's calls without one,
	// as Microsoft's Agents Playground does. Graph still requires a token.
	Unsigned bool
	// TokenLife is the lifetime of the tokens that the bot requests; default 1 h.
	TokenLife time.Duration
	// RedeliverAfter is the time in which the bot must acknowledge an activity. After it, the activity is sent again.
	// Default 15 s. Source: T§0.7, MicrosoftDocs/msteams-docs#6084.
	RedeliverAfter time.Duration
	// RetryDelays are the delays before further attempts to send an activity, after a timeout, a failed connection
	// or a status 429 or 5xx. Default 1 s, 4 s, 10 s, 20 s. Teams' own delays are undocumented.
	RetryDelays []time.Duration
	// InvokeDeadline is the time in which the bot must answer an invoke, a request that a person waits for; default
	// 5 s. The client tries twice more. Source: "Respond to the dialog submit action", read 2026-11.
	InvokeDeadline time.Duration
	// ReorderHold is how long a fault that reorders activities holds one back if no other follows; default 2 s.
	ReorderHold time.Duration

	Limits     bool    // enforces the published rate limits
	RateFactor float64 // multiplies the rate limits; default 1
	// GraphPage is the maximum number of replies that Graph returns together with a message; default 1000.
	GraphPage int
	// EmptyPages makes Graph begin each list of messages with an empty page, as OData allows.
	EmptyPages bool
	// Seed determines random faults and made-up ids.
	Seed int64
}

// AllPermissions lists the default permissions of the app.
func AllPermissions() []string {
	return []string{
		PermitMessages, PermitChannels, PermitTeam, PermitTeamMembers, PermitChannelMembers,
		PermitFilesRead, PermitFilesWrite,
	}
}

// Permissions of the app. The first five are resource-specific: they come with the installation in a team. The others must be
// granted by the tenant's administrator.
const (
	PermitMessages       = "ChannelMessage.Read.Group" // all messages of channels, as activities and over Graph
	PermitChannels       = "ChannelSettings.Read.Group"
	PermitTeam           = "TeamSettings.Read.Group"
	PermitTeamMembers    = "TeamMember.Read.Group"
	PermitChannelMembers = "ChannelMember.Read.Group"
	PermitFilesRead      = "Files.Read.All"
	PermitFilesWrite     = "Files.ReadWrite.All"
	PermitSites          = "Sites.Selected" // files of single sites, which Administrator.NameSite chooses
)

// Default values of Options.
const (
	defaultRedeliverAfter = 15 * time.Second
	defaultInvokeDeadline = 5 * time.Second
	defaultReorderHold    = 2 * time.Second
	defaultGraphPage      = 1000
)

// WithDefaults returns the options with default values for zero fields.
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

	o.TenantID = cmp.Or(o.TenantID, "72f98abf-0000-4000-8000-00000000d011")
	o.AppID = cmp.Or(o.AppID, "22222222-2222-4222-8222-222222222222")
	o.AppPassword = cmp.Or(o.AppPassword, "fake~app~password~0123456789")
	o.BotName = cmp.Or(o.BotName, "Parley")
	o.Region = cmp.Or(o.Region, "emea")
	if o.Permissions == nil {
		o.Permissions = AllPermissions()
	}

	o.TokenLife = cmp.Or(o.TokenLife, time.Hour)
	o.RedeliverAfter = cmp.Or(o.RedeliverAfter, defaultRedeliverAfter)
	o.InvokeDeadline = cmp.Or(o.InvokeDeadline, defaultInvokeDeadline)
	o.ReorderHold = cmp.Or(o.ReorderHold, defaultReorderHold)
	if o.RetryDelays == nil {
		o.RetryDelays = []time.Duration{time.Second, 4 * time.Second, 10 * time.Second, 20 * time.Second}
	}

	o.RateFactor = cmp.Or(o.RateFactor, 1)
	o.GraphPage = cmp.Or(o.GraphPage, defaultGraphPage)
	if o.Teams == nil && o.Channels == nil {
		o.Teams = []Team{{Name: "Support"}}
	}

	return o
}
