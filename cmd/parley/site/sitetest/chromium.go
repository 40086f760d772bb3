package sitetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	// tabTime bounds what a test does in one tab. A walk through all pages took more than ten minutes on a busy
	// machine.
	tabTime     = 40 * time.Minute
	askInterval = 50 * time.Millisecond
)

// chromium is the one process in which the tests of a binary open their tabs: a start costs a second of a processor. It is a
// global since a testing.TB has nowhere to keep what tests share. Main ends it.
//
//nolint:gochecknoglobals // see above
var chromium struct {
	mu  sync.Mutex
	ctx context.Context //nolint:containedctx // it is the process; nil if it doesn't run
}

// Main runs the tests of a binary and ends the Chromium that they shared. It gives the code to exit with.
func Main(m *testing.M) int {
	code := m.Run()
	chromium.mu.Lock()
	defer chromium.mu.Unlock()
	if chromium.ctx != nil {
		if err := chromedp.Cancel(chromium.ctx); err != nil {
			fmt.Fprintln(os.Stderr, "sitetest: end chromium:", err)
		}
	}
	return code
}

// runningBrowser returns the process, and starts it when it doesn't run or is lost.
func runningBrowser() (context.Context, error) {
	chromium.mu.Lock()
	defer chromium.mu.Unlock()
	if chromium.ctx != nil && chromium.ctx.Err() == nil {
		return chromium.ctx, nil
	}
	ctx, end := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(allocatorOptions()...))
	if err := chromedp.Do(ctx); err != nil { // without a deadline: it would end the browser
		end()
		return nil, err
	}
	chromium.ctx = ctx
	return ctx, nil
}

// headlessShell is how Debian calls a Chromium without any window of its own, which does the same for a page and costs half.
const headlessShell = "chromium-headless-shell"

// allocatorOptions returns which Chromium is started: a headless shell if there is one, else what chromedp finds.
func allocatorOptions() []chromedp.ExecAllocatorOption {
	// Without a process that waits for the next site: a window of a test seldom sees a second one, and a start costs half a second.
	options := []chromedp.ExecAllocatorOption{chromedp.NoSandbox,
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,SpareRendererForSitePerProcess")}
	if shell, err := exec.LookPath(headlessShell); err == nil {
		options = append(options, chromedp.ExecPath(shell), chromedp.Flag("site-per-process", true)) // as Chromium itself keeps sites apart
	}
	return options
}

// Tab opens a window, which is closed when the test ends. It shares neither cookies nor other stored data with
// other windows, as if each belonged to another person. With options for Chromium's command line it runs in a
// process of its own. An error in a page's script fails the test.
func Tab(t testing.TB, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	tab, end, err := openTab(options)
	if err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}

	var listening sync.WaitGroup
	t.Cleanup(listening.Wait) // after end: an error that comes at the last moment is still this test's
	t.Cleanup(end)
	timer := time.AfterFunc(tabTime, end)
	t.Cleanup(func() { timer.Stop() })
	// A window that is not in front has the focus all the same: others of the same process may be.
	_, err = chromedp.Call(tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	if err = errors.Join(err, chromedp.Do(tab, chromedp.EmulateViewport(1280, 900))); err != nil {
		t.Fatalf("chromium does not open a window: %v", err)
	}

	broken := chromedp.Events(tab, runtime.ExceptionThrown)
	listening.Go(func() {
		for ev, err := range broken {
			if err != nil {
				return
			}

			text := ev.ExceptionDetails.Text
			if ev.ExceptionDetails.Exception != nil {
				text += " " + ev.ExceptionDetails.Exception.Description
			}

			t.Errorf("a script broke: %s", text)
		}
	})

	return tab
}

func openTab(options []chromedp.ExecAllocatorOption) (context.Context, context.CancelFunc, error) {
	if len(options) > 0 {
		ctx, end := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(append(allocatorOptions(), options...)...))
		return ctx, end, chromedp.Do(ctx)
	}
	process, err := runningBrowser()
	if err != nil {
		return nil, nil, err
	}
	ctx, end := chromedp.NewContext(process, chromedp.WithNewBrowserContext())
	return ctx, end, chromedp.Do(ctx)
}

// Until waits for a condition in JavaScript until the context ends. It asks again and again from outside: in a page whose
// script is switched off, or that is being left, no timer runs.
func Until(ctx context.Context, condition string) error {
	again := time.NewTicker(askInterval)
	defer again.Stop()
	for {
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+condition+")"))
		if err == nil && yes {
			return nil
		}
		select {
		case <-again.C: // an error may be that of a page that is being left
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// IsPageLeft reports whether a script failed because the page was left, or loaded anew, while it ran.
func IsPageLeft(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	signs := []string{"navigated or closed", "Cannot find context", "context was destroyed"}
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(text, sign) })
}
