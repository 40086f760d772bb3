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
	"parley/channels/wire"
)

// DefaultAPIURL is the URL of Slack's Web API.
const DefaultAPIURL = "https://slack.com/api/"

const (
	defaultSweepInterval = 10 * time.Minute
	defaultCatchUpFor    = 90 * 24 * time.Hour
	defaultShareWait     = 3 * time.Second

	// Two connections, so that events still arrive while Slack renews one. Slack permits ten.
	defaultConnections = 2
	maxConnections     = 10
)

// Options configure a Surface. Required: BotToken, Desk and either AppToken (Socket Mode) or SigningSecret.
type Options struct {
	BotToken      string
	AppToken      string // if it is set, events arrive over Socket Mode
	SigningSecret string
	APIURL        string  // "" means DefaultAPIURL
	Rate          float64 // the factor on Slack's published rate limits; 0 means no limit until Slack responds with 429

	Desk   forms.Engine
	Log    *slog.Logger     // nil discards all logs
	Now    func() time.Time // Parley's clock; nil means time.Now
	Client *http.Client     // nil means a new client that never writes after a deadline
	Zone   *time.Location   // the time zone for Slack clients that don't show the reader's own; nil means UTC

	// ReadOnly prevents Resolve from joining channels, for apply --dry-run.
	ReadOnly bool

	// Zero means the default for each of these.
	Connections   int           // the number of Socket Mode connections
	CatchUpFor    time.Duration // threads whose first message is older aren't searched for missed events
	SweepInterval time.Duration // the time between two searches for missed events
	ShareWait     time.Duration // how long to wait for the message of a finished upload
}

// complete checks the options and sets the defaults. base is the parsed APIURL.
// Errors: everything that is missing or malformed, joined.
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
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Zone = cmp.Or(o.Zone, time.UTC)
	o.Client = cmp.Or(o.Client, wire.NewClient(wire.Options{Answer: requestTimeout}))

	o.Connections = cmp.Or(o.Connections, defaultConnections)
	o.Connections = min(max(o.Connections, 1), maxConnections)
	o.CatchUpFor = cmp.Or(o.CatchUpFor, defaultCatchUpFor)
	o.SweepInterval = cmp.Or(o.SweepInterval, defaultSweepInterval)
	o.ShareWait = cmp.Or(o.ShareWait, defaultShareWait)
	return o
}
