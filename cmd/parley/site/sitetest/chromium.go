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
	// tabTime limits how long a test may use one tab. A test that visits all pages has taken more than ten minutes on a
	// busy machine.
	tabTime = 40 * time.Minute
	// askInterval is how often Until evaluates its condition.
	askInterval = 50 * time.Millisecond
)

// chromium is the process that all tests of a test binary share, because starting one takes a second of CPU time. It is
// global because a testing.TB can't hold state that several tests share. Main ends the process.
//
//nolint:gochecknoglobals // see above
var chromium struct {
	mu  sync.Mutex
	ctx context.Context //nolint:containedctx // chromedp's handle of the process; nil until the first test needs it
}

// Main runs the tests of a binary, ends the Chromium process that they shared, and returns the exit code. A package's
// TestMain calls it.
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

// runningBrowser returns the shared process. It starts one if there is none or if it has crashed.
func runningBrowser() (context.Context, error) {
	chromium.mu.Lock()
	defer chromium.mu.Unlock()
	if chromium.ctx != nil && chromium.ctx.Err() == nil {
		return chromium.ctx, nil
	}
	ctx, end := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(allocatorOptions()...))
	if err := chromedp.Do(ctx); err != nil { // no deadline: when it passed, it would end the browser
		end()
		return nil, err
	}
	chromium.ctx = ctx
	return ctx, nil
}

// headlessShell is Debian's name for a Chromium without a user interface. It renders pages in the same way at half the cost.
const headlessShell = "chromium-headless-shell"

// allocatorOptions returns the options for starting Chromium. They select the headless shell if it is installed; otherwise
// chromedp finds a browser.
func allocatorOptions() []chromedp.ExecAllocatorOption {
	// Chromium keeps a spare process ready for the next site. Tests rarely visit a second site in a window, and starting
	// the process costs half a second, so this is disabled.
	options := []chromedp.ExecAllocatorOption{chromedp.NoSandbox,
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,SpareRendererForSitePerProcess")}
	if shell, err := exec.LookPath(headlessShell); err == nil {
		options = append(options, chromedp.ExecPath(shell), chromedp.Flag("site-per-process", true)) // as in Chromium itself
	}
	return options
}

// Tab opens a window and closes it when the test ends. Windows don't share cookies or other stored data, so each can belong to
// another person. With command-line options, Tab starts a separate Chromium process. An uncaught error in a page's script
// fails the test.
func Tab(t testing.TB, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	tab, end, err := openTab(options)
	if err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}

	var listening sync.WaitGroup
	t.Cleanup(listening.Wait) // runs after end, so that late script errors still fail this test
	t.Cleanup(end)
	timer := time.AfterFunc(tabTime, end)
	t.Cleanup(func() { timer.Stop() })
	// Pages behave as if their window had the focus, even if another test's window is in front.
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

// openTab opens a window in the shared process or, if there are options, in a process of its own.
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

// Until waits until a JavaScript expression is true or ctx ends. It polls from outside the page, because timers don't run in a
// page whose scripts are disabled or that is being left.
func Until(ctx context.Context, condition string) error {
	again := time.NewTicker(askInterval)
	defer again.Stop()
	for {
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+condition+")"))
		if err == nil && yes {
			return nil
		}
		select {
		case <-again.C: // an error may be temporary, while the browser leaves a page
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// IsPageLeft reports whether a script failed because the browser left or reloaded the page while it ran.
func IsPageLeft(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	signs := []string{"navigated or closed", "Cannot find context", "context was destroyed"}
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(text, sign) })
}
