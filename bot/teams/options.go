package teams

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"parley/channels/wire"
)

const (
	defaultSweepInterval = 10 * time.Minute    // see Options.SweepInterval
	defaultCatchUpSpan   = 90 * 24 * time.Hour // see Options.CatchUpSpan
)

// Options configure a Surface, the connection to one organisation's Microsoft Teams. AppID, AppPassword, TenantID and
// Desk are required. With AllowUnsigned, the password is optional.
type Options struct {
	AppID, AppPassword, TenantID string // of the app's registration in Entra, Microsoft's identity service

	LoginURL    string   // of Entra; "" means https://login.microsoftonline.com
	OpenIDURL   string   // of the keys that sign Teams' requests; "" means that of the Bot Framework
	ServiceURLs []string // exact hosts or URLs that are allowed in addition to Teams' own; http only on loopback
	GraphURL    string   // of Microsoft's API for reading; "" means https://graph.microsoft.com/v1.0

	Rate          float64  // factor on Teams' published rate limits; with 0, only Teams' 429s slow us down
	AllowUnsigned bool     // accept requests without a signature from this machine, and respond to it without a token
	PublicURL     string   // Parley's public address; "" if it has none
	LinkKeys      [][]byte // keys for links to our pages: the first one signs, all verify; without keys there are no pages

	Desk   Desk             // Parley's engine
	Log    *slog.Logger     // nil discards
	Now    func() time.Time // Parley's clock; nil means time.Now
	Client *http.Client     // nil means a client that never writes after a deadline; see fence.NewClient
	Zone   *time.Location   // for times that a reader's client can't convert; nil means UTC

	ReadOnly      bool          // store nothing: for apply --dry-run and doctor
	CatchUpSpan   time.Duration // catch-ups, which look for missed messages, skip threads that are older; 0 means 90 days
	SweepInterval time.Duration // how often there is a catch-up without a cause; 0 means ten minutes
	PageBytes     int64         // see graph.Options
}

// checkRequired returns the joined errors for all required options that are missing; nil if none is.
func (o Options) checkRequired() error {
	var faults []error
	required := map[string]string{"app id": o.AppID, "tenant id": o.TenantID}
	if !o.AllowUnsigned {
		required["app password"] = o.AppPassword
	}

	for what, value := range required {
		if value == "" {
			faults = append(faults, fmt.Errorf("teams: %s is missing", what))
		}
	}

	if o.Desk == nil {
		faults = append(faults, errors.New("teams: no desk"))
	}

	return errors.Join(faults...)
}

// withDefaults returns the options with defaults for those that are zero.
func (o Options) withDefaults() Options {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Zone = cmp.Or(o.Zone, time.UTC)
	o.Client = cmp.Or(o.Client, wire.NewClient(wire.Options{Answer: RequestTimeout}))

	o.CatchUpSpan = cmp.Or(o.CatchUpSpan, defaultCatchUpSpan)
	o.SweepInterval = cmp.Or(o.SweepInterval, defaultSweepInterval)
	return o
}

// newTokens returns a source of access tokens for one scope.
func (o Options) newTokens(scope string) *Tokens {
	return NewTokens(TokenOptions{
		LoginURL: o.LoginURL, TenantID: o.TenantID, AppID: o.AppID, Password: o.AppPassword, Scope: scope,
		Client: o.Client, Now: o.Now,
	})
}
