package teams

import (
	"context"
	"errors"
	"net/http"
	"time"

	"parley/bot/forms"
	"parley/bot/upload"
	"parley/bridge"
	"parley/channels/wire"
)

const (
	maxTextRunes  = 18_000    // of one message; longer texts are split
	maxFileBytes  = 100 << 20 // of a file from a person
	maxBackground = 64        // background tasks that run concurrently
)

// Desk is the interface of Parley's engine, which manages conversations and decides what is sent, as a Surface uses it.
type Desk interface {
	forms.Engine
	upload.Desk

	// IsOwnPost reports whether the message at a place is recorded as a post of ours.
	IsOwnPost(ctx context.Context, at bridge.Place) (bool, error)
	// FactPayload returns the payload of a stored fact, or nil if it isn't there.
	FactPayload(ctx context.Context, id string) ([]byte, error)
}

// Surface connects Parley to the Microsoft Teams of one organisation, in which agents answer customers. Each customer's
// conversation is a thread in a channel. Surface stores what people do in these threads as facts (a fact is one thing
// that happened, such as a message or a click), and makes the posts by which Parley shows conversations. Most of its
// methods are those of an embedded part, which has its own file; see the package's comment.
type Surface struct {
	org    *Organisation
	opt    Options
	tokens *Tokens // of the bot
	check  *Validator
	access *access
	door   *door
	*poster
	*files
	*history
	*directory
}

var (
	_ bridge.Surface    = (*Surface)(nil)
	_ bridge.Roster     = (*Surface)(nil)
	_ bridge.Linked     = (*Surface)(nil)
	_ bridge.Identified = (*Surface)(nil)
	_ bridge.GapHider   = (*Surface)(nil)
)

// New makes the surface. It makes no requests yet.
// Errors: all options that are missing or malformed, joined.
func New(o Options) (*Surface, error) {
	hosts, err := NewHosts(o.ServiceURLs, o.AllowUnsigned)
	if err := errors.Join(o.checkRequired(), err); err != nil {
		return nil, err
	}

	o = o.withDefaults()
	check, err := NewAuth(AuthOptions{
		AppID: o.AppID, Tenants: []string{o.TenantID}, OpenID: o.OpenIDURL, Hosts: hosts, Client: o.Client,
		Now: o.Now,
	})
	if err != nil {
		return nil, err
	}

	tokens := o.newTokens(BotFramework(o.LoginURL) + "/.default")
	app := &App{
		Tenant: o.TenantID,
		Me:     BotID(o.AppID),
		Client: ClientHost(o.GraphURL),
		Log:    o.Log,
		Now:    o.Now,
		Hosts:  hosts,
		Bot:    NewConnector(ConnectorOptions{AppID: o.AppID, Tokens: tokens, Hosts: hosts, HTTP: o.Client, Now: o.Now}),
		Work:   forms.New(maxBackground),
		Sweep:  forms.NewSweep(o.Desk, o.Log, o.SweepInterval),
		Desk:   o.Desk,

		ReadOnly:    o.ReadOnly,
		OwnServices: len(o.ServiceURLs) > 0,
	}

	app.Graph, err = NewGraph(GraphOptions{
		URL: o.GraphURL, Tokens: o.newTokens(GraphScope(o.GraphURL)), HTTP: o.Client, Now: o.Now,
		PageBytes: o.PageBytes,
	})
	if err != nil {
		return nil, err
	}

	s := newSurface(o, app)
	s.tokens, s.check = tokens, check
	s.door.reader = NewInbound(check, o.AllowUnsigned, s.door.announceGap, o.Log)
	return s, nil
}

// newSurface makes and connects the parts of the surface; see the package's comment.
func newSurface(o Options, app *App) *Surface {
	org := NewOrganisation(app)
	page := newUpload(o, app)
	org.Attach = page != nil
	s := &Surface{
		org: org, opt: o, access: &access{Organisation: org, closed: NewClosed()}, files: &files{Organisation: org},
		history: &history{Organisation: org, maxAge: o.CatchUpSpan, pauseFor: wire.For}, directory: &directory{org},
	}
	s.poster = &poster{Organisation: org, access: s.access, copying: make(chan struct{}, 1)}
	s.door = &door{
		Organisation: org, files: s.files, access: s.access, history: s.history, upload: page, zone: o.Zone,
		invokeTimeout: invokeTimeout,
	}
	return s
}

// hasNoSecret reports whether the app has no secret. That is so in a trial without Azure, which uses none of Microsoft's
// services.
func (s *Surface) hasNoSecret() bool { return s.opt.AppPassword == "" }

// fetchToken gets a token for the Bot Connector from Entra, which shows whether our credentials work.
func (s *Surface) fetchToken(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	return s.tokens.Token(ctx)
}

// Limits implements bridge.Surface.
func (s *Surface) Limits() bridge.Limits {
	return bridge.Limits{MaxTextRunes: maxTextRunes, MaxFileBytes: maxFileBytes, RequestTimeout: RequestTimeout}
}

// Budget implements bridge.Surface. Teams limits the posts to a channel, in all its threads: 7 in 1 s, 8 in 2 s, 60 in
// 30 s, and 1800 in an hour. A budget is two token buckets:
//   - The narrow one (4 tokens, and 1.75/s) keeps to the first three limits, with some slack for delayed posts.
//   - The wide one (60 tokens) keeps to the limit of an hour.
//
// So a quiet channel takes a burst at once, and a long flood continues at one post in 2 s: no post waits for the next
// hour. Teams documents no limit for changes of messages. Reactions are limited to 2 per second for the whole bot, and a
// mark may need two: one adds the new mark, and one removes the old mark.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit, read 2026-11.
func (s *Surface) Budget(kind bridge.PostKind, channel string) bridge.Budget {
	const (
		perHour, perMinute = 1800, 60
		narrowBurst        = 4
		// A search for a duplicate post reads several pages with Graph, whose requests are limited, too.
		secondsPerSearch, searchBurst = 6, 5
	)

	burst := func(n float64) int { return max(1, int(n*min(s.opt.Rate, 1))) } // a rate above 1 doesn't enlarge buckets
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
		Key: key, PerSecond: 1.75 * s.opt.Rate, Burst: burst(narrowBurst),
		WidePerSecond: (perHour - perMinute) / 3600.0 * s.opt.Rate, WideBurst: burst(perMinute),
	}
}

// Run implements bridge.Surface. It keeps no connection, because Teams sends requests to us. It reads missed messages
// after the start, after gaps (times in which requests may have been lost), and from time to time.
func (s *Surface) Run(ctx context.Context) error {
	defer s.org.Work.Wait()
	s.CatchUp(time.Time{})
	if !s.waitUntilAvailable(ctx) {
		return nil
	}
	s.org.Sweep.Run(ctx, s.history.catchUp)
	return nil
}

// waitUntilAvailable loads the notes and gets a token. It retries until both succeed, and reports to people what is
// wrong. It returns false if ctx ends first.
func (s *Surface) waitUntilAvailable(ctx context.Context) bool {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		err := s.org.Notes.Load(ctx)
		if err == nil && !s.hasNoSecret() {
			_, err = s.fetchToken(ctx)
		}

		if err == nil {
			s.access.closed.Open(Everywhere)
			s.opt.Desk.Report(s.access.currentCondition())
			return true
		}

		if ctx.Err() != nil {
			return false
		}

		s.org.Log.Error("teams not available", "error", err)
		s.opt.Desk.Report(tokenCondition(err))

		if !wire.For(ctx, wait) {
			return false
		}
	}
}

// CatchUp implements bridge.CatcherUp.
func (s *Surface) CatchUp(since time.Time) { s.org.Sweep.CatchUp(since) }

// Handlers implements bridge.Surface.
func (s *Surface) Handlers() map[string]http.Handler { return s.door.handlersByPattern() }

// Decode implements bridge.Surface.
func (s *Surface) Decode(raw []byte) ([]bridge.Action, error) { return Decode(raw) }

// HidesGaps implements bridge.GapHider. It reports whether events of a channel may be lost unnoticed. If so, an agent's
// message is read again before it is sent, which uses one of the 5 requests per second that Graph allows for channels'
// messages. It returns true unless we know that Graph doesn't let us read the channel.
func (s *Surface) HidesGaps(channel string) bool {
	return !s.hasNoSecret() && !s.org.IsReadingRefused(channel)
}

// Link implements bridge.Linked.
func (s *Surface) Link(at bridge.Place) string { return s.org.Home().Link(at) }
