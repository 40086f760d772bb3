package teams

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"parley/bot/background"
	"parley/bot/recent"
	"parley/bot/sweep"
	"parley/bot/teams/auth"
	"parley/bot/teams/closed"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/inbound"
	"parley/bot/teams/organisation"
	"parley/bot/teams/rest"
	"parley/bot/upload"
	"parley/bridge"
	"parley/channels"
	"parley/channels/pause"
)

// Limits and times of this surface.
const (
	maxTextRunes  = 18_000    // of one message; longer text goes on in further parts
	maxFileBytes  = 100 << 20 // of a person's file
	maxBackground = 64        // pieces of work that run at once after a request was answered
)

// Desk is what a Surface asks of the engine, the part of Parley that keeps conversations and decides what is sent.
type Desk interface {
	upload.Desk
	sweep.Desk
	postRecords
	organisation.Memory
	openThreadLister
	reporter
	startChecker
	replyWatcher
}

// Surface is Parley in one Microsoft 365 organisation: agents work in the channels of Teams. It stores as facts what
// happens there, and makes the posts by which Parley shows conversations. Each part of it has a file of its own; see
// the package's comment.
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
	upload    *upload.Page // nil if clients of Teams could not reach the page
}

var (
	_ bridge.Surface    = (*Surface)(nil)
	_ bridge.Roster     = (*Surface)(nil)
	_ bridge.Linked     = (*Surface)(nil)
	_ bridge.Identified = (*Surface)(nil)
	_ bridge.GapHider   = (*Surface)(nil)
)

// New makes the surface. It connects to nothing; Run does.
// Errors: what is missing or malformed in o, all together.
func New(o Options) (*Surface, error) {
	hosts, err := rest.NewHosts(o.ServiceURLs, o.AllowUnsigned)
	if err := errors.Join(o.checkRequired(), err); err != nil {
		return nil, err
	}

	o = o.withDefaults()
	check, err := auth.New(auth.Options{
		AppID:   o.AppID,
		Tenants: []string{o.TenantID},
		OpenID:  o.OpenIDURL,
		Hosts:   hosts,
		Client:  o.Client,
		Now:     o.Now,
	})
	if err != nil {
		return nil, err
	}

	tokens := o.newTokens(rest.BotFramework(o.LoginURL) + "/.default")
	app := &organisation.App{
		Tenant: o.TenantID,
		Me:     connector.BotID(o.AppID),
		Client: rest.ClientHost(o.GraphURL),
		Log:    o.Log,
		Now:    o.Now,
		Hosts:  hosts,
		Bot:    connector.New(connector.Options{AppID: o.AppID, Tokens: tokens, Hosts: hosts, HTTP: o.Client, Now: o.Now}),
		Work:   background.New(maxBackground),
	}

	app.Graph, err = graph.New(graph.Options{
		URL:       o.GraphURL,
		Tokens:    o.newTokens(rest.GraphScope(o.GraphURL)),
		HTTP:      o.Client,
		Now:       o.Now,
		PageBytes: o.PageBytes,
	})
	if err != nil {
		return nil, err
	}

	s := newSurface(o, app)
	s.tokens, s.check = tokens, check
	s.door.reader = inbound.New(check, o.AllowUnsigned, s.door.announceGap, o.Log)
	return s, nil
}

// newSurface joins the parts of the surface; see the package's comment.
func newSurface(o Options, app *organisation.App) *Surface {
	org := organisation.New(app, organisation.Options{
		Notes:       o.Desk,
		ReadOnly:    o.ReadOnly,
		OwnServices: len(o.ServiceURLs) > 0,
	})
	s := &Surface{
		org:       org,
		opt:       o,
		sweeper:   sweep.New(o.Desk, o.Log, o.SweepInterval),
		directory: &directory{org},
	}
	s.access = &access{Organisation: org, reporter: o.Desk, sweeper: s.sweeper, closed: closed.New()}
	s.threads = &threads{posts: o.Desk, desk: o.Desk, roots: recent.New[bool]()}
	s.files = &files{Organisation: org, libraries: recent.New[library]()}
	s.posts = &poster{
		Organisation: org,
		posts:        o.Desk,
		access:       s.access,
		threads:      s.threads,
		sent:         recent.New[bridge.Sent](),
		copying:      make(chan struct{}, 1),
	}

	deleted := &deletions{Organisation: org, sweeper: s.sweeper}
	s.history = &history{
		Organisation:    org,
		sweeper:         s.sweeper,
		threads:         s.threads,
		deletions:       deleted,
		maxAge:          o.CatchUpSpan,
		comparedThreads: recent.New[threadState](),
		fullPasses:      recent.New[fullPass](),
		openThreads:     o.Desk,
		pauseFor:        pause.For,
	}

	s.uploads = &uploads{App: app, sweeper: s.sweeper}
	s.upload = newUpload(o, s.uploads)
	org.Attach = s.upload != nil
	s.intake = &intake{Organisation: org, sweeper: s.sweeper, threads: s.threads, deletions: deleted, files: s.files}
	s.door = &door{
		intake:        s.intake,
		desk:          o.Desk,
		installation:  &installation{Organisation: org, access: s.access},
		history:       s.history,
		upload:        s.upload,
		zone:          o.Zone,
		invokeTimeout: invokeTimeout,
	}

	return s
}

// hasNoSecret reports whether the app has no secret. That is for a trial without Azure, in which no service of
// Microsoft is called.
func (s *Surface) hasNoSecret() bool { return s.opt.AppPassword == "" }

// fetchToken gets a token for the Bot Connector from Entra, which shows whether our credentials work.
func (s *Surface) fetchToken(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, organisation.RequestTimeout)
	defer cancel()
	return s.tokens.Token(ctx)
}

// Limits implements bridge.Surface.
func (s *Surface) Limits() bridge.Limits {
	return bridge.Limits{MaxTextRunes: maxTextRunes, MaxFileBytes: maxFileBytes, RequestTimeout: organisation.RequestTimeout}
}

// Budget implements bridge.Surface. Teams counts the posts of a channel, in all its threads: 7 in 1 s, 8 in 2 s, 60
// in 30 s, 1800 in an hour. A budget is two buckets: in any span of time, at most as many posts leave as the buckets
// hold, plus those with which they are filled meanwhile. The narrow bucket (4, and 1.75/s) keeps to the first three
// limits, with most of a second to spare for posts that are delayed. The wide bucket, which holds a busy minute,
// keeps to the hour. So a quiet channel takes a burst of customers at once, and a long flood is worked off at a post
// in 2 s: an agent never waits for the next hour. Teams names no limit for changes. Reactions are 2 in a second for
// the whole bot. A mark may take both: one adds the new mark, one removes the old.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit, read 2026-11.
func (s *Surface) Budget(kind bridge.PostKind, channel string) bridge.Budget {
	const (
		perHour, perMinute = 1800, 60
		narrowBurst        = 4
		// A search for another root reads several pages with Graph, whose calls replies need, too.
		secondsPerSearch, searchBurst = 6, 5
	)

	burst := func(n float64) int { return max(1, int(n*min(s.opt.Rate, 1))) } // a rate above 1 makes no bucket larger
	key := "post:" + channel
	switch kind {
	case bridge.PostMark:
		return bridge.Budget{Key: "reactions", PerSecond: 0.9 * s.opt.Rate, Burst: 1}
	case bridge.PostDouble:
		return bridge.Budget{Key: "seek", PerSecond: s.opt.Rate / secondsPerSearch, Burst: searchBurst}
	case bridge.PostCard, bridge.PostErased:
		key = "update:" + channel
	case bridge.PostRoot, bridge.PostSaid, bridge.PostFiles, bridge.PostLine, bridge.PostEphemeral:
	}

	return bridge.Budget{
		Key:           key,
		PerSecond:     1.75 * s.opt.Rate,
		Burst:         burst(narrowBurst),
		WidePerSecond: (perHour - perMinute) / 3600.0 * s.opt.Rate,
		WideBurst:     burst(perMinute),
	}
}

// Run implements bridge.Surface. It keeps no connection, since Teams sends requests to us. It reads what was missed:
// after the start, after gaps, and from time to time.
func (s *Surface) Run(ctx context.Context) error {
	defer s.org.Work.Wait()
	s.CatchUp(time.Time{})
	if !s.waitUntilAvailable(ctx) {
		return nil
	}
	s.sweeper.Run(ctx, s.history.catchUp)
	return nil
}

// waitUntilAvailable loads the notes and gets a token. It tries until both succeed, and reports to people what is
// wrong meanwhile. It returns false if ctx ended before.
func (s *Surface) waitUntilAvailable(ctx context.Context) bool {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		err := s.org.Notes.Load(ctx)
		if err == nil && !s.hasNoSecret() {
			_, err = s.fetchToken(ctx)
		}

		if err == nil {
			s.access.closed.Open(closed.Everywhere)
			s.opt.Desk.Report(s.access.currentCondition())
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
func (s *Surface) CatchUp(since time.Time) { s.sweeper.CatchUp(since) }

// Handlers implements bridge.Surface.
func (s *Surface) Handlers() map[string]http.Handler { return s.door.handlersByPattern() }

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

// HidesGaps implements bridge.GapHider. It reports whether events of a channel may be lost without anybody noticing.
// If so, replies are read again before they leave, which takes one of the 5 requests for channels' messages that
// Graph answers in a second. It is true unless we know that Graph doesn't let us read the channel.
func (s *Surface) HidesGaps(channel string) bool {
	return !s.hasNoSecret() && !s.org.IsReadingRefused(channel)
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
func (s *Surface) Lookup(ctx context.Context, email string) (bridge.SurfaceUser, error) {
	return s.directory.Lookup(ctx, email)
}

// Link implements bridge.Linked.
func (s *Surface) Link(at bridge.Place) string { return s.org.Home().Link(at) }

// Members implements bridge.Roster.
func (s *Surface) Members(ctx context.Context, channel string, known func(user bridge.SurfaceUser) bool) ([]bridge.Member, error) {
	return s.directory.Members(ctx, channel, known)
}

// Audience implements bridge.Surface.
func (s *Surface) Audience(ctx context.Context, channel string) (bridge.Audience, error) {
	return s.directory.Audience(ctx, channel)
}
