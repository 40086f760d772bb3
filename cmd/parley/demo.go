//go:build !served

package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"parley/cmd/parley/app"
	"parley/cmd/parley/demo"
	"parley/cmd/parley/lab"
)

// demoCommand is `parley demo`. It shows a web page on which a person can try Parley without an account at any provider:
// she writes as a customer on one side, and answers as an agent on the other. The demo emulates all providers, and runs
// a real Parley between them, for which it starts its own program again with --engine. kong, which parses the command
// line, fills the fields and calls Run.
type demoCommand struct {
	Listen  string        `default:"127.0.0.1:8090" help:"Address of the page."`
	Env     string        `placeholder:"FILE" help:"Write NAME=value lines to FILE that make another parley serve use the emulators."`
	Open    bool          `default:"true" negatable:"" help:"Open the page in a browser."`
	Reset   bool          `help:"Recreate the demo's database server. (Its content is new at each start.)"`
	Surface string        `enum:",slack,teams" default:"" help:"Where the team works and conversations open: slack or teams. The page can switch it."`
	Hold    time.Duration `default:"10s" help:"How long a reply can be taken back."`
	Verbose bool          `help:"Show what Parley logs."`
	Engine  bool          `hidden:"" help:"Be the Parley of a running demo."`
}

// Help is shown by `parley demo --help`.
func (demoCommand) Help() string {
	return `Everything except Parley itself is emulated. Parley runs as a process of its own.
Customers write by mail, WhatsApp, SMS and Messenger. Move the clock to see reply windows close.
The team answers in Slack or Microsoft Teams: the page shows either, and the switch at its
top says where new conversations open. Existing threads stay where they are.
The site has forty conversations of the last weeks for its statistics. Sign in there with Acme, an
emulated provider, as ann@acme.test, the admin, or ben@acme.test, an agent.
Stop the demo with Ctrl-C. It keeps only a database server in PARLEY_DATA/demo.

With --env FILE a second parley serve can use the emulators, as with parley fakes. Webhooks and
events of Teams still go to the demo's own Parley, so the second one receives only those messages
of WhatsApp, SMS, Messenger and Teams that it asks for.

Examples:
  parley demo
  parley demo --surface teams
  parley demo --no-open --listen 127.0.0.1:9000`
}

// serveDemo runs the Parley of a demo, as a child process of the demo.
func serveDemo(ctx context.Context) error {
	env, log, err := readEnvironment()
	if err != nil {
		return err
	}
	analyzer, closeAnalyzer, err := app.NewAnalyzer(ctx, env, log)
	if err != nil {
		return err
	}
	defer closeAnalyzer()

	options := demo.EngineOptions()
	options.Analyzer = analyzer
	return app.Serve(ctx, env, log, printRemark, options)
}

// maxDemoHold is the longest hold that parley.yaml allows, with which the demo is set up.
const maxDemoHold = 10 * time.Minute

// Run shows the demo until it is interrupted.
func (c demoCommand) Run(ctx context.Context) error {
	if c.Engine {
		return serveDemo(ctx)
	}
	if c.Hold < 0 || c.Hold > maxDemoHold {
		return fmt.Errorf("demo: --hold=%s is out of range; write something from 0s to 10m", c.Hold)
	}

	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}

	data, err := filepath.Abs(filepath.Join(cmp.Or(os.Getenv("PARLEY_DATA"), "data"), "demo"))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}

	o := demo.Options{
		Listen:  c.Listen,
		Data:    data,
		Exe:     program,
		Reset:   c.Reset,
		Hold:    c.Hold,
		Surface: c.Surface,
		Log:     newLog(os.Stderr, slog.LevelWarn),
		Say:     printRemark,
	}
	if c.Verbose {
		o.Log = newLog(os.Stderr, slog.LevelInfo)
		o.Engine = os.Stderr
	}

	o.Ready = func(url string, vars []string) error {
		if c.Env != "" {
			if err := lab.WriteEnv(c.Env, vars); err != nil {
				return err
			}
		}

		fmt.Printf("\n  The demo is at %s\n\n  Stop it with Ctrl-C. Parley's own log: %s\n\n", url, filepath.Join(data, "engine.log"))

		if c.Open {
			openBrowser(ctx, url)
		}
		return nil
	}

	return demo.Run(ctx, o)
}

// openBrowser opens a URL if the machine has a desktop. It ignores errors, since the URL was also printed.
func openBrowser(ctx context.Context, url string) {
	opener := "xdg-open"
	switch {
	case runtime.GOOS == "darwin":
		opener = "open"
	case os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "":
		return
	}
	cmd := exec.CommandContext(ctx, opener, url)
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }()
	}
}
