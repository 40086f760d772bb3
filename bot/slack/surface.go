package slack

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/background"
	"parley/bot/recent"
	"parley/bot/slack/attachment"
	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/slack/standing"
	"parley/bot/slack/webclient"
	"parley/bot/sweep"
	"parley/bridge"
	"parley/channels"
	"parley/channels/pause"
)

// A Surface is the Slack side of Parley. The engine has it post what customers write, each conversation in a thread
// of its own. What agents type or click there, the Surface stores with the engine, which answers the customer. This
// file joins its parts and runs them; the package comment lists the parts.

const (
	unmovedPasses = 3 // a mark that hasn't moved for so many passes counts as abandoned
	endTimeout    = 5 * time.Second
	maxBackground = 64 // tasks that run at once after Slack has its answer, or after a line was posted
)

// Surface is one Slack workspace with our app in it.
type Surface struct {
	*workspace

	opt         Options
	directory   *directory
	posts       *poster
	uploads     *uploads
	attachments *attachment.Reader
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
	o, base, err := o.complete()
	if err != nil {
		return nil, err
	}
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
		colleagues:   colleagueCache{timeout: colleagueTimeout, answers: recent.New[colleagueAnswer]()},
		channelNames: recent.New[channelName](),
		askTimeout:   askTimeout,
		members:      memberCache{lists: map[string]memberList{}},
	}
	s.uploads = &uploads{workspace: w, shareWait: o.ShareWait}
	s.attachments = &attachment.Reader{
		HTTP:      o.Client,
		Token:     o.BotToken,
		MaxBytes:  maxFileBytes,
		IsTrusted: w.isTrusted,
		Describe:  w.askFile,
	}
	s.posts = &poster{
		workspace: w,
		directory: s.directory,
		uploads:   s.uploads,
		work:      background.New(maxBackground),
	}
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
		shares:    &s.uploads.shares,
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
	self, ok := s.connections.awaitIdentity(ctx)
	if ok && s.beginMark(ctx) {
		s.receiveEvents(ctx, self)
		s.endMark(ctx) // only now is it known what this process has missed
	}
	s.intake.work.Wait()
	s.posts.work.Wait()
	return nil
}

// receiveEvents keeps the connections and catches up, until ctx ends and all connections are closed.
func (s *Surface) receiveEvents(ctx context.Context, self *fact.Self) {
	var wg sync.WaitGroup
	for number := range s.connections.wanted {
		wg.Go(func() { s.connections.keepConnected(ctx, self, number) })
	}
	if s.connections.wanted == 0 { // no connection will say that it has opened, and so start the first pass
		s.CatchUp(time.Time{})
	}
	s.sweeper.Run(ctx, func(ctx context.Context) error {
		err := s.history.catchUp(ctx, self)
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
	return s.attachments.Open(ctx, f)
}

// Resolve implements bridge.Surface.
func (s *Surface) Resolve(ctx context.Context, channel string) (string, error) {
	return s.directory.Resolve(ctx, channel)
}

// Lookup implements bridge.Surface.
func (s *Surface) Lookup(ctx context.Context, email string) (bridge.SurfaceUser, error) {
	return s.directory.Lookup(ctx, email)
}

// Audience implements bridge.Surface.
func (s *Surface) Audience(ctx context.Context, channel string) (bridge.Audience, error) {
	return s.directory.Audience(ctx, channel)
}

// Link implements bridge.Linked.
func (s *Surface) Link(at bridge.Place) string {
	if self := s.self.Load(); self != nil {
		return self.Home.Link(at)
	}
	return blockkit.Home("").Link(at)
}

// Members implements bridge.Roster.
func (s *Surface) Members(ctx context.Context, channel string, known func(user bridge.SurfaceUser) bool) ([]bridge.Member, error) {
	return s.directory.listMembers(ctx, channel, known)
}

// Absent returns those of the user ids that the workspace doesn't have, sorted.
func (s *Surface) Absent(ctx context.Context, ids []bridge.SurfaceUser) ([]bridge.SurfaceUser, error) {
	users, err := s.directory.readUsers(ctx, ids)
	if err != nil {
		return nil, err
	}

	absent := slices.Sorted(slices.Values(ids))
	return slices.DeleteFunc(slices.Compact(absent), func(id bridge.SurfaceUser) bool {
		return slices.ContainsFunc(users, func(u slackapi.User) bool { return u.ID == string(id) })
	}), nil
}
