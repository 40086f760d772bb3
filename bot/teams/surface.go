package teams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"parley/bot/background"
	"parley/bot/forms"
	"parley/bot/sweep"
	"parley/bot/teams/auth"
	"parley/bot/teams/card"
	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/bot/teams/inbound"
	"parley/bot/teams/rest"
	"parley/bot/upload"
	"parley/bridge"
	"parley/channels"
	"parley/channels/fence"
)

// Limits and times of this surface.
const (
	requestTimeout = 20 * time.Second // of one call
	maxTextRunes   = 18_000           // of one message; longer text goes on in further parts
	maxFileBytes   = 100 << 20        // of a person's file
	sweepEvery     = 10 * time.Minute // catch-up without a cause
	backgroundMost = 64               // pieces of work at once
	catchUpFor     = 90 * 24 * time.Hour
)

// Options configure a Surface. AppID, AppPassword, TenantID and Desk are required; with
// AllowUnsigned the password may be missing.
type Options struct {
	AppID, AppPassword, TenantID string

	LoginURL    string   // "" = https://login.microsoftonline.com
	OpenIDURL   string   // "" = the Bot Framework's
	ServiceURLs []string // exact hosts or URLs that are allowed besides Teams' own; http only on loopback
	GraphURL    string   // "" = https://graph.microsoft.com/v1.0

	Rate          float64  // factor on the published budgets; 0 = only 429s limit
	AllowUnsigned bool     // take requests that nobody signed, from this machine only, and answer on it without a token
	PublicURL     string   // where the world reaches us; "" = nowhere
	LinkKeys      [][]byte // what links to our pages are signed with: the first signs, all are taken; none = there are no pages

	Desk   bridge.Desk
	Log    *slog.Logger     // nil = discard
	Now    func() time.Time // Parley's clock; nil = time.Now
	Client *http.Client     // nil = an own one that never writes after a deadline
	Zone   *time.Location   // of times in cards for readers whose client can't localise; nil = UTC

	OnlyLook   bool          // keep no notes: for apply --dry-run and doctor
	CatchUpFor time.Duration // how old a thread's root may be to be looked at; 0 = 90 days
	SweepEvery time.Duration // 0 = ten minutes
	PageBytes  int64         // as graph.Options has it
}

// Surface is one Microsoft 365 organisation with our app in it.
type Surface struct {
	opt    Options
	log    *slog.Logger
	desk   bridge.Desk
	now    func() time.Time
	me     string // our own id: "28:" and the app id
	hosts  *rest.Hosts
	tokens *rest.Tokens // of the bot
	bot    *connector.Client
	graph  *graph.Client
	check  *auth.Validator
	door   *inbound.Reader
	upload *upload.Page // nil = there is none: Teams can't reach us
	taking sync.Mutex   // what was sent on it

	notes   *notebook
	people  *people
	roots   *memory[bool]        // threads, by orderKey: whether we began them
	swept   *memory[compared]    // threads that were compared, by orderKey
	whole   *memory[wholePass]   // the last of each channel
	sent    *memory[bridge.Sent] // posts that Teams has taken, by their tokens
	libs    *memory[library]     // where files lie
	closed  *closures
	reads   *permits
	copying chan struct{} // is full while a picture is copied
	sweeper *sweep.Sweeper
	work    *background.Work // that goes on after an answer was given
}

var _ bridge.Surface = (*Surface)(nil)

// New makes the surface. It connects to nothing; Run does.
// Errors: what is missing or malformed in o, all together.
func New(o Options) (*Surface, error) {
	var faults []error
	for what, value := range map[string]string{"app id": o.AppID, "app password": o.AppPassword, "tenant id": o.TenantID} {
		if value == "" && (what != "app password" || !o.AllowUnsigned) {
			faults = append(faults, fmt.Errorf("teams: %s is missing", what))
		}
	}
	if o.Desk == nil {
		faults = append(faults, errors.New("teams: no desk"))
	}
	hosts, err := rest.NewHosts(o.ServiceURLs, o.AllowUnsigned)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	check, err := auth.New(auth.Options{AppID: o.AppID, Tenants: []string{o.TenantID}, OpenID: o.OpenIDURL, Hosts: hosts, Client: o.Client, Now: o.Now})
	if err != nil {
		return nil, err
	}
	newTokens := func(scope string) *rest.Tokens {
		return rest.NewTokens(rest.TokenOptions{LoginURL: o.LoginURL, TenantID: o.TenantID, AppID: o.AppID, Password: o.AppPassword, Scope: scope, Client: o.Client, Now: o.Now})
	}
	tokens := newTokens(connector.Scope)
	s := &Surface{
		opt: o, log: o.Log, desk: o.Desk, now: o.Now, me: connector.BotID(o.AppID), hosts: hosts,
		tokens: tokens,
		bot:    connector.New(connector.Options{AppID: o.AppID, Tokens: tokens, Hosts: hosts, HTTP: o.Client, Now: o.Now}),
		check:  check,
		door:   inbound.New(check, o.AllowUnsigned, o.Log),
		roots:  newMemory[bool](), swept: newMemory[compared](), whole: newMemory[wholePass](), sent: newMemory[bridge.Sent](), libs: newMemory[library](), closed: newClosures(), reads: newPermits(), copying: make(chan struct{}, 1),
		sweeper: sweep.New(o.Desk, o.Log, o.SweepEvery), work: background.New(backgroundMost),
	}
	if s.graph, err = newGraph(o, newTokens); err != nil {
		return nil, err
	}
	s.notes, s.people = newNotebook(s), newPeople(s)
	s.upload = s.newUpload()
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
	if o.CatchUpFor == 0 {
		o.CatchUpFor = catchUpFor
	}
	if o.SweepEvery == 0 {
		o.SweepEvery = sweepEvery
	}
	return o
}

// alone says that there is no secret: for a trial without Azure, in which no service of
// Microsoft is asked for anything.
func (s *Surface) alone() bool { return s.opt.AppPassword == "" }

// token says whether Entra gives us one.
func (s *Surface) token(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return s.tokens.Token(ctx)
}

// Limits implements bridge.Surface.
func (s *Surface) Limits() bridge.Limits {
	return bridge.Limits{MaxTextRunes: maxTextRunes, MaxFileBytes: maxFileBytes, RequestTimeout: requestTimeout}
}

// Budget implements bridge.Surface. Teams counts by channel, whatever the thread: 7 posts
// in 1 s, 8 in 2 s, 60 in 30 s, 1800 in an hour. In any window leave at most as many as a
// bucket holds and is filled with meanwhile: 4 and 1.75/s keep to the first three, with most
// of a second to spare for what is late on its way; the wide one, which holds a busy minute,
// keeps to the hour. More for the first minutes would leave less for the rest of the hour.
// So a channel that was quiet takes a burst of customers at once, and a flood of any length
// is worked off at a post in 2 s: what an agent waits for comes in its turn, never next hour.
// Changes are not in the list; reactions are 2 in a second for the whole bot,
// and a mark may be two: a new one, and the end of the one before.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit, read 2026-11.
func (s *Surface) Budget(kind bridge.PostKind, channel string) bridge.Budget {
	const hour, minute = 1800, 60
	burst := func(n float64) int { return max(1, int(n*min(s.opt.Rate, 1))) } // a rate above 1 only makes faster
	key := "post:" + channel
	switch kind {
	case bridge.PostMark:
		return bridge.Budget{Key: "reactions", PerSecond: 0.9 * s.opt.Rate, Burst: 1}
	case bridge.PostCard:
		key = "update:" + channel
	case bridge.PostRoot, bridge.PostSaid, bridge.PostFiles, bridge.PostLine, bridge.PostEphemeral:
	}
	return bridge.Budget{Key: key, PerSecond: 1.75 * s.opt.Rate, Burst: burst(4),
		WidePerSecond: (hour - minute) / 3600.0 * s.opt.Rate, WideBurst: burst(minute)}
}

// later runs f in the background, bounded in number and time; Run waits for it. It reports
// false, and does nothing, when too much is going on.
func (s *Surface) later(ctx context.Context, f func(context.Context)) bool {
	return s.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
		defer cancel()
		f(ctx)
	})
}

func (s *Surface) forms() forms.Maker { return forms.Maker{Desk: s.desk, Now: s.now, Zone: s.opt.Zone} }

// home is what links and mentions in cards need.
func (s *Surface) home() card.Home {
	return card.Home{Tenant: s.opt.TenantID, Groups: s.notes.groups(), Attach: s.upload != nil}
}

func (s *Surface) report(c channels.Condition) { s.desk.Report(c) }
