package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"parley/bridge/setup"
	"parley/channels"
	"parley/channels/email/mailbox"
	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
	"parley/store"
)

// connectCommand is `parley connect`. It connects a mailbox at Google or Microsoft by OAuth instead of a password:
//  1. It prints a link to the provider, which a person opens in a browser, where she signs in and gives consent.
//  2. The provider redirects the browser to a port of this machine, with a code in the URL (see landing). With --paste
//     the browser is on another machine, and the person copies that URL to the terminal.
//  3. The code is exchanged for tokens, which are stored, and the mailbox is tried.
//
// kong, which parses the command line, fills the fields and calls Run.
type connectCommand struct {
	Provider string        `arg:"" enum:"google,microsoft" help:"Where the mailbox is: google or microsoft."`
	Account  string        `required:"" placeholder:"NAME" help:"The account's name in parley.yaml."`
	Port     int           `default:"0" placeholder:"PORT" help:"The local port to which the browser returns; 0 = any free port."`
	Paste    bool          `help:"The browser is on another machine: read the address at which it ends from standard input."`
	Timeout  time.Duration `default:"15m" help:"How long to wait for the browser."`
}

// Help is shown by `parley connect --help`.
func (connectCommand) Help() string {
	return `Prints a link. Open it in a browser, sign in as the mailbox, or as its oauth_user, and accept the permissions; the
browser then returns to a port of this machine. The account's settings and pending messages are kept.
Needs GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET, or the same with MICROSOFT_ (docs/email.md).

Examples:
  parley connect google --account support-mail
  parley connect microsoft --account support-mail --port 8765
  parley connect google --account support-mail --paste    # the browser is elsewhere: copy its last address`
}

// Run guides a person through the sign-in and then checks the mailbox.
func (c connectCommand) Run(ctx context.Context) error {
	env, _, err := readEnvironment()
	if err != nil {
		return err
	}
	if env.OAuth[c.Provider].ID == "" {
		return operate.NotRegistered(c.Provider)
	}

	return withDatabase(ctx, databaseUse{}, func(ctx context.Context, env app.Env, db *app.Database, log *slog.Logger) error {
		keeper := operate.New(db.Pool, db.Sealer, env.OAuth, log)
		account, err := accountNamed(ctx, db, c.Account)
		if err != nil {
			return err
		}
		if err := c.connect(ctx, keeper, account, os.Stdin, os.Stdout); err != nil {
			return err
		}
		fmt.Println("Looking into it…")
		return checkMailbox(ctx, operate.Options{
			Pool:    db.Pool,
			Sealer:  db.Sealer,
			Specs:   app.Specs(),
			Outside: env.Outside,
			Grant:   keeper.ConsentOf,
			Log:     log,
		}, account)
	})
}

// accountNamed finds a customers' account by its name. If there is none, the error lists the existing names.
func accountNamed(ctx context.Context, db *app.Database, name string) (store.Account, error) {
	accounts, err := store.ListAccounts(ctx, db.Pool)
	if err != nil {
		return store.Account{}, err
	}

	var names []string
	for _, a := range accounts {
		if a.Side != store.SideChannel { // a chat of agents
			continue
		}
		if a.Name == name {
			return a, nil
		}
		names = append(names, a.Name)
	}

	if len(names) == 0 {
		return store.Account{}, fmt.Errorf("there is no account %q; add it with parley apply", name)
	}

	return store.Account{}, fmt.Errorf("there is no account %q, only %s", name, strings.Join(names, ", "))
}

// checkMailbox runs the checks of `parley doctor` on one mailbox and prints the findings.
// Errors: errReported if something is wrong.
func checkMailbox(ctx context.Context, o operate.Options, account store.Account) error {
	for _, spec := range o.Specs {
		if spec.Kind != account.Kind {
			continue
		}

		config, err := setup.OpenConfig(account, o.Sealer, spec)
		if err != nil {
			return err
		}

		found, err := operate.Try(ctx, o, account, config)
		if err != nil {
			return err
		}
		if !printFindings(os.Stdout, found) {
			return errReported
		}
	}

	return nil
}

// printFindings prints the findings of a check to a terminal. It returns false if one of them is a fault.
func printFindings(out io.Writer, found []channels.Finding) (allOK bool) {
	allOK = true
	for _, f := range found {
		mark := "✓"
		if !f.OK {
			mark = "✗"
			allOK = false
		}
		_, _ = io.WriteString(out, printable(fmt.Sprintf("  %s %s: %s\n", mark, f.What, f.Text)))
		if f.Hint != "" {
			_, _ = io.WriteString(out, printable(fmt.Sprintf("      → %s\n", f.Hint)))
		}
	}
	return allOK
}

// connect guides a person to the provider and back, and stores the tokens that the provider grants.
func (c connectCommand) connect(ctx context.Context, keeper *operate.Keeper, account store.Account, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	listener, address, err := c.listen(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // does nothing once the landing's server has closed it
	flow, link, err := keeper.Begin(account, c.Provider, address)
	if err != nil {
		return err
	}
	page := serveLanding(listener, flow.State)
	defer func() { _ = app.Shutdown(ctx, page.server, time.Second) }()

	person, err := operate.PersonOf(account)
	if err != nil {
		return err
	}

	say := func(format string, args ...any) {
		_, _ = io.WriteString(out, printable(fmt.Sprintf(format+"\n", args...)))
	}
	say("Open this address in a browser, and sign in as %s:\n\n  %s\n", person, link)
	var answer url.Values
	if c.Paste {
		say("The browser ends at a page that it can't show. Paste its address (%s?…) here:", address)
		answer, err = readPasted(ctx, in)
	} else {
		say("Waiting at %s for %s…", address, c.Timeout)
		answer, err = page.wait(ctx)
	}

	if err != nil {
		return err
	}

	say("The browser is back.")
	user, err := keeper.Finish(ctx, account, c.Provider, flow, answer)
	page.showOutcome(err)
	if err != nil {
		return err
	}

	say("Signed in as %s. The account %s is connected.", cmp.Or(user, "the mailbox"), account.Name)
	return nil
}

// headerTimeout limits how long the browser may take to send its request.
const headerTimeout = 10 * time.Second

// landing is the page to which the provider redirects the browser. It is served by a small HTTP server on loopback.
type landing struct {
	server  *http.Server
	state   string          // the OAuth state of this attempt, which the browser's request must contain
	answers chan url.Values // the query of the browser's request
	outcome chan string     // the text that the browser finally shows
}

// listen opens the port to which the browser returns, and returns its URL. Each provider accepts a different host name
// for programs on a person's machine: Google accepts 127.0.0.1, and Microsoft localhost.
func (c connectCommand) listen(ctx context.Context) (net.Listener, string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port)))
	if err != nil {
		return nil, "", fmt.Errorf("the port for the browser: %w", err)
	}

	host := "127.0.0.1"
	if c.Provider == mailbox.Microsoft {
		host = "localhost"
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String()) //nolint:errcheck // a listener's address has a port
	return listener, "http://" + net.JoinHostPort(host, port) + "/", nil
}

// serveLanding starts to serve the page for the attempt with this state.
func serveLanding(listener net.Listener, state string) *landing {
	l := &landing{state: state, answers: make(chan url.Values), outcome: make(chan string, 1)}
	l.server = &http.Server{Handler: l, ReadHeaderTimeout: headerTimeout}
	go func() { _ = l.server.Serve(listener) }() // ends with Shutdown
	return l
}

// ServeHTTP passes the query of the browser's request to wait, and responds with the outcome once showOutcome is called.
// It refuses a request with another state, which belongs to another attempt or is forged.
func (l *landing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := r.URL.Query()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("Referrer-Policy", "no-referrer") // the URL contains the code

	if r.URL.Path != "/" || answer.Get("state") != l.state {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<p>Nothing is waited for here. Use the newest link that parley connect has printed.</p>")
		return
	}

	select {
	case l.answers <- answer:
	case <-r.Context().Done():
		return
	}

	select {
	case text := <-l.outcome:
		_, _ = io.WriteString(w, "<!DOCTYPE html><html lang=\"en\"><title>Parley</title><p>"+html.EscapeString(text)+"</p></html>")
	case <-r.Context().Done():
	}
}

// wait waits for the browser, and returns the query of its request.
func (l *landing) wait(ctx context.Context) (url.Values, error) {
	select {
	case answer := <-l.answers:
		return answer, nil
	case <-ctx.Done():
		return nil, notBackError(ctx)
	}
}

// notBackError returns the error for a browser that didn't return before ctx ended.
func notBackError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("the browser did not come back in time; nothing was changed. Begin again; " +
			"if it is on another machine, use --paste")
	}
	return ctx.Err()
}

// showOutcome shows in the browser how the attempt ended; a nil err means that the mailbox is connected.
func (l *landing) showOutcome(err error) {
	text := "The mailbox is connected. You can close this page."
	if err != nil {
		text = err.Error()
	}
	l.outcome <- text
}

// readPasted reads the URL at which the browser ended, and returns its query.
func readPasted(ctx context.Context, in io.Reader) (url.Values, error) {
	type line struct {
		text string
		err  error
	}

	read := make(chan line, 1)
	go func() { // if nobody types, it runs until the process ends
		text, err := bufio.NewReader(in).ReadString('\n')
		read <- line{text, err}
	}()

	var typed line
	select {
	case typed = <-read:
	case <-ctx.Done():
		return nil, notBackError(ctx)
	}

	text := strings.TrimSpace(typed.text)
	if text == "" {
		return nil, fmt.Errorf("no address was typed: %w", typed.err)
	}
	u, err := url.Parse(text)
	if err != nil || u.RawQuery == "" {
		return nil, errors.New("that isn't an address with an answer: copy all of it, from http:// to the end")
	}
	return u.Query(), nil
}
