package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/background"
	"parley/bot/forms"
	"parley/bot/recent"
	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/slack/standing"
	"parley/bot/slack/webclient"
	"parley/bot/sweep"
	"parley/bridge"
	"parley/channels"
	"parley/channels/fence"
	"parley/channels/pause"
)

// A Surface is the Slack side of Parley. The engine has it post what customers write, each conversation in a thread
// of its own. What agents type or click there, the Surface stores with the engine, which answers the customer. This
// file configures the Surface, joins its parts and runs it; the package comment lists the parts.

// DefaultAPIURL is where Slack's Web API lives.
const DefaultAPIURL = "https://slack.com/api/"

// Times of this surface.
const (
	defaultSweepInterval = 10 * time.Minute // catch-up without a reconnect
	defaultCatchUpFor    = 90 * 24 * time.Hour
	defaultShareWait     = 3 * time.Second
	unmovedPasses        = 3 // a mark that hasn't moved for so many passes counts as abandoned
	endTimeout           = 5 * time.Second
)

// Socket Mode connections. Two, so that events come while Slack renews one of them; Slack allows ten.
const (
	defaultConnections = 2
	maxConnections     = 10
)

// maxBackground bounds the tasks that run at once after Slack has its answer, or after a line was posted.
const maxBackground = 64

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

// Surface is one Slack workspace with our app in it.
type Surface struct {
	*workspace

	opt         Options
	directory   *directory
	posts       *poster
	files       *files
	history     *history
	intake      *intake
	connections *connections
	sweeper     *sweep.Sweeper
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

	base, err := url.Parse(o.APIURL)
	if err != nil || base.Host == "" {
		faults = append(faults, fmt.Errorf("slack: API URL %q is not an address", o.APIURL))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}

	o = o.withDefaults()
	return newSurface(o, base), nil
}

func newSurface(o Options, base *url.URL) *Surface {
	calls := slackapi.OptionHTTPClient(webclient.New(o.Client, base, o.BotToken))
	w := &workspace{
		api:    slackapi.New(o.BotToken, slackapi.OptionAppLevelToken(o.AppToken), slackapi.OptionAPIURL(o.APIURL), calls),
		http:   o.Client,
		apiURL: base,
		token:  o.BotToken,
		log:    o.Log,
		now:    o.Now,
	}

	s := &Surface{workspace: w, opt: o, sweeper: sweep.New(o.Desk, o.Log, o.SweepInterval)}
	s.directory = &directory{
		workspace:    w,
		agents:       o.Desk,
		readOnly:     o.ReadOnly,
		colleagues:   colleagueCache{timeout: colleagueTimeout},
		channelNames: recent.New[channelName](),
		askTimeout:   askTimeout,
		members:      memberCache{lists: map[string]memberList{}},
	}
	s.files = &files{workspace: w, shareWait: o.ShareWait}
	s.posts = &poster{workspace: w, directory: s.directory, files: s.files, work: background.New(maxBackground)}
	s.intake = newIntake(s)
	s.connections = &connections{intake: s.intake}
	if o.AppToken != "" {
		s.connections.wanted = o.Connections
	}

	s.history = &history{
		workspace: w,
		directory: s.directory,
		sweeper:   s.sweeper,
		memory:    o.Desk,
		marks:     sweep.NewMarks(o.Desk, o.Now, unmovedPasses*o.SweepInterval),
		span:      o.CatchUpFor,
		wait:      pause.For,

		regularReach: 2*o.SweepInterval + retriesLast + clockTolerance,
	}

	return s
}

// newIntake makes the intake of a surface whose other parts are there already.
func newIntake(s *Surface) *intake {
	desk := s.opt.Desk
	return &intake{
		workspace: s.workspace,
		journal:   desk,
		standing:  standing.New(desk),
		directory: s.directory,
		shares:    &s.files.shares,
		sweeper:   s.sweeper,
		work:      background.New(maxBackground),

		acceptTimeout: acceptTimeout,
		afterTimeout:  afterTimeout,

		responder: &responder{
			workspace: s.workspace,
			journal:   desk,
			starter:   desk,
			directory: s.directory,
			windows:   &windows{workspace: s.workspace, desk: desk, replying: desk, posts: s.posts, zone: s.opt.Zone},
		},
	}
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

// Limits implements bridge.Surface.
func (s *Surface) Limits() bridge.Limits {
	return bridge.Limits{MaxTextRunes: blockkit.MaxTextRunes, MaxFileBytes: maxFileBytes, RequestTimeout: requestTimeout}
}

// Budget implements bridge.Surface.
// Source: docs.slack.dev/apis/web-api/rate-limits, read 2026-11: posts about one per second and channel with short
// bursts; chat.update and reactions.add 50 per minute and workspace, of which a fifth is left to forms and repairs;
// reactions.remove only 20. Three of the four marks of a message also need a reactions.remove.
func (s *Surface) Budget(kind bridge.PostKind, channel string) bridge.Budget {
	perMinute := func(calls float64) float64 { return calls / 60 * s.opt.Rate } // as a number per second
	switch kind {
	case bridge.PostCard:
		return bridge.Budget{Key: "update", PerSecond: perMinute(40), Burst: 5}
	case bridge.PostDouble:
		return bridge.Budget{Key: "seek", PerSecond: perMinute(10), Burst: 5}
	case bridge.PostErased: // chat.delete, files.delete and conversations.replies take 50 a minute each
		return bridge.Budget{Key: "erase", PerSecond: perMinute(30), Burst: 5}
	case bridge.PostMark:
		return bridge.Budget{Key: "reactions", PerSecond: perMinute(25), Burst: 5}
	case bridge.PostEphemeral:
		return bridge.Budget{Key: "ephemeral", PerSecond: perMinute(80), Burst: 10}
	case bridge.PostRoot, bridge.PostSaid, bridge.PostFiles, bridge.PostLine:
	}

	return bridge.Budget{Key: "post:" + channel, PerSecond: s.opt.Rate, Burst: max(3, int(s.opt.Rate/5))}
}

// Run implements bridge.Surface: it learns who we are, keeps the Socket Mode connections where there is an app token,
// and catches up after each connect and every ten minutes.
func (s *Surface) Run(ctx context.Context) error {
	me, ok := s.connections.awaitIdentity(ctx)
	if ok && s.beginMark(ctx) {
		s.receiveEvents(ctx, me)
		s.endMark(ctx) // only now is it known what this process has missed
	}
	s.intake.work.Wait()
	s.posts.work.Wait()
	return nil
}

// receiveEvents keeps the connections and catches up, until ctx ends and all connections are closed.
func (s *Surface) receiveEvents(ctx context.Context, me *fact.Self) {
	var wg sync.WaitGroup
	for number := range s.connections.wanted {
		wg.Go(func() { s.connections.keepConnected(ctx, me, number) })
	}
	if s.connections.wanted == 0 { // no connection will say that it has opened, and so start the first pass
		s.CatchUp(time.Time{})
	}
	s.sweeper.Run(ctx, func(ctx context.Context) error {
		err := s.history.catchUp(ctx, me)
		if err == nil && s.connections.areLost() {
			return sweep.ErrGapGoesOn
		}
		return err
	})
	wg.Wait()
}

// beginMark stores this process's mark, a time until when all events are stored (see sweep.Marks). Slack sends events
// only after that. It retries until that works, and returns false if ctx ended first.
func (s *Surface) beginMark(ctx context.Context) bool {
	for {
		err := s.history.marks.Begin(ctx)
		if err == nil {
			return true
		}
		s.log.Error("slack mark not kept", "error", err)
		if !pause.For(ctx, time.Second) {
			return false
		}
	}
}

// endMark removes this process's mark if no event is missing. If that fails, other processes only read too much.
func (s *Surface) endMark(ctx context.Context) {
	if !s.connections.hasAll() || !s.history.filled.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if err := s.history.marks.End(ctx); err != nil {
		s.log.Info("slack mark not taken away", "error", err)
	}
}

// CatchUp implements engine.CatcherUp. It also looks for events that other processes missed and left unread.
func (s *Surface) CatchUp(since time.Time) {
	s.history.marks.SuspectGap()
	s.sweeper.CatchUp(since)
}

// Connections returns how many connections are open and how many there should be: 0 without app token.
func (s *Surface) Connections() (open, wanted int) {
	return s.connections.countOpen(), s.connections.wanted
}

// HidesGaps implements bridge.GapHider. It is true with signed requests: nobody notices when they don't get here, and
// Slack repeats them only a minute later. Reading a reply again takes one of 50 calls a minute.
func (s *Surface) HidesGaps(string) bool { return s.connections.wanted == 0 }

// Handlers implements bridge.Surface. It returns nil in Socket Mode.
func (s *Surface) Handlers() map[string]http.Handler {
	if s.opt.AppToken != "" || s.opt.SigningSecret == "" {
		return nil
	}
	return (&door{intake: s.intake, secret: s.opt.SigningSecret}).makeHandlers()
}

// Decode implements bridge.Surface.
func (s *Surface) Decode(raw []byte) ([]bridge.Action, error) { return decode(raw) }

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

// Audience implements bridge.Surface.
func (s *Surface) Audience(ctx context.Context, channel string) (bridge.Audience, error) {
	return s.directory.Audience(ctx, channel)
}

// Link implements bridge.Linked.
func (s *Surface) Link(at bridge.Place) string {
	if me := s.me.Load(); me != nil {
		return me.Home.Link(at)
	}
	return blockkit.Home("").Link(at)
}

// Members implements bridge.Roster.
func (s *Surface) Members(ctx context.Context, channel string, known func(user string) bool) ([]bridge.Member, error) {
	return s.directory.listMembers(ctx, channel, known)
}
