// Package demo shows Parley to somebody who has no account anywhere: a page with a customer's mailbox and phone beside a
// small Slack or Teams, and behind it a real Parley, in another process, that works against emulators. Its tests play
// scenarios, which are the end-to-end tests.
//
// The company whose helpdesk it shows, with everything outside Parley, is package company, beside phone and proxy; package engine
// runs Parley, and package observer reports what became of what was said.
//
// What does not belong here: anything that Parley needs in production.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/channels/emulator"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo/company"
)

// Options of Run.
type Options struct {
	Listen string        // host:port of the page
	Data   string        // folder of the demo's database and log
	Exe    string        // Parley's program; it is run with the arguments demo --engine, see EngineOptions
	Reset  bool          // make the database's folder anew
	Hold   time.Duration // how long a reply can be undone
	// Back is the time after which a line that was cut, or a Parley that was killed, comes back by itself. 0 means
	// a minute for a line and ten seconds for Parley.
	Back time.Duration
	// Surface is where conversations open, slack or teams; "" means slack, until somebody chooses in the page.
	Surface string
	Log     *slog.Logger
	Engine  io.Writer // gets Parley's log, beside Data/engine.log; nil means only that file gets it
	// Ready is called once with the page's address and the variables of Company.Env, as soon as the page can be opened.
	Ready func(url string, vars []string) error
	// Say gets the rare remarks meant for the person at the terminal.
	Say func(string)
}

// stopGrace is how long the page may finish its answers.
const stopGrace = 3 * time.Second

// Run shows the demo until ctx ends. It starts the page and the emulators at once, then the database and the engine
// (the real Parley, as a process of its own), and lets the customers write their first mails.
// Errors: the address is taken, no PostgreSQL, the folder is used by another demo.
func Run(ctx context.Context, o Options) (err error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("demo: %w; choose another address with --listen", err)
	}

	url := "http://" + browserAddress(listener.Addr().(*net.TCPAddr))
	clock := &company.Clock{}
	listen, err := emulator.FreeAddress(ctx) // Parley's host:port in all rounds, since webhooks name it
	if err != nil {
		return errors.Join(err, listener.Close())
	}

	acme, err := company.New(ctx, companyOptions(o, clock, url, listen))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, acme.Close()) }()
	page, err := NewPage(acme, PageOptions{
		Clock:   clock,
		Hold:    o.Hold,
		Log:     o.Log,
		Address: listener.Addr().String(),
		Chosen:  o.Surface != "",
		CutFor:  o.Back,
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}

	page.plugs.setPhase("Starting the database …")
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	server := newServer(ctx, page, o.Log)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("demo: page: %w", err)
		}
		return nil
	})

	group.Go(func() error { return page.Run(ctx) })
	group.Go(func() error {
		s := &stagehand{options: o, company: acme, page: page, listen: listen}
		err := s.run(ctx)
		stop()
		return errors.Join(err, app.Shutdown(ctx, server, stopGrace))
	})

	if o.Surface != "" {
		url += "/?surface=" + o.Surface
	}
	if err := o.Ready(url, acme.Env()); err != nil {
		stop()
		return errors.Join(err, group.Wait())
	}

	return group.Wait()
}

// newServer makes the server of the page, whose requests end with ctx.
func newServer(ctx context.Context, page *Page, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           page,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// companyOptions returns the options of the company of a demo whose page is at url and whose Parley listens at listen.
func companyOptions(o Options, clock *company.Clock, url, listen string) company.Options {
	return company.Options{
		Log:          o.Log,
		Clock:        clock.Now,
		TokenClock:   time.Now,
		PublicURL:    "http://" + listen,
		Proxies:      true,
		SaveSent:     true, // as most mail servers do: then a mail whose answer was cut off is found again, and nobody has to decide
		WorkspaceURL: url + "/",
		TeamsOptions: company.TeamsOptions{Teams: true, Home: o.Surface, TeamsRetries: teamsRetries()},
		Phones:       true,
	}
}

// teamsRetries returns Teams' waits before it offers something again. They last longer than a line stays cut.
func teamsRetries() []time.Duration {
	return []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 8 * time.Second, 10 * time.Second,
		15 * time.Second, 20 * time.Second, 30 * time.Second}
}

// browserAddress turns a listener's address into one for a browser on this machine.
func browserAddress(a *net.TCPAddr) string {
	host := a.IP.String()
	if a.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, fmt.Sprint(a.Port))
}

// logFile opens the engine's log anew.
func logFile(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(filepath.Clean(dir), "engine.log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
}
