// Package demo runs an interactive demo of Parley that needs no accounts with any service.
//
// It serves a web page that shows a customer's mailbox and phone next to a small Slack or Teams. A visitor writes a mail
// as the customer, for example, and answers it in Slack as an agent. The messages pass through a real Parley, which runs
// in a separate process, called the engine, and talks to emulators of Slack, Teams and the customers' channels.
//
// The files company_*.go emulate the company and everything else outside Parley. engine.go manages the Parley process.
// The files observer_*.go report what happened to each message. The scenarios in this package's tests are Parley's end-to-end
// tests. Production code must not depend on this package.
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
)

// Options configure Run.
type Options struct {
	Listen string        // host:port of the page
	Data   string        // directory of the demo's database and log
	Exe    string        // path of the parley executable; the demo runs it with the arguments demo --engine
	Reset  bool          // delete Data before starting
	Hold   time.Duration // how long an agent can undo a reply before it is sent
	// Back is the delay before a connection that a visitor cut is restored, or a Parley that a visitor killed is
	// restarted. 0 means one minute for a connection and ten seconds for Parley.
	Back time.Duration
	// Surface is the chat in which conversations open: "slack" or "teams". "" means Slack until a visitor chooses.
	Surface string
	Log     *slog.Logger
	Engine  io.Writer // receives a copy of Parley's log, which is written to Data/engine.log; may be nil
	// Ready is called once, when the page can be opened, with the page's URL and the environment variables that
	// connect a Parley to the emulators (Company.Env).
	Ready func(url string, vars []string) error
	// Say receives occasional messages for the person at the terminal.
	Say func(string)
}

// stopGrace is how long the page's server may take to finish open requests when the demo ends.
const stopGrace = 3 * time.Second

// Run runs the demo until ctx ends. It starts the page and the emulators first, so that a visitor sees the page at once.
// Then it starts the database and the engine, and the customers write their first mails.
//
// It fails if the address is in use, if PostgreSQL isn't available, or if another demo uses the data directory.
func Run(ctx context.Context, o Options) (err error) {
	listener, err := listenForPage(ctx, o)
	if err != nil {
		return err
	}

	url := "http://" + browserAddress(listener.Addr().(*net.TCPAddr))
	clock := &Clock{}
	listen, err := emulator.FreeAddress(ctx) // stays the same when the demo restarts, because webhook URLs contain it
	if err != nil {
		return errors.Join(err, listener.Close())
	}

	acme, err := New(ctx, companyOptions(o, clock, url, listen))
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

// listenForPage opens the address of the page, unless another demo uses the data directory: it would fail as soon as
// visitors have been told to come.
func listenForPage(ctx context.Context, o Options) (net.Listener, error) {
	if err := refuseUsedFolder(o.Data); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("demo: %w; choose another address with --listen", err)
	}
	return listener, nil
}

// newServer returns the page's HTTP server. The contexts of its requests end with ctx.
func newServer(ctx context.Context, page *Page, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           page,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// companyOptions returns the options of the emulated company. url is the URL of the demo's page; listen is the host:port
// on which Parley listens.
func companyOptions(o Options, clock *Clock, url, listen string) CompanyOptions {
	return CompanyOptions{
		Log:          o.Log,
		Clock:        clock.Now,
		TokenClock:   time.Now,
		PublicURL:    "http://" + listen,
		Proxies:      true,
		SaveSent:     true, // so that Parley finds a mail there if the connection broke while it was sent
		WorkspaceURL: url + "/",
		TeamsOptions: TeamsOptions{Teams: true, Home: o.Surface, TeamsRetries: teamsRetries()},
		Phones:       true,
	}
}

// teamsRetries returns the delays after which the emulated Teams retries a request to Parley. Together they are longer
// than a connection stays cut.
func teamsRetries() []time.Duration {
	return []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 8 * time.Second, 10 * time.Second,
		15 * time.Second, 20 * time.Second, 30 * time.Second}
}

// browserAddress returns the host:port at which a browser on this machine reaches a listener.
func browserAddress(a *net.TCPAddr) string {
	host := a.IP.String()
	if a.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, fmt.Sprint(a.Port))
}

// logFile creates the engine's log in dir, or truncates it.
func logFile(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(filepath.Clean(dir), "engine.log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
}
