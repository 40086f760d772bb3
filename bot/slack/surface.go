package slack

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bridge"
	"parley/channels/wire"
)

const (
	unmovedPasses = 3 // a mark that hasn't moved for this many passes is considered abandoned
	endTimeout    = 5 * time.Second
	maxBackground = 64 // tasks that may run at once after a request was answered or a line was posted
)

// Surface connects Parley to one Slack workspace. A surface is a chat in which agents work. The engine, which applies Parley's
// rules, calls Send to post each customer's messages in a Slack thread. When an agent replies in that thread, the Surface
// stores the event in the engine's journal, and the engine sends the reply to the customer.
//
// This file connects the parts of the Surface and runs them; the package comment lists the parts. Those that are embedded implement
// methods of bridge.Surface.
type Surface struct {
	*workspace
	*directory
	*poster
	*history

	opt         Options
	attachments *Reader
	intake      *intake
	connections *connections
	homes       *homes
}

var (
	_ bridge.Surface    = (*Surface)(nil)
	_ bridge.Roster     = (*Surface)(nil)
	_ bridge.Linked     = (*Surface)(nil)
	_ bridge.Identified = (*Surface)(nil)
	_ bridge.GapHider   = (*Surface)(nil)
)

// New returns a Surface without connecting to Slack, which Run does. The error lists all missing and invalid options.
func New(o Options) (*Surface, error) {
	o, base, err := o.complete()
	if err != nil {
		return nil, err
	}
	return newSurface(o, base), nil
}

func newSurface(o Options, base *url.URL) *Surface {
	calls := slackapi.OptionHTTPClient(NewWebclient(o.Client, base, o.BotToken))
	w := &workspace{
		api:    slackapi.New(o.BotToken, slackapi.OptionAppLevelToken(o.AppToken), slackapi.OptionAPIURL(o.APIURL), calls),
		http:   o.Client,
		apiURL: base,
		token:  o.BotToken,
		log:    o.Log,
		now:    o.Now,
		desk:   o.Desk,

		sweeper: forms.NewSweep(o.Desk, o.Log, o.SweepInterval),
	}

	s := &Surface{workspace: w, opt: o}
	s.directory = &directory{
		workspace: w, readOnly: o.ReadOnly, colleagues: colleagueCache{timeout: colleagueTimeout},
		askTimeout: askTimeout, members: memberCache{lists: map[string]memberList{}},
	}
	s.attachments = &Reader{HTTP: o.Client, Token: o.BotToken, MaxBytes: maxFileBytes, IsTrusted: w.isTrusted, Describe: w.askFile}
	s.poster = &poster{
		workspace: w, directory: s.directory, shareWait: o.ShareWait, work: forms.New(maxBackground),
	}
	responder := &responder{workspace: w, directory: s.directory, posts: s.poster, zone: o.Zone}
	s.homes = newHomes(w, responder.newFormMaker, o.Rate)
	responder.homes = s.homes
	s.intake = &intake{
		workspace: w, standing: Standing{Desk: o.Desk}, directory: s.directory, posts: s.poster, responder: responder,
		homes: s.homes, work: forms.New(maxBackground), acceptTimeout: acceptTimeout, afterTimeout: afterTimeout,
	}
	s.connections = &connections{intake: s.intake}
	if o.AppToken != "" {
		s.connections.wanted = o.Connections
	}
	s.history = &history{
		workspace: w, directory: s.directory, marks: forms.NewMarks(o.Desk, o.Now, unmovedPasses*o.SweepInterval),
		compared: forms.Map[string]{Max: maxCompared}, span: o.CatchUpFor, wait: wire.For,
		regularReach: 2*o.SweepInterval + retriesLast + clockTolerance,
	}
	return s
}

// Limits implements bridge.Surface.
func (s *Surface) Limits() bridge.Limits {
	return bridge.Limits{MaxTextRunes: blockkit.MaxTextRunes, MaxFileBytes: maxFileBytes, RequestTimeout: requestTimeout}
}

// Budget implements bridge.Surface. Slack allows about one post per second and channel, with short bursts; 50 calls of
// chat.update and of reactions.add per minute and workspace, of which a fifth is reserved for forms and repairs; and 20
// calls of reactions.remove, which three of the four marks of a message need.
// Source: docs.slack.dev/apis/web-api/rate-limits, read 2026-11.
func (s *Surface) Budget(kind bridge.PostKind, channel string) bridge.Budget {
	perMinute := func(calls float64) float64 { return calls / 60 * s.opt.Rate } // converted to calls per second
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

// Run implements bridge.Surface. It finds out the app's identity, keeps the Socket Mode connections open if there is an app
// token, and reads missed events after each connect and every SweepInterval.
func (s *Surface) Run(ctx context.Context) error {
	self, ok := s.connections.awaitIdentity(ctx)
	if ok && s.beginMark(ctx) {
		s.receiveEvents(ctx, self)
		s.endMark(ctx) // last, when it is known whether this process missed events
	}
	s.intake.work.Wait()
	s.poster.work.Wait()
	return nil
}

// receiveEvents keeps the connections open and reads missed events. It returns when ctx has ended and all connections are closed.
func (s *Surface) receiveEvents(ctx context.Context, self *Self) {
	var wg sync.WaitGroup
	for number := range s.connections.wanted {
		wg.Go(func() { s.connections.keepConnected(ctx, self, number) })
	}
	wg.Go(func() { s.homes.run(ctx) })
	if s.connections.wanted == 0 { // otherwise, the first pass starts when a connection opens
		s.CatchUp(time.Time{})
	}
	s.sweeper.Run(ctx, func(ctx context.Context) error {
		err := s.history.catchUp(ctx, self)
		if err == nil && s.connections.wanted > 0 && s.connections.countOpen() == 0 {
			return forms.ErrGapGoesOn
		}
		return err
	})
	wg.Wait()
}

// beginMark stores this process's mark: the time up to which all events are stored (see sweep.Marks). It must succeed before
// Slack sends events, so it retries until it does. It returns false if ctx ended first.
func (s *Surface) beginMark(ctx context.Context) bool {
	for {
		err := s.history.marks.Begin(ctx)
		if err == nil {
			return true
		}
		s.log.Error("slack mark not kept", "error", err)
		if !wire.For(ctx, time.Second) {
			return false
		}
	}
}

// endMark removes this process's mark if no event is missing. After a failure, other processes only read more than necessary.
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

// CatchUp implements engine.CatcherUp. It also reads events that other processes missed.
func (s *Surface) CatchUp(since time.Time) {
	s.history.marks.SuspectGap()
	s.sweeper.CatchUp(since)
}

// Connections returns how many connections are open and how many there should be, which is 0 without an app token.
func (s *Surface) Connections() (open, wanted int) {
	return s.connections.countOpen(), s.connections.wanted
}

// HidesGaps implements bridge.GapHider. It is true if Slack sends signed requests: a request that doesn't arrive goes
// unnoticed, and Slack repeats it only a minute later. Confirming a reply costs one of 50 calls a minute.
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

// Open implements bridge.Surface.
func (s *Surface) Open(ctx context.Context, f bridge.SurfaceFile) (io.ReadCloser, error) {
	return s.attachments.Open(ctx, f)
}

// Link implements bridge.Linked.
func (s *Surface) Link(at bridge.Place) string {
	if self := s.self.Load(); self != nil {
		return self.Home.Link(at)
	}
	return blockkit.Home("").Link(at)
}
