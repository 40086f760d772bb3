package slack

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parley/bot/forms"
	"parley/bot/sweep"
	"parley/channels/fence"
)

// DefaultAPIURL is where Slack's Web API lives.
const DefaultAPIURL = "https://slack.com/api/"

const (
	defaultSweepInterval = 10 * time.Minute // catch-up without a reconnect
	defaultCatchUpFor    = 90 * 24 * time.Hour
	defaultShareWait     = 3 * time.Second

	// Socket Mode connections. Two, so that events come while Slack renews one of them; Slack allows ten.
	defaultConnections = 2
	maxConnections     = 10
)

// Desk is what a Surface asks of the engine.
type Desk interface {
	forms.Desk
	sweep.Desk
	memory
	starter
	replying
	reports
}

// Options configure a Surface. Required: BotToken, Desk and either AppToken (Socket Mode) or SigningSecret.
type Options struct {
	BotToken      string
	AppToken      string // if it is set, events come by Socket Mode
	SigningSecret string
	APIURL        string  // "" means DefaultAPIURL
	Rate          float64 // factor on the published budgets; 0 means that only Slack's 429s limit the rate

	Desk   Desk
	Log    *slog.Logger     // nil discards all
	Now    func() time.Time // Parley's clock; nil means time.Now
	Client *http.Client     // nil means a client of its own, which never writes after a deadline
	Zone   *time.Location   // of times in cards, for readers whose client can't show their own zone; nil means UTC

	// ReadOnly makes Resolve join no channel, for apply --dry-run.
	ReadOnly bool

	// Zero means the default of each of these.
	Connections   int           // Socket Mode connections
	CatchUpFor    time.Duration // catch-up skips threads whose root is older
	SweepInterval time.Duration // time between two passes of catch-up
	ShareWait     time.Duration // how long a finished upload waits for its message's id
}

// complete checks the options and fills in the defaults. base is the address of the API.
// Errors: what is missing or malformed, all together.
func (o Options) complete() (complete Options, base *url.URL, err error) {
	var faults []error
	if o.BotToken == "" {
		faults = append(faults, errors.New("slack: bot token is missing"))
	}
	if o.AppToken == "" && o.SigningSecret == "" {
		faults = append(faults, errors.New("slack: neither app token nor signing secret is given"))
	}
	if o.Desk == nil {
		faults = append(faults, errors.New("slack: no desk"))
	}

	o.APIURL = cmp.Or(o.APIURL, DefaultAPIURL)
	if !strings.HasSuffix(o.APIURL, "/") {
		o.APIURL += "/" // without it slack-go would call /apiauth.test
	}

	base, err = url.Parse(o.APIURL)
	if err != nil || base.Host == "" {
		faults = append(faults, fmt.Errorf("slack: API URL %q is not an address", o.APIURL))
	}
	if err := errors.Join(faults...); err != nil {
		return o, nil, err
	}
	return o.withDefaults(), base, nil
}

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
		o.Client = fence.NewClient(fence.Options{Answer: requestTimeout})
	}

	o.Connections = cmp.Or(o.Connections, defaultConnections)
	o.Connections = min(max(o.Connections, 1), maxConnections)
	o.CatchUpFor = cmp.Or(o.CatchUpFor, defaultCatchUpFor)
	o.SweepInterval = cmp.Or(o.SweepInterval, defaultSweepInterval)
	o.ShareWait = cmp.Or(o.ShareWait, defaultShareWait)
	return o
}
