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
	"parley/cmd/parley/child"
	"parley/cmd/parley/demo"
)

// demoCommand is `parley demo`. kong, which parses the command line, fills its fields and calls Run.
type demoCommand struct {
	Listen  string        `default:"127.0.0.1:8090" help:"Address of the page."`
	Env     string        `placeholder:"FILE" help:"Write NAME=value lines here that point another serve at the emulators."`
	Open    bool          `default:"true" negatable:"" help:"Open the page in a browser."`
	Reset   bool          `help:"Make the demo's database server anew. (Its content is new at each start.)"`
	Surface string        `enum:",slack,teams" default:"" help:"Where the team works and conversations open: slack or teams. The page can switch it."`
	Hold    time.Duration `default:"10s" help:"How long a reply can be taken back."`
	Verbose bool          `help:"Show what Parley logs."`
	Engine  bool          `hidden:"" help:"Be the Parley of a demo that runs already."`
}

// Help is shown by `parley demo --help`.
func (demoCommand) Help() string {
	return `Everything is emulated but Parley itself, which runs as a process of its own.
Customers write by mail, WhatsApp, SMS and Messenger; move the clock, and windows close.
The team answers in Slack or Microsoft Teams: the page shows either, and the switch at its
top says where new conversations open. Threads stay where they are.
The site has a quarter of conversations to count. Sign in there by Acme, which is emulated
too: as ann@acme.test, the admin, or ben@acme.test, an agent.
Stop it with Ctrl-C; nothing is kept but a database server in PARLEY_DATA/demo.

--env FILE lets a second serve use the emulators, as that of parley fakes does. Webhooks and
what Teams sends still go to the demo's own Parley: the second one learns of WhatsApp, SMS,
Messenger and Teams only what it asks for.

Examples:
  parley demo
  parley demo --surface teams
  parley demo --no-open --listen 127.0.0.1:9000`
}

// serveDemo is the Parley of a demo that runs already.
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
	o := demo.EngineOptions()
	o.Analyzer = analyzer
	return app.Serve(ctx, env, log, printRemark, o)
}

// Run shows the demo until it is interrupted.
func (c demoCommand) Run(ctx context.Context) error {
	if c.Engine {
		return serveDemo(ctx)
	}

	exe, err := os.Executable()
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
		Exe:     exe,
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
			if err := child.WriteEnv(c.Env, vars); err != nil {
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

// openBrowser opens an address where there is a desktop; it is a courtesy, so nothing
// is said when it fails.
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
