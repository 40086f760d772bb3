package teams

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"parley/bot/background"
	"parley/bot/sweep"
	"parley/bot/teams/auth"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/inbound"
	"parley/bot/teams/organisation"
	"parley/bot/teams/recent"
	"parley/bot/teams/rest"
	"parley/bot/upload"
	"parley/bridge"
	"parley/channels"
	"parley/channels/fence"
	"parley/channels/pause"
)

// Limits and times of this surface.
const (
	maxTextRunes   = 18_000           // of one message; longer text goes on in further parts
	maxFileBytes   = 100 << 20        // of a person's file
	sweepEvery     = 10 * time.Minute // catch-up without a cause
	backgroundMost = 64               // pieces of work at once
	catchUpFor     = 90 * 24 * time.Hour
)

// Desk is what a Surface asks of the engine.
type Desk interface {
	upload.Desk
	sweep.Desk
	posts
	organisation.Memory
	openThreads
	reports
	starter
	replying
}

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
	LinkKeys      [][]byte // keys of links to our pages: the first signs, all are accepted; none = there are no pages

	Desk   Desk
	Log    *slog.Logger     // nil = discard
	Now    func() time.Time // Parley's clock; nil = time.Now
	Client *http.Client     // nil = a client of its own that never writes after a deadline
	Zone   *time.Location   // of times in cards for readers whose client can't localise; nil = UTC

	OnlyLook   bool          // keep no notes: for apply --dry-run and doctor
	CatchUpFor time.Duration // catch-up skips threads whose root is older; 0 = 90 days
	SweepEvery time.Duration // 0 = ten minutes
	PageBytes  int64         // as graph.Options has it
}

// Surface is one Microsoft 365 organisation with our app in it.
type Surface struct {
	org       *organisation.Organisation
	opt       Options
	tokens    *rest.Tokens // of the bot
	check     *auth.Validator
	sweeper   *sweep.Sweeper
	access    *access
	threads   *threads
	intake    *intake
	door      *door
	posts     *poster
	files     *files
	history   *history
	directory *directory
	uploads   *uploads
	upload    *upload.Page // nil = no page, because clients of Teams could not reach it
}

var (
	_ bridge.Surface    = (*Surface)(nil)
	_ bridge.Roster     = (*Surface)(nil)
	_ bridge.Identified = (*Surface)(nil)
)

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
	b := &organisation.App{
		Tenant: o.TenantID, Me: connector.BotID(o.AppID), Log: o.Log, Now: o.Now, Hosts: hosts, Work: background.New(backgroundMost),
		Bot: connector.New(connector.Options{AppID: o.AppID, Tokens: tokens, Hosts: hosts, HTTP: o.Client, Now: o.Now}),
	}
	b.Graph, err = graph.New(graph.Options{URL: o.GraphURL, Tokens: newTokens(graph.Scope), HTTP: o.Client, Now: o.Now, PageBytes: o.PageBytes})
	if err != nil {
		return nil, err
	}
	s := newSurface(o, b)
	s.tokens, s.check = tokens, check
	s.door.reader = inbound.New(check, o.AllowUnsigned, o.Log)
	return s, nil
}

func newSurface(o Options, b *organisation.App) *Surface {
	org := organisation.New(b, organisation.Options{Notes: o.Desk, OnlyLook: o.OnlyLook, Named: len(o.ServiceURLs) > 0})
	s := &Surface{org: org, opt: o, sweeper: sweep.New(o.Desk, o.Log, o.SweepEvery), directory: &directory{org}}
	s.access = &access{Organisation: org, reports: o.Desk, sweeper: s.sweeper, closed: newClosures()}
	s.threads = &threads{posts: o.Desk, desk: o.Desk, roots: recent.New[bool]()}
	s.files = &files{Organisation: org, libraries: recent.New[library]()}
	s.posts = &poster{Organisation: org, posts: o.Desk, access: s.access, threads: s.threads, sent: recent.New[bridge.Sent](), copying: make(chan struct{}, 1)}
	life := &lives{Organisation: org, sweeper: s.sweeper}
	s.history = &history{
		Organisation: org, sweeper: s.sweeper, threads: s.threads, lives: life, span: o.CatchUpFor,
		swept: recent.New[compared](), whole: recent.New[wholePass](), open: o.Desk, rest: pause.For,
	}
	s.uploads = &uploads{App: b, sweeper: s.sweeper}
	s.upload = newUpload(o, s.uploads)
	org.Attach = s.upload != nil
	s.intake = &intake{Organisation: org, sweeper: s.sweeper, threads: s.threads, lives: life, files: s.files}
	s.door = &door{intake: s.intake, desk: o.Desk, installation: &installation{Organisation: org, access: s.access}, history: s.history, upload: s.upload, zone: o.Zone}
	return s
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
		o.Client = fence.NewClient(fence.Options{Answer: organisation.RequestTimeout})
	}
	if o.CatchUpFor == 0 {
		o.CatchUpFor = catchUpFor
	}
	if o.SweepEvery == 0 {
		o.SweepEvery = sweepEvery
	}
	return o
}

// alone says whether there is no secret. That is for a trial without Azure, in which no service of
// Microsoft is called.
func (s *Surface) alone() bool { return s.opt.AppPassword == "" }

// token gets a token for the Bot Connector from Entra, which shows whether our credentials work.
func (s *Surface) token(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, organisation.RequestTimeout)
	defer cancel()
	return s.tokens.Token(ctx)
}

// Limits implements bridge.Surface.
func (s *Surface) Limits() bridge.Limits {
	return bridge.Limits{MaxTextRunes: maxTextRunes, MaxFileBytes: maxFileBytes, RequestTimeout: organisation.RequestTimeout}
}

// Budget implements bridge.Surface. Teams counts the posts of a channel, in all its threads: 7 in 1 s,
// 8 in 2 s, 60 in 30 s, 1800 in an hour. In any span of time, at most as many posts leave as a bucket
// holds plus those with which it is filled meanwhile. The narrow bucket (4, and 1.75/s) keeps to the
// first three limits, with most of a second to spare for posts that are late on their way. The wide
// bucket, which holds a busy minute, keeps to the hour; if it held more, less would be left for the
// rest of the hour. So a quiet channel takes a burst of customers at once, and a flood of any length is
// worked off at a post in 2 s: an agent never waits for the next hour.
// Teams names no limit for changes. Reactions are 2 in a second for the whole bot, and a mark may take
// both: one adds the new mark, one removes the old.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit, read 2026-11.
func (s *Surface) Budget(kind bridge.PostKind, channel string) bridge.Budget {
	const hour, minute = 1800, 60
	burst := func(n float64) int { return max(1, int(n*min(s.opt.Rate, 1))) } // a rate above 1 only makes faster
	key := "post:" + channel
	switch kind {
	case bridge.PostMark:
		return bridge.Budget{Key: "reactions", PerSecond: 0.9 * s.opt.Rate, Burst: 1}
	case bridge.PostDouble:
		return bridge.Budget{Key: "seek", PerSecond: s.opt.Rate / 6, Burst: 5}
	case bridge.PostCard, bridge.PostErased:
		key = "update:" + channel
	case bridge.PostRoot, bridge.PostSaid, bridge.PostFiles, bridge.PostLine, bridge.PostEphemeral:
	}
	return bridge.Budget{Key: key, PerSecond: 1.75 * s.opt.Rate, Burst: burst(4),
		WidePerSecond: (hour - minute) / 3600.0 * s.opt.Rate, WideBurst: burst(minute)}
}

// Run implements bridge.Surface. It needs no connection, since Teams sends requests by itself. It reads
// what was missed: after the start, after gaps, and from time to time.
func (s *Surface) Run(ctx context.Context) error {
	defer s.org.Work.Wait()
	s.CatchUp(time.Time{})
	if !s.introduce(ctx) {
		return nil
	}
	s.sweeper.Run(ctx, s.history.catchUp)
	return nil
}

// introduce gets a token and reports whether that worked, until it does; false if ctx ended
// first.
func (s *Surface) introduce(ctx context.Context) bool {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		err := s.org.Notes.Load(ctx)
		if err == nil && !s.alone() {
			_, err = s.token(ctx)
		}
		if err == nil {
			s.access.closed.open(authorized)
			s.opt.Desk.Report(s.access.condition())
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.org.Log.Error("teams not available", "error", err)
		s.opt.Desk.Report(tokenCondition(err))
		if !pause.For(ctx, wait) {
			return false
		}
	}
}

// CatchUp implements bridge.CatcherUp.
func (s *Surface) CatchUp(since time.Time) {
	s.sweeper.CatchUp(since)
}

// Handlers implements bridge.Surface.
func (s *Surface) Handlers() map[string]http.Handler { return s.door.handlers() }

// Decode implements bridge.Surface.
func (s *Surface) Decode(raw []byte) ([]bridge.Action, error) { return fact.Decode(raw) }

// Send implements bridge.Surface.
func (s *Surface) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	return s.posts.Send(ctx, p)
}

// Reconcile implements bridge.Surface.
func (s *Surface) Reconcile(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	return s.posts.Reconcile(ctx, p)
}

// Confirm implements bridge.Surface.
func (s *Surface) Confirm(ctx context.Context, at bridge.Place, text string) (bridge.Confirmation, error) {
	return s.history.Confirm(ctx, at, text)
}

// Open implements bridge.Surface.
func (s *Surface) Open(ctx context.Context, f bridge.SurfaceFile) (io.ReadCloser, error) {
	return s.files.Open(ctx, f)
}

// Resolve implements bridge.Surface.
func (s *Surface) Resolve(ctx context.Context, channel string) (string, error) {
	return s.directory.Resolve(ctx, channel)
}

// Lookup implements bridge.Surface.
func (s *Surface) Lookup(ctx context.Context, email string) (string, error) {
	return s.directory.Lookup(ctx, email)
}

// Members implements bridge.Roster.
func (s *Surface) Members(ctx context.Context, channel string, known func(user string) bool) ([]bridge.Member, error) {
	return s.directory.Members(ctx, channel, known)
}

// Audience implements bridge.Surface.
func (s *Surface) Audience(ctx context.Context, channel string) (bridge.Audience, error) {
	return s.directory.Audience(ctx, channel)
}
