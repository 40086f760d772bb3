package demo

import (
	"errors"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/bridge/analysis/offline"
)

// worldCommand is `world NAME…`, the first command of a story:
//
//	saving       the mail server files sent mails by itself
//	hasty        Parley waits for lost answers only five seconds, and soon tries again
//	behind       the surface's clock is ten minutes behind
//	phones       there are WhatsApp, SMS and Messenger
//	both         agents work in Slack and in Teams
//	deaf         Parley has no permission to read Teams' channels
//	watchful     Parley looks for missed events in Teams twice a second
//	analysed     what customers write is analysed, without a model
//	modelled     what customers write is analysed by a model with a server of its own
func worldCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if neg || len(args) == 0 || s.company != nil {
		ts.Fatalf("usage, before all else: world saving|hasty|behind|phones|both|deaf|watchful|analysed|modelled …")
	}
	for _, a := range args {
		switch a {
		case "saving":
			s.options.SaveSent = true
		case "hasty":
			s.hasty = true
		case "phones":
			s.options.Phones = true
		case "watchful": // for chats that don't report missed events
			s.sweep = 500 * time.Millisecond
		case "deaf": // people write as before, unlike in the blind variant
			s.deaf = true
		case "analysed":
			s.analyzer = offline.New()
		case "modelled":
			s.analyzer = s.model()
		case "both":
			s.options.Teams, s.options.TeamsRetries = true, quickRetries()
		case "behind":
			s.options.Clock = func() time.Time { return time.Now().Add(-10 * time.Minute) }
		default:
			ts.Fatalf("unknown: world %s", a)
		}
	}
}

// parleyCommand is `parley start [name=value…]`, `parley stop`, `parley restart`,
// `parley set name=value…`, `parley backup`, `parley restore`, `parley complains 'text'`, `parley knows 'title' 'text'`.
func parleyCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if neg || len(args) == 0 {
		ts.Fatalf("usage: parley start|stop|restart|set|complains|backup|restore|erase|knows")
	}
	ts.Check(s.open())
	switch args[0] {
	case "start":
		ts.Check(s.setUp(args[1:]))
		ts.Check(s.start())
		ts.Check(s.untilSiteIsRead())
	case "knows": // a title and a text of its site, which it reads when it starts
		s.addKnowledgeSite(args[1], args[2])
	case "set":
		ts.Check(s.setUp(args[1:]))
		for _, r := range s.running {
			ts.Check(r.app.Engine().Reload(s.ctx))
		}
	case "stop":
		s.halt()
	case "complains": // an account is broken, for a reason
		ts.Check(s.until("Parley complains", func() (bool, error) {
			var found bool
			const ask = `SELECT EXISTS (SELECT FROM accounts WHERE status = 'error' AND status_text LIKE '%' || $1 || '%')`
			err := s.db.Pool.QueryRow(s.ctx, ask, args[1]).Scan(&found)
			return found, err
		}))
	case "restart":
		s.halt()
		ts.Check(s.start())
	case "backup":
		ts.Check(s.backUp())
	case "restore": // only the database is lost
		ts.Check(s.restore())
	case "erase": // the contact, and words that may not be left
		ts.Check(s.erase(args[1], args[2:]))
	default:
		ts.Fatalf("unknown: parley %s", args[0])
	}
}

// atCommand is `at SURFACE`, after which the story goes on there, or `at channel NAME [WHO…]`, after which it goes on in
// that channel. The channel is private, and is made with these members the first time.
func atCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if neg || len(args) == 0 || len(args) > 1 && args[0] != "channel" {
		ts.Fatalf("usage: at SURFACE, at channel NAME [WHO…]")
	}
	ts.Check(s.open())
	if args[0] == "channel" {
		s.board.look(args[1], args[2:])
		return
	}
	b := s.boards[args[0]]
	if b == nil {
		ts.Fatalf("nobody works in %s here", args[0])
	}
	s.where, s.board = args[0], b
}

// clockCommand is `clock +25h`, which moves the clocks of Parley and the phones, or `clock 12:00`, which moves them to the
// next noon (UTC), for stories whose result depends on the hour.
func clockCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: clock +DURATION, clock HOUR:MINUTE")
	}
	d, err := time.ParseDuration(strings.TrimPrefix(args[0], "+"))
	if at, isTime := time.Parse("15:04", args[0]); isTime == nil {
		now := time.Now().Add(s.clock.Ahead()).UTC()
		d, err = at.Sub(time.Date(0, 1, 1, now.Hour(), now.Minute(), now.Second(), 0, time.UTC)), nil
		if d < 0 {
			d += 24 * time.Hour
		}
	}
	ts.Check(err)
	ts.Check(s.open())
	ts.Check(s.clock.Move(s.ctx, s.db.Pool, d))
}

// settleCommand waits until nothing is under way. `settle inside` waits until Parley has applied all events, even if it
// can't post anything. `settle figures` also waits until everything is counted.
func settleCommand(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case !neg && len(args) == 0:
		ts.Check(onStage(ts).untilSettled())
	case !neg && len(args) == 1 && args[0] == "inside":
		ts.Check(onStage(ts).untilApplied())
	case !neg && len(args) == 1 && args[0] == "figures":
		s := onStage(ts)
		ts.Check(s.untilSettled())
		ts.Check(s.until("all is counted", func() (counted bool, err error) {
			err = s.db.Pool.QueryRow(s.ctx, `SELECT below = 0 AND NOT EXISTS (SELECT FROM measure_due) FROM measured`).Scan(&counted)
			return counted, err
		}))
	default:
		ts.Fatalf("usage: settle [inside|figures]")
	}
}

// expect runs checks such as "shows" and "! shows". It waits for something that must be there. For something that must not
// be there, it looks once everything has settled.
func expect(ts *testscript.TestScript, neg bool, what string, found func() bool) {
	s := onStage(ts)
	if !neg {
		if err := s.until(what, func() (bool, error) { return found(), nil }); err != nil {
			ts.Fatalf("%v\n%s", err, s.describe())
		}
		return
	}
	ts.Check(s.untilSettled())
	if found() {
		ts.Fatalf("must not be: %s\n%s", what, s.describe())
	}
}

var errNoThread = errors.New("there is no such thread")
