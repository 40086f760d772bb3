package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/background"
	"parley/bot/sweep"
	"parley/bridge"
	"parley/channels/fence"
)

// DefaultAPIURL is where Slack's Web API lives.
const DefaultAPIURL = "https://slack.com/api/"

// Limits and times of this surface.
const (
	requestTimeout = 20 * time.Second // of one Web API call
	maxTextRunes   = 3500             // of one message; longer text continues in further parts
	maxFileBytes   = 1 << 30          // Slack's own limit of one file
	sweepEvery     = 10 * time.Minute // catch-up without a reconnect
)

// Options configure a Surface. BotToken, Desk and either AppToken (Socket Mode) or
// SigningSecret (signed requests) are required.
type Options struct {
	BotToken      string
	AppToken      string // set: Socket Mode
	SigningSecret string
	APIURL        string  // "" = DefaultAPIURL
	Rate          float64 // factor on the published budgets; 0 = only 429s limit

	Desk   bridge.Desk
	Log    *slog.Logger     // nil = discard
	Now    func() time.Time // Parley's clock; nil = time.Now
	Client *http.Client     // nil = an own one that never writes after a deadline
	Zone   *time.Location   // of times in cards for readers whose client can't localise; nil = UTC

	OnlyLook    bool          // Resolve joins no channel: for apply --dry-run
	Connections int           // Socket Mode connections, ≥ 2 (Slack allows 10); 0 = 2
	CatchUpFor  time.Duration // how old a thread's root may be to be looked at; 0 = 90 days
	SweepEvery  time.Duration // 0 = ten minutes
	ShareWait   time.Duration // how long a finished upload waits for its message's id; 0 = 3 s
}

// self is who we are in the workspace. It is stored with every fact, so that
// decoding needs nothing else.
type self struct {
	User string `json:"user"`           // U… of the bot
	Bot  string `json:"bot,omitempty"`  // B…
	App  string `json:"app,omitempty"`  // A…; "" where Slack doesn't tell
	Team string `json:"team,omitempty"` // T…
	home string // the workspace's address, for links

	// Names of the people that the stored message mentions, by user id.
	Names map[string]string `json:"names,omitempty"`
}

// Surface is one Slack workspace with our app in it.
type Surface struct {
	opt    Options
	api    *slackapi.Client
	http   *http.Client
	apiURL *url.URL
	log    *slog.Logger
	desk   bridge.Desk
	now    func() time.Time

	me      atomic.Pointer[self]
	resolve sync.Mutex // one identification at a time
	names   nameCache
	people  peopleCache
	shares  shareBook
	sweep   sweepState
	sweeper *sweep.Sweeper
	links   linkState
	work    *background.Work // that goes on after an answer was given
}

var _ bridge.Surface = (*Surface)(nil)

// New makes the surface. It connects to nothing; Run does.
// Errors: what is missing or malformed in o, all together.
func New(o Options) (*Surface, error) {
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
	if o.APIURL == "" {
		o.APIURL = DefaultAPIURL
	}
	if !strings.HasSuffix(o.APIURL, "/") {
		o.APIURL += "/" // without it slack-go would call /apiauth.test
	}
	base, err := url.Parse(o.APIURL)
	if err != nil || base.Host == "" {
		faults = append(faults, fmt.Errorf("slack: API URL %q is none", o.APIURL))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	s := &Surface{opt: o, http: o.Client, apiURL: base, log: o.Log, desk: o.Desk, now: o.Now, work: background.New(64), sweeper: sweep.New(o.Desk, o.Log, o.SweepEvery)}
	calls := bearerClient(o.Client, base, o.BotToken)
	s.api = slackapi.New(o.BotToken, slackapi.OptionAppLevelToken(o.AppToken), slackapi.OptionAPIURL(o.APIURL), slackapi.OptionHTTPClient(calls))
	return s, nil
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
	if o.Connections == 0 {
		o.Connections = 2
	}
	o.Connections = min(max(o.Connections, 1), 10)
	if o.CatchUpFor == 0 {
		o.CatchUpFor = 90 * 24 * time.Hour
	}
	if o.SweepEvery == 0 {
		o.SweepEvery = sweepEvery
	}
	if o.ShareWait == 0 {
		o.ShareWait = 3 * time.Second
	}
	return o
}

// identify learns who we are, once.
// Errors: those of auth.test and bots.info.
func (s *Surface) identify(ctx context.Context) (*self, error) {
	if me := s.me.Load(); me != nil {
		return me, nil
	}
	s.resolve.Lock()
	defer s.resolve.Unlock()
	if me := s.me.Load(); me != nil {
		return me, nil
	}
	auth, err := s.api.AuthTestContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("slack: auth.test: %w", err)
	}
	bot, err := s.api.GetBotInfoContext(ctx, slackapi.GetBotInfoParameters{Bot: auth.BotID})
	if err != nil {
		return nil, fmt.Errorf("slack: bots.info: %w", err)
	}
	// Without the app's id, the signing secret or the app token alone tell what is for us.
	if auth.UserID == "" || auth.TeamID == "" || auth.BotID == "" {
		return nil, errors.New("slack: who am I: an id is missing in Slack's answer")
	}
	me := &self{User: auth.UserID, Bot: auth.BotID, App: bot.AppID, Team: auth.TeamID, home: auth.URL}
	s.me.Store(me)
	return me, nil
}

// Limits implements bridge.Surface.
func (s *Surface) Limits() bridge.Limits {
	return bridge.Limits{MaxTextRunes: maxTextRunes, MaxFileBytes: maxFileBytes, RequestTimeout: requestTimeout}
}

// Budget implements bridge.Surface.
// Source: docs.slack.dev/apis/web-api/rate-limits, read 2026-11: posts about one per
// second and channel with short bursts; chat.update and reactions.add 50 per minute and
// workspace, of which a fifth is left to forms and repairs. reactions.remove takes 20: of four
// marks of a message three take the place of another one.
func (s *Surface) Budget(kind bridge.PostKind, channel string) bridge.Budget {
	perMinute := func(n float64) float64 { return n / 60 * s.opt.Rate }
	switch kind {
	case bridge.PostCard:
		return bridge.Budget{Key: "update", PerSecond: perMinute(40), Burst: 5}
	case bridge.PostMark:
		return bridge.Budget{Key: "reactions", PerSecond: perMinute(25), Burst: 5}
	case bridge.PostEphemeral:
		return bridge.Budget{Key: "ephemeral", PerSecond: perMinute(80), Burst: 10}
	case bridge.PostRoot, bridge.PostSaid, bridge.PostFiles, bridge.PostLine:
	}
	return bridge.Budget{Key: "post:" + channel, PerSecond: s.opt.Rate, Burst: max(3, int(s.opt.Rate/5))}
}
