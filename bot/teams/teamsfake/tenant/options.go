package tenant

import (
	"cmp"
	"log/slog"
	"time"
)

// Options describe an organisation with one installed bot. The zero value can be used: all permissions, no limits,
// and one team with its channel General and nobody in it.
type Options struct {
	// Clock gives Teams' time: message ids and stamps, rate windows, how long a targeted message
	// stays. Default time.Now. Timeouts and redelivery follow the real clock.
	Clock func() time.Time
	// SignClock stamps tokens and ends their life. Default Clock; apps that verify by the real
	// clock while Clock is another want time.Now.
	SignClock func() time.Time
	Log       *slog.Logger

	TenantID    string // default 72f9…; a GUID
	AppID       string // the bot's client id; a GUID
	AppPassword string
	BotName     string // default Parley
	Region      string // part of the service address, default emea

	// Permissions are granted ones, resource specific (ChannelMessage.Read.Group …) and
	// tenant wide (Files.Read.All …); nil means AllPermissions().
	Permissions []string
	// Manifest is the app's manifest.json. When given, what it does not declare is refused:
	// targeted messages, slash commands, message extensions, files. nil means everything.
	Manifest []byte

	// TLS makes all addresses https, with a certificate of the server's own; see CertPEM. Microsoft's libraries insist on it.
	TLS bool

	Users    []User    // the seed; Reset returns to it
	Teams    []Team    // nil means one
	Channels []Channel // beside each team's General

	// Unsigned sends activities without an Authorization header and takes the bot's calls
	// without one, as Microsoft's Agents Playground does. Graph goes on asking for a token.
	Unsigned bool
	// TokenLife is that of the tokens which the bot asks for, default 1 h.
	TokenLife time.Duration
	// RedeliverAfter is how long the bot may take for an activity before it is sent again;
	// default 15 s. Source: T§0.7, MicrosoftDocs/msteams-docs#6084.
	RedeliverAfter time.Duration
	// RetryDelays come before the further attempts at an activity that timed out, met a
	// closed connection or was answered with 5xx; default 1 s, 4 s, 10 s, 20 s. How often
	// Teams tries is undocumented.
	RetryDelays []time.Duration
	// InvokeDeadline is how long the bot may take for an invoke, default 5 s; the client
	// tries twice more. Source: "Respond to the dialog submit action", read 2026-11.
	InvokeDeadline time.Duration
	// ReorderHold is how long a reordered activity waits for one to overtake it, default 2 s.
	ReorderHold time.Duration

	Limits     bool    // enforce the published rate windows
	RateFactor float64 // multiplies them, default 1
	// GraphPage is how many replies Graph expands at a message, default 1000.
	GraphPage int
	// EmptyPages begins each list of messages of Graph with a page without any, as OData allows.
	EmptyPages bool
	// Seed decides faults with a chance and made-up ids.
	Seed int64
}

// AllPermissions lists the permissions that the emulator knows.
func AllPermissions() []string {
	return []string{
		PermitMessages, PermitChannels, PermitTeam, PermitTeamMembers, PermitChannelMembers,
		PermitFilesRead, PermitFilesWrite,
	}
}

// Permissions of the app. The first five are resource specific and come with the installation, the others need the
// tenant's administrator.
const (
	PermitMessages       = "ChannelMessage.Read.Group" // all messages of channels, pushed and over Graph
	PermitChannels       = "ChannelSettings.Read.Group"
	PermitTeam           = "TeamSettings.Read.Group"
	PermitTeamMembers    = "TeamMember.Read.Group"
	PermitChannelMembers = "ChannelMember.Read.Group"
	PermitFilesRead      = "Files.Read.All"
	PermitFilesWrite     = "Files.ReadWrite.All"
	PermitSites          = "Sites.Selected" // files of sites that NameSite names
)

// Defaults; see Options.
const (
	defaultRedeliverAfter = 15 * time.Second
	defaultInvokeDeadline = 5 * time.Second
	defaultReorderHold    = 2 * time.Second
	defaultGraphPage      = 1000
)

// WithDefaults fills in what was left open.
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
