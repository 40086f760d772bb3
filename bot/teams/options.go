package teams

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"parley/bot/teams/organisation"
	"parley/bot/teams/rest"
	"parley/channels/fence"
)

const (
	defaultSweepInterval = 10 * time.Minute    // between catch-ups without a cause
	defaultCatchUpSpan   = 90 * 24 * time.Hour // see Options.CatchUpSpan
)

// Options configure a Surface. AppID, AppPassword, TenantID and Desk are required; with AllowUnsigned the password
// may be missing.
type Options struct {
	AppID, AppPassword, TenantID string

	LoginURL    string   // "" means https://login.microsoftonline.com
	OpenIDURL   string   // "" means that of the Bot Framework
	ServiceURLs []string // exact hosts or URLs that are allowed besides Teams' own; http only on loopback
	GraphURL    string   // "" means https://graph.microsoft.com/v1.0

	Rate          float64  // factor on the published budgets; with 0, only Teams' 429s slow us down
	AllowUnsigned bool     // accept requests without a signature from this machine, and answer there without a token
	PublicURL     string   // where the world reaches us; "" if it doesn't
	LinkKeys      [][]byte // keys of links to our pages: the first signs, all are accepted; without any there are no pages

	Desk   Desk
	Log    *slog.Logger     // nil discards
	Now    func() time.Time // Parley's clock; nil means time.Now
	Client *http.Client     // nil means a client of our own that never writes after a deadline
	Zone   *time.Location   // of times in cards for readers whose client can't localise them; nil means UTC

	ReadOnly      bool          // store no notes: for apply --dry-run and doctor
	CatchUpSpan   time.Duration // catch-up skips threads whose root is older; 0 means 90 days
	SweepInterval time.Duration // 0 means ten minutes
	PageBytes     int64         // see graph.Options
}

// checkRequired returns an error for each required option that is missing, all joined.
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

// withDefaults returns the options with the defaults of those that may be left out.
func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Client == nil {
		o.Client = fence.NewClient(fence.Options{Answer: organisation.RequestTimeout})
	}

	o.CatchUpSpan = cmp.Or(o.CatchUpSpan, defaultCatchUpSpan)
	o.SweepInterval = cmp.Or(o.SweepInterval, defaultSweepInterval)
	return o
}

// newTokens gets tokens of one scope from Entra.
func (o Options) newTokens(scope string) *rest.Tokens {
	return rest.NewTokens(rest.TokenOptions{
		LoginURL: o.LoginURL,
		TenantID: o.TenantID,
		AppID:    o.AppID,
		Password: o.AppPassword,
		Scope:    scope,
		Client:   o.Client,
		Now:      o.Now,
	})
}
